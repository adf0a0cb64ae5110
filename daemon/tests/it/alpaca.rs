//! The daemon at Alpaca: the real binary over real sockets, in front of a simulator that speaks Alpaca's
//! language and has a clock of its own. How each answer of Alpaca is read is tested at the plugin's
//! machine; here is what the daemon makes of it.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use serde_json::json;
use trader_rpc::method::call;
use trader_rpc::{LinkState, Mode, TradingState};

use crate::daemon::{Daemon, Line, Place, change, look, stop, until};
use crate::simulator::Exchange;

/// Waits until something is held and every share of it has its stop at the broker.
fn until_protected(place: &Place, daemon: &mut Daemon) {
    daemon.wait(|line| line.is("order_reported", "entry ") && line.message.contains(" filled "));
    let client = place.client();
    until(&client, |status| {
        status.positions > 0 && status.unprotected_positions == 0
    });
}

/// An entry is worked through every trouble that a network makes, survives a crash, and is closed although
/// cancels take their time, reserve the shares meanwhile, and an exit is refused at first.
#[test]
fn what_a_bad_network_and_a_crash_leave_is_what_the_exchange_has() {
    let exchange = Exchange::open("2026-11-25T15:30:00Z", 20);
    exchange.admin(
        "exchange",
        json!({"partial_fill_probability": 1, "cancel_milliseconds": 1_500, "silent_sibling_cancel": true}),
    );
    // The first order is taken, and the answer is lost; the second one's is an error of the front.
    let orders = json!({"method": "POST", "path": "/v2/orders"});
    for fault in ["cut_response", "error_after"] {
        let mut body = orders.clone();
        body["fault"] = fault.into();
        exchange.admin("faults", body);
    }
    for body in [
        json!({"fault": "drop_event", "event": "partial_fill"}),
        json!({"fault": "duplicate_event", "event": "partial_fill"}),
        json!({"fault": "delay_event", "event": "partial_fill", "milliseconds": 4_000}),
    ] {
        exchange.admin("faults", body);
    }
    let place = exchange.place("");
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", "entry ") && line.message.contains(" filled "));
    exchange.admin("streams", json!({"cut": "all"}));
    until_protected(&place, &mut daemon);
    let status = look::<call::Status>(&place.client());
    assert_eq!(status.mode, Mode::Simulated);
    assert_eq!(status.label, "SIMULATOR DATA");
    assert_eq!(status.broker.name, "alpaca");
    assert_eq!(exchange.faults_to_come(), 0);
    daemon.kill();

    let daemon = place.start();
    let client = place.client();
    until(&client, |status| {
        status.reconciled && status.broker.state == LinkState::Up
    });
    change::<call::Pause>(&client, "pause").unwrap();
    exchange.until_equal(&client);
    until(&client, |status| status.unprotected_positions == 0);

    // Three cancels, or their repetitions, and some of the exits after them.
    for _ in 0..5 {
        exchange.admin(
            "orders/refuse",
            json!({"code": 40_310_000, "message": "potential wash trade detected. use complex orders"}),
        );
    }
    change::<call::Flatten>(&client, "flatten").unwrap();
    until(&client, |status| {
        status.positions == 0 && status.working_orders == 0
    });
    exchange.until_equal(&client);
    stop(&client, Some(true));
    drop(client);
    let (ended, lines) = daemon.drain();
    assert!(ended.success(), "{ended}: {:#?}", lines.last());
    let hurried = |line: &&Line| line.message.contains("insufficient qty available");
    assert_eq!(
        lines.iter().find(hurried).map(|line| &line.message),
        None,
        "an exit waits for the cancel that gives its shares free"
    );
}

/// A half day to its end, of which only the broker knows: the daemon closes what it holds although an
/// order's answer is lost and a fill is never told, and is flat by the broker's word when the session ends.
#[test]
fn a_half_day_that_only_alpaca_knows_ends_flat_by_its_word() {
    let exchange = Exchange::open("2026-11-27T17:46:00Z", 60);
    let folder = tempfile::tempdir().unwrap();
    let calendar = folder.path().join("calendar.toml");
    let longer = "[early_close]\n2026-11-27 = { at = \"15:59\", reason = \"longer than it is\" }\n";
    std::fs::write(&calendar, longer).unwrap();
    let place = exchange.place(&format!(
        "[session]\nentries_stop_minutes_before_close = 7\nflatten_minutes_before_close = 6\n\
         flat_deadline_minutes_before_close = 2\n[calendar]\noverrides = {:?}\n",
        calendar.display().to_string()
    ));
    let mut daemon = place.start();
    daemon.wait(|line| {
        line.is(
            "alerted",
            "2026-11-27 09:30 to 13:00 there and 09:30 to 15:59 here",
        )
    });
    until_protected(&place, &mut daemon);
    daemon.wait(|line| line.message.contains("(end_of_day"));
    exchange.admin(
        "faults",
        json!({"fault": "error_after", "method": "POST", "path": "/v2/orders"}),
    );
    exchange.admin("faults", json!({"fault": "drop_event", "event": "fill"}));
    let closed = daemon.wait(|line| line.kind == "session_closed");
    assert!(
        closed.message.starts_with("session 2026-11-27 closed"),
        "{}",
        closed.message
    );
    let client = place.client();
    exchange.until_equal(&client);
    let status = look::<call::Status>(&client);
    assert_eq!((status.positions, status.working_orders), (0, 0));
    stop(&client, None);
    drop(client);
    let (ended, lines) = daemon.drain();
    assert!(ended.success(), "{ended}: {:#?}", lines.last());
    let closed = |line: &Line| line.is("trade_closed", "end_of_day");
    assert!(lines.iter().any(closed));
    let late = |line: &&Line| line.text.contains("not_flat");
    assert_eq!(lines.iter().find(late).map(|line| &line.message), None);
}

/// With everything but its clock out of reach, Alpaca keeps the daemon from nothing but entries.
#[test]
fn alpaca_out_of_reach_leaves_the_daemon_ready_and_halted_until_it_is_heard() {
    let exchange = Exchange::open("2026-11-25T15:30:00Z", 60);
    for body in [
        json!({"fault": "refuse_handshake", "count": 1_000_000}),
        json!({"fault": "error_before", "path": "/v2/account", "status": 503, "count": 1_000_000}),
        json!({"fault": "error_before", "path": "/v2/positions", "status": 503, "count": 1_000_000}),
    ] {
        exchange.admin("faults", body);
    }
    let place = exchange.place("");
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", &path);
    let daemon = place.start_with(command);
    let mut buffer = [0_u8; 4_096];
    let ready = loop {
        let length = socket.recv(&mut buffer).unwrap();
        let message = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if message.contains("READY=1") {
            break message;
        }
    };
    assert!(ready.contains("halted"), "{ready}");
    let client = place.client();
    let status = look::<call::Status>(&client);
    assert!(!status.reconciled);
    assert_eq!(status.trading.state, TradingState::Halted);
    assert_ne!(status.broker.state, LinkState::Up);

    exchange.mend();
    until(&client, |status| {
        status.reconciled && status.trading.state == TradingState::Active
    });
    until(&client, |status| status.positions > 0);
    stop(&client, Some(true));
    drop(client);
    assert!(daemon.drain().0.success());
}
