//! Every other limit of the gate, each refusing what is beyond it: sides, routes, buying power, volume,
//! rates, quotes, the account's own flags, drawdown.

use trader_contract::{
    BrokerEvent, Channel, Direction, EntryPrice, FeedEvent, Intent, Level, Money, Qty, Quote, Ratio,
};
use trader_core::record::{Block, Origin, Record, Scope, TradingState};
use trader_core::risk::limits::Limits;
use trader_core::{Event, OperatorCommand, Watch};

use crate::scene::{Scene, Setup, both, both_with, symbol};

fn with(change: impl Fn(&mut Limits)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.limits);
    setup
}

#[test]
fn one_side_may_outweigh_the_other_only_so_far() {
    // 100 shares at about 100 each: 0.1 of the equity for each entry.
    let setup = with(|limits| limits.net_exposure = "0.15".parse().unwrap());
    both_with(&setup, |scene| {
        scene.with_position();
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry).unwrap(), "net_exposure");
        // The other side makes up for it.
        let mut other = scene.entry_of(100, EntryPrice::Market);
        if let Intent::Enter {
            direction, stop, ..
        } = &mut other
        {
            *direction = direction.opposite();
            *stop = Some(Level::from(scene.price("100.50")));
        }
        assert_eq!(scene.asks("QQQ", other), None);
    });
}

#[test]
fn a_position_that_is_being_closed_makes_up_for_nothing() {
    let setup = with(|limits| limits.net_exposure = "0.15".parse().unwrap());
    both_with(&setup, |scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        let mut other = scene.entry_of(160, EntryPrice::Market);
        if let Intent::Enter {
            direction, stop, ..
        } = &mut other
        {
            *direction = direction.opposite();
            *stop = Some(Level::from(scene.price("100.50")));
        }
        assert_eq!(scene.asks("QQQ", other).unwrap(), "net_exposure");
    });
}

#[test]
fn a_route_has_a_share_of_its_own() {
    let setup = with(|limits| limits.route_exposure = "0.15".parse().unwrap());
    both_with(&setup, |scene| {
        scene.with_waiting_entry();
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry).unwrap(), "route_exposure");
        scene.wants("b", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        assert_eq!(scene.verdict(), None);
    });
}

#[test]
fn the_brokers_buying_power_less_a_reserve_is_what_entries_may_use() {
    let mut setup = with(|limits| limits.buying_power_reserve = "0.5".parse().unwrap());
    setup.watch = Watch::LOCAL;
    both_with(&setup, |scene| {
        scene.venue.account.buying_power = Some(Money::dollars(39_900));
        scene.snapshot();
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry), None);
        // The broker said so before it heard of the first: both do not fit into half of it.
        let entry = scene.entry_of(100, EntryPrice::Market);
        assert_eq!(scene.asks("QQQ", entry).unwrap(), "buying_power");
        // Asked again, it has counted the first itself.
        scene.venue.account.buying_power = Some(Money::dollars(30_000));
        scene.pass(60);
        scene.snapshot();
        let entry = scene.entry_of(100, EntryPrice::Market);
        assert_eq!(scene.asks("QQQ", entry), None);
    });
}

#[test]
fn without_comparisons_the_brokers_word_is_too_old_to_count_with() {
    both(|scene| {
        scene.venue.account.buying_power = Some(Money::dollars(1));
        scene.snapshot();
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry), None);
    });
}

#[test]
fn an_order_is_a_small_share_of_what_a_day_trades() {
    let setup = |volume| {
        let mut setup = with(|limits| limits.volume_share = "0.01".parse().unwrap());
        setup.daily_volume = volume;
        setup
    };
    let shares = |shares| Some(Qty::shares(shares).unwrap());
    for direction in [Direction::Long, Direction::Short] {
        let verdict = |volume| {
            let mut scene = Scene::new(direction, setup(volume));
            let entry = scene.entry();
            scene.asks("SPY", entry)
        };
        assert_eq!(verdict(shares(10_000)), None);
        assert_eq!(verdict(shares(9_999)).unwrap(), "volume_share");
        assert_eq!(verdict(None), None);
    }
}

#[test]
fn the_same_entry_within_two_seconds_is_refused_as_sent_twice() {
    let setup = with(|limits| limits.duplicate_nanos = 2_000_000_000);
    both_with(&setup, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.refused("1-e1");
        let minute = scene.at;
        scene.at = scene.at.plus_nanos(1_999_999_999);
        scene.wants("b", "SPY", scene.entry());
        scene.bar_from(minute, "SPY", "100");
        assert_eq!(scene.verdict().unwrap(), "duplicate");
        scene.at = scene.at.plus_nanos(1);
        scene.wants("b", "SPY", scene.entry());
        scene.bar_from(minute.plus_minutes(1), "SPY", "100");
        assert_eq!(scene.verdict(), None);
    });
}

#[test]
fn another_size_is_not_the_same_entry() {
    let setup = with(|limits| limits.duplicate_nanos = 2_000_000_000);
    both_with(&setup, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.refused("1-e1");
        scene.wants("b", "SPY", scene.entry_of(99, EntryPrice::Market));
        scene.bar_from(scene.at, "SPY", "100");
        assert_eq!(scene.verdict(), None);
    });
}

#[test]
fn the_entries_of_one_symbol_are_capped_in_a_minute_and_the_cap_halts() {
    let setup = with(|limits| limits.entries_per_minute_symbol = 1);
    both_with(&setup, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.refused("1-e1");
        scene.wants("a", "SPY", scene.entry());
        scene.bar_from(scene.at, "SPY", "100");
        assert_eq!(scene.verdict().unwrap(), "entries_per_minute_symbol");
        let halted = matches!(&scene.engine.book().trading, TradingState::Halted(_));
        assert!(
            halted,
            "at a rate cap everything is halted, nothing is queued"
        );
        scene.pass(60);
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry).unwrap(), "halted");
        scene.operator(OperatorCommand::Resume);
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry), None);
    });
}

/// Quotes SPY at `bid` and `ask` in the long scene, mirrored in the short one.
fn quote(scene: &mut Scene, bid: Option<&str>, ask: Option<&str>) {
    let (bid, ask) = (bid.map(|p| scene.price(p)), ask.map(|p| scene.price(p)));
    let (bid, ask) = match scene.mirror.0 {
        Direction::Long => (bid, ask),
        Direction::Short => (ask, bid),
    };
    let quote = Quote {
        at: scene.at,
        bid,
        ask,
        bid_size: 1,
        ask_size: 1,
    };
    let symbol = scene.engine.symbol_id(symbol("SPY")).unwrap();
    scene.input(Event::Quote { symbol, quote });
}

#[test]
fn the_market_is_entered_only_on_a_quote_that_is_fresh_whole_and_narrow() {
    let setup = with(|limits| {
        limits.spread = "0.001".parse().unwrap();
        limits.quote_age_nanos = 3_000_000_000;
    });
    let cases = [
        (Some("99.99"), Some("100.02"), 0, None),
        (Some("99.90"), Some("100.10"), 0, Some("spread")),
        (Some("100.02"), Some("100.02"), 0, Some("crossed_quote")),
        (Some("100.03"), Some("100.02"), 0, Some("crossed_quote")),
        (None, Some("100.02"), 0, Some("one_sided_quote")),
        (Some("99.99"), None, 0, Some("one_sided_quote")),
        (Some("99.99"), Some("100.02"), 3, None),
        (Some("99.99"), Some("100.02"), 4, Some("stale_quote")),
    ];
    for (bid, ask, age, expected) in cases {
        both_with(&setup, |scene| {
            scene.pass(60 - age);
            quote(scene, bid, ask);
            scene.pass(age);
            scene.wants("a", "SPY", scene.entry_of(100, EntryPrice::Market));
            scene.one_bar("SPY", "100");
            assert_eq!(
                scene.verdict().as_deref(),
                expected,
                "{bid:?} {ask:?} {age}"
            );
        });
    }
}

#[test]
fn a_quiet_symbol_on_a_channel_that_lives_is_not_stale() {
    let setup = with(|limits| limits.quote_age_nanos = 3_000_000_000);
    both_with(&setup, |scene| {
        quote(scene, Some("99.99"), Some("100.02"));
        scene.pass(60);
        let channel = Channel::Quotes;
        scene.input(Event::Feed(FeedEvent::Alive { channel }));
        scene.wants("a", "SPY", scene.entry_of(100, EntryPrice::Market));
        scene.one_bar("SPY", "100");
        assert_eq!(scene.verdict(), None);
    });
}

#[test]
fn a_restricted_symbol_is_never_entered() {
    let setup = with(|limits| {
        limits.restricted.insert(symbol("SPY"));
    });
    both_with(&setup, |scene| {
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry).unwrap(), "restricted");
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry), None);
    });
}

#[test]
fn an_account_that_may_not_sell_short_enters_long_only() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = Scene::new(direction, Setup::default());
        scene.venue.account.shorting = false;
        scene.snapshot();
        let entry = scene.entry();
        let refused = (direction == Direction::Short).then(|| "shorting".to_owned());
        assert_eq!(scene.asks("SPY", entry), refused);
    }
}

#[test]
fn a_symbol_that_nobody_lends_is_entered_long_only() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = Scene::new(direction, Setup::default());
        let asset = |shortable| BrokerEvent::Asset {
            symbol: symbol("SPY"),
            tradable: true,
            shortable,
        };
        scene.hear("not to borrow", vec![asset(false)]);
        let entry = scene.entry();
        let refused = (direction == Direction::Short).then(|| "not_shortable".to_owned());
        assert_eq!(scene.asks("SPY", entry), refused);
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry), None);
    }
}

#[test]
fn a_blocked_symbol_is_not_entered() {
    both(|scene| {
        let mut book = scene.engine.book().clone();
        let record = Record::SymbolBlocked {
            symbol: symbol("SPY"),
            // One for something foreign would go with the next snapshot, which shows nothing.
            block: Block::Jumped,
            origin: Origin::Engine,
        };
        book.apply(scene.at, &record);
        scene.rebuild(book);
        scene.snapshot();
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry).unwrap(), "symbol_blocked");
    });
}

#[test]
fn an_account_too_far_below_its_peak_is_halted_until_a_person_resumes() {
    let setup = with(|limits| limits.drawdown = "0.001".parse().unwrap());
    both_with(&setup, |scene| {
        // The first close makes the peak of 100,000 dollars.
        scene.pass_to_close(0);
        scene.snapshot();
        assert_eq!(scene.engine.book().peak, Some(Money::dollars(100_000)));
        scene.pass(18 * 3600);
        scene.with_position();
        scene.fill("1-s1", 100, "99.10");
        let told = scene.transcript().to_owned();
        assert!(
            told.contains("ALERT Critical drawdown\n  trading halted"),
            "{told}"
        );
        scene.restart();
        scene.snapshot();
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(18 * 3600);
        let entry = scene.entry();
        assert_eq!(
            scene.asks("SPY", entry).unwrap(),
            "halted",
            "over sessions too"
        );
        scene.operator(OperatorCommand::Resume);
        assert!(scene.engine.book().standing("drawdown", None).is_none());
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry), None);
        scene.pass_to_close(0);
        let peak = scene.engine.book().peak.unwrap();
        assert!(peak < Money::dollars(100_000), "counted anew from {peak}");
    });
}

#[test]
fn reducing_and_protecting_orders_meet_no_cap() {
    let setup = with(|limits| {
        limits.entries_per_minute = 1;
        limits.entries_per_minute_symbol = 1;
        limits.duplicate_nanos = i64::MAX;
        limits.spread = Ratio::ZERO;
        limits.quote_age_nanos = 0;
    });
    both_with(&setup, |scene| {
        scene.with_position();
        scene.venue.account.blocked = Some("no".into());
        scene.snapshot();
        scene.operator(OperatorCommand::Kill {
            scope: Scope::All,
            flatten: false,
        });
        for stop in ["99.60", "99.70", "99.80"] {
            scene.wants("a", "SPY", scene.move_stop(stop));
            scene.bar("100.40");
            let id = scene.venue.replaces[0].0;
            let events = scene.venue.replaced(id, scene.at);
            scene.hear("replaced", events);
        }
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s4");
        scene.fill("1-x1", 100, "100");
        assert!(scene.engine.book().holdings.is_empty());
    });
}
