//! The outbound audit: every field that matters, forged.

use trader_contract::{
    Attached, BrokerRequest, ClientOrderId, Direction, OrderKind, OrderRequest, OrderRole, Price,
    Qty, Replacement, ReportStatus, Side, TimeInForce,
};
use trader_core::book::Book;

use super::Bench;
use crate::audit::contradiction;
use crate::views::stage::{Stage, breakout};

const STOP: &str = "0000002a-20110110-1-s1";

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn id(text: &str) -> ClientOrderId {
    text.parse().unwrap()
}

/// Why a request is stopped; empty if it is not.
fn why(book: &Book, request: BrokerRequest) -> String {
    contradiction(book, &request).map_or_else(String::new, |(_, why)| why)
}

/// An entry that is about to leave, and the book that knows it.
fn leaving() -> (Book, OrderRequest) {
    let mut bench = Bench::open();
    bench.bar();
    let Some(BrokerRequest::Submit(order)) = bench.world.sent.last() else {
        panic!("no entry was sent: {:?}", bench.world.sent)
    };
    (bench.kernel.engine().book().clone(), *order)
}

#[test]
fn an_entry_leaves_as_it_was_planned_and_in_no_other_way() {
    let (book, order) = leaving();
    assert_eq!(why(&book, BrokerRequest::Submit(order)), "");
    let qty = Qty::shares(101).unwrap();
    let (leg, _) = order.attached.stop.unwrap();
    let attached = |stop| Attached { stop, target: None };
    let forged = [
        OrderRequest {
            client_id: id("0000002a-20110110-9-e1"),
            ..order
        },
        OrderRequest {
            symbol: "QQQ".parse().unwrap(),
            ..order
        },
        OrderRequest {
            side: Side::Sell,
            ..order
        },
        OrderRequest { qty, ..order },
        OrderRequest {
            kind: OrderKind::Stop {
                stop: price("168.82"),
            },
            ..order
        },
        OrderRequest {
            kind: OrderKind::Market,
            ..order
        },
        OrderRequest {
            time_in_force: TimeInForce::Ioc,
            ..order
        },
        OrderRequest {
            attached: attached(None),
            ..order
        },
        OrderRequest {
            attached: attached(Some((leg, price("167")))),
            ..order
        },
    ];
    let reasons: Vec<String> = forged
        .into_iter()
        .map(|order| why(&book, BrokerRequest::Submit(order)))
        .collect();
    assert!(reasons.iter().all(|why| !why.is_empty()), "{reasons:#?}");
    insta::assert_snapshot!(reasons[..4].join("\n"), @r"
    no order 0000002a-20110110-9-e1 was planned
    0000002a-20110110-1-e1: symbol QQQ, and SPY was planned
    0000002a-20110110-1-e1: side sell, and buy was planned
    0000002a-20110110-1-e1: quantity 101, and 100 was planned
    ");
}

#[test]
fn an_attached_order_that_was_planned_otherwise_stops_its_entry() {
    let (mut book, order) = leaving();
    let (leg, _) = order.attached.stop.unwrap();
    book.orders.get_mut(&leg).unwrap().planned.request.side = order.side;
    assert_ne!(why(&book, BrokerRequest::Submit(order)), "");
    book.orders.remove(&leg);
    assert_ne!(why(&book, BrokerRequest::Submit(order)), "");
}

#[test]
fn an_order_that_ended_is_neither_sent_again_nor_cancelled() {
    let entry = breakout(Direction::Long, "168.81", "168.58");
    let mut stage = Stage::open([Some(entry)]);
    stage.at("2011-01-10T14:31:00Z");
    stage.bar("168.7");
    let order = id("0000002a-20110110-1-e1");
    let book = stage.engine.book().clone();
    let request = book.orders[&order].planned.request;
    assert_eq!(why(&book, BrokerRequest::Cancel(order)), "");
    stage.report("0000002a-20110110-1-e1", ReportStatus::Rejected);
    // The trade is over, and its orders are forgotten with it or have ended.
    let book = stage.engine.book();
    assert_ne!(why(book, BrokerRequest::Cancel(order)), "");
    assert_ne!(why(book, BrokerRequest::Submit(request)), "");
}

#[test]
fn a_cancel_of_an_unknown_order_does_not_leave() {
    let stage = Stage::with_a_position();
    let book = stage.engine.book();
    assert_eq!(why(book, BrokerRequest::Cancel(id(STOP))), "");
    let unknown = id("0000002a-20110110-7-s1");
    assert_eq!(
        why(book, BrokerRequest::Cancel(unknown)),
        "no order 0000002a-20110110-7-s1 was planned"
    );
}

/// A book in which the resting stop is about to be replaced, and the change.
fn replacing() -> (Book, Replacement) {
    let stage = Stage::with_a_position();
    let mut book = stage.engine.book().clone();
    let old = id(STOP);
    let new = ClientOrderId { attempt: 2, ..old };
    let mut order = book.orders[&old].clone();
    order.planned.request.client_id = new;
    order.planned.request.kind = OrderKind::Stop {
        stop: price("168.7"),
    };
    order.planned.replaces = Some(old);
    book.orders.insert(new, order);
    let change = Replacement {
        client_id: old,
        new_client_id: new,
        qty: None,
        stop: Some(price("168.7")),
        limit: None,
        trail: None,
    };
    (book, change)
}

#[test]
fn a_change_of_a_stop_leaves_as_it_was_planned_and_in_no_other_way() {
    let (book, change) = replacing();
    assert_eq!(why(&book, BrokerRequest::Replace(change)), "");
    let forged = [
        Replacement {
            client_id: id("0000002a-20110110-1-e1"),
            ..change
        },
        Replacement {
            new_client_id: id("0000002a-20110110-1-s3"),
            ..change
        },
        Replacement {
            qty: Qty::shares(200),
            ..change
        },
        Replacement {
            stop: Some(price("168.6")),
            ..change
        },
        Replacement {
            stop: None,
            ..change
        },
    ];
    for change in forged {
        assert_ne!(why(&book, BrokerRequest::Replace(change)), "", "{change:?}");
    }
    let new = change.new_client_id;
    for forge in [
        |order: &mut OrderRequest| order.side = Side::Buy,
        |order: &mut OrderRequest| order.symbol = "QQQ".parse().unwrap(),
        |order: &mut OrderRequest| order.qty = Qty::shares(99).unwrap(),
    ] {
        let mut book = book.clone();
        forge(&mut book.orders.get_mut(&new).unwrap().planned.request);
        assert_ne!(why(&book, BrokerRequest::Replace(change)), "");
    }
    assert_eq!(new.role, OrderRole::Stop);
}
