//! What a person asks for.

use insta::assert_snapshot;
use trader_core::OperatorCommand;

use crate::scene::{both, symbol};

#[test]
fn a_pause_cancels_waiting_entries_and_a_resume_allows_new_ones() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.operator(OperatorCommand::Pause);
        scene.cancelled("1-e1");
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.operator(OperatorCommand::Resume);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:32:00 operator Pause
      trading reducing
      cancel asked 1-e1: entries are not taken now
      CANCEL 1-e1
      ANSWER entries are paused; positions stay protected
    14:32:00 1-e1 cancelled
      heard 1-e1 Cancelled 0/100
      heard 1-s1 Cancelled 0/100
      SPY free
    14:33:00 bar SPY 100
      intent 2: enter refused by paused
    14:33:00 operator Resume
      trading active
      ANSWER entries are allowed again
    14:34:00 bar SPY 100
      intent 3: enter
      plan 3-e1 buy 100 SPY stop 100.1 Gtc + 3-s1 99.5
      plan 3-s1 sell 100 SPY stop 99.5 Gtc
      SEND 3-e1 buy 100 SPY stop 100.1 Gtc + 3-s1 99.5
    ");
}

#[test]
fn a_pause_leaves_a_position_and_its_stop_alone() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Pause);
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
    }), @r"
    14:32:00 operator Pause
      trading reducing
      ANSWER entries are paused; positions stay protected
    14:33:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 99.8
      plan 1-s2 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s2 stop 99.8
    ");
}

#[test]
fn closing_a_symbol_ends_its_entry_or_its_position() {
    assert_snapshot!(both(|scene| {
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.operator(OperatorCommand::Close(symbol("IWM")));
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
    }), @r"
    14:32:00 operator Close(SPY)
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER closing 100 shares of SPY
    14:32:00 operator Close(SPY)
      ANSWER SPY is being closed already (operator)
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: operator -10
    ");
}

#[test]
fn closing_a_symbol_whose_entry_fills_meanwhile_closes_what_filled() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.fill("1-e1", 100, "100.10");
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
    }), @r"
    14:32:00 operator Close(SPY)
      exit of SPY planned: operator
      cancel asked 1-e1: the position is to be closed
      CANCEL 1-e1
      ANSWER cancelling the waiting entry in SPY
    14:32:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      heard 1-s1 New 0/100
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: operator -10
    ");
}

#[test]
fn a_waiting_entry_can_be_cancelled_but_not_the_stop_of_a_position() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.operator(OperatorCommand::Cancel(scene.id("9-e1")));
        scene.operator(OperatorCommand::Cancel(scene.id("1-e1")));
        scene.fill("1-e1", 100, "100.10");
        scene.operator(OperatorCommand::Cancel(scene.id("1-s1")));
        scene.operator(OperatorCommand::Cancel(scene.id("1-e1")));
    }), @r"
    14:32:00 operator Cancel(0000002a-20110110-9-e1)
      ANSWER no: order 9-e1 is not open
    14:32:00 operator Cancel(0000002a-20110110-1-e1)
      cancel asked 1-e1: uid 1000 asked for it
      CANCEL 1-e1
      ANSWER cancelling 1-e1
    14:32:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-s1 New 0/100
    14:32:00 operator Cancel(0000002a-20110110-1-s1)
      ANSWER no: 1-s1 protects the position in SPY; close the position instead (`traderctl close SPY`)
    14:32:00 operator Cancel(0000002a-20110110-1-e1)
      ANSWER no: order 1-e1 is not open
    ");
}

#[test]
fn a_flatten_is_over_when_the_broker_confirms_it() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Flatten);
        scene.cancelled("1-s1");
        scene.operator(OperatorCommand::Resume);
        scene.fill("1-x1", 100, "100");
        assert!(scene.engine.is_flattening());
        scene.snapshot();
        assert!(!scene.engine.is_flattening());
        scene.operator(OperatorCommand::Resume);
    }), @r"
    14:32:00 operator Flatten
      trading reducing
      flatten_began
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER closing one position or entry; entries are paused until `traderctl resume`
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 operator Resume
      ANSWER no: a flatten is under way; resume once it is flat
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
fn a_stop_that_keeps_positions_ends_once_their_stops_rest() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.forget();
        scene.operator(OperatorCommand::Stop { flatten: false });
        scene.cancelled("1-e1");
        scene.working("1-s2");
    }), @r"
    14:32:00 operator Stop { flatten: false }
      cancel asked 1-e1: entries are not taken now
      CANCEL 1-e1
      ANSWER stopping once the stops of 1 open positions rest
    14:32:00 1-e1 cancelled
      heard 1-e1 Cancelled 40/100
      heard 1-s1 Cancelled 0/100
      plan 1-s2 sell 40 SPY stop 99.5 Gtc
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
    14:32:00 1-s2 works
      heard 1-s2 New 0/40
      FINISHED
    ");
}

#[test]
fn a_stop_that_flattens_ends_once_everything_is_closed() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Stop { flatten: true });
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
    }), @r"
    14:32:00 operator Stop { flatten: true }
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER stopping once 1 positions and entries are closed
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: operator -10
      FINISHED
    ");
}

#[test]
fn a_stop_with_nothing_open_ends_at_once() {
    assert_snapshot!(both(|scene| {
        scene.operator(OperatorCommand::Stop { flatten: false });
    }), @r"
    14:31:00 operator Stop { flatten: false }
      ANSWER stopping; nothing is open
      FINISHED
    ");
}
