//! What a client says of orders beyond its requests: limits of stop legs, lives of replacements.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use trader_broker_sim::{SimBroker, price_inside};
use trader_contract::{
    Attached, Bar, Broker as _, BrokerEvent, BrokerRequest, OrderKind, OrderReport, OrderRequest,
    Price, Qty, Replacement, ReportStatus, RequestFailure, Side, SymbolId, TimeInForce,
};

use crate::scenario::{MINUTE, alpaca, id, open_at, symbol};

fn dollars(dollars: i64) -> Price {
    Price::from_cents(dollars * 100).unwrap()
}

fn bar(minute: i64, prices: [i64; 4]) -> Bar {
    let start = open_at().plus_nanos(MINUTE * minute);
    Bar::new(start, prices.map(dollars), 1_000).unwrap()
}

fn opened() -> SimBroker {
    let mut broker = SimBroker::new(alpaca(), &[symbol()]);
    broker.open_session(open_at(), open_at().plus_minutes(390));
    broker.load_bar(SymbolId::new(0), &bar(0, [100, 100, 100, 100]), MINUTE);
    broker
}

fn order(name: &str, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        client_id: id(name),
        symbol: symbol(),
        side: Side::Buy,
        qty: Qty::shares(10).unwrap(),
        kind,
        time_in_force: TimeInForce::Day,
        attached: Attached::NONE,
        oco_stop: None,
    }
}

fn said(broker: &mut SimBroker) -> Vec<OrderReport> {
    let mut said = Vec::new();
    while let Some(event) = broker.take(broker_time(broker)) {
        if let BrokerEvent::Order(report) = event {
            said.push(report);
        }
    }
    said
}

fn broker_time(broker: &SimBroker) -> trader_contract::Timestamp {
    let due = broker.due().unwrap_or(open_at());
    due.min(open_at().plus_minutes(5))
}

#[test]
fn a_stop_leg_with_a_limit_rests_at_it_where_the_price_jumps_over_both() {
    let mut broker = opened();
    broker.limit_leg(id("s1"), dollars(94));
    let entry = OrderRequest {
        attached: Attached {
            stop: Some((id("s1"), dollars(95))),
            target: None,
        },
        ..order("e1", OrderKind::Market)
    };
    broker.request(BrokerRequest::Submit(entry), open_at());
    broker.load_bar(SymbolId::new(0), &bar(1, [90, 92, 90, 92]), MINUTE);
    broker.load_bar(SymbolId::new(0), &bar(2, [93, 96, 93, 96]), MINUTE);
    broker.move_to(open_at().plus_minutes(3));
    let fills = said(&mut broker);
    let stop = fills.iter().rfind(|report| report.client_id == id("s1"));
    let fill = stop.and_then(|report| report.execution.clone()).unwrap();
    assert_eq!(fill.price, dollars(94), "never below its limit");
    assert_eq!(fill.at.since(open_at()).div_euclid(MINUTE), 2);
}

#[test]
fn the_limit_of_a_stop_leg_lies_on_the_tick() {
    let off = "94.001".parse().unwrap();
    let said = "invalid limit_price 94.001. sub-penny increment";
    let stop = Some((id("s1"), dollars(95)));
    let attached = OrderRequest {
        attached: Attached { stop, target: None },
        ..order("e1", OrderKind::Market)
    };
    let mut oco = order("t1", OrderKind::Limit { limit: dollars(90) });
    oco.oco_stop = Some((id("s1"), dollars(105)));
    for request in [attached, oco] {
        let mut broker = opened();
        broker.limit_leg(id("s1"), off);
        broker.request(BrokerRequest::Submit(request), open_at());
        let Some(BrokerEvent::SubmitFailed { failure, .. }) = broker.take(open_at()) else {
            panic!("it was taken");
        };
        let words = format!("{failure:?}");
        assert!(words.contains(said), "{words}");
    }
}

#[test]
fn a_replacement_may_stand_longer_than_what_it_replaces() {
    let mut broker = opened();
    let limit = OrderKind::Limit { limit: dollars(50) };
    broker.request(BrokerRequest::Submit(order("e1", limit)), open_at());
    let unchanged = Replacement {
        client_id: id("e1"),
        new_client_id: id("e2"),
        qty: None,
        stop: None,
        limit: None,
        trail: None,
    };
    broker.replace_lifetime(id("e2"), TimeInForce::Day);
    broker.request(BrokerRequest::Replace(unchanged), open_at());
    let refused = std::iter::from_fn(|| broker.take(open_at()));
    let refused = refused.filter(|event| {
        matches!(event, BrokerEvent::ReplaceFailed { failure: RequestFailure::Refused { message, .. }, .. }
            if message.contains("not changed"))
    });
    assert_eq!(refused.count(), 1, "the same life is no change");
    broker.forget_ahead(id("e2"));
    broker.replace_lifetime(id("e2"), TimeInForce::Gtc);
    broker.request(BrokerRequest::Replace(unchanged), open_at());
    broker.close_session(open_at().plus_minutes(390));
    let last = broker.account().open_orders;
    let last: Vec<_> = last
        .iter()
        .map(|report| (report.client_id, report.status))
        .collect();
    assert_eq!(last, [(id("e2"), ReportStatus::New)]);
}

#[test]
fn a_trailing_stop_tells_its_best_price_and_its_stop() {
    let mut broker = opened();
    let trail = trader_contract::Trail::Price(dollars(3));
    let kind = OrderKind::TrailingStop { trail };
    broker.request(BrokerRequest::Submit(order("e1", kind)), open_at());
    broker.load_bar(SymbolId::new(0), &bar(1, [99, 99, 98, 98]), MINUTE);
    broker.move_to(open_at().plus_minutes(2));
    assert_eq!(
        broker.trailing(id("e1")),
        Some((dollars(98), Some(dollars(101))))
    );
    assert_eq!(broker.trailing(id("e2")), None);
}

#[test]
fn the_price_inside_a_bar_is_where_the_exchange_has_it() {
    let mut broker = opened();
    let second = bar(1, [100, 106, 97, 103]);
    broker.load_bar(SymbolId::new(0), &second, MINUTE);
    for seconds in [0, 7, 20, 33, 40, 59] {
        let offset = seconds * 1_000_000_000;
        broker.move_to(second.start.plus_nanos(offset));
        let there = broker.last_price(SymbolId::new(0)).unwrap();
        assert_eq!(price_inside(&second, MINUTE, offset), there.micros());
    }
    assert_eq!(
        price_inside(&second, MINUTE, MINUTE - 1),
        dollars(103).micros()
    );
}
