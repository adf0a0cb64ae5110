//! Closing a position: the stop first, then the market order, never both.

use insta::assert_snapshot;
use trader_contract::{Intent, Reason, ReportStatus};

use crate::scene::{Scene, both};

fn leave(scene: &mut Scene) {
    let reason = Reason::new("test");
    scene.wants("a", "SPY", Intent::Exit { reason });
    scene.bar("100.30");
}

#[test]
fn an_exit_waits_for_the_end_of_the_stop() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        leave(scene);
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
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:33:00 1-x1 fills 100 at 100.29
      heard 1-x1 Filled 100/100, 100 at 100.29
      trade SPY closed: strategy 19
    ");
}

#[test]
fn a_stop_that_fills_while_its_cancel_is_in_flight_makes_the_exit_needless() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        leave(scene);
        scene.fill("1-s1", 100, "99.50");
        scene.pass(60);
    }), @r"
    14:33:00 bar SPY 100.30
      intent 2: exit
      exit of SPY planned: strategy
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
    ");
}

#[test]
fn a_stop_that_fills_in_part_leaves_the_rest_for_the_exit() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        leave(scene);
        scene.fill("1-s1", 30, "99.50");
        scene.cancelled("1-s1");
        scene.fill("1-x1", 70, "99.40");
    }), @r"
    14:33:00 bar SPY 100.30
      intent 2: exit
      exit of SPY planned: strategy
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:00 1-s1 fills 30 at 99.50
      heard 1-s1 PartiallyFilled 30/100, 30 at 99.5
    14:33:00 1-s1 cancelled
      heard 1-s1 Cancelled 30/100
      plan 1-x1 sell 70 SPY market Day
      SEND 1-x1 sell 70 SPY market Day
    14:33:00 1-x1 fills 70 at 99.40
      heard 1-x1 Filled 70/70, 70 at 99.4
      trade SPY closed: strategy -67
    ");
}

#[test]
fn a_refused_exit_is_tried_again_with_growing_pauses() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        leave(scene);
        scene.cancelled("1-s1");
        scene.forget();
        scene.refused("1-x1");
        scene.pass(1);
        scene.refused("1-x2");
        scene.pass(2);
        scene.fill("1-x3", 100, "100.2");
    }), @r"
    14:33:00 1-x1 refused
      heard submit 1-x1 refused
      ALERT Warning order_refused
    14:33:01 timer
      plan 1-x2 sell 100 SPY market Day
      SEND 1-x2 sell 100 SPY market Day
    14:33:01 1-x2 refused
      heard submit 1-x2 refused
      ALERT Warning order_refused
    14:33:03 timer
      plan 1-x3 sell 100 SPY market Day
      SEND 1-x3 sell 100 SPY market Day
    14:33:03 1-x3 fills 100 at 100.2
      heard 1-x3 Filled 100/100, 100 at 100.2
      trade SPY closed: strategy 10
    ");
}

#[test]
fn a_refused_cancel_is_tried_again() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        leave(scene);
        scene.cancel_refused("1-s1");
        scene.snapshot();
        scene.pass(1);
        scene.cancelled("1-s1");
    }), @r"
    14:33:00 bar SPY 100.30
      intent 2: exit
      exit of SPY planned: strategy
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:00 cancel of 1-s1 refused
      heard cancel 1-s1 refused
      ASK what the broker holds
    14:33:00 snapshot
    14:33:01 timer
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:01 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    ");
}

fn refuse_three(scene: &mut Scene) {
    for (exit, pause) in [("1-x1", 1), ("1-x2", 2), ("1-x3", 0)] {
        scene.refused(exit);
        scene.pass(pause);
    }
}

#[test]
fn while_the_broker_refuses_exits_the_stop_rests_again() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        leave(scene);
        scene.cancelled("1-s1");
        scene.forget();
        refuse_three(scene);
        scene.working("1-s2");
        scene.pass(30);
        scene.cancelled("1-s2");
        scene.refused("1-x4");
        scene.working("1-s3");
        scene.pass(30);
        scene.cancelled("1-s3");
        scene.fill("1-x5", 100, "100.2");
    }), @r"
    14:33:00 1-x1 refused
      heard submit 1-x1 refused
      ALERT Warning order_refused
    14:33:01 timer
      plan 1-x2 sell 100 SPY market Day
      SEND 1-x2 sell 100 SPY market Day
    14:33:01 1-x2 refused
      heard submit 1-x2 refused
      ALERT Warning order_refused
    14:33:03 timer
      plan 1-x3 sell 100 SPY market Day
      SEND 1-x3 sell 100 SPY market Day
    14:33:03 1-x3 refused
      heard submit 1-x3 refused
      ALERT Critical exit_refused
      plan 1-s2 sell 100 SPY stop 99.5 Gtc
      SEND 1-s2 sell 100 SPY stop 99.5 Gtc
    14:33:03 1-s2 works
      heard 1-s2 New 0/100
    14:33:33 timer
      cancel asked 1-s2: the position is to be closed
      CANCEL 1-s2
    14:33:33 1-s2 cancelled
      heard 1-s2 Cancelled 0/100
      plan 1-x4 sell 100 SPY market Day
      SEND 1-x4 sell 100 SPY market Day
    14:33:33 1-x4 refused
      heard submit 1-x4 refused
      plan 1-s3 sell 100 SPY stop 99.5 Gtc
      SEND 1-s3 sell 100 SPY stop 99.5 Gtc
    14:33:33 1-s3 works
      heard 1-s3 New 0/100
    14:34:03 timer
      cancel asked 1-s3: the position is to be closed
      CANCEL 1-s3
    14:34:03 1-s3 cancelled
      heard 1-s3 Cancelled 0/100
      plan 1-x5 sell 100 SPY market Day
      SEND 1-x5 sell 100 SPY market Day
    14:34:03 1-x5 fills 100 at 100.2
      heard 1-x5 Filled 100/100, 100 at 100.2
      trade SPY closed: strategy 10
      cleared exit_refused
    ");
}

#[test]
fn where_the_broker_refuses_the_stop_too_both_are_tried_in_turn() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        leave(scene);
        scene.cancelled("1-s1");
        refuse_three(scene);
        scene.forget();
        scene.refused("1-s2");
        scene.pass(5);
        scene.refused("1-x4");
        scene.refused("1-s3");
        scene.pass(5);
        scene.fill("1-x5", 100, "100.2");
    }), @r"
    14:33:03 1-s2 refused
      heard submit 1-s2 refused
      ALERT Warning order_refused
    14:33:08 timer
      plan 1-x4 sell 100 SPY market Day
      SEND 1-x4 sell 100 SPY market Day
    14:33:08 1-x4 refused
      heard submit 1-x4 refused
      plan 1-s3 sell 100 SPY stop 99.5 Gtc
      SEND 1-s3 sell 100 SPY stop 99.5 Gtc
    14:33:08 1-s3 refused
      heard submit 1-s3 refused
      ALERT Warning order_refused
    14:33:13 timer
      plan 1-x5 sell 100 SPY market Day
      SEND 1-x5 sell 100 SPY market Day
    14:33:13 1-x5 fills 100 at 100.2
      heard 1-x5 Filled 100/100, 100 at 100.2
      trade SPY closed: strategy 10
      cleared exit_refused
    ");
}

#[test]
fn exits_that_the_broker_takes_and_rejects_are_told_as_refused_too() {
    both(|scene| {
        scene.with_position();
        leave(scene);
        scene.cancelled("1-s1");
        for (exit, pause) in [("1-x1", 1), ("1-x2", 2), ("1-x3", 0)] {
            let events = scene
                .venue
                .set(scene.id(exit), ReportStatus::Rejected, scene.at);
            scene.hear("rejected", events);
            scene.pass(pause);
        }
        let told = scene.transcript().matches("ALERT Critical exit_refused");
        assert_eq!(told.count(), 1, "{}", scene.transcript());
        assert!(scene.transcript().contains("SEND 1-s2"));
    });
}
