//! Alpaca's client between the daemon and the broker: whole sessions under faults, and what the broker's
//! end notices of a client that sends something else than it was asked for.

use trader_contract::{Attached, BrokerRequest, OrderKind, OrderRequest, Qty, Side, TimeInForce};
use trader_tests::sim::alpaca::Venue;
use trader_tests::sim::plan::{Plan, Protocol, Without};
use trader_tests::sim::run;

fn spoken() -> Without {
    Without {
        contract: true,
        ..Without::default()
    }
}

#[test]
fn faulted_sessions_in_alpacas_language_break_no_invariant_and_give_the_same_hash_twice() {
    for seed in [3, 21] {
        let plan = Plan::of(seed, &spoken());
        assert_eq!(plan.protocol, Protocol::Alpaca);
        let outcome = run(&plan);
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert!(outcome.lives > 1, "seed {seed}");
        assert!(
            outcome
                .checks
                .iter()
                .any(|(name, count)| *name == "INV-2" && *count > 0)
        );
        assert_eq!(run(&plan).hash, outcome.hash);
    }
}

#[expect(clippy::unwrap_used, reason = "it is part of a test")]
fn order() -> OrderRequest {
    OrderRequest {
        client_id: "0000002a-20261120-17-e1".parse().unwrap(),
        symbol: "AAPL".parse().unwrap(),
        side: Side::Buy,
        qty: Qty::shares(12).unwrap(),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        attached: Attached::NONE,
        oco_stop: None,
    }
}

const BODY: &str = r#"{"symbol":"AAPL","qty":"12","side":"buy","type":"market","time_in_force":"day","client_order_id":"0000002a-20261120-17-e1","order_class":"simple"}"#;

#[test]
fn an_order_that_is_sent_twice_or_that_nobody_asked_for_is_noticed() {
    let mut venue = Venue::default();
    let unasked = venue.read_order(Some(BODY.as_bytes())).unwrap_err();
    assert!(unasked.contains("nobody asked for it"), "{unasked}");
    venue.expect(&BrokerRequest::Submit(order()));
    let read = venue.read_order(Some(BODY.as_bytes())).unwrap();
    assert_eq!(read, BrokerRequest::Submit(order()));
    let again = venue.read_order(Some(BODY.as_bytes())).unwrap_err();
    assert!(
        again.contains("more often than the daemon asked"),
        "{again}"
    );
}

#[test]
fn an_order_that_differs_from_what_was_asked_for_is_noticed() {
    for (was, is) in [
        ("\"12\"", "\"120\""),
        ("\"buy\"", "\"sell\""),
        ("\"AAPL\"", "\"MSFT\""),
        ("\"day\"", "\"gtc\""),
        ("\"market\"", "\"limit\",\"limit_price\":\"224\""),
    ] {
        let mut venue = Venue::default();
        venue.expect(&BrokerRequest::Submit(order()));
        let body = BODY.replace(was, is);
        let wrong = venue.read_order(Some(body.as_bytes())).unwrap_err();
        assert!(wrong.contains("was asked for"), "{body}: {wrong}");
    }
}
