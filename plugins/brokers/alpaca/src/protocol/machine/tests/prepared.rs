//! Orders that are made ready before they are submitted.

use super::*;

#[test]
fn an_order_that_was_made_ready_goes_out_once_submitted_and_as_it_would_have_anyway() {
    for order in [request(OrderRole::Entry), with_exits()] {
        let mut plain = Bench::new();
        plain.ask(BrokerRequest::Submit(order));
        let call = plain.call(Method::Post, "/v2/orders");
        let mut bench = Bench::new();
        let ready = bench.machine.prepare(order).unwrap();
        bench.drain();
        assert!(bench.calls.iter().all(|call| call.method == Method::Get));
        assert_eq!((ready.0, ready.1), (call.method, &*call.path));
        assert_eq!(Some(ready.2), call.body);
        bench.ask(BrokerRequest::Submit(order));
        assert_eq!(
            bench.call(Method::Post, "/v2/orders").body,
            call.body,
            "{order:?}"
        );
        assert!(bench.machine.take_prepared(&order).is_none());
    }
}

#[test]
fn an_order_that_differs_from_the_one_made_ready_goes_out_as_it_is() {
    let mut bench = Bench::new();
    bench.machine.prepare(with_exits()).unwrap();
    let order = OrderRequest {
        qty: Qty::shares(7).unwrap(),
        ..with_exits()
    };
    bench.ask(BrokerRequest::Submit(order));
    let body = bench.call(Method::Post, "/v2/orders").body.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["qty"], "7");
}

#[test]
fn no_more_orders_are_kept_ready_than_fit() {
    let mut bench = Bench::new();
    let order = |shares| OrderRequest {
        qty: Qty::shares(shares).unwrap(),
        ..request(OrderRole::Entry)
    };
    for shares in 1..=20 {
        bench.machine.prepare(order(shares)).unwrap();
    }
    assert!(bench.machine.take_prepared(&order(12)).is_none());
    assert!(bench.machine.take_prepared(&order(13)).is_some());
}
