//! How a run ends when somebody wants it to, and what systemd hears meanwhile.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;
use trader_rpc::method::call;

use crate::books::Books;
use crate::daemon::{Daemon, Line, Place, look, stop, until};

const PACE: &str = "pace = 6000\nseed = 3";
const FLATTEN: &str = "pace = 6000\nseed = 3\n[stop]\nopen_positions = \"flatten\"";
/// Answers of the broker take a minute, so what waits for one can be met waiting.
const SLOW_BROKER: &str = "\n[broker]\nlatency_ms = 60000\npartial_fill_probability = 0.3\n";

fn with_slow_broker(market: &str) -> Place {
    let place = Place::new(market);
    let text = std::fs::read_to_string(place.config()).unwrap();
    place.configure(&text.replace("\n[broker]\npartial_fill_probability = 0.3\n", SLOW_BROKER));
    place
}

/// Has the breakout look at the first five minutes, so that it enters in the ones after them: at a pace
/// that leaves time to meet something waiting, half an hour would be long.
fn enter_early(place: &Place) {
    let text = std::fs::read_to_string(place.config()).unwrap();
    let early = text.replace(
        "timeframe_minutes = 5\nsettings = { range_minutes = 30,",
        "timeframe_minutes = 1\nsettings = { range_minutes = 5,",
    );
    assert_ne!(early, text);
    place.configure(&early);
}

fn until_a_position_is_protected(daemon: &mut Daemon) {
    daemon.wait(|line| {
        line.is("order_reported", "stop ") && line.message.contains(" is working at ")
    });
}

#[test]
fn sigterm_keeps_positions_with_their_stops_at_the_broker() {
    let place = Place::new(PACE);
    let mut daemon = place.start();
    until_a_position_is_protected(&mut daemon);
    daemon.signal(Signal::TERM);
    let (status, _) = daemon.drain();
    assert_eq!(status.code(), Some(0));
    let books = Books::read(&place);
    assert!(!books.held().is_empty());
    books.assert_equal();
    books.assert_protected();
    assert!(!place.control().exists() && !place.read().exists());

    // The next start takes it up, and flattens what was kept.
    let daemon = place.start();
    let client = place.client();
    let status = until(&client, |status| status.reconciled);
    assert_eq!(status.unprotected_positions, 0);
    stop(&client, Some(true));
    assert_eq!(daemon.drain().0.code(), Some(0));
    Books::read(&place).assert_flat_and_equal();
}

#[test]
fn sigterm_flattens_first_if_the_configuration_says_so() {
    let place = Place::new(FLATTEN);
    let mut daemon = place.start();
    until_a_position_is_protected(&mut daemon);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.drain().0.code(), Some(0));
    Books::read(&place).assert_flat_and_equal();
}

#[test]
fn sigint_ends_it_as_sigterm_does() {
    let place = Place::new(FLATTEN);
    let mut daemon = place.start();
    daemon.wait(|line| line.kind == "session_opened");
    daemon.signal(Signal::INT);
    assert_eq!(daemon.drain().0.code(), Some(0));
    Books::read(&place).assert_flat_and_equal();
}

#[test]
fn a_second_sigterm_ends_at_once_and_loses_nothing() {
    let place = with_slow_broker("pace = 200\nseed = 3\n[stop]\nopen_positions = \"flatten\"");
    enter_early(&place);
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_planned", "entry "));
    daemon.signal(Signal::TERM);
    daemon.wait(|line| line.message == "a signal asked for the end");
    daemon.signal(Signal::TERM);
    let (status, lines) = daemon.drain();
    assert_eq!(status.code(), Some(1), "{lines:#?}");
    place.configure(&crate::daemon::lively(PACE));
    enter_early(&place);
    let daemon = place.start();
    let client = place.client();
    until(&client, |status| status.reconciled);
    stop(&client, Some(true));
    assert_eq!(daemon.drain().0.code(), Some(0));
    Books::read(&place).assert_flat_and_equal();
}

#[test]
fn a_client_stops_it_with_and_without_flattening() {
    for flatten in [None, Some(true)] {
        let place = Place::new(PACE);
        let mut daemon = place.start();
        until_a_position_is_protected(&mut daemon);
        let answer = stop(&place.client(), flatten);
        assert!(answer.message.starts_with("stopping"), "{}", answer.message);
        assert_eq!(daemon.drain().0.code(), Some(0));
        let books = Books::read(&place);
        books.assert_equal();
        match flatten {
            Some(true) => books.assert_flat_and_equal(),
            _ => books.assert_protected(),
        }
    }
}

#[test]
fn on_the_machines_clock_it_serves_at_once_whether_the_exchange_is_open_or_not() {
    let place = Place::new("");
    let text = std::fs::read_to_string(place.config()).unwrap();
    place.configure(&text.replace("clock = \"virtual\"\nstart_date = 2025-01-03\n", ""));
    let daemon = place.start();
    let client = place.client();
    let status = until(&client, |status| status.reconciled);
    assert!(status.session.is_some() || status.next_session.is_some());
    assert_eq!(status.pid, daemon.pid());
    stop(&client, None);
    assert_eq!(daemon.drain().0.code(), Some(0));
    Books::read(&place).assert_flat_and_equal();
}

#[test]
fn after_the_last_session_it_serves_on_and_stops_when_asked() {
    let bars = tempfile::tempdir().unwrap();
    let mut rows = String::from("timestamp,open,high,low,close,volume\n");
    for minute in 870..1260 {
        let time = format!("2025-01-03T{:02}:{:02}:00Z", minute / 60, minute % 60);
        rows += &format!("{time},50.00,50.10,49.90,50.05,9000\n");
    }
    for symbol in ["AAA", "BBB", "CCC", "DDD"] {
        std::fs::write(bars.path().join(format!("{symbol}.csv")), &rows).unwrap();
    }
    let directory = bars.path().display();
    let place = Place::new(&format!(
        "pace = \"max\"\nsource = \"recorded\"\ndirectory = \"{directory}\""
    ));
    let mut daemon = place.start();
    daemon.wait(|line| line.message.contains("idle until stopped"));
    let client = place.client();
    assert_eq!(look::<call::Positions>(&client), Vec::new());
    stop(&client, Some(true));
    assert_eq!(daemon.drain().0.code(), Some(0));
    Books::read(&place).assert_flat_and_equal();
}

/// What systemd would hear, up to the message that has these words.
fn hear(socket: &UnixDatagram, words: &str) -> Vec<String> {
    let mut heard = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let length = socket
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("{words}: {error} after {heard:#?}"));
        let message = String::from_utf8(buffer[..length].to_vec()).unwrap();
        let found = message.lines().any(|line| line.starts_with(words));
        heard.push(message);
        if found {
            return heard;
        }
    }
}

fn notified(place: &Place) -> (UnixDatagram, Daemon) {
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut command = place.command();
    command
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "100000");
    let daemon = place.start_with(command);
    (socket, daemon)
}

#[test]
fn systemd_hears_ready_status_watchdog_and_stopping() {
    let place = Place::new(PACE);
    let (socket, mut daemon) = notified(&place);
    let heard = hear(&socket, "READY=1");
    assert!(
        heard.last().unwrap().contains("STATUS=simulated, active"),
        "{heard:#?}"
    );
    assert!(look::<call::Status>(&place.client()).reconciled);
    hear(&socket, "WATCHDOG=1");
    hear(&socket, "WATCHDOG=1");
    until_a_position_is_protected(&mut daemon);
    hear(
        &socket,
        "STATUS=simulated, active, session 2025-01-03, 1 positions, 0 unprotected",
    );
    daemon.signal(Signal::TERM);
    hear(&socket, "STOPPING=1");
    assert_eq!(daemon.drain().0.code(), Some(0));
}

#[test]
fn it_is_not_ready_before_the_broker_was_heard() {
    let place = with_slow_broker("pace = 1");
    let (socket, daemon) = notified(&place);
    assert!(!look::<call::Status>(&place.client()).reconciled);
    // Three looks of the watchdog later the daemon is alive and still not ready.
    for _ in 0..3 {
        for message in hear(&socket, "WATCHDOG=1") {
            assert!(!message.contains("READY=1"), "{message}");
        }
    }
    daemon.signal(Signal::TERM);
    let (status, lines) = daemon.drain();
    assert_eq!(status.code(), Some(0));
    assert!(!lines.iter().any(|line| line.kind == "account_opened"));
    let asked = |line: &Line| line.message == "a signal asked for the end";
    assert!(lines.iter().any(asked));
}
