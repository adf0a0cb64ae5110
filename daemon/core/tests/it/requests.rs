//! Cancels and replacements whose answer is lost, and orders that turn up after they were given up.

use insta::assert_snapshot;
use trader_contract::{BrokerEvent, ReportStatus};
use trader_core::OperatorCommand;

use crate::scene::{Scene, both, no_answer, symbol};

#[test]
fn a_dropped_entry_that_turns_up_is_cancelled_and_what_it_filled_is_protected() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        let late = scene.venue.clone();
        scene.lose("1-e1");
        scene.unanswered("1-e1");
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.pass(30);
        scene.snapshot();
        scene.forget();
        scene.venue.orders = late.orders;
        scene.working("1-e1");
        scene.snapshot();
        scene.fill("1-e1", 40, "100.10");
        scene.cancelled("1-e1");
        scene.working("1-s2");
    }), @r"
    14:32:31 1-e1 works
      heard 1-e1 New 0/100
      ASK what the broker holds
      ALERT Critical late_order
      cancel asked 1-e1: it is not wanted any longer
      CANCEL 1-e1
    14:32:31 snapshot
      heard 1-s1 Held 0/100
    14:32:31 1-e1 fills 40 at 100.10
      heard 1-e1 PartiallyFilled 40/100, 40 at 100.1
    14:32:31 1-e1 cancelled
      heard 1-e1 Cancelled 40/100
      heard 1-s1 Cancelled 0/100
      plan 1-s2 sell 40 SPY stop 99.5 Gtc
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
    14:32:31 1-s2 works
      heard 1-s2 New 0/40
    ");
}

#[test]
fn a_refused_entry_that_turns_up_and_fills_is_ours() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        let late = scene.venue.clone();
        scene.refused("1-e1");
        scene.forget();
        scene.venue.orders = late.orders;
        scene.fill("1-e1", 100, "100.10");
        scene.report_of("1-s1");
    }), @r"
    14:32:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      ASK what the broker holds
      ALERT Critical late_order
      heard 1-s1 New 0/100
    14:32:00 1-s1 reported
    ");
}

#[test]
fn a_cancel_that_nobody_answers_is_asked_for_again() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        let client_id = scene.id("1-e1");
        let failure = no_answer();
        scene.hear("no answer to the cancel", vec![BrokerEvent::CancelFailed { client_id, failure }]);
        scene.snapshot();
        scene.pass(1);
        scene.cancelled("1-e1");
    }), @r"
    14:32:00 operator Close(SPY)
      exit of SPY planned: operator
      cancel asked 1-e1: the position is to be closed
      CANCEL 1-e1
      ANSWER cancelling the waiting entry in SPY
    14:32:00 no answer to the cancel
      heard cancel 1-e1 unknown
      ASK what the broker holds
    14:32:00 snapshot
    14:32:01 timer
      cancel asked 1-e1: the position is to be closed
      CANCEL 1-e1
    14:32:01 1-e1 cancelled
      heard 1-e1 Cancelled 0/100
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      heard 1-s1 Cancelled 0/100
      SPY free
    ");
}

#[test]
fn a_cancel_that_acted_and_lost_its_answer_is_found() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        let client_id = scene.id("1-e1");
        let failure = no_answer();
        scene.venue.set(client_id, ReportStatus::Cancelled, scene.at);
        scene.hear("no answer to the cancel", vec![BrokerEvent::CancelFailed { client_id, failure }]);
        scene.snapshot();
    }), @r"
    14:32:00 operator Close(SPY)
      exit of SPY planned: operator
      cancel asked 1-e1: the position is to be closed
      CANCEL 1-e1
      ANSWER cancelling the waiting entry in SPY
    14:32:00 no answer to the cancel
      heard cancel 1-e1 unknown
      ASK what the broker holds
    14:32:00 snapshot
      heard 1-e1 Cancelled 0/100
      heard 1-s1 Cancelled 0/100
      SPY free
    ");
}

#[test]
fn a_cancel_before_the_acknowledgement_is_remembered() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.forget();
        let id = scene.id("1-e1");
        scene.operator(OperatorCommand::Cancel(id));
        scene.working("1-e1");
        scene.cancelled("1-e1");
    }), @r"
    14:32:00 operator Cancel(0000002a-20110110-1-e1)
      cancel asked 1-e1: uid 1000 asked for it
      ANSWER 1-e1 is cancelled as soon as the broker has acknowledged it
    14:32:00 1-e1 works
      heard 1-e1 New 0/100
      cancel asked 1-e1: it is not wanted any longer
      CANCEL 1-e1
    14:32:00 1-e1 cancelled
      heard 1-e1 Cancelled 0/100
      heard 1-s1 Cancelled 0/100
      SPY free
    ");
}

#[test]
fn an_ambiguous_replacement_is_decided_by_the_brokers_records() {
    let replace = |scene: &mut Scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.forget();
    };
    let lost = |scene: &mut Scene| {
        let (client_id, new_client_id) = (scene.id("1-s1"), scene.id("1-s2"));
        let failure = no_answer();
        let event = BrokerEvent::ReplaceFailed {
            client_id,
            new_client_id,
            failure,
        };
        scene.hear("no answer to the replacement", vec![event]);
    };
    assert_snapshot!(both(|scene| {
        replace(scene);
        lost(scene);
        scene.venue.replaced(scene.id("1-s1"), scene.at);
        scene.snapshot();
    }), @r"
    14:33:00 no answer to the replacement
      heard submit 1-s2 unknown
      ASK what the broker holds
    14:33:00 snapshot
      heard 1-s1 Replaced 0/100
      heard 1-s2 New 0/100
    ");
    assert_snapshot!(both(|scene| {
        replace(scene);
        let id = scene.id("1-s2");
        scene.venue.replaces.clear();
        scene.venue.lose(id);
        lost(scene);
        scene.snapshot();
    }), @r"
    14:33:00 no answer to the replacement
      heard submit 1-s2 unknown
      ASK what the broker holds
    14:33:00 snapshot
      heard replace 1-s1 unknown
      plan 1-s3 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s3 stop 99.8
    ");
}

#[test]
fn a_replacement_that_acts_after_it_was_given_up_is_cancelled_before_the_position_is_closed() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.forget();
        let (client_id, new_client_id) = (scene.id("1-s1"), scene.id("1-s2"));
        let failure = no_answer();
        scene.hear("no answer to the replacement", vec![BrokerEvent::ReplaceFailed {
            client_id,
            new_client_id,
            failure,
        }]);
        // The broker has not seen it yet.
        scene.snapshot();
        let mut events = scene.venue.replaced(client_id, scene.at);
        let late = events.split_off(1);
        scene.hear("1-s1 replaced", events);
        scene.hear("1-s2 reported", late);
        scene.cancelled("1-s2");
        scene.fill("1-x1", 100, "100.40");
    }), @r"
    14:33:00 no answer to the replacement
      heard submit 1-s2 unknown
      ASK what the broker holds
    14:33:00 snapshot
      heard replace 1-s1 unknown
    14:33:00 1-s1 replaced
      heard 1-s1 Replaced 0/100
      ASK what the broker holds
      ALERT Critical late_order
      cancel asked 1-s2: the position is to be closed
      CANCEL 1-s2
    14:33:00 1-s2 reported
      heard 1-s2 New 0/100
    14:33:00 1-s2 cancelled
      heard 1-s2 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:33:00 1-x1 fills 100 at 100.40
      heard 1-x1 Filled 100/100, 100 at 100.4
      trade SPY closed: operator 30
    ");
}

#[test]
fn a_snapshot_that_was_asked_for_before_an_answer_was_lost_proves_nothing_of_that_order() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.operator(trader_core::OperatorCommand::Close(symbol("SPY")));
        scene.cancel_refused("1-s1");
        let early = scene.venue.snapshot(scene.at);
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        scene.forget();
        let client_id = scene.id("2-e1");
        let failure = trader_contract::RequestFailure::Ambiguous { message: "timeout".into() };
        scene.hear("no answer", vec![BrokerEvent::SubmitFailed { client_id, failure }]);
        scene.hear("the early snapshot", vec![early]);
        scene.snapshot();
    }), @r"
    14:33:00 no answer
      heard submit 2-e1 unknown
    14:33:00 the early snapshot
      ASK what the broker holds
    14:33:00 snapshot
      heard 2-e1 PendingNew 0/100
      heard 2-s1 Held 0/100
      heard cancel 1-s1 unknown
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    ");
}
