//! The end of the day, on usual days and on half days.

use insta::assert_snapshot;
use trader_contract::Direction;
use trader_core::record::{JournalEntry, Record};

use crate::scene::{Scene, Setup, both, both_with};

#[test]
fn waiting_entries_end_a_quarter_of_an_hour_before_the_close() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.pass_to_close(15 * 60 + 1);
        scene.forget();
        scene.pass(1);
        scene.cancelled("1-e1");
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    20:45:00 timer
      cancel asked 1-e1: entries are not taken now
      CANCEL 1-e1
    20:45:00 1-e1 cancelled
      heard 1-e1 Cancelled 0/100
      heard 1-s1 Cancelled 0/100
      SPY free
    20:46:00 bar SPY 100
      intent 2: enter refused by session
    ");
}

#[test]
fn positions_are_closed_five_minutes_before_the_close() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.pass_to_close(5 * 60 + 1);
        scene.forget();
        scene.pass(1);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100.20");
        scene.pass_to_close(0);
    }), @r"
    20:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    20:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    20:55:00 1-x1 fills 100 at 100.20
      heard 1-x1 Filled 100/100, 100 at 100.2
      trade SPY closed: end_of_day 10
    20:58:00 timer
      ASK what the broker holds
    21:00:00 timer
      session closed: 1 trades, left []
    ");
}

#[test]
fn what_is_open_two_minutes_before_the_close_is_told() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.pass_to_close(5 * 60);
        scene.cancelled("1-s1");
        scene.forget();
        scene.pass_to_close(0);
    }), @r#"
    20:58:00 timer
      ALERT Critical not_flat
    21:00:00 timer
      SPY blocked: residue
      ALERT Critical residue
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    "#);
}

#[test]
fn on_a_half_day_everything_is_earlier() {
    let friday = Setup {
        open: "2024-11-29T14:30:00Z",
        ..Setup::default()
    };
    assert_snapshot!(both_with(&friday, |scene| {
        scene.with_position();
        scene.pass_to_close(15 * 60 + 1);
        scene.pass_to_close(5 * 60);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100.20");
        scene.pass_to_close(0);
    }), @r"
    17:45:00 timer
    17:55:00 timer
      exit of SPY planned: end_of_day
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    17:55:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    17:55:00 1-x1 fills 100 at 100.20
      heard 1-x1 Filled 100/100, 100 at 100.2
      trade SPY closed: end_of_day 10
    17:58:00 timer
      ASK what the broker holds
    18:00:00 timer
      session closed: 1 trades, left []
    ");
}

#[test]
fn the_next_session_starts_with_new_counters_and_ids() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.fill("1-s1", 100, "99.50");
        scene.pass_to_close(0);
        scene.snapshot();
        scene.forget();
        scene.pass(18 * 3600);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:30:00 timer
      session 2011-01-11 opened
    15:01:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    ");
}

#[test]
fn a_bar_that_ends_when_entries_stop_brings_none() {
    assert_snapshot!(both(|scene| {
        scene.pass_to_close(15 * 60 + 1);
        scene.forget();
        scene.wants("a", "SPY", scene.entry());
        scene.at = scene.at.plus_seconds(1);
        scene.one_bar("SPY", "100");
        scene.pass(0);
    }), @r"
      intent 1: enter refused by session
    20:45:00 timer
    ");
}

#[test]
fn a_window_with_missing_minutes_ends_with_its_session() {
    let five = Setup {
        timeframe: trader_contract::Timeframe::minutes(5).unwrap(),
        ..Setup::default()
    };
    assert_snapshot!(both_with(&five, |scene| {
        scene.pass_to_close(5 * 60);
        scene.forget();
        scene.bar("100");
        scene.wants("a", "SPY", scene.entry());
        scene.pass_to_close(0);
        scene.pass(60);
        let last = scene.engine.lanes()[0].last_bar().unwrap();
        assert_eq!(last.start, scene.at.plus_minutes(-6));
    }), @r"
    20:56:00 bar SPY 100
    20:58:00 timer
      ASK what the broker holds
    21:00:00 timer
      intent 1: enter refused by session
      session closed: 0 trades, left []
    ");
}

#[test]
fn without_checkpoints_everything_else_is_as_with_them() {
    let day = |checkpoints| {
        let setup = Setup {
            checkpoints,
            ..Setup::default()
        };
        let mut scene = Scene::new(Direction::Long, setup);
        scene.with_position();
        scene.pass_to_close(5 * 60);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100.20");
        scene.pass_to_close(0);
        scene
    };
    let (with, without) = (day(true), day(false));
    assert_eq!(with.engine.book(), without.engine.book());
    let is_checkpoint = |entry: &&JournalEntry| matches!(entry.record, Record::Checkpoint { .. });
    assert_eq!(with.journal.iter().filter(is_checkpoint).count(), 1);
    let others = with.journal.iter().filter(|entry| !is_checkpoint(entry));
    let others: Vec<&Record> = others.map(|entry| &entry.record).collect();
    let without: Vec<&Record> = without.journal.iter().map(|entry| &entry.record).collect();
    assert_eq!(without, others);
}
