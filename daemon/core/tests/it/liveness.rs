//! What is fresh and what is not: links, channels, symbols, clocks, and what a symbol may be used for.

use trader_contract::{BrokerEvent, Channel, Direction, FeedEvent, Timestamp};
use trader_core::{Command, DataState, Event, OperatorCommand, Phase, Watch};

use crate::scene::{Scene, Setup, symbol};

fn watched() -> Setup {
    let year = 365 * 24 * 60 * Timestamp::MINUTE;
    Setup {
        watch: Watch {
            sweep_nanos: Some(year),
            reconcile_nanos: None,
            answer_nanos: year,
            account_nanos: None,
            ..Watch::NETWORK
        },
        ..Setup::default()
    }
}

fn scene() -> Scene {
    let mut scene = Scene::new(Direction::Long, watched());
    alive(&mut scene);
    scene
}

fn alive(scene: &mut Scene) {
    scene.input(Event::Broker(BrokerEvent::Alive));
    for channel in [Channel::Bars, Channel::Quotes] {
        scene.input(Event::Feed(FeedEvent::Alive { channel }));
    }
}

fn link(scene: &mut Scene, up: bool) {
    let why = "gone".into();
    let channel = Channel::Bars;
    scene.input(Event::Feed(FeedEvent::Link { channel, up, why }));
}

fn stands(scene: &Scene, kind: &str, ticker: Option<&str>) -> bool {
    let ticker = ticker.map(symbol);
    scene.engine.book().standing(kind, ticker).is_some()
}

fn renewals(scene: &Scene) -> usize {
    let renews = |c: &&Command| matches!(c, Command::RenewFeed { .. });
    scene.commands.iter().filter(renews).count()
}

/// The rule that refuses an entry in SPY at the next bar, with these signs of life up to there.
fn refusal(scene: &mut Scene, keep: impl Fn(&mut Scene)) -> Option<String> {
    scene.wants("a", "SPY", scene.entry());
    let minute = scene.at.plus_minutes(1).seconds() / 60 * 60;
    while scene.at.seconds() < minute {
        scene.pass((minute - scene.at.seconds()).min(20));
        keep(scene);
    }
    scene.forget();
    scene.one_bar("SPY", "100");
    let said = scene.transcript().to_owned();
    if said.contains("SEND") {
        let entry = scene
            .venue
            .orders
            .keys()
            .copied()
            .max_by_key(|id| id.intent)
            .unwrap();
        let entry = entry.with_role(trader_contract::OrderRole::Entry);
        for event in scene
            .venue
            .set(entry, trader_contract::ReportStatus::Cancelled, scene.at)
        {
            scene.input(Event::Broker(event));
        }
        return None;
    }
    let rule = said.split("refused by ").nth(1).expect("a decision");
    rule.lines().next().map(str::to_owned)
}

fn bars_alive(scene: &mut Scene) {
    let channel = Channel::Bars;
    scene.input(Event::Feed(FeedEvent::Alive { channel }));
}

fn orders_alive(scene: &mut Scene) {
    scene.input(Event::Broker(BrokerEvent::Alive));
}

fn state(scene: &Scene, ticker: &str) -> DataState {
    let state = scene.engine.data_state(symbol(ticker), Channel::Bars);
    state.unwrap()
}

#[test]
fn a_silent_feed_stops_entries_stands_once_and_is_made_anew_with_pauses() {
    let mut scene = scene();
    let before = renewals(&scene);
    scene.journal.clear();
    scene.pass(29);
    assert!(!stands(&scene, "stale_data", None));
    scene.input(Event::Broker(BrokerEvent::Alive));
    scene.pass(2);
    assert!(stands(&scene, "stale_data", None));
    assert!(!stands(&scene, "stale_data", Some("SPY")));
    assert_eq!(state(&scene, "SPY"), DataState::Mute);
    assert_eq!(renewals(&scene), before + 1);
    // After 5, 10, 20 and 40 seconds, then each minute.
    scene.pass(76);
    assert_eq!(renewals(&scene), before + 5);
    let raised = |entry: &&trader_core::record::JournalEntry| entry.record.kind() == "alerted";
    let of_data = scene.journal.iter().filter(raised);
    let of_data = of_data.filter(|e| format!("{:?}", e.record).contains("stale_data"));
    assert_eq!(of_data.count(), 1);
    alive(&mut scene);
    assert!(!stands(&scene, "stale_data", None));
    assert_eq!(refusal(&mut scene, alive), None);
}

#[test]
fn a_lost_feed_stops_entries_at_once_and_a_bar_of_it_is_no_proof() {
    let mut scene = scene();
    link(&mut scene, false);
    assert!(stands(&scene, "stale_data", None));
    assert_eq!(
        refusal(&mut scene, orders_alive).as_deref(),
        Some("stale_data")
    );
    link(&mut scene, true);
    assert!(!stands(&scene, "stale_data", None));
    scene.pass(60);
    alive(&mut scene);
    assert_eq!(refusal(&mut scene, alive), None);
}

#[test]
fn why_a_stream_is_lost_is_told_with_what_the_plugin_says_to_do() {
    let mut scene = scene();
    let why: Box<str> = "another client has it; next: stop the other one".into();
    scene.input(Event::Feed(FeedEvent::Link {
        channel: Channel::Bars,
        up: false,
        why: why.clone(),
    }));
    scene.input(Event::Broker(BrokerEvent::Link { up: false, why }));
    for (kind, stream) in [("stale_data", "bars"), ("stale_orders", "order reports")] {
        let alert = &scene.engine.book().standing(kind, None).unwrap().alert;
        let message = format!("the stream of {stream} is lost: another client has it");
        assert_eq!(*alert.message, *message);
        assert_eq!(
            &*alert.action,
            "stop the other one; entries go on by themselves once it is heard again"
        );
    }
    link(&mut scene, true);
    link(&mut scene, false);
    let stale = scene.engine.book().standing("stale_data", None).unwrap();
    assert_eq!(&*stale.alert.message, "the stream of bars is lost: gone");
    assert!(stale.alert.action.contains("look at the network"));
}

#[test]
fn quiet_mute_and_halted_are_told_apart() {
    let mut scene = scene();
    assert_eq!(state(&scene, "QQQ"), DataState::Live);
    for _ in 0..8 {
        scene.pass(20);
        alive(&mut scene);
    }
    // The channel lives and QQQ has no trades.
    assert_eq!(state(&scene, "QQQ"), DataState::Quiet);
    let newest = |scene: &mut Scene, minutes: i64| {
        let start = scene.at.plus_minutes(minutes);
        let symbol = symbol("QQQ");
        scene.input(Event::Feed(FeedEvent::Newest { symbol, start }));
    };
    // The provider has a bar that ended 20 seconds ago and never came.
    scene.pass(20);
    alive(&mut scene);
    scene.at = scene.at.plus_seconds(-20);
    newest(&mut scene, -1);
    scene.pass(20);
    assert_eq!(state(&scene, "QQQ"), DataState::Mute);
    assert!(stands(&scene, "stale_data", Some("QQQ")));
    assert!(!stands(&scene, "stale_data", None));
    assert_eq!(state(&scene, "SPY"), DataState::Quiet);
    assert_eq!(refusal(&mut scene, alive), None);
    let symbol_name = symbol("QQQ");
    scene.input(Event::Broker(BrokerEvent::Halt {
        symbol: symbol_name,
        halted: true,
    }));
    assert_eq!(state(&scene, "QQQ"), DataState::Halted);
}

#[test]
fn a_bar_that_comes_when_the_next_one_is_due_is_nothing_to_enter_on() {
    for (late, rule) in [(70, None), (71, Some("stale_data"))] {
        let mut scene = scene();
        let minute = scene.at;
        for _ in 0..late + 60 {
            scene.pass(1);
            alive(&mut scene);
        }
        scene.wants("a", "SPY", scene.entry());
        scene.bar_from(minute, "SPY", "100");
        assert_eq!(scene.verdict().as_deref(), rule, "{late} seconds");
    }
}

#[test]
fn a_missing_bar_that_comes_after_all_ends_the_alert() {
    let mut scene = scene();
    let start = scene.at;
    scene.pass(29);
    alive(&mut scene);
    scene.pass(29);
    alive(&mut scene);
    scene.pass(2);
    let symbol = symbol("SPY");
    scene.input(Event::Feed(FeedEvent::Newest { symbol, start }));
    assert!(
        !stands(&scene, "stale_data", Some("SPY")),
        "it may still come"
    );
    scene.pass(11);
    bars_alive(&mut scene);
    assert!(stands(&scene, "stale_data", Some("SPY")));
    scene.bar_from(start, "SPY", "100");
    scene.pass(1);
    assert!(!stands(&scene, "stale_data", Some("SPY")));
}

#[test]
fn a_stream_that_falls_silent_is_told_once_and_not_for_each_of_its_symbols() {
    let mut scene = scene();
    let start = scene.at;
    for _ in 0..3 {
        scene.pass(20);
        alive(&mut scene);
    }
    let since = scene.commands.len();
    for ticker in ["SPY", "QQQ"] {
        let symbol = symbol(ticker);
        scene.input(Event::Feed(FeedEvent::Newest { symbol, start }));
    }
    scene.pass(25);
    // Both lack a bar, and nothing was heard since it was due: it is made anew, and nobody is told yet.
    assert_eq!(state(&scene, "SPY"), DataState::Mute);
    assert!(renewals(&scene) > 0);
    scene.pass(10);
    let told = |command: &&Command| match command {
        Command::Persist(entry) => format!("{:?}", entry.record).contains("stale_data"),
        _ => false,
    };
    assert_eq!(scene.commands[since..].iter().filter(told).count(), 1);
    assert!(stands(&scene, "stale_data", None));
    // It lives again and brings neither bar: now it is the symbols'.
    alive(&mut scene);
    assert!(!stands(&scene, "stale_data", None));
    assert!(stands(&scene, "stale_data", Some("SPY")) && stands(&scene, "stale_data", Some("QQQ")));
}

#[test]
fn a_silent_or_lost_stream_of_orders_stops_entries_and_the_broker_is_asked_when_it_stands() {
    let mut scene = scene();
    scene.pass(20);
    scene.input(Event::Feed(FeedEvent::Alive {
        channel: Channel::Bars,
    }));
    scene.pass(11);
    assert!(stands(&scene, "stale_orders", None));
    assert_eq!(
        refusal(&mut scene, bars_alive).as_deref(),
        Some("stale_orders")
    );
    scene.input(Event::Broker(BrokerEvent::Alive));
    assert!(!stands(&scene, "stale_orders", None));
    let up = |up| BrokerEvent::Link { up, why: "".into() };
    scene.input(Event::Broker(up(false)));
    assert!(stands(&scene, "stale_orders", None));
    scene.forget();
    scene.input(Event::Broker(up(true)));
    assert!(scene.transcript().contains("ASK"));
    assert!(!stands(&scene, "stale_orders", None));
}

#[test]
fn an_account_that_was_not_heard_of_for_too_long_takes_no_entries() {
    let mut setup = watched();
    setup.watch.account_nanos = Some(90 * Timestamp::SECOND);
    setup.watch.data_alive_nanos = None;
    setup.watch.orders_alive_nanos = None;
    let mut scene = Scene::new(Direction::Long, setup);
    scene.pass(31);
    assert!(
        stands(&scene, "stale_account", None),
        "the open was 91 seconds ago"
    );
    assert_eq!(refusal(&mut scene, alive).as_deref(), Some("stale_account"));
    scene.operator(OperatorCommand::Reconcile);
    scene.snapshot();
    assert!(!stands(&scene, "stale_account", None));
    assert_eq!(refusal(&mut scene, alive), None);
}

#[test]
fn a_skewed_clock_stops_entries_until_it_is_right_again() {
    let mut scene = scene();
    let second = Timestamp::SECOND;
    scene.input(Event::Skew { nanos: -second });
    assert!(!stands(&scene, "clock_skew", None));
    scene.input(Event::Skew { nanos: -second - 1 });
    assert!(stands(&scene, "clock_skew", None));
    assert_eq!(refusal(&mut scene, alive).as_deref(), Some("clock_skew"));
    scene.input(Event::Skew { nanos: 0 });
    assert!(!stands(&scene, "clock_skew", None));
    assert_eq!(refusal(&mut scene, alive), None);
}

#[test]
fn at_night_silence_is_nobodys_loss() {
    let mut scene = scene();
    for _ in 0..940 {
        alive(&mut scene);
        scene.pass(25);
    }
    scene.snapshot();
    assert_eq!(scene.engine.phase(), Phase::Closed);
    let before = scene.journal.len();
    link(&mut scene, false);
    scene.input(Event::Broker(BrokerEvent::Link {
        up: false,
        why: "reset".into(),
    }));
    scene.pass(3600);
    assert_eq!(scene.journal.len(), before);
    // At the open it is.
    scene.pass(17 * 3600);
    assert!(stands(&scene, "stale_data", None));
    assert!(stands(&scene, "stale_orders", None));
}

#[test]
fn where_nothing_is_watched_nothing_is_stale() {
    let mut setup = watched();
    setup.watch = Watch {
        sweep_nanos: setup.watch.sweep_nanos,
        ..Watch::OFF
    };
    let mut scene = Scene::new(Direction::Long, setup);
    scene.pass(4 * 3600);
    assert_eq!(refusal(&mut scene, alive), None);
    assert!(scene.engine.book().alerts.is_empty());
}

#[test]
fn what_may_not_be_traded_is_not_entered_and_an_open_position_in_it_is_told() {
    let mut scene = scene();
    let asset = |scene: &mut Scene, tradable, shortable| {
        let symbol = symbol("SPY");
        let asset = BrokerEvent::Asset {
            symbol,
            tradable,
            shortable,
        };
        scene.input(Event::Broker(asset));
    };
    asset(&mut scene, false, true);
    assert_eq!(refusal(&mut scene, alive).as_deref(), Some("not_tradable"));
    assert!(!stands(&scene, "not_tradable", Some("SPY")));
    asset(&mut scene, true, true);
    let mut short = Scene::new(Direction::Short, Setup::default());
    short.with_position();
    asset(&mut short, true, false);
    assert!(stands(&short, "not_shortable", Some("SPY")));
    asset(&mut short, false, false);
    assert!(stands(&short, "not_tradable", Some("SPY")));
    asset(&mut short, true, true);
    assert!(short.engine.book().alerts.is_empty());
}

#[test]
fn a_halt_of_which_the_end_was_not_heard_ends_with_a_bar_that_began_after_it() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.with_position();
    let symbol = symbol("SPY");
    scene.input(Event::Broker(BrokerEvent::Halt {
        symbol,
        halted: true,
    }));
    assert!(stands(&scene, "halted", Some("SPY")));
    let halted_at = scene.at;
    scene.pass(60);
    scene.bar_from(halted_at.plus_nanos(-1), "SPY", "100");
    assert!(
        stands(&scene, "halted", Some("SPY")),
        "its trades may be from before"
    );
    scene.bar_from(halted_at, "SPY", "100");
    assert!(!stands(&scene, "halted", Some("SPY")));
}
