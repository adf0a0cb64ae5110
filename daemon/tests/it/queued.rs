//! Exits while the market is closed: the real binary over real sockets, in front of the simulator of
//! Alpaca. What waits there for the open is known to wait, no second exit is sent, not by a flatten, a
//! kill or another start, and the open closes everything once.

use serde_json::json;
use trader_contract::OrderRole;
use trader_rpc::method::call;
use trader_rpc::{
    Client, KillParams, Order, OrderStatus, OrdersParams, Scope, Status, TradingState,
};

use crate::daemon::{Daemon, Line, Place, change, look, stop, until};
use crate::simulator::{Exchange, Placed};
use crate::written::{self, BOTH, LONG, SHORT, Written, assert_closed_once, start_and_enter};

/// What the daemon has of the exits of both.
fn exits(client: &Client) -> Vec<Order> {
    let params = OrdersParams::default();
    let mut orders = client.call::<call::Orders>(&params).unwrap();
    orders.retain(|order| order.role == OrderRole::Exit);
    orders
}

/// What is open at the exchange, in order: symbol, kind, side and state.
fn open_orders(exchange: &Exchange) -> Vec<[String; 4]> {
    let open = exchange.orders().into_iter().filter(Placed::is_open);
    let mut open: Vec<_> = open
        .map(|order| [order.symbol, order.kind, order.side, order.status])
        .collect();
    open.sort();
    open
}

/// Whether an alert of this kind stands about a symbol.
fn stands(status: &Status, kind: &str, symbol: &str) -> bool {
    status.alerts.iter().any(|alert| {
        alert.kind == kind && alert.symbol.is_some_and(|about| about.as_str() == symbol)
    })
}

/// Fails unless the daemon knows of exactly these exits, has each position closed or protected by one
/// order, and tells of both. How long shares have been without either.
fn assert_waits(client: &Client, exits_of: &[&str]) -> u64 {
    let status = look::<call::Status>(client);
    assert_eq!(
        (status.positions, status.working_orders),
        (2, 2),
        "{status:#?}"
    );
    let without_stop = usize::try_from(status.unprotected_positions).unwrap();
    assert_eq!(without_stop, exits_of.len(), "{status:#?}");
    let told = BOTH.iter().all(|symbol| stands(&status, "residue", symbol));
    assert!(told, "{:#?}", status.alerts);
    let exits = exits(client);
    let mut waiting: Vec<_> = exits
        .iter()
        .map(|order| (order.symbol.as_str(), order.state))
        .collect();
    waiting.sort_by_key(|(symbol, _)| *symbol);
    let expected: Vec<_> = exits_of
        .iter()
        .map(|symbol| (*symbol, OrderStatus::Accepted))
        .collect();
    assert_eq!(waiting, expected, "{exits:#?}");
    let positions = look::<call::Positions>(client);
    assert!(positions.iter().all(|held| held.exiting), "{positions:#?}");
    status.unprotected_share_seconds
}

/// Fails if an exit was kept from leaving, by our gate or by the broker: none was to be tried.
fn assert_nothing_refused(lines: &[Line]) {
    let refused =
        |line: &&Line| line.kind == "submit_failed" || line.text.contains("reducing_refused");
    let refused = lines.iter().find(refused);
    assert_eq!(refused.map(|line| &line.message), None);
}

/// Waits until the engine's time is past this.
fn until_past(client: &Client, at: &str) {
    let at = at.parse().unwrap();
    until(client, |status| status.now > at);
}

/// Starts before an open, and waits until the broker was heard.
fn start_again(place: &Place) -> (Daemon, Client) {
    let daemon = place.start();
    let client = place.client();
    until(&client, |status| status.reconciled);
    (daemon, client)
}

/// The open closes both, each by one order, and nothing is left to be told but what a person has
/// to lift.
fn end_at_the_open(
    exchange: &Exchange,
    (mut daemon, client): (Daemon, Client),
    left: &[&str],
) -> Status {
    daemon.wait(|line| line.kind == "session_opened");
    // The broker's word that all is flat.
    daemon.wait(|line| line.kind == "flatten_ended");
    let flat = |status: &Status| status.positions == 0 && status.working_orders == 0;
    let status = until(&client, |status| {
        let alerts: Vec<&str> = status
            .alerts
            .iter()
            .map(|alert| alert.kind.as_str())
            .collect();
        flat(status) && alerts == left && status.blocks.is_empty()
    });
    exchange.until_equal(&client);
    assert_closed_once(&exchange.orders());
    stop(&client, None);
    drop(client);
    let (ended, lines) = daemon.drain();
    assert!(ended.success(), "{ended}: {:#?}", lines.last());
    assert_nothing_refused(&lines);
    status
}

/// The daemon was down over a close, and the owner has taken out the stop of one position: before the open
/// it queues an exit for that one, and leaves the other its stop. A kill that flattens adds nothing to
/// that, a crash and another start neither; the open closes both, each once.
#[test]
fn an_exit_that_waits_for_the_open_is_the_only_one_through_a_kill_and_a_crash() {
    let exchange = Written::entered("2026-11-24T15:36:00Z").exchange("2026-11-24T15:30:00Z", 60);
    let place = written::place(&exchange, "");
    let (daemon, client) = start_and_enter(&place);
    drop(client);
    daemon.kill();
    let orders = exchange.orders();
    exchange.cancel_by_hand(written::stop(&orders, LONG).unwrap());
    exchange.skip_to("2026-11-25T14:00:00Z");

    let (daemon, client) = start_again(&place);
    until(&client, |_| {
        exits(&client)
            .iter()
            .any(|exit| exit.state == OrderStatus::Accepted)
    });
    let naked = assert_waits(&client, &[LONG]);
    let waiting = open_orders(&exchange);
    let expected = [
        [LONG, "market", "sell", "accepted"],
        [SHORT, "stop", "buy", "new"],
    ];
    assert_eq!(waiting, expected);
    client
        .call::<call::Kill>(&KillParams {
            request_id: "kill".parse().unwrap(),
            scope: Scope::All,
            flatten: true,
        })
        .unwrap();
    // Time for many a look at the broker.
    until_past(&client, "2026-11-25T14:05:00Z");
    assert_eq!(assert_waits(&client, &[LONG]), naked);
    assert_eq!(open_orders(&exchange), waiting);
    drop(client);
    assert_nothing_refused(&daemon.kill());
    exchange.skip_to("2026-11-25T14:20:00Z");

    let again = start_again(&place);
    assert_waits(&again.1, &[LONG]);
    assert_eq!(open_orders(&exchange), waiting);
    let status = end_at_the_open(&exchange, again, &["killed"]);
    assert_eq!(status.trading.state, TradingState::Killed);
}

/// The end of the day cancels the stops, and the broker takes so long for it that the session is over
/// when they have ended: the exits go out after the close, and wait at the broker. A flatten by hand and
/// a crash change nothing about them, and the next open fills them.
#[test]
fn an_exit_that_the_close_overtakes_waits_for_the_next_open_and_is_not_sent_again() {
    let exchange = Written::entered("2026-11-24T20:45:00Z").exchange("2026-11-24T20:40:00Z", 60);
    exchange.admin("exchange", json!({"cancel_milliseconds": 300_000}));
    let rules = "[session]\nentries_stop_minutes_before_close = 5\nflatten_minutes_before_close = 3\n\
                 flat_deadline_minutes_before_close = 1\n";
    let place = written::place(&exchange, rules);
    let (mut daemon, client) = start_and_enter(&place);
    let closed = daemon.wait(|line| line.kind == "session_closed");
    assert!(
        closed.message.contains("not flat: AAPL, MSFT"),
        "{}",
        closed.message
    );
    until(&client, |_| {
        let exits = exits(&client);
        exits.len() == 2 && exits.iter().all(|exit| exit.state == OrderStatus::Accepted)
    });
    let naked = assert_waits(&client, &BOTH);
    let waiting = open_orders(&exchange);
    let expected = [
        [LONG, "market", "sell", "accepted"],
        [SHORT, "market", "buy", "accepted"],
    ];
    assert_eq!(waiting, expected);
    change::<call::Flatten>(&client, "flatten").unwrap();
    until_past(&client, "2026-11-24T21:08:00Z");
    assert_eq!(assert_waits(&client, &BOTH), naked);
    assert_eq!(open_orders(&exchange), waiting);
    drop(client);
    assert_nothing_refused(&daemon.kill());
    exchange.skip_to("2026-11-25T14:20:00Z");

    let again = start_again(&place);
    assert_waits(&again.1, &BOTH);
    assert_eq!(open_orders(&exchange), waiting);
    end_at_the_open(&exchange, again, &["paused"]);
}
