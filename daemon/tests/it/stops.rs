//! Stops that Alpaca does not take: the real binary over real sockets, in front of the simulator, with a
//! long and a short position. What is there protects until something better does, a position that nothing
//! can protect is closed and told, and whatever is tried, each is closed once.

use rust_decimal::Decimal;
use serde_json::json;
use trader_rpc::method::call;
use trader_rpc::{AlertsParams, Client, JournalAlert, Severity, Status};

use crate::daemon::{Daemon, Line, change, look, stop, until};
use crate::simulator::{Exchange, Placed};
use crate::written::{
    self, BOTH, LONG, SHORT, Written, assert_closed_once, held, start_and_enter, stop_at, watch,
};

/// Two minutes before the market begins to move.
const START: &str = "2026-11-24T15:30:00Z";
const MOVES: &str = "2026-11-24T15:32:00Z";

fn is_flat(status: &Status) -> bool {
    status.positions == 0 && status.working_orders == 0
}

/// Where the stops of both rest.
fn stops(long: &str, short: &str) -> [Option<String>; 2] {
    [long, short].map(|price| Some(price.to_owned()))
}

/// Every alert of the journal.
fn alerts(client: &Client) -> Vec<JournalAlert> {
    let params = AlertsParams { all: true };
    client.call::<call::Alerts>(&params).unwrap()
}

/// Whether somebody was told that a position is not protected and is being closed.
fn is_told(alerts: &[JournalAlert], symbol: &str) -> bool {
    alerts.iter().any(|alert| {
        let about = alert.symbol.is_some_and(|about| about.as_str() == symbol);
        about && alert.kind == "unprotected" && alert.severity == Severity::Critical
    })
}

/// Ends the daemon in good order, with books that are the exchange's; what it has said.
fn end(exchange: &Exchange, daemon: Daemon, client: Client) -> Vec<Line> {
    until(&client, is_flat);
    exchange.until_equal(&client);
    stop(&client, None);
    drop(client);
    let (ended, lines) = daemon.drain();
    assert!(ended.success(), "{ended}: {:#?}", lines.last());
    assert_closed_once(&exchange.orders());
    lines
}

/// How many lines are of this kind and have these words.
fn count(lines: &[Line], kind: &str, words: &str) -> usize {
    lines.iter().filter(|line| line.is(kind, words)).count()
}

/// Alpaca refuses to move a stop, again and again. The stop stays where it is until one is taken where it
/// is meant to be: at no moment is there none.
#[test]
fn a_refused_replacement_leaves_the_old_stop_until_another_one_is_taken() {
    let exchange = Written::pulled_back(MOVES).exchange(START, 20);
    let place = written::place(&exchange, "");
    let (daemon, client) = start_and_enter(&place);
    for _ in 0..6 {
        let words = "unable to replace order, order isn't sent to exchange yet";
        exchange.admin(
            "orders/refuse",
            json!({"code": 40_010_001, "message": words}),
        );
    }
    let before = exchange.orders();
    assert_eq!(
        BOTH.map(|symbol| stop_at(&before, symbol)),
        stops("199.78", "200.22")
    );
    watch(
        (&exchange, &client),
        |orders| {
            for symbol in BOTH {
                assert_ne!(held(orders, symbol), Decimal::ZERO, "{orders:#?}");
                assert_ne!(stop_at(orders, symbol), None, "{symbol}: {orders:#?}");
            }
        },
        |orders| BOTH.map(|symbol| stop_at(orders, symbol)) == stops("200.4", "199.6"),
    );
    let status = until(&client, |status| status.working_orders == 2);
    assert_eq!((status.positions, status.unprotected_positions), (2, 0));
    assert_eq!(status.unprotected_share_seconds, 0);
    let alerts = status.alerts.iter().filter(|alert| alert.kind != "paused");
    assert_eq!(alerts.count(), 0, "{:#?}", status.alerts);
    change::<call::Flatten>(&client, "flatten").unwrap();

    let lines = end(&exchange, daemon, client);
    assert_eq!(
        count(&lines, "replace_failed", "isn't sent to exchange yet"),
        6
    );
    let flatten = lines.iter().position(|line| line.kind == "flatten_began");
    let (before, _) = lines.split_at(flatten.unwrap());
    assert_eq!(
        count(before, "cancel_asked", ""),
        0,
        "no stop is taken out for another"
    );
}

/// The owner moves both stops in Alpaca's app, which puts orders of other ids in their place. They are the
/// stops that they were, also to the next run, and no other is sent beside them.
#[test]
fn a_stop_that_its_owner_moves_stays_the_stop_of_its_position() {
    let exchange = Written::entered(MOVES).exchange(START, 20);
    let place = written::place(&exchange, "");
    let (daemon, client) = start_and_enter(&place);
    let by_hand = |(symbol, to): (&str, &str)| {
        let orders = exchange.orders();
        exchange.move_by_hand(written::stop(&orders, symbol).unwrap(), to);
    };
    [(LONG, "198.01"), (SHORT, "202.01")]
        .into_iter()
        .for_each(by_hand);
    let never_bare = |orders: &[Placed]| {
        for symbol in BOTH {
            assert_ne!(held(orders, symbol), Decimal::ZERO, "{orders:#?}");
            assert_ne!(stop_at(orders, symbol), None, "{symbol}: {orders:#?}");
        }
    };
    let meant = stops("199.78", "200.22");
    watch((&exchange, &client), never_bare, |orders| {
        BOTH.map(|symbol| stop_at(orders, symbol)) == meant
    });
    drop(client);
    daemon.kill();
    [(LONG, "198.02"), (SHORT, "202.02")]
        .into_iter()
        .for_each(by_hand);
    let daemon = place.start();
    let client = place.client();
    watch((&exchange, &client), never_bare, |orders| {
        BOTH.map(|symbol| stop_at(orders, symbol)) == meant
    });
    let told = alerts(&client);
    let critical = told
        .iter()
        .filter(|alert| alert.severity == Severity::Critical);
    assert_eq!(critical.count(), 0, "{told:#?}");
    change::<call::Flatten>(&client, "flatten").unwrap();
    end(&exchange, daemon, client);
}

/// Alpaca takes a replacement, and before it is made the old stop fills: the new one never comes to be,
/// and nothing is sold a second time.
#[test]
fn a_stop_that_fills_while_it_is_replaced_closes_its_position_once() {
    let falls = [20_075, 20_076, 19_950, 19_955];
    let exchange = Written::pulled_back(MOVES).then(falls).exchange(START, 20);
    exchange.admin("exchange", json!({"replace_milliseconds": 600_000}));
    let place = written::place(&exchange, "");
    let (daemon, client) = start_and_enter(&place);
    until(&client, is_flat);
    let told = alerts(&client);
    assert!(
        told.iter()
            .all(|alert| alert.severity != Severity::Critical),
        "{told:#?}"
    );

    let lines = end(&exchange, daemon, client);
    let orders = exchange.orders();
    for (symbol, moved) in [(LONG, "200.4"), (SHORT, "199.6")] {
        let moved = moved.parse().ok();
        let new = orders
            .iter()
            .find(|order| order.symbol == symbol && order.stop == moved);
        let new = new.expect("Alpaca has taken the replacement");
        assert_eq!(
            (new.status.as_str(), new.filled),
            ("rejected", Decimal::ZERO)
        );
        let closed = format!("{symbol} ");
        let by_stop =
            |line: &Line| line.is("trade_closed", &closed) && line.message.contains("stop_loss");
        assert_eq!(lines.iter().filter(|line| by_stop(line)).count(), 1);
    }
    assert_eq!(
        count(&lines, "order_planned", "exit "),
        0,
        "the stop has closed it"
    );
}

/// A stop is moved to a price that the market has gone through since the bar that it was decided on.
/// Alpaca refuses it; the old stop protects until the next bar says where the market is, and then the
/// position is closed, and somebody is told before its stop is taken out.
#[test]
fn a_stop_moved_to_where_the_market_has_been_is_refused_and_the_position_is_closed() {
    let gap = [20_010, 20_012, 20_008, 20_010];
    let exchange = Written::pulled_back(MOVES).then(gap).exchange(START, 20);
    let place = written::place(&exchange, "");
    let (daemon, client) = start_and_enter(&place);
    watch(
        (&exchange, &client),
        |orders| {
            let without = |symbol: &&str| {
                held(orders, symbol) != Decimal::ZERO && stop_at(orders, symbol).is_none()
            };
            for symbol in BOTH.iter().filter(|symbol| without(symbol)) {
                assert!(is_told(&alerts(&client), symbol), "{orders:#?}");
            }
        },
        |orders| {
            BOTH.iter()
                .all(|symbol| held(orders, symbol) == Decimal::ZERO)
        },
    );
    let told = alerts(&client);
    assert!(
        BOTH.iter().all(|symbol| is_told(&told, symbol)),
        "{told:#?}"
    );

    let lines = end(&exchange, daemon, client);
    for words in [
        "stop price must be less than current price",
        "stop price must be greater than",
    ] {
        assert_ne!(count(&lines, "replace_failed", words), 0, "{words}");
    }
    assert_eq!(count(&lines, "trade_closed", "unprotected"), 2);
}

/// An entry fills in part, the market falls through its stop while the rest is being cancelled, and the
/// stop for what has filled is refused. It is tried again, and after the time that a position may be
/// without one it is closed and told.
#[test]
fn a_stop_that_the_market_has_passed_before_it_can_rest_is_refused_and_the_position_is_closed() {
    let falls = [20_000, 20_033, 19_850, 19_852];
    // A minute less of waiting for the first signal, since minutes are long here.
    let moves = "2026-11-24T15:31:00Z";
    let exchange = Written::signals(moves).then(falls).exchange(START, 10);
    exchange.admin(
        "exchange",
        json!({"partial_fill_probability": 1, "partial_fill_retry_milliseconds": 600_000,
               "cancel_milliseconds": 9_000}),
    );
    let place = written::place(&exchange, "");
    let daemon = place.start();
    let client = place.client();
    until(&client, |status| status.positions == 2);
    // What closes it is filled whole.
    exchange.admin("exchange", json!({"partial_fill_probability": 0}));
    change::<call::Pause>(&client, "no-more").unwrap();
    until(&client, is_flat);
    let told = alerts(&client);
    assert!(
        BOTH.iter().all(|symbol| is_told(&told, symbol)),
        "{told:#?}"
    );
    assert_ne!(look::<call::Status>(&client).unprotected_share_seconds, 0);

    let lines = end(&exchange, daemon, client);
    for words in [
        "stop price must be less than current price",
        "stop price must be greater than",
    ] {
        assert_ne!(count(&lines, "submit_failed", words), 0, "{words}");
    }
    assert_eq!(count(&lines, "trade_closed", "unprotected"), 2);
}
