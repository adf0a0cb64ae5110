//! Days that need not end flat: positions, stops and waiting entries go over the night.

use insta::assert_snapshot;
use trader_contract::{EntryPrice, Intent, Reason, Timeframe};
use trader_core::risk::limits::Limits;
use trader_core::{DayRules, EndOfDay, Phase};

use crate::scene::{Scene, Setup, both_with, symbol};

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

/// An entry at the market that is cancelled after so many bars.
fn market(scene: &Scene, bars: u16) -> Intent {
    let mut entry = scene.entry_of(100, EntryPrice::Market);
    if let Intent::Enter {
        expires_after_bars, ..
    } = &mut entry
    {
        *expires_after_bars = Some(bars);
    }
    entry
}

#[test]
fn a_position_stays_with_its_stop_and_is_marked_at_each_close() {
    assert_snapshot!(both_with(&hold(), |scene| {
        scene.with_position();
        scene.last_bar("100.40");
        scene.snapshot();
        let day = |scene: &Scene| scene.engine.book().day.clone().unwrap();
        assert!(day(scene).closed);
        assert_eq!(scene.engine.equity().to_string(), "100030");
        assert_eq!(scene.engine.flat_deadline(), None);
        scene.pass(NIGHT);
        assert_eq!(scene.engine.phase(), Phase::Entries);
        assert_eq!(day(scene).equity_at_open.to_string(), "100030");
        scene.last_bar("100.60");
        scene.snapshot();
        scene.pass(NIGHT);
        scene.fill("1-s1", 100, "99.50");
        assert_eq!(day(scene).equity_at_open.to_string(), "100050");
        assert_eq!(day(scene).realised.to_string(), "-60");
    }), @r#"
    21:00:00 row 100.40
    21:00:00 timer
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    21:00:00 snapshot
    14:30:00 timer
      session 2011-01-11 opened
    21:00:00 row 100.60
    21:00:00 timer
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    21:00:00 snapshot
    14:30:00 timer
      session 2011-01-12 opened
    14:30:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
    "#);
}

#[test]
fn an_entry_decided_on_the_last_bar_waits_for_the_next_open() {
    assert_snapshot!(both_with(&hold(), |scene| {
        scene.wants("a", "SPY", market(scene, 2));
        scene.last_bar("100");
        scene.accepted("1-e1");
        scene.report_of("1-s1");
        scene.snapshot();
        scene.pass(NIGHT - 1);
        scene.at = scene.at.plus_seconds(1);
        scene.fill("1-e1", 100, "100.20");
        scene.pass(0);
        let day = scene.engine.book().day.as_ref().unwrap();
        assert_eq!((day.date.to_string(), day.fills), ("2011-01-11".to_owned(), 1));
    }), @r"
    21:00:00 row 100
      intent 1: enter
      plan 1-e1 buy 100 SPY market Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY market Gtc + 1-s1 99.5
    21:00:00 timer
      session closed: 0 trades, left []
      ASK what the broker holds
    21:00:00 1-e1 accepted
      heard 1-e1 Accepted 0/100
    21:00:00 1-s1 reported
      heard 1-s1 Held 0/100
    21:00:00 snapshot
    14:30:00 1-e1 fills 100 at 100.20
      session 2011-01-11 opened
      heard 1-e1 Filled 100/100, 100 at 100.2
      heard 1-s1 New 0/100
    ");
}

#[test]
fn so_does_one_decided_on_a_window_that_lacks_minutes() {
    let five = Setup {
        timeframe: Timeframe::minutes(5).unwrap(),
        ..hold()
    };
    assert_snapshot!(both_with(&five, |scene| {
        scene.pass_to_close(5 * 60);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.pass_to_close(0);
    }), @r"
    14:35:02 timer
    20:56:00 bar SPY 100
    21:00:00 timer
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      session closed: 0 trades, left []
      ASK what the broker holds
    ");
}

#[test]
fn a_waiting_entry_goes_on_the_next_day_and_expires_by_its_bars() {
    assert_snapshot!(both_with(&hold(), |scene| {
        scene.wants("a", "SPY", market(scene, 2));
        scene.last_bar("100");
        scene.accepted("1-e1");
        scene.report_of("1-s1");
        scene.pass(NIGHT);
        scene.forget();
        scene.bar("100");
        scene.bar("100");
    }), @r"
    14:31:00 bar SPY 100
    14:32:00 bar SPY 100
      cancel asked 1-e1: it did not fill within its bars
      CANCEL 1-e1
    ");
}

#[test]
fn an_exit_decided_on_the_last_bar_waits_for_the_next_open() {
    assert_snapshot!(both_with(&hold(), |scene| {
        scene.with_position();
        let reason = Reason::new("test");
        scene.wants("a", "SPY", Intent::Exit { reason });
        scene.last_bar("100.40");
        scene.cancelled("1-s1");
        scene.accepted("1-x1");
        scene.snapshot();
        scene.pass(NIGHT - 1);
        scene.at = scene.at.plus_seconds(1);
        scene.fill("1-x1", 100, "100.30");
        let day = scene.engine.book().day.as_ref().unwrap();
        assert_eq!((day.date.to_string(), day.trades), ("2011-01-11".to_owned(), 1));
        assert_eq!(scene.engine.unprotected_share_seconds(), 0);
    }), @r#"
    21:00:00 row 100.40
      intent 2: exit
      exit of SPY planned: strategy
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    21:00:00 timer
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    21:00:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    21:00:00 1-x1 accepted
      heard 1-x1 Accepted 0/100
    21:00:00 snapshot
    14:30:00 1-x1 fills 100 at 100.30
      session 2011-01-11 opened
      heard 1-x1 Filled 100/100, 100 at 100.3
      trade SPY closed: strategy 20
    "#);
}

#[test]
fn the_gate_holds_at_the_close_as_at_any_time() {
    let collared = Setup {
        limits: Limits {
            price_collar: "0.0005".parse().unwrap(),
            ..Limits::unbounded()
        },
        ..hold()
    };
    assert_snapshot!(both_with(&collared, |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.wants("a", "QQQ", scene.entry());
        scene.last_bar("100");
    }), @r"
    21:00:00 row 100
      intent 1: enter refused by price_collar
    21:00:00 timer
      session closed: 0 trades, left []
      ASK what the broker holds
    ");
}

#[test]
fn a_breaker_ends_a_waiting_entry_and_the_next_session_takes_entries_again() {
    let limits = Limits {
        consecutive_losses: 1,
        ..Limits::unbounded()
    };
    let setup = Setup { limits, ..hold() };
    assert_snapshot!(both_with(&setup, |scene| {
        scene.with_position();
        scene.wants("b", "QQQ", market(scene, 5));
        scene.pass_to_close(120);
        scene.bar_of("QQQ", "100");
        scene.working("2-e1");
        scene.report_of("2-s1");
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(NIGHT);
        scene.forget();
        scene.fill("1-s1", 100, "99.50");
        scene.pass_to_close(0);
        scene.pass(NIGHT);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        assert!(scene.engine.book().holdings.contains_key(&symbol("SPY")));
    }), @r"
    14:30:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
      ALERT Warning consecutive_losses
      trading halted
      cancel asked 2-e1: entries are not taken now
      CANCEL 2-e1
    21:00:00 timer
      session closed: 1 trades, left []
      ASK what the broker holds
    14:30:00 timer
      session 2011-01-12 opened
    14:31:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    ");
}
