//! Positions with a target beside the stop: brackets, and pairs of exits placed afterwards. The stop is
//! reported as held for as long as its target works.

use insta::assert_snapshot;
use trader_contract::{
    BrokerEvent, BrokerOrderId, Intent, NetQty, OrderReport, Qty, Reason, ReportStatus, Timestamp,
};
use trader_core::{OperatorCommand, Watch};

use crate::scene::{Scene, Setup, both, both_with, symbol};

/// An entry with stop and target, sent and working.
fn with_waiting_bracket(scene: &mut Scene) {
    scene.wants("a", "SPY", scene.bracket());
    scene.bar("100");
    scene.working("1-e1");
    scene.report_of("1-s1");
    scene.report_of("1-t1");
}

/// 100 shares of SPY with stop and target; the transcript is empty.
fn with_bracket(scene: &mut Scene) {
    with_waiting_bracket(scene);
    scene.fill("1-e1", 100, "100.10");
    scene.forget();
}

/// 40 of 100 shares filled, the rest cancelled, and a new pair of exits sent and acknowledged.
fn with_pair(scene: &mut Scene) {
    with_waiting_bracket(scene);
    scene.fill("1-e1", 40, "100.10");
    scene.pass(1);
    scene.forget();
    scene.cancelled("1-e1");
    scene.working("1-t2");
    scene.report_of("1-s2");
}

#[test]
fn a_bracket_goes_out_as_one_order_and_a_target_that_fills_ends_the_trade() {
    assert_snapshot!(both(|scene| {
        with_waiting_bracket(scene);
        scene.fill("1-e1", 100, "100.10");
        scene.pass(30);
        scene.fill("1-t1", 100, "101");
        scene.pass(30);
    }), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5 + 1-t1 101
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      plan 1-t1 sell 100 SPY limit 101 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5 + 1-t1 101
    14:32:00 1-e1 works
      heard 1-e1 New 0/100
    14:32:00 1-s1 reported
      heard 1-s1 Held 0/100
    14:32:00 1-t1 reported
      heard 1-t1 Held 0/100
    14:32:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-t1 New 0/100
    14:32:30 1-t1 fills 100 at 101
      heard 1-t1 Filled 100/100, 100 at 101
      heard 1-s1 Cancelled 0/100
      trade SPY closed: target 90
    ");
}

#[test]
fn a_stop_that_fills_ends_the_target_beside_it() {
    assert_snapshot!(both(|scene| {
        with_bracket(scene);
        scene.fill("1-s1", 100, "99.50");
        scene.pass(30);
    }), @r"
    14:32:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      heard 1-t1 Cancelled 0/100
      trade SPY closed: stop_loss -60
    ");
}

#[test]
fn a_target_that_fills_in_part_leaves_a_stop_for_the_rest() {
    assert_snapshot!(both(|scene| {
        with_bracket(scene);
        scene.fill("1-t1", 40, "101");
        scene.pass(30);
        scene.fill("1-s1", 60, "99.50");
        scene.pass(30);
    }), @r"
    14:32:00 1-t1 fills 40 at 101
      heard 1-t1 PartiallyFilled 40/100, 40 at 101
      heard 1-s1 Held 0/60
    14:32:30 1-s1 fills 60 at 99.50
      heard 1-s1 Filled 60/60, 60 at 99.5
      heard 1-t1 Cancelled 40/100
      trade SPY closed: stop_loss 0
    ");
}

#[test]
fn an_entry_that_fills_in_part_gets_a_pair_of_exits_of_which_the_held_stop_protects() {
    assert_snapshot!(both(|scene| {
        with_pair(scene);
        scene.pass(60);
        scene.fill("1-t2", 40, "101");
        scene.pass(30);
    }), @r"
    14:32:01 1-e1 cancelled
      heard 1-e1 Cancelled 40/100
      heard 1-s1 Cancelled 0/100
      cancel asked 1-t1: its stop has ended
      CANCEL 1-t1
      heard 1-t1 Cancelled 0/100
      plan 1-t2 sell 40 SPY limit 101 Gtc + 1-s2 99.5
      plan 1-s2 sell 40 SPY stop 99.5 Gtc
      SEND 1-t2 sell 40 SPY limit 101 Gtc + 1-s2 99.5
    14:32:01 1-t2 works
      heard 1-t2 New 0/40
    14:32:01 1-s2 reported
      heard 1-s2 Held 0/40
    14:33:01 1-t2 fills 40 at 101
      heard 1-t2 Filled 40/40, 40 at 101
      heard 1-s2 Cancelled 0/40
      trade SPY closed: target 36
    ");
}

#[test]
fn the_stop_beside_a_target_can_be_moved() {
    assert_snapshot!(both(|scene| {
        with_bracket(scene);
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.replaced("1-s1");
        scene.pass(30);
        scene.fill("1-s2", 100, "99.80");
    }), @r"
    14:33:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 99.8
      plan 1-s2 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s2 stop 99.8
    14:33:00 1-s1 replaced
      heard 1-s1 Replaced 0/100
      heard 1-s2 Held 0/100
    14:33:30 1-s2 fills 100 at 99.80
      heard 1-s2 Filled 100/100, 100 at 99.8
      heard 1-t1 Cancelled 0/100
      trade SPY closed: stop_loss -30
    ");
}

#[test]
fn the_stop_of_a_pair_can_be_moved() {
    assert_snapshot!(both(|scene| {
        with_pair(scene);
        scene.pass(59);
        scene.forget();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.replaced("1-s2");
        scene.pass(30);
    }), @r"
    14:34:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 99.8
      plan 1-s3 sell 40 SPY stop 99.8 Gtc for 1-s2
      replace asked 1-s2
      REPLACE 1-s2 by 1-s3 stop 99.8
    14:34:00 1-s2 replaced
      heard 1-s2 Replaced 0/40
      heard 1-s3 Held 0/40
    ");
}

#[test]
fn an_exit_ends_both_exits_before_it_closes() {
    assert_snapshot!(both(|scene| {
        with_bracket(scene);
        let reason = Reason::new("test");
        scene.wants("a", "SPY", Intent::Exit { reason });
        scene.bar("100.30");
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100.29");
    }), @r"
    14:33:00 bar SPY 100.30
      intent 2: exit
      exit of SPY planned: strategy
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      cancel asked 1-t1: the position is to be closed
      CANCEL 1-t1
      heard 1-t1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:33:00 1-x1 fills 100 at 100.29
      heard 1-x1 Filled 100/100, 100 at 100.29
      trade SPY closed: strategy 19
    ");
}

#[test]
fn a_target_that_fills_while_the_exit_ends_it_leaves_nothing_to_close() {
    assert_snapshot!(both(|scene| {
        with_bracket(scene);
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.fill("1-t1", 100, "101");
        scene.pass(30);
    }), @r"
    14:32:00 operator Close(SPY)
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER closing 100 shares of SPY
    14:32:00 1-t1 fills 100 at 101
      heard 1-t1 Filled 100/100, 100 at 101
      heard 1-s1 Cancelled 0/100
      trade SPY closed: target 90
    ");
}

#[test]
fn the_target_of_a_position_cannot_be_cancelled_since_its_stop_would_end_with_it() {
    assert_snapshot!(both(|scene| {
        with_bracket(scene);
        scene.operator(OperatorCommand::Cancel(scene.id("1-t1")));
    }), @r"
    14:32:00 operator Cancel(0000002a-20110110-1-t1)
      ANSWER no: 1-t1 protects the position in SPY; close the position instead (`traderctl close SPY`)
    ");
}

#[test]
fn a_pair_of_exits_is_taken_up_after_a_restart() {
    assert_snapshot!(both(|scene| {
        with_pair(scene);
        scene.forget();
        scene.restart();
        scene.snapshot();
        scene.pass(30);
    }), @r"
    14:32:01 restart
      ASK what the broker holds
    14:32:01 snapshot
    ");
}

/// Alpaca puts a smaller order in a stop's place where the target beside it fills in part: the id that the
/// next run is to know is that one's, whatever comes late of the first.
#[test]
fn an_order_has_the_brokers_newest_id_of_it_after_a_restart() {
    both(|scene| {
        with_pair(scene);
        let stop = scene.id("1-s2");
        let first = scene.venue.orders[&stop].clone();
        let smaller = OrderReport {
            broker_id: BrokerOrderId("b9".into()),
            qty: Qty::shares(15).unwrap(),
            at: scene.at.plus_seconds(1),
            ..first.clone()
        };
        let events = [smaller, first].map(BrokerEvent::Order).to_vec();
        scene.hear("the broker makes the stop smaller", events);
        let book = scene.book_from_journal();
        let known = book.orders[&stop].broker_id.as_ref().unwrap();
        assert_eq!(*known.0, *"b9");
        scene.venue.orders.get_mut(&stop).unwrap().qty = Qty::shares(15).unwrap();
    });
}

#[test]
fn a_target_that_does_not_make_way_for_a_stop_leaves_the_position_five_seconds() {
    assert_snapshot!(both(|scene| {
        with_bracket(scene);
        let mut events = scene.venue.set(scene.id("1-s1"), ReportStatus::Rejected, scene.at);
        // Of the end of the target nothing is heard.
        events.truncate(1);
        scene.hear("1-s1 rejected", events);
        scene.pass(30);
    }), @r"
    14:32:00 1-s1 rejected
      heard 1-s1 Rejected 0/100
      cancel asked 1-t1: its stop has ended
      CANCEL 1-t1
    14:32:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
    ");
}

/// The target of a bracket fills in part while its stop is being moved, and the broker rests the moved
/// one for as many shares as there were when it was asked to.
fn with_too_large_a_stop(scene: &mut Scene) {
    with_bracket(scene);
    scene.wants("a", "SPY", scene.move_stop("99.80"));
    scene.bar("100.40");
    scene.forget();
    scene.fill("1-t1", 40, "101");
    scene.replaced("1-s1");
}

#[test]
fn a_stop_that_stays_larger_than_the_position_beside_its_target_gives_way_to_a_new_pair() {
    assert_snapshot!(both(|scene| {
        with_too_large_a_stop(scene);
        scene.pass(2);
        scene.cancelled("1-s2");
        scene.working("1-t2");
        scene.report_of("1-s3");
        scene.pass(30);
    }), @r"
    14:33:00 1-t1 fills 40 at 101
      heard 1-t1 PartiallyFilled 40/100, 40 at 101
      heard 1-s1 Held 0/60
    14:33:00 1-s1 replaced
      heard 1-s1 Replaced 0/60
      heard 1-s2 Held 0/100
    14:33:01 timer
      cancel asked 1-s2: it is for another quantity than the position, beside a target
      CANCEL 1-s2
    14:33:02 1-s2 cancelled
      heard 1-s2 Cancelled 0/100
      cancel asked 1-t1: its stop has ended
      CANCEL 1-t1
      heard 1-t1 Cancelled 40/100
      plan 1-t2 sell 60 SPY limit 101 Gtc + 1-s3 99.8
      plan 1-s3 sell 60 SPY stop 99.8 Gtc
      SEND 1-t2 sell 60 SPY limit 101 Gtc + 1-s3 99.8
    14:33:02 1-t2 works
      heard 1-t2 New 0/60
    14:33:02 1-s3 reported
      heard 1-s3 Held 0/60
    ");
}

/// Answers are waited for, and nothing falls silent.
fn patient() -> Setup {
    let year = 365 * 24 * 60 * Timestamp::MINUTE;
    let watch = Watch {
        orders_alive_nanos: Some(year),
        ..Watch::OFF
    };
    Setup {
        watch,
        ..Setup::default()
    }
}

#[test]
fn a_pair_for_less_than_the_position_has_grown_to_gives_way_at_once() {
    both_with(&patient(), |scene| {
        with_bracket(scene);
        scene.pass(1);
        // Somebody adds 30 shares; the second answer that says so counts.
        let grown = scene
            .mirror
            .net(NetQty::from_nanos(130_000_000_000).unwrap());
        scene.venue.meddle(symbol("SPY"), grown);
        scene.operator(OperatorCommand::Reconcile);
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.cancelled("1-s1");
        let said = scene.transcript().to_owned();
        assert!(said.contains("CANCEL 1-s1"), "{said}");
        let pair = "SEND 1-t2 sell 130 SPY limit 101 Gtc + 1-s2 99.5";
        assert!(said.contains(pair), "{said}");
        assert!(!said.contains("unprotected"), "{said}");
    });
}

#[test]
fn a_stop_larger_than_the_position_is_asked_after_before_its_pair_is_taken_out() {
    assert_snapshot!(both_with(&patient(), |scene| {
        with_too_large_a_stop(scene);
        scene.pass(7);
    }), @r"
    14:33:00 1-t1 fills 40 at 101
      heard 1-t1 PartiallyFilled 40/100, 40 at 101
      heard 1-s1 Held 0/60
    14:33:00 1-s1 replaced
      heard 1-s1 Replaced 0/60
      heard 1-s2 Held 0/100
    14:33:01 timer
      ASK what the broker holds
    14:33:06 timer
      cancel asked 1-s2: it is for another quantity than the position, beside a target
      CANCEL 1-s2
    ");
}
