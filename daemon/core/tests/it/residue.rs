//! What cannot be closed by the end of a session: halts through the close, and exits that the broker
//! does not take. It is protected over the night, and closed first at the open.

use insta::assert_snapshot;
use trader_contract::BrokerEvent;
use trader_core::record::Block;
use trader_core::{DayRules, EndOfDay, OperatorCommand};

use crate::ladder::{NIGHT, chased, flattening};
use crate::scene::{Scene, Setup, both_with, symbol};

/// The venue halts SPY, or lets it trade again.
pub(crate) fn halt(scene: &mut Scene, halted: bool) {
    let symbol = symbol("SPY");
    let what = if halted { "halt" } else { "trading again" };
    scene.hear(what, vec![BrokerEvent::Halt { symbol, halted }]);
}

#[test]
fn a_symbol_halted_through_the_close_keeps_its_stop_and_is_closed_first_at_the_open() {
    assert_snapshot!(both_with(&chased(), |scene| {
        scene.with_position();
        halt(scene, true);
        scene.pass_to_close(0);
        scene.snapshot();
        assert!(scene.engine.protection(&scene.engine.book().holdings[&symbol("SPY")]).is_protected());
        assert_eq!(scene.engine.book().blocks[&symbol("SPY")].block, Block::Residue);
        scene.pass(NIGHT - 60);
        halt(scene, false);
        scene.pass(60);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.fill("1-x1", 100, "99");
        scene.snapshot();
        scene.snapshot();
        assert!(scene.engine.book().alerts.is_empty());
        assert!(scene.engine.book().blocks.is_empty());
    }), @r#"
    14:32:00 halt
      ALERT Warning halted
    20:45:00 timer
    20:55:00 timer
      exit of SPY planned: end_of_day
    20:58:00 timer
      ALERT Critical not_flat
    21:00:00 timer
      SPY blocked: residue
      ALERT Critical residue
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    21:00:00 snapshot
    14:29:00 trading again
      cleared halted
    14:30:00 timer
      session 2011-01-11 opened
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:30:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:30:00 1-x1 works
      heard 1-x1 New 0/100
    14:30:00 1-x1 fills 100 at 99
      heard 1-x1 Filled 100/100, 100 at 99
      trade SPY closed: end_of_day -110
      SPY freed
      cleared residue
      ASK what the broker holds
    14:30:00 snapshot
      cleared not_flat
    14:30:00 snapshot
    "#);
}

#[test]
fn a_halted_symbol_is_left_alone_until_it_trades_again() {
    assert_snapshot!(both_with(&chased(), |scene| {
        scene.with_position();
        scene.pass_to_close(6 * 60);
        halt(scene, true);
        scene.forget();
        scene.pass_to_close(60);
        halt(scene, false);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.fill("1-x1", 100, "99");
        scene.snapshot();
        scene.snapshot();
        assert!(scene.engine.book().alerts.is_empty());
    }), @r"
    20:55:00 timer
      exit of SPY planned: end_of_day
    20:58:00 timer
      ALERT Critical not_flat
    20:59:00 trading again
      cleared halted
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:59:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:59:00 1-x1 works
      heard 1-x1 New 0/100
    20:59:00 1-x1 fills 100 at 99
      heard 1-x1 Filled 100/100, 100 at 99
      trade SPY closed: end_of_day -110
      ASK what the broker holds
    20:59:00 snapshot
      cleared not_flat
    20:59:00 snapshot
    ");
}

#[test]
fn a_stop_that_was_gone_before_the_halt_rests_again_during_it() {
    assert_snapshot!(both_with(&chased(), |scene| {
        flattening(scene);
        scene.cancelled("1-s1");
        halt(scene, true);
        scene.refused("1-x1");
        scene.pass(1);
        scene.working("1-s2");
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(NIGHT);
    }), @r#"
    20:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:55:00 halt
      ALERT Warning halted
    20:55:00 1-x1 refused
      heard submit 1-x1 refused
      ALERT Warning order_refused
    20:55:01 timer
      plan 1-s2 sell 100 SPY stop 99.5 Gtc
      SEND 1-s2 sell 100 SPY stop 99.5 Gtc
    20:55:01 1-s2 works
      heard 1-s2 New 0/100
    20:58:00 timer
      ALERT Critical not_flat
    21:00:00 timer
      SPY blocked: residue
      ALERT Critical residue
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    21:00:00 snapshot
    14:30:00 timer
      session 2011-01-11 opened
    "#);
}

#[test]
fn what_is_open_at_the_close_waits_at_the_broker_for_the_open() {
    assert_snapshot!(both_with(&chased(), |scene| {
        flattening(scene);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.pass_to_close(1);
        scene.forget();
        scene.pass(1);
        scene.cancelled("1-x1");
        scene.accepted("1-x2");
        scene.snapshot();
        scene.pass(NIGHT);
        assert_eq!(scene.engine.book().day.as_ref().unwrap().date.to_string(), "2011-01-11");
        scene.fill("1-x2", 100, "100");
        scene.snapshot();
        scene.snapshot();
        assert!(scene.engine.book().alerts.is_empty());
    }), @r#"
    21:00:00 timer
      SPY blocked: residue
      ALERT Critical residue
      session closed: 0 trades, left ["SPY"]
    21:00:00 1-x1 cancelled
      heard 1-x1 Cancelled 0/100
      plan 1-x2 sell 100 SPY market Day
      SEND 1-x2 sell 100 SPY market Day
    21:00:00 1-x2 accepted
      heard 1-x2 Accepted 0/100
    21:00:00 snapshot
      ASK what the broker holds
    14:30:00 timer
      session 2011-01-11 opened
    14:30:00 1-x2 fills 100 at 100
      heard 1-x2 Filled 100/100, 100 at 100
      trade SPY closed: end_of_day -10
      SPY freed
      cleared residue
    14:30:00 snapshot
      ASK what the broker holds
    14:30:00 snapshot
      cleared not_flat
    "#);
}

#[test]
fn where_the_broker_queues_no_exit_at_night_the_stop_rests_again() {
    assert_snapshot!(both_with(&chased(), |scene| {
        flattening(scene);
        scene.pass_to_close(1);
        scene.forget();
        scene.pass(1);
        scene.cancelled("1-s1");
        scene.refused("1-x1");
        scene.pass(1);
        scene.accepted("1-s2");
        scene.pass(NIGHT - 1);
        scene.cancelled("1-s2");
        scene.fill("1-x2", 100, "100");
        scene.snapshot();
        scene.snapshot();
        assert!(scene.engine.book().alerts.is_empty());
    }), @r#"
    21:00:00 timer
      SPY blocked: residue
      ALERT Critical residue
      session closed: 0 trades, left ["SPY"]
    21:00:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    21:00:00 1-x1 refused
      heard submit 1-x1 refused
      ALERT Warning order_refused
    21:00:01 timer
      plan 1-s2 sell 100 SPY stop 99.5 Gtc
      SEND 1-s2 sell 100 SPY stop 99.5 Gtc
    21:00:01 1-s2 accepted
      heard 1-s2 Accepted 0/100
    14:30:00 timer
      session 2011-01-11 opened
      cancel asked 1-s2: the position is to be closed
      CANCEL 1-s2
    14:30:00 1-s2 cancelled
      heard 1-s2 Cancelled 0/100
      plan 1-x2 sell 100 SPY market Day
      SEND 1-x2 sell 100 SPY market Day
    14:30:00 1-x2 fills 100 at 100
      heard 1-x2 Filled 100/100, 100 at 100
      trade SPY closed: end_of_day -10
      SPY freed
      cleared residue
    14:30:00 snapshot
      ASK what the broker holds
    14:30:00 snapshot
      cleared not_flat
    "#);
}

#[test]
fn a_stop_that_rests_because_no_exit_is_queued_is_not_taken_out_for_another_one() {
    let hold = DayRules {
        end_of_day: EndOfDay::Hold,
        ..DayRules::default()
    };
    let setup = Setup {
        day: hold,
        ..chased()
    };
    both_with(&setup, |scene| {
        scene.with_position();
        scene.pass_to_close(0);
        scene.snapshot();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.refused("1-x1");
        scene.pass(1);
        scene.accepted("1-s2");
        scene.forget();
        scene.pass(3600);
        let said = scene.transcript().to_owned();
        assert!(!said.contains("CANCEL"), "{said}");
        scene.pass(NIGHT - 3601);
        let said = scene.transcript().to_owned();
        assert!(said.contains("CANCEL 1-s2"), "{said}");
        scene.cancelled("1-s2");
        scene.fill("1-x2", 100, "100");
        assert!(scene.engine.book().holdings.is_empty());
    });
}

#[test]
fn an_entry_of_unknown_fate_is_no_share_that_goes_over_the_night() {
    both_with(&chased(), |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.unanswered("1-e1");
        scene.pass_to_close(-1);
        let text = scene.transcript();
        assert!(text.contains("no answer to 1-e1"), "{text}");
        assert!(!text.contains("ALERT Critical residue"), "{text}");
    });
}
