//! Splits over the night: the real binary in front of the simulator of Alpaca, which counts what is held
//! in new shares when the ex-date begins in New York, and cancels every order of it.

use rust_decimal::Decimal;
use serde_json::json;
use trader_rpc::Client;
use trader_rpc::method::call;

use crate::daemon::{Daemon, Line, Place, look, stop, until};
use crate::simulator::Exchange;
use crate::written::{self, LONG, Written, start_and_enter};

/// How many shares the daemon believes to have of the long one.
fn shares(client: &Client) -> Decimal {
    let positions = look::<call::Positions>(client);
    let long = positions.iter().find(|held| held.symbol.as_str() == LONG);
    long.unwrap().qty
}

/// The quantities of the long one's open orders at the exchange.
fn open(exchange: &Exchange) -> Vec<Decimal> {
    let orders = exchange.orders().into_iter();
    let open = orders.filter(|order| order.symbol == LONG && order.is_open());
    open.map(|order| order.qty).collect()
}

/// Two positions held over a close by a daemon that was killed, and a split of the long one that holds
/// from the next morning on. How many of its shares there are before it.
fn held_over_a_split() -> (Exchange, Place, Decimal) {
    let exchange = Written::entered("2026-11-24T15:36:00Z").exchange("2026-11-24T15:30:00Z", 60);
    let place = written::place(&exchange, "");
    let (daemon, client) = start_and_enter(&place);
    let before = shares(&client);
    drop(client);
    daemon.kill();
    exchange.admin("split", json!({"symbol": LONG, "new": 4, "old": 1}));
    (exchange, place, before)
}

/// Fails unless the split was counted once, and explained everything.
fn assert_counted(lines: &[Line]) {
    let applied = lines.iter().filter(|line| line.kind == "split_applied");
    assert_eq!(applied.count(), 1);
    let wrong = [
        "position_differs",
        "late_split",
        "discrepancy",
        "no split is known",
    ];
    for wrong in wrong {
        let told = lines.iter().find(|line| line.text.contains(wrong));
        assert_eq!(told.map(|line| &line.text), None);
    }
}

/// Starts, and waits until the broker was heard.
fn start_again(place: &Place) -> (Daemon, Client) {
    let daemon = place.start();
    let client = place.client();
    until(&client, |status| status.reconciled);
    (daemon, client)
}

#[test]
fn a_start_counts_in_new_shares_before_it_hears_the_broker_and_the_open_closes_them() {
    let (exchange, place, before) = held_over_a_split();
    exchange.skip_to("2026-11-25T14:15:00Z");
    let (mut daemon, client) = start_again(&place);
    let after = before * Decimal::from(4);
    assert_eq!(shares(&client), after);
    exchange.until_equal(&client);
    until(&client, |_| open(&exchange) == [after]);
    daemon.wait(|line| line.kind == "session_opened");
    until(&client, |status| {
        status.positions == 0 && status.working_orders == 0
    });
    exchange.until_equal(&client);
    stop(&client, None);
    drop(client);
    let (ended, lines) = daemon.drain();
    assert!(ended.success(), "{ended}: {:#?}", lines.last());
    assert_counted(&lines);
}

#[test]
fn a_daemon_that_runs_hears_of_a_split_when_its_date_begins() {
    let (exchange, place, before) = held_over_a_split();
    exchange.skip_to("2026-11-25T04:57:00Z");
    let (mut daemon, client) = start_again(&place);
    assert_eq!(shares(&client), before);
    daemon.wait(|line| line.kind == "split_applied");
    let after = before * Decimal::from(4);
    assert_eq!(shares(&client), after);
    // The stop, or the exit that waits for the open where the stop's cancel was heard before the split.
    until(&client, |_| open(&exchange) == [after]);
    exchange.until_equal(&client);
    drop(client);
    assert_counted(&daemon.kill());
}
