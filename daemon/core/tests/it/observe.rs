//! Observation: signals are written down with everything that would have been sent, and nothing leaves.

use trader_contract::{Direction, EntryPrice};
use trader_core::Command;
use trader_core::record::{Decision, Record};

use crate::scene::{Scene, Setup, both_with};

fn observed() -> Setup {
    Setup {
        observe: true,
        ..Setup::default()
    }
}

/// Everything is only observed.
fn observed_all() -> Setup {
    let mut setup = Setup::default();
    setup.authority.observe = true;
    setup
}

fn sends(scene: &Scene) -> usize {
    let sent = |c: &&Command| matches!(c, Command::Send(_) | Command::Cancel(_));
    scene.commands.iter().filter(sent).count()
}

fn detail(scene: &Scene) -> String {
    let refused = scene.journal.iter().rev().find_map(|e| match &e.record {
        Record::IntentTaken {
            decision: Decision::Refused { detail, .. },
            ..
        } => Some(detail.to_string()),
        _ => None,
    });
    refused.unwrap()
}

#[test]
fn an_observed_signal_is_written_down_with_what_would_have_been_sent() {
    for setup in [observed(), observed_all()] {
        let mut scene = Scene::new(Direction::Long, setup);
        let bracket = scene.bracket();
        assert_eq!(scene.asks("SPY", bracket).unwrap(), "observe");
        assert_eq!(
            detail(&scene),
            "only observed: buy 100 SPY stop stop 100.1 gtc, its stop 99.5, its target 101"
        );
        assert_eq!(sends(&scene), 0);
        assert!(scene.engine.book().holdings.is_empty());
    }
}

#[test]
fn both_sides_are_observed_alike() {
    let told = both_with(&observed(), |scene| {
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry).unwrap(), "observe");
        let entry = scene.entry_of(50, EntryPrice::Market);
        assert_eq!(scene.asks("SPY", entry).unwrap(), "observe");
        assert_eq!(sends(scene), 0);
    });
    assert!(!told.contains("SEND"), "{told}");
}

#[test]
fn what_a_limit_refuses_is_refused_by_it_and_not_observed() {
    let mut setup = observed();
    setup.limits.open_positions = 0;
    let mut scene = Scene::new(Direction::Long, setup);
    let entry = scene.entry();
    assert_eq!(scene.asks("SPY", entry).unwrap(), "open_positions");
}

#[test]
fn another_route_that_is_not_observed_trades_on() {
    both_with(&observed(), |scene| {
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
        assert_eq!(scene.verdict(), None);
        assert_eq!(sends(scene), 1);
    });
}

#[test]
fn what_is_observed_counts_against_no_rate() {
    let mut setup = observed();
    setup.limits.entries_per_minute = 1;
    setup.limits.duplicate_nanos = i64::MAX;
    let mut scene = Scene::new(Direction::Long, setup);
    for _ in 0..3 {
        let entry = scene.entry();
        assert_eq!(scene.asks("SPY", entry).unwrap(), "observe");
    }
}

#[test]
fn a_position_of_before_is_looked_after_and_a_waiting_entry_is_cancelled() {
    both_with(&Setup::default(), |scene| {
        scene.with_position();
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        scene.working("2-e1");
        scene.setup.authority.observe = true;
        scene.forget();
        scene.restart();
        scene.snapshot();
        let told = scene.transcript().to_owned();
        assert!(told.contains("CANCEL 2-e1"), "{told}");
        assert!(!told.contains("CANCEL 1-s1"), "{told}");
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        let told = scene.transcript();
        assert!(told.contains("REPLACE 1-s1 by 1-s2 stop 99.8"), "{told}");
    });
}
