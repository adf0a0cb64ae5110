//! A stop that the market has reached, and that does not fill: it protects no longer.

use std::sync::Arc;

use insta::assert_snapshot;
use trader_contract::Bar;
use trader_core::{DayRules, EndOfDay, Event, OperatorCommand, Protection};

use crate::residue::halt;
use crate::scene::{Scene, Setup, both, both_with, symbol};

/// From the close to the next open.
const NIGHT: i64 = 17 * 3600 + 1800;

fn hold() -> Setup {
    Setup {
        day: DayRules {
            end_of_day: EndOfDay::Hold,
            ..DayRules::default()
        },
        ..Setup::default()
    }
}

fn protection(scene: &Scene) -> Protection {
    let engine = &scene.engine;
    engine.protection(&engine.book().holdings[&symbol("SPY")])
}

fn bare_share_seconds(scene: &Scene) -> u64 {
    scene.engine.unprotected_share_seconds()
}

#[test]
fn a_gap_over_the_night_beyond_the_stop_closes_the_position_five_seconds_after_the_first_bar() {
    assert_snapshot!(both_with(&hold(), |scene| {
        scene.with_position();
        scene.last_bar("100.40");
        scene.snapshot();
        scene.pass(NIGHT);
        scene.bar("88");
        assert_eq!(protection(scene), Protection::Protected);
        scene.forget();
        scene.pass(10);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.fill("1-x1", 100, "88");
        scene.pass(30);
        // 100 shares over the 5 seconds, and over 5 more until the exit was acknowledged.
        assert_eq!(bare_share_seconds(scene), 1_000);
    }), @r"
    14:31:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:31:10 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:31:10 1-x1 works
      heard 1-x1 New 0/100
    14:31:10 1-x1 fills 100 at 88
      heard 1-x1 Filled 100/100, 100 at 88
      trade SPY closed: unprotected -1210
    ");
}

#[test]
fn a_bar_that_only_touches_the_stop_has_reached_it() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.bar("99.51");
        scene.pass(30);
        scene.pass(29);
        scene.bar_of("QQQ", "100");
        scene.bar("99.50");
        scene.pass(5);
    }), @r"
    14:33:00 bar SPY 99.51
    14:34:59 bar QQQ 100
    14:35:59 bar SPY 99.50
    14:36:04 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    ");
}

#[test]
fn a_stop_that_fills_within_five_seconds_of_its_bar_ends_the_trade_by_itself() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.bar("99.40");
        scene.pass(4);
        scene.fill("1-s1", 100, "99.40");
        scene.pass(30);
        assert_eq!(bare_share_seconds(scene), 0);
    }), @r"
    14:33:00 bar SPY 99.40
    14:33:04 1-s1 fills 100 at 99.40
      heard 1-s1 Filled 100/100, 100 at 99.4
      trade SPY closed: stop_loss -70
    ");
}

#[test]
fn a_stop_that_fills_in_part_has_five_seconds_for_the_rest() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.fill("1-s1", 60, "99.50");
        scene.pass(3);
        scene.fill("1-s1", 10, "99.40");
        scene.pass(3);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.fill("1-x1", 30, "99");
        // 30 shares over the 5 seconds, and over one more until the exit was acknowledged.
        assert_eq!(bare_share_seconds(scene), 180);
    }), @r"
    14:32:00 1-s1 fills 60 at 99.50
      heard 1-s1 PartiallyFilled 60/100, 60 at 99.5
    14:32:03 1-s1 fills 10 at 99.40
      heard 1-s1 PartiallyFilled 70/100, 10 at 99.4
    14:32:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:32:06 1-s1 cancelled
      heard 1-s1 Cancelled 70/100
      plan 1-x1 sell 30 SPY market Day
      SEND 1-x1 sell 30 SPY market Day
    14:32:06 1-x1 works
      heard 1-x1 New 0/30
    14:32:06 1-x1 fills 30 at 99
      heard 1-x1 Filled 30/30, 30 at 99
      trade SPY closed: unprotected -76
    ");
}

#[test]
fn while_trading_is_halted_no_clock_runs_and_it_starts_anew_afterwards() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.bar("99.40");
        scene.pass(2);
        halt(scene, true);
        scene.pass(600);
        assert_eq!(protection(scene), Protection::Protected);
        halt(scene, false);
        scene.pass(4);
        halt(scene, true);
        scene.bar("99.30");
        halt(scene, false);
        scene.pass(10);
        // Of the time without a halt only the last five seconds.
        assert_eq!(bare_share_seconds(scene), 500);
    }), @r"
    14:33:00 bar SPY 99.40
    14:33:02 halt
      ALERT Warning halted
    14:43:02 trading again
      cleared halted
    14:43:06 halt
      ALERT Warning halted
    14:44:06 bar SPY 99.30
      cleared halted
    14:44:06 trading again
    14:44:11 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    ");
}

#[test]
fn while_the_market_is_closed_no_clock_runs_and_it_starts_anew_at_the_open() {
    assert_snapshot!(both_with(&hold(), |scene| {
        scene.with_position();
        scene.last_bar("99.40");
        scene.snapshot();
        scene.pass(NIGHT + 10);
        assert_eq!(bare_share_seconds(scene), 500);
    }), @r#"
    21:00:00 row 99.40
    21:00:00 timer
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    21:00:00 snapshot
    14:30:00 timer
      session 2011-01-11 opened
    14:30:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    "#);
}

#[test]
fn the_close_stops_a_clock_that_runs() {
    assert_snapshot!(both_with(&hold(), |scene| {
        scene.with_position();
        scene.pass_to_close(62);
        scene.bar("99.40");
        scene.pass(3_600);
        assert_eq!(bare_share_seconds(scene), 0);
    }), @r#"
    20:59:58 bar SPY 99.40
    21:00:00 timer
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    21:00:03 timer
    "#);
}

#[test]
fn a_price_that_comes_back_leaves_the_stop_where_it_is() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.bar("99.40");
        halt(scene, true);
        scene.bar("99.60");
        halt(scene, false);
        scene.pass(30);
        scene.bar("99.70");
        scene.pass(30);
        assert_eq!(bare_share_seconds(scene), 0);
    }), @r"
    14:33:00 bar SPY 99.40
    14:33:00 halt
      ALERT Warning halted
    14:34:00 bar SPY 99.60
      cleared halted
    14:34:00 trading again
    14:35:30 bar SPY 99.70
    ");
}

#[test]
fn a_price_of_before_the_entry_filled_says_nothing_of_its_stop() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.bar("99.40");
        scene.forget();
        scene.pass(61);
        scene.fill("1-e1", 100, "100.10");
        // It comes a second late, and ended before the stop was in force.
        scene.bar_from(scene.at.plus_seconds(-61), "SPY", "99.40");
        scene.pass(30);
        scene.bar("99.40");
        scene.fill("1-s1", 100, "99.40");
        assert_eq!(bare_share_seconds(scene), 0);
    }), @r"
    14:34:01 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-s1 New 0/100
    14:35:31 bar SPY 99.40
    14:35:31 1-s1 fills 100 at 99.40
      heard 1-s1 Filled 100/100, 100 at 99.4
      trade SPY closed: stop_loss -70
    ");
}

#[test]
fn a_stop_that_was_moved_before_the_bar_is_reached_by_it() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.replaced("1-s1");
        scene.bar("99.70");
        scene.pass(5);
    }), @r"
    14:33:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 99.8
      plan 1-s2 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s2 stop 99.8
    14:33:00 1-s1 replaced
      heard 1-s1 Replaced 0/100
      heard 1-s2 New 0/100
    14:34:00 bar SPY 99.70
    14:34:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s2: the position is to be closed
      CANCEL 1-s2
    ");
}

#[test]
fn a_cancel_that_is_refused_is_asked_for_again_and_nothing_is_told_or_counted_twice() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.bar("99.40");
        scene.pass(5);
        scene.cancel_refused("1-s1");
        scene.pass(1);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        assert_eq!(bare_share_seconds(scene), 600);
    }), @r"
    14:33:00 bar SPY 99.40
    14:33:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:05 cancel of 1-s1 refused
      heard cancel 1-s1 refused
    14:33:06 timer
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:06 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:33:06 1-x1 works
      heard 1-x1 New 0/100
    ");
}

#[test]
fn a_position_that_is_being_closed_already_is_not_closed_again() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.bar("99.40");
        scene.pass(30);
    }), @r"
    14:32:00 operator Close(SPY)
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER closing 100 shares of SPY
    14:33:00 bar SPY 99.40
    ");
}

#[test]
fn after_a_restart_only_a_new_bar_starts_the_clock() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.bar("99.40");
        scene.pass(2);
        scene.restart();
        scene.pass(0);
        let start = scene.at.plus_minutes(-1);
        let bar = Bar::new(start, [scene.price("99.40"); 4], 100).unwrap();
        let id = scene.engine.symbol_id(symbol("SPY")).unwrap();
        scene.input(Event::History { symbol: id, bars: Arc::from([bar]) });
        scene.snapshot();
        scene.pass(57);
        scene.bar("99.40");
        scene.pass(5);
    }), @r"
    14:33:00 bar SPY 99.40
    14:33:02 restart
      ASK what the broker holds
    14:33:02 snapshot
    14:34:59 bar SPY 99.40
    14:35:04 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    ");
}

#[test]
fn a_daemon_that_stops_first_sees_what_becomes_of_a_stop_that_was_reached() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.bar("99.40");
        scene.operator(OperatorCommand::Stop { flatten: false });
        scene.pass(3);
        scene.fill("1-s1", 100, "99.40");
    }), @r"
    14:33:00 bar SPY 99.40
    14:33:00 operator Stop { flatten: false }
      ANSWER stopping once the stops of 1 open positions rest
    14:33:03 1-s1 fills 100 at 99.40
      heard 1-s1 Filled 100/100, 100 at 99.4
      trade SPY closed: stop_loss -70
      FINISHED
    ");
}

#[test]
fn the_stop_beside_a_target_counts_alike() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.bracket());
        scene.bar("100");
        scene.working("1-e1");
        scene.report_of("1-s1");
        scene.fill("1-e1", 100, "100.10");
        scene.bar("99.40");
        scene.forget();
        scene.pass(5);
        scene.cancelled("1-s1");
    }), @r"
    14:33:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:33:05 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      cancel asked 1-t1: the position is to be closed
      CANCEL 1-t1
      heard 1-t1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    ");
}
