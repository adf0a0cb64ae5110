//! A daemon that is killed and started again on the same folders: nothing is lost, nothing is sent
//! twice, and the session goes on to a flat and equal end.

use trader_core::record::Record;
use trader_rpc::method::call;

use crate::books::Books;
use crate::daemon::{Daemon, Line, Place, change, look, stop, until};

/// Slow enough that a kill lands where it is aimed at, fast enough to wait for: a session takes
/// about four seconds.
const PACE: &str = "pace = 6000\nseed = 3";

/// A session in about a second.
const FAST: &str = "pace = 24000";

/// Plays until a line, kills, and gives what was left.
fn kill_at(place: &Place, wanted: impl Fn(&Line) -> bool) -> Books {
    let mut daemon = place.start();
    daemon.wait(wanted);
    daemon.kill();
    Books::read(place)
}

/// Starts again, waits until the broker was heard, and plays the session to its end.
fn play_to_the_end(place: &Place) -> Books {
    let mut daemon = place.start();
    daemon.wait(|line| line.kind == "session_closed");
    finish(place, daemon)
}

fn finish(place: &Place, daemon: Daemon) -> Books {
    stop(&place.client(), Some(true));
    let (status, lines) = daemon.drain();
    assert!(status.success(), "{status}: {:#?}", lines.last());
    let books = Books::read(place);
    books.assert_flat_and_equal();
    books
}

/// Kills at a line and checks that the next start makes the two sides one, and the end.
fn survives(wanted: impl Fn(&Line) -> bool) -> Books {
    let place = Place::new(PACE);
    kill_at(&place, wanted);
    let mut daemon = place.start();
    let client = place.client();
    until(&client, |status| status.reconciled);
    // Killed once more: what was reconciled must be on the disk.
    daemon.wait(|line| line.kind != Line::PLAIN);
    drop(client);
    daemon.kill();
    let books = play_to_the_end(&place);
    let days = books.count(|record| matches!(record, Record::SessionOpened { .. }));
    assert!(days >= 1, "{days}");
    books
}

#[test]
fn before_anything_was_sent() {
    survives(|line| line.kind == "account_opened");
}

#[test]
fn right_after_an_entry_was_planned() {
    survives(|line| line.is("order_planned", "entry "));
}

#[test]
fn while_an_entry_waits() {
    survives(|line| line.is("order_reported", "-e1 is working at "));
}

#[test]
fn right_after_the_first_fill() {
    survives(|line| line.is("order_reported", "-e1 filled "));
}

#[test]
fn after_a_partial_fill_while_the_rest_is_cancelled() {
    survives(|line| line.is("cancel_asked", "it filled in part"));
}

#[test]
fn while_a_stop_rests() {
    survives(|line| line.is("order_reported", "stop ") && line.message.contains(" is working at "));
}

#[test]
fn while_the_end_of_the_day_closes_a_position() {
    survives(|line| line.is("order_planned", "exit "));
}

#[test]
fn after_the_close() {
    let place = Place::new(FAST);
    kill_at(&place, |line| line.kind == "session_closed");
    let books = play_to_the_end(&place);
    let days = books.count(|record| matches!(record, Record::SessionOpened { .. }));
    assert!(days >= 2, "the day that was over was opened again: {days}");
}

#[test]
fn a_flatten_and_its_request_survive() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " filled "));
    let client = place.client();
    let first = change::<call::Flatten>(&client, "flat-1").unwrap();
    assert!(!first.repeated);
    daemon.kill();
    drop(client);

    let daemon = place.start();
    let client = place.client();
    let again = change::<call::Flatten>(&client, "flat-1").unwrap();
    assert!(again.repeated);
    assert_eq!(again.message, first.message);
    let other = change::<call::Resume>(&client, "flat-1").unwrap_err();
    assert!(
        other
            .to_string()
            .contains("request id flat-1 was used by another call"),
        "{other}"
    );
    // What it began goes on without being asked again, and nothing new is opened.
    let status = until(&client, |status| {
        status.positions == 0 && status.working_orders == 0
    });
    assert_eq!(status.trading.state, trader_rpc::TradingState::Reducing);
    assert_eq!(look::<call::Positions>(&client), Vec::new());
    drop(client);
    finish(&place, daemon);
}

#[test]
fn a_stop_that_was_asked_for_in_a_former_life_does_not_make_the_daemon_deaf() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", " is working"));
    let request = trader_rpc::StopParams {
        request_id: "stop-1".parse().unwrap(),
        flatten: Some(false),
    };
    let ask = || place.client().call::<call::Stop>(&request).unwrap();
    assert!(!ask().repeated);
    assert!(daemon.drain().0.success());
    let daemon = place.start();
    assert!(ask().repeated);
    daemon.signal(rustix::process::Signal::TERM);
    let (status, lines) = daemon.drain();
    assert!(status.success(), "{lines:#?}");
    let asked = |line: &Line| line.message == "a signal asked for the end";
    assert!(lines.iter().any(asked), "{lines:#?}");
}

/// Where the loop below kills: lines of the journal, spread by a fixed rule.
fn kill_points(seed: u64) -> Vec<u64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut at = 0;
    let mut points = Vec::new();
    while points.len() < 6 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        at += 3 + (state >> 33) % 45;
        points.push(at);
    }
    points
}

fn killed_again_and_again(seed: u64) {
    let place = Place::new(&format!("{FAST}\nseed = {seed}"));
    for point in kill_points(seed) {
        let mut daemon = place.start();
        daemon.wait(|line| line.seq >= point);
        daemon.kill();
        Books::read(&place);
    }
    let books = play_to_the_end(&place);
    let last = books.entries.last().unwrap().seq;
    assert!(last > 60, "seed {seed}: only {last} entries");
}

#[test]
fn killed_again_and_again_at_many_points_of_the_day() {
    std::thread::scope(|scope| {
        for seeds in [1_u64..3, 3..5] {
            scope.spawn(move || seeds.for_each(killed_again_and_again));
        }
    });
}
