//! The end of the day and a flatten as an escalation: what is not answered or does not fill is
//! followed up, and only the broker's word that nothing is open ends it.

use insta::assert_snapshot;
use trader_contract::{BrokerEvent, NetQty, Timestamp};
use trader_core::{OperatorCommand, Watch};

use crate::scene::{Scene, Setup, both_with, symbol};

/// From the close to the next open.
pub(crate) const NIGHT: i64 = 17 * 3600 + 1800;

/// What is not answered is followed up, and nothing else is watched.
pub(crate) fn chased() -> Setup {
    let year = 365 * 24 * 60 * Timestamp::MINUTE;
    Setup {
        watch: Watch {
            sweep_nanos: Some(year),
            orders_alive_nanos: Some(year),
            answer_nanos: year,
            ..Watch::OFF
        },
        ..Setup::default()
    }
}

pub(crate) fn stands(scene: &Scene, kind: &str, ticker: Option<&str>) -> bool {
    let ticker = ticker.map(symbol);
    scene.engine.book().standing(kind, ticker).is_some()
}

/// At the moment when positions are closed, with one open; the transcript is empty.
pub(crate) fn flattening(scene: &mut Scene) {
    scene.with_position();
    scene.pass_to_close(5 * 60 + 1);
    scene.forget();
    scene.pass(1);
}

#[test]
fn a_cancel_that_is_never_confirmed_is_asked_for_again_until_the_close() {
    both_with(&chased(), |scene| {
        flattening(scene);
        let asked = |scene: &Scene| scene.transcript().matches("CANCEL 1-s1").count();
        scene.pass(11);
        assert_eq!(asked(scene), 3);
        scene.pass_to_close(0);
        // Every five seconds over five minutes, and never an exit beside the stop.
        assert_eq!(asked(scene), 60);
        assert!(!scene.transcript().contains("1-x1"));
        assert!(stands(scene, "not_flat", None));
        assert!(stands(scene, "residue", Some("SPY")));
        // The night is the stop's, if it still rests.
        scene.pass(NIGHT - 1);
        assert_eq!(asked(scene), 60);
        scene.pass(1);
        assert_eq!(asked(scene), 61);
    });
}

#[test]
fn refused_exits_leave_a_position_without_a_stop_for_five_seconds_at_most() {
    assert_snapshot!(both_with(&chased(), |scene| {
        flattening(scene);
        scene.cancelled("1-s1");
        scene.refused("1-x1");
        scene.pass(5);
        scene.refused("1-x2");
        scene.working("1-s2");
        scene.pass(30);
        scene.cancelled("1-s2");
        scene.working("1-x3");
        scene.fill("1-x3", 100, "100");
    }), @r"
    20:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:55:00 1-x1 refused
      heard submit 1-x1 refused
      ALERT Warning order_refused
    20:55:01 timer
      plan 1-x2 sell 100 SPY market Day
      SEND 1-x2 sell 100 SPY market Day
    20:55:05 1-x2 refused
      heard submit 1-x2 refused
      ALERT Warning order_refused
      plan 1-s2 sell 100 SPY stop 99.5 Gtc
      SEND 1-s2 sell 100 SPY stop 99.5 Gtc
    20:55:05 1-s2 works
      heard 1-s2 New 0/100
    20:55:35 timer
      cancel asked 1-s2: the position is to be closed
      CANCEL 1-s2
    20:55:35 1-s2 cancelled
      heard 1-s2 Cancelled 0/100
      plan 1-x3 sell 100 SPY market Day
      SEND 1-x3 sell 100 SPY market Day
    20:55:35 1-x3 works
      heard 1-x3 New 0/100
    20:55:35 1-x3 fills 100 at 100
      heard 1-x3 Filled 100/100, 100 at 100
      trade SPY closed: end_of_day -10
    ");
}

#[test]
fn an_exit_filled_in_part_at_the_deadline_is_followed_by_one_for_the_rest() {
    assert_snapshot!(both_with(&chased(), |scene| {
        flattening(scene);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.pass(3);
        scene.fill("1-x1", 60, "100");
        scene.pass(4);
        scene.pass(1);
        scene.cancelled("1-x1");
        scene.working("1-x2");
        scene.fill("1-x2", 40, "100");
        scene.snapshot();
        scene.pass_to_close(0);
        assert!(!stands(scene, "not_flat", None));
    }), @r"
    20:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:55:00 1-x1 works
      heard 1-x1 New 0/100
    20:55:03 1-x1 fills 60 at 100
      heard 1-x1 PartiallyFilled 60/100, 60 at 100
    20:55:08 timer
      cancel asked 1-x1: it did not fill in time
      CANCEL 1-x1
    20:55:08 1-x1 cancelled
      heard 1-x1 Cancelled 60/100
      plan 1-x2 sell 40 SPY market Day
      SEND 1-x2 sell 40 SPY market Day
    20:55:08 1-x2 works
      heard 1-x2 New 0/40
    20:55:08 1-x2 fills 40 at 100
      heard 1-x2 Filled 40/40, 40 at 100
      trade SPY closed: end_of_day -10
    20:55:08 snapshot
    20:58:00 timer
      ASK what the broker holds
    20:58:05 timer
    20:58:10 timer
    20:58:15 timer
    20:58:20 timer
    20:58:25 timer
    20:58:30 timer
    20:58:35 timer
    20:58:40 timer
    20:58:45 timer
    20:58:50 timer
    20:58:55 timer
    20:59:00 timer
    20:59:05 timer
    20:59:10 timer
    20:59:15 timer
    20:59:20 timer
    20:59:25 timer
    20:59:30 timer
    20:59:35 timer
    20:59:40 timer
    20:59:45 timer
    20:59:50 timer
    20:59:55 timer
    21:00:00 timer
      session closed: 1 trades, left []
    ");
}

#[test]
fn an_exit_that_nobody_acknowledges_has_the_broker_asked() {
    assert_snapshot!(both_with(&chased(), |scene| {
        flattening(scene);
        scene.cancelled("1-s1");
        scene.pass(5);
        scene.report_of("1-x1");
        scene.fill("1-x1", 100, "100");
    }), @r"
    20:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:55:05 timer
      ASK what the broker holds
    20:55:05 1-x1 reported
      heard 1-x1 PendingNew 0/100
    20:55:05 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: end_of_day -10
    ");
}

#[test]
fn an_exit_that_the_broker_ends_by_itself_is_not_sent_again_at_once() {
    assert_snapshot!(both_with(&chased(), |scene| {
        flattening(scene);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.cancelled("1-x1");
        scene.pass(1);
        scene.working("1-x2");
        scene.fill("1-x2", 100, "100");
    }), @r"
    20:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:55:00 1-x1 works
      heard 1-x1 New 0/100
    20:55:00 1-x1 cancelled
      heard 1-x1 Cancelled 0/100
    20:55:01 timer
      plan 1-x2 sell 100 SPY market Day
      SEND 1-x2 sell 100 SPY market Day
    20:55:01 1-x2 works
      heard 1-x2 New 0/100
    20:55:01 1-x2 fills 100 at 100
      heard 1-x2 Filled 100/100, 100 at 100
      trade SPY closed: end_of_day -10
    ");
}

#[test]
fn an_entry_that_fills_while_it_is_cancelled_at_the_end_is_closed() {
    assert_snapshot!(both_with(&chased(), |scene| {
        scene.with_waiting_entry();
        scene.pass_to_close(15 * 60);
        scene.fill("1-e1", 100, "100.10");
        scene.pass_to_close(5 * 60);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
        scene.pass_to_close(119);
        scene.snapshot();
        scene.snapshot();
        assert!(scene.engine.book().alerts.is_empty());
    }), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    14:32:00 1-e1 works
      heard 1-e1 New 0/100
    14:32:00 1-s1 reported
      heard 1-s1 Held 0/100
    20:45:00 timer
      cancel asked 1-e1: entries are not taken now
      CANCEL 1-e1
    20:45:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-s1 New 0/100
    20:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:55:00 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: end_of_day -10
    20:58:00 timer
      ASK what the broker holds
    20:58:01 snapshot
    20:58:01 snapshot
    ");
}

#[test]
fn with_nothing_open_at_the_deadline_the_broker_is_asked_once() {
    assert_snapshot!(both_with(&chased(), |scene| {
        scene.pass_to_close(121);
        scene.forget();
        scene.pass(1);
        scene.snapshot();
        scene.pass_to_close(0);
    }), @r"
    20:58:00 timer
      ASK what the broker holds
    20:58:00 snapshot
    21:00:00 timer
      session closed: 0 trades, left []
      ASK what the broker holds
    ");
}

#[test]
fn the_alert_stands_until_the_broker_holds_nothing() {
    assert_snapshot!(both_with(&chased(), |scene| {
        scene.pass_to_close(120);
        scene.forget();
        // An order of ours that the book takes for ended, and the broker has at work.
        let spy = symbol("SPY");
        scene.venue.meddle(spy, NetQty::from_nanos(5_000_000_000).unwrap());
        let event = scene.venue.snapshot(scene.at);
        let BrokerEvent::Snapshot(held) = &event else { panic!("no snapshot") };
        assert_eq!(held.positions.len(), 1);
        scene.hear("snapshot", vec![event]);
        assert!(stands(scene, "not_flat", None));
        scene.venue.meddle(spy, NetQty::ZERO);
        scene.pass(5);
        scene.snapshot();
        assert!(!stands(scene, "not_flat", None));
        scene.forget();
    }), @r"

    ");
}

#[test]
fn a_flatten_goes_on_after_a_restart_and_is_not_resumed_from_meanwhile() {
    assert_snapshot!(both_with(&chased(), |scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Flatten);
        scene.restart();
        scene.snapshot();
        scene.operator(OperatorCommand::Resume);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
        scene.snapshot();
        scene.operator(OperatorCommand::Resume);
    }), @r"
    14:32:00 operator Flatten
      trading reducing
      flatten_began
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER closing one position or entry; entries are paused until `traderctl resume`
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      heard cancel 1-s1 unknown
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:32:00 operator Resume
      ANSWER no: a flatten is under way; resume once it is flat
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: operator -10
      ASK what the broker holds
    14:32:00 snapshot
      flatten_ended
      ALERT Notice flat
    14:32:00 operator Resume
      trading active
      ANSWER entries are allowed again
    ");
}

#[test]
fn a_snapshot_from_before_the_last_report_proves_nothing() {
    assert_snapshot!(both_with(&chased(), |scene| {
        scene.with_position();
        let early = scene.venue.snapshot(scene.at);
        scene.operator(OperatorCommand::Flatten);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
        let mut early = early;
        if let BrokerEvent::Snapshot(held) = &mut early {
            held.positions.clear();
            held.orders.clear();
        }
        scene.hear("an early snapshot", vec![early]);
        assert!(scene.engine.is_flattening());
        scene.pass(5);
        scene.snapshot();
        assert!(!scene.engine.is_flattening());
        scene.forget();
    }), @"");
}

fn says_not_flat(scene: &Scene) -> Option<String> {
    let standing = scene.engine.book().standing("not_flat", None)?;
    Some(standing.alert.message.to_string())
}

#[test]
fn what_is_closed_after_the_deadline_is_named_no_longer() {
    both_with(&chased(), |scene| {
        scene.with_position();
        scene.wants("b", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        scene.working("2-e1");
        scene.report_of("2-s1");
        scene.fill("2-e1", 100, "100.10");
        scene.pass_to_close(110);
        let both = "not flat at the deadline: QQQ, SPY";
        assert_eq!(says_not_flat(scene).unwrap(), both);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        assert_eq!(says_not_flat(scene).unwrap(), both);
        scene.fill("1-x1", 100, "100");
        let left = "not flat at the deadline: QQQ";
        assert_eq!(says_not_flat(scene).unwrap(), left);
        scene.cancelled("2-s1");
        scene.working("2-x1");
        scene.fill("2-x1", 100, "100");
        // Only the broker's word ends it, and not one that was asked for before the last report.
        assert_eq!(says_not_flat(scene).unwrap(), left);
        scene.snapshot();
        scene.snapshot();
        assert_eq!(says_not_flat(scene), None);
    });
}
