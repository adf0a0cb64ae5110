//! Starts: at every hour of the week, with and without a position, its stop resting or lost. The rows
//! are those of the table in the engine's file of the session.

use trader_calendar::Calendar;
use trader_contract::{Direction, Timestamp};
use trader_core::record::{Record, TradingState};
use trader_core::{Event, OperatorCommand, Phase};

use crate::ladder::chased;
use crate::scene::{Scene, Setup, symbol};
use crate::setup::UNREADABLE;

/// A scene that holds 100 shares of SPY since 9:32 on Monday, whose process has died.
fn died(direction: Direction) -> Scene {
    let mut scene = Scene::new(direction, chased());
    scene.with_position();
    scene
}

/// The process starts at this moment and hears the broker.
fn start_at(scene: &mut Scene, at: &str) {
    scene.at = at.parse::<Timestamp>().unwrap();
    scene.forget();
    scene.restart();
    scene.snapshot();
}

fn lose_the_stop(scene: &mut Scene) {
    let stop = scene.id("1-s1");
    scene
        .venue
        .set(stop, trader_contract::ReportStatus::Cancelled, scene.at);
}

fn sent(scene: &Scene) -> Vec<String> {
    let lines = scene.transcript().lines().map(str::trim);
    let of_orders = |line: &&str| line.starts_with("SEND") || line.starts_with("CANCEL");
    lines.filter(of_orders).map(str::to_owned).collect()
}

fn flat_start(at: &str) -> Scene {
    let mut scene = Scene::new(Direction::Long, chased());
    start_at(&mut scene, at);
    scene
}

fn entry_refused(scene: &mut Scene) -> bool {
    scene.one_bar("SPY", "100");
    scene.wants("a", "SPY", scene.entry());
    scene.at = scene.at.plus_minutes(1);
    scene.forget();
    scene.one_bar("SPY", "100");
    !scene.transcript().contains("SEND")
}

#[test]
fn at_a_weekend_at_night_and_before_the_open_it_waits_for_the_open() {
    for (at, opens) in [
        ("2011-01-15T15:00:00Z", "2011-01-18"),
        ("2011-01-11T03:00:00Z", "2011-01-11"),
        ("2011-01-11T14:29:59Z", "2011-01-11"),
    ] {
        let scene = flat_start(at);
        assert_eq!(scene.engine.phase(), Phase::Closed, "{at}");
        assert_eq!(scene.engine.session().unwrap().date.to_string(), opens);
        assert!(sent(&scene).is_empty());
    }
}

#[test]
fn in_the_middle_of_a_session_it_takes_entries() {
    let mut scene = flat_start("2011-01-11T17:00:00Z");
    assert_eq!(scene.engine.phase(), Phase::Entries);
    assert!(!entry_refused(&mut scene));
}

#[test]
fn five_minutes_before_the_close_it_takes_none() {
    let mut scene = flat_start("2011-01-11T20:55:00Z");
    assert_eq!(scene.engine.phase(), Phase::Flattening);
    assert!(entry_refused(&mut scene));
}

#[test]
fn after_the_deadline_and_a_minute_before_the_close_it_has_the_broker_confirm_that_it_is_flat() {
    for at in ["2011-01-11T20:58:30Z", "2011-01-11T20:59:00Z"] {
        let mut scene = flat_start(at);
        assert_eq!(scene.engine.phase(), Phase::PastDeadline);
        assert!(scene.engine.book().alerts.is_empty());
        scene.pass_to_close(0);
        assert!(!scene.transcript().contains("CANCEL"));
        assert!(scene.engine.book().day.as_ref().unwrap().closed);
    }
}

#[test]
fn on_a_half_day_the_close_is_at_one() {
    let mut scene = flat_start("2011-11-25T17:44:00Z");
    assert_eq!(scene.engine.phase(), Phase::Entries);
    scene.pass(60);
    assert_eq!(scene.engine.phase(), Phase::NoEntries);
    let scene = flat_start("2011-11-25T18:01:00Z");
    assert_eq!(scene.engine.phase(), Phase::Closed);
}

#[test]
fn in_the_middle_of_a_session_a_position_keeps_its_stop_or_gets_one() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = died(direction);
        start_at(&mut scene, "2011-01-10T17:00:00Z");
        assert!(sent(&scene).is_empty());
        let mut scene = died(direction);
        lose_the_stop(&mut scene);
        start_at(&mut scene, "2011-01-10T17:00:00Z");
        assert_eq!(sent(&scene), ["SEND 1-s2 sell 100 SPY stop 99.5 Gtc"]);
    }
}

#[test]
fn from_five_minutes_before_the_close_on_a_position_is_closed() {
    for at in [
        "2011-01-10T20:55:00Z",
        "2011-01-10T20:58:30Z",
        "2011-01-10T20:59:00Z",
    ] {
        let mut scene = died(Direction::Long);
        start_at(&mut scene, at);
        assert_eq!(sent(&scene), ["CANCEL 1-s1"], "{at}");
        assert_eq!(
            scene.engine.book().standing("not_flat", None).is_some(),
            at > "2011-01-10T20:58"
        );
        let mut scene = died(Direction::Short);
        lose_the_stop(&mut scene);
        start_at(&mut scene, at);
        assert_eq!(sent(&scene), ["SEND 1-x1 sell 100 SPY market Day"], "{at}");
    }
}

#[test]
fn at_night_and_at_a_weekend_a_position_is_a_residue_with_its_stop_or_an_exit_for_the_open() {
    for at in [
        "2011-01-10T21:00:00Z",
        "2011-01-11T03:00:00Z",
        "2011-01-15T15:00:00Z",
    ] {
        let mut scene = died(Direction::Long);
        start_at(&mut scene, at);
        assert!(sent(&scene).is_empty(), "{at}");
        assert!(
            scene
                .engine
                .book()
                .standing("residue", Some(symbol("SPY")))
                .is_some()
        );
        let mut scene = died(Direction::Short);
        lose_the_stop(&mut scene);
        start_at(&mut scene, at);
        assert_eq!(sent(&scene), ["SEND 1-x1 sell 100 SPY market Day"], "{at}");
        scene.accepted("1-x1");
        scene.pass(600);
        let bare = scene.engine.unprotected_since(symbol("SPY"));
        assert_eq!(bare, None, "what waits for the open closes it");
    }
}

#[test]
fn the_third_start_after_a_bad_end_within_ten_minutes_comes_up_halted_and_protects() {
    let mut scene = died(Direction::Long);
    for seconds in [60, 60] {
        scene.pass(seconds);
        scene.restart();
        scene.snapshot();
        assert_eq!(scene.engine.book().trading, TradingState::Active);
    }
    lose_the_stop(&mut scene);
    scene.pass(60);
    scene.forget();
    scene.restart();
    scene.snapshot();
    assert!(matches!(
        scene.engine.book().trading,
        TradingState::Halted(_)
    ));
    assert!(scene.transcript().contains("ALERT Critical crash_loop"));
    assert_eq!(sent(&scene), ["SEND 1-s2 sell 100 SPY stop 99.5 Gtc"]);
    scene.operator(OperatorCommand::Resume);
    assert_eq!(scene.engine.book().trading, TradingState::Active);
}

#[test]
fn starts_that_are_far_apart_or_after_a_good_end_are_no_loop() {
    let mut scene = died(Direction::Long);
    for _ in 0..5 {
        scene.pass(301);
        scene.restart();
        scene.snapshot();
    }
    for _ in 0..5 {
        scene.operator(OperatorCommand::Stop { flatten: false });
        assert!(!scene.book_from_journal().starts.running);
        scene.pass(1);
        scene.restart();
        scene.snapshot();
    }
    assert_eq!(scene.engine.book().trading, TradingState::Active);
}

#[test]
fn a_killed_account_stays_killed_in_a_crash_loop() {
    let mut scene = died(Direction::Long);
    let scope = trader_core::record::Scope::All;
    scene.operator(OperatorCommand::Kill {
        scope,
        flatten: false,
    });
    for _ in 0..3 {
        scene.pass(1);
        scene.restart();
        scene.snapshot();
    }
    assert!(matches!(
        scene.engine.book().trading,
        TradingState::Killed(_)
    ));
}

#[test]
fn a_state_that_cannot_be_read_is_told() {
    let mut scene = died(Direction::Long);
    let saved = |record: &mut Record| {
        if let Record::StrategySaved { state, .. } = record {
            *state = UNREADABLE.into();
        }
    };
    scene
        .journal
        .iter_mut()
        .for_each(|entry| saved(&mut entry.record));
    scene.forget();
    scene.restart();
    scene.snapshot();
    assert!(
        scene
            .transcript()
            .contains("ALERT Warning state_unreadable")
    );
    assert!(sent(&scene).is_empty(), "its stop rests");
}

#[test]
fn a_calendar_that_ends_soon_is_told_and_one_that_has_ended_halts() {
    let last = Calendar::nyse().last_covered();
    let noon = |days: i64| {
        let day = last - chrono::Duration::days(days);
        Timestamp::from_utc(day.and_hms_opt(12, 0, 0).unwrap().and_utc())
    };
    let start = |at: Timestamp| {
        let mut scene = Scene::new(Direction::Long, chased());
        scene.at = at;
        scene.restart();
        scene.snapshot();
        scene
    };
    assert!(start(noon(40)).engine.book().alerts.is_empty());
    let scene = start(noon(20));
    assert!(
        scene
            .engine
            .book()
            .standing("calendar_ends", None)
            .is_some()
    );
    assert_eq!(scene.engine.book().trading, TradingState::Active);
    let scene = start(noon(-2));
    assert!(
        scene
            .engine
            .book()
            .standing("calendar_ended", None)
            .is_some()
    );
    assert!(matches!(
        scene.engine.book().trading,
        TradingState::Halted(_)
    ));
}

#[test]
fn an_exchange_that_closes_unannounced_closes_the_day_there() {
    let setup = Setup {
        overrides: "[early_close]\n2011-01-10 = { at = \"11:00\", reason = \"a storm\" }\n",
        ..chased()
    };
    let mut scene = Scene::new(Direction::Short, setup);
    scene.with_position();
    scene.pass_to_close(5 * 60);
    assert_eq!(scene.at.to_string(), "2011-01-10T15:55:00Z");
    assert_eq!(sent(&scene), ["CANCEL 1-s1"]);
}

#[test]
fn every_session_from_2015_to_2027_stops_flattens_and_ends_at_its_own_minute() {
    let calendar = Calendar::nyse();
    let (first, last) = ("2015-01-01", "2027-12-31");
    let (first, last) = (first.parse().unwrap(), last.parse().unwrap());
    let sessions = calendar.sessions(first..=last).unwrap();
    assert!(sessions.len() > 3_200);
    let setup = Setup {
        open: "2015-01-02T14:30:00Z",
        ..Setup::default()
    };
    let mut scene = Scene::new(Direction::Long, setup);
    scene.pass_to_close(0);
    for session in sessions {
        // As long as nobody answers, the day goes on all the same.
        let moments = [
            (session.open, Phase::Entries),
            (session.close.plus_minutes(-15), Phase::NoEntries),
            (session.close.plus_minutes(-5), Phase::Flattening),
            (session.close.plus_minutes(-2), Phase::PastDeadline),
            (session.close, Phase::Closed),
        ];
        if session.date.to_string() == "2015-01-02" {
            continue;
        }
        for (at, phase) in moments {
            assert_eq!(scene.engine.next_timer(), Some(at), "{}", session.date);
            scene.engine.step(at.plus_nanos(-1), &Event::Timer);
            assert_ne!(scene.engine.phase(), phase, "{}", session.date);
            scene.engine.step(at, &Event::Timer);
            assert_eq!(scene.engine.phase(), phase, "{}", session.date);
        }
        let hour = trader_calendar::new_york::wall_clock(session.close)
            .format("%H:%M")
            .to_string();
        assert!(
            ["16:00", "13:00"].contains(&hour.as_str()),
            "{} {hour}",
            session.date
        );
    }
}
