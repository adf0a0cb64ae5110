//! From the intent to the fill.

use insta::assert_snapshot;
use trader_contract::{BrokerEvent, EntrySize, Intent, Qty};

use crate::scene::{Setup, both, both_with, symbol};

#[test]
fn an_entry_goes_out_with_its_stop_after_everything_about_it_is_written() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    ");
}

#[test]
fn a_report_that_comes_twice_or_late_changes_nothing_more() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        let early = scene.venue.orders[&scene.id("1-e1")].clone();
        scene.fill("1-e1", 40, "100.10");
        scene.fill("1-e1", 60, "100.11");
        let filled = scene.engine.book().clone();
        scene.forget();
        let again: Vec<BrokerEvent> = scene
            .events
            .iter()
            .filter_map(|(_, event)| match event {
                trader_core::Event::Broker(event @ BrokerEvent::Order(_)) => Some(event.clone()),
                _ => None,
            })
            .collect();
        scene.hear("everything once more", again);
        scene.hear("the first report, late", vec![BrokerEvent::Order(early)]);
        assert_eq!(*scene.engine.book(), filled);
    }), @r"
    14:32:00 everything once more
      heard 1-s1 Held 0/100
      heard 1-s1 New 0/100
    14:32:00 the first report, late
    ");
}

#[test]
fn fills_that_arrive_in_the_wrong_order_count_once_each() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        let (id, price) = (scene.id("1-e1"), scene.price("100.10"));
        let qty = |shares| trader_contract::Qty::shares(shares).unwrap();
        let first = scene.venue.fill(id, qty(40), price, scene.at);
        let second = scene.venue.fill(id, qty(60), price, scene.at);
        scene.hear("the second fill", second);
            scene.pass(3);
        scene.hear("the first fill", first);
        let holding = &scene.engine.book().holdings[&crate::scene::symbol("SPY")];
        assert_eq!(scene.mirror.net(holding.net).to_string(), "100");
    }), @r"
    14:32:00 the second fill
      heard 1-e1 Filled 100/100, 60 at 100.1
      ASK what the broker holds
      heard 1-s1 New 0/100
    14:32:03 the first fill
      heard 1-e1 PartiallyFilled 40/100, 40 at 100.1
    ");
}

#[test]
fn an_entry_that_fills_in_part_is_cut_short_and_what_filled_gets_its_own_stop() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        scene.working("1-s2");
        scene.pass(30);
    }), @r"
    14:32:00 1-e1 fills 40 at 100.10
      heard 1-e1 PartiallyFilled 40/100, 40 at 100.1
    14:32:01 timer
      cancel asked 1-e1: it filled in part and the rest took too long
      CANCEL 1-e1
    14:32:01 1-e1 cancelled
      heard 1-e1 Cancelled 40/100
      heard 1-s1 Cancelled 0/100
      plan 1-s2 sell 40 SPY stop 99.5 Gtc
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
    14:32:01 1-s2 works
      heard 1-s2 New 0/40
    ");
}

#[test]
fn an_entry_that_does_not_fill_within_its_bars_is_cancelled() {
    assert_snapshot!(both(|scene| {
        let mut entry = scene.entry();
        if let Intent::Enter { expires_after_bars, .. } = &mut entry {
            *expires_after_bars = Some(2);
        }
        scene.wants("a", "SPY", entry);
        scene.bar("100");
        scene.working("1-e1");
        scene.forget();
        scene.bar("100");
        scene.bar("100");
        scene.cancelled("1-e1");
    }), @r"
    14:33:00 bar SPY 100
    14:34:00 bar SPY 100
      cancel asked 1-e1: it did not fill within its bars
      CANCEL 1-e1
    14:34:00 1-e1 cancelled
      heard 1-e1 Cancelled 0/100
      heard 1-s1 Cancelled 0/100
      SPY free
    ");
}

#[test]
fn a_refused_entry_frees_its_symbol() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.forget();
        scene.refused("1-e1");
    }), @r"
    14:32:00 1-e1 refused
      heard submit 1-e1 refused
      ALERT Notice order_refused
      SPY free
    ");
}

#[test]
fn an_entry_whose_answer_was_lost_is_found_or_dropped_by_the_brokers_records() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.forget();
        let client_id = scene.id("1-e1");
        let failure = trader_contract::RequestFailure::Ambiguous { message: "timeout".into() };
        scene.hear("no answer", vec![BrokerEvent::SubmitFailed { client_id, failure }]);
        scene.venue.lose(client_id);
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.pass(30);
        scene.snapshot();
    }), @r"
    14:32:00 no answer
      heard submit 1-e1 unknown
      ASK what the broker holds
    14:32:00 snapshot
      ALERT Warning order_unknown
    14:32:01 timer
      ASK what the broker holds
    14:32:01 snapshot
    14:32:03 timer
      ASK what the broker holds
    14:32:31 snapshot
      dropped 1-e1
      dropped 1-s1
      cleared order_unknown
      SPY free
    ");
}

#[test]
fn an_entry_without_a_stop_is_refused_where_the_route_wants_one() {
    both(|scene| {
        let mut entry = scene.entry();
        if let Intent::Enter { stop, .. } = &mut entry {
            *stop = None;
        }
        assert_eq!(scene.asks("SPY", entry).unwrap(), "no_stop");
    });
}

#[test]
fn a_halted_symbol_is_not_entered() {
    both(|scene| {
        let symbol = symbol("SPY");
        let halted = true;
        scene.pass(30);
        scene.hear("halted", vec![BrokerEvent::Halt { symbol, halted }]);
        scene.pass(30);
        // The bar in which it was halted.
        scene.wants("a", "SPY", scene.entry());
        scene.one_bar("SPY", "100");
        assert_eq!(scene.verdict().unwrap(), "symbol_halted");
        let entry = scene.entry();
        assert_eq!(scene.asks("QQQ", entry), None);
    });
}

#[test]
fn a_size_by_risk_of_less_than_a_share_is_none() {
    let mut setup = Setup::default();
    setup.limits.risk_per_trade_max = trader_contract::Money::dollars(60);
    let by_risk = |setup: &Setup, rule: Option<&str>| {
        both_with(setup, |scene| {
            let mut entry = scene.entry();
            if let Intent::Enter { size, .. } = &mut entry {
                *size = EntrySize::ByRisk;
            }
            assert_eq!(scene.asks("SPY", entry).as_deref(), rule);
        });
    };
    by_risk(&setup, None);
    setup.limits.order_shares = Qty::ZERO;
    by_risk(&setup, Some("size"));
}
