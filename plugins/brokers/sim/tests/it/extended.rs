//! The hours around the session: what trades in them, what waits, and what ends at their end.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use trader_broker_sim::SimBroker;
use trader_contract::{
    Attached, Bar, Broker as _, BrokerEvent, BrokerRequest, ClientOrderId, OrderKind, OrderReport,
    OrderRequest, Price, Qty, Replacement, ReportStatus, Side, SymbolId, TimeInForce, Timestamp,
};

use crate::scenario::{MINUTE, alpaca, id, open_at, symbol};

const AAPL: SymbolId = SymbolId::new(0);

fn dollars(dollars: i64) -> Price {
    Price::from_cents(dollars * 100).unwrap()
}

fn minute(minute: i64) -> Timestamp {
    open_at().plus_minutes(minute)
}

/// A broker whose session lasts 390 minutes, an hour before the open, at 100 dollars.
fn early(hours_around: bool) -> SimBroker {
    let mut broker = SimBroker::new(alpaca(), &[symbol()]);
    broker.open_session(open_at(), minute(390));
    if hours_around {
        broker.extend_session(minute(-330), minute(630));
    }
    load(&mut broker, -60, 100);
    broker
}

fn load(broker: &mut SimBroker, at: i64, price: i64) {
    let bar = Bar::new(minute(at), [dollars(price); 4], 1_000).unwrap();
    broker.load_bar(AAPL, &bar, MINUTE);
}

fn submit(broker: &mut SimBroker, name: &str, limit: i64, lifetime: TimeInForce, at: i64) {
    order(broker, (name, Side::Buy), limit, lifetime, at);
}

fn order(
    broker: &mut SimBroker,
    (name, side): (&str, Side),
    limit: i64,
    lifetime: TimeInForce,
    at: i64,
) {
    let request = OrderRequest {
        client_id: id(name),
        symbol: symbol(),
        side,
        qty: Qty::shares(10).unwrap(),
        kind: OrderKind::Limit {
            limit: dollars(limit),
        },
        time_in_force: lifetime,
        attached: Attached::NONE,
        oco_stop: None,
    };
    broker.request(BrokerRequest::Submit(request), minute(at));
}

fn said(broker: &mut SimBroker, until: i64) -> Vec<OrderReport> {
    let events = std::iter::from_fn(|| broker.take(minute(until)));
    let reports = events.filter_map(|event| match event {
        BrokerEvent::Order(report) => Some(report),
        _ => None,
    });
    reports.collect()
}

/// The last status of an order among reports, and the minute of it.
fn last(reports: &[OrderReport], name: &str) -> Option<(ReportStatus, i64)> {
    let wanted: ClientOrderId = id(name);
    let report = reports.iter().rfind(|report| report.client_id == wanted)?;
    let since = report.at.since(open_at()).div_euclid(MINUTE);
    Some((report.status, since))
}

#[test]
fn a_limit_for_extended_hours_fills_before_the_open_and_all_others_wait() {
    let mut broker = early(true);
    broker.trade_extended(id("e1"));
    submit(&mut broker, "e1", 99, TimeInForce::Day, -59);
    submit(&mut broker, "e2", 99, TimeInForce::Day, -59);
    let first = said(&mut broker, -58);
    assert_eq!(last(&first, "e1"), Some((ReportStatus::New, -59)));
    assert_eq!(last(&first, "e2"), Some((ReportStatus::Accepted, -59)));
    load(&mut broker, -30, 98);
    let early = said(&mut broker, -1);
    assert_eq!(last(&early, "e1"), Some((ReportStatus::Filled, -30)));
    assert_eq!(last(&early, "e2"), None);
    load(&mut broker, 0, 98);
    let open = said(&mut broker, 1);
    assert_eq!(last(&open, "e2"), Some((ReportStatus::Filled, 0)));
}

#[test]
fn what_was_taken_at_night_goes_to_work_when_the_hours_begin() {
    let mut broker = SimBroker::new(alpaca(), &[symbol()]);
    broker.open_session(open_at(), minute(390));
    broker.extend_session(minute(-330), minute(630));
    broker.trade_extended(id("e1"));
    submit(&mut broker, "e1", 99, TimeInForce::Gtc, -400);
    let reports = said(&mut broker, -331);
    assert_eq!(last(&reports, "e1"), Some((ReportStatus::Accepted, -400)));
    let reports = said(&mut broker, -330);
    assert_eq!(last(&reports, "e1"), Some((ReportStatus::New, -330)));
}

#[test]
fn a_day_order_for_extended_hours_expires_at_their_end_and_others_at_the_close() {
    let mut broker = early(true);
    broker.trade_extended(id("e1"));
    broker.trade_extended(id("e3"));
    submit(&mut broker, "e1", 50, TimeInForce::Day, -59);
    submit(&mut broker, "e2", 50, TimeInForce::Day, -59);
    submit(&mut broker, "e3", 90, TimeInForce::Gtc, -59);
    load(&mut broker, 389, 100);
    let close = said(&mut broker, 400);
    assert_eq!(
        last(&close, "e1").map(|(status, _)| status),
        Some(ReportStatus::New)
    );
    assert_eq!(last(&close, "e2"), Some((ReportStatus::Expired, 390)));
    let end = said(&mut broker, 700);
    assert_eq!(last(&end, "e1"), Some((ReportStatus::Expired, 630)));
    // What stays may not trade before the next morning.
    load(&mut broker, 701, 80);
    assert_eq!(last(&said(&mut broker, 703), "e3"), None);
}

#[test]
fn the_next_session_ends_hours_that_were_still_on() {
    let mut broker = early(true);
    broker.trade_extended(id("e1"));
    submit(&mut broker, "e1", 50, TimeInForce::Day, -59);
    broker.open_session(minute(1_440), minute(1_830));
    let reports = said(&mut broker, 1_440);
    assert_eq!(last(&reports, "e1"), Some((ReportStatus::Expired, 630)));
}

#[test]
fn without_such_hours_the_order_is_one_for_the_session() {
    let mut broker = early(false);
    broker.trade_extended(id("e1"));
    submit(&mut broker, "e1", 99, TimeInForce::Day, -59);
    load(&mut broker, -30, 98);
    let reports = said(&mut broker, -1);
    assert_eq!(last(&reports, "e1"), Some((ReportStatus::Accepted, -59)));
    load(&mut broker, 0, 98);
    assert_eq!(
        last(&said(&mut broker, 1), "e1"),
        Some((ReportStatus::Filled, 0))
    );
}

#[test]
fn a_replacement_is_for_the_hours_of_what_it_replaces() {
    let mut broker = early(true);
    broker.trade_extended(id("e1"));
    submit(&mut broker, "e1", 50, TimeInForce::Day, -59);
    let higher = Replacement {
        client_id: id("e1"),
        new_client_id: id("e2"),
        qty: None,
        stop: None,
        limit: Some(dollars(99)),
        trail: None,
    };
    broker.request(BrokerRequest::Replace(higher), minute(-50));
    load(&mut broker, -30, 98);
    let reports = said(&mut broker, -1);
    assert_eq!(last(&reports, "e2"), Some((ReportStatus::Filled, -30)));
}

#[test]
fn a_broker_that_is_restored_goes_on_in_these_hours() {
    let mut broker = early(true);
    broker.trade_extended(id("e1"));
    submit(&mut broker, "e1", 99, TimeInForce::Day, -59);
    said(&mut broker, -58);
    let saved = broker.save().unwrap();
    let mut again = SimBroker::restore(&saved, alpaca(), &[symbol()]).unwrap();
    for broker in [&mut broker, &mut again] {
        load(broker, -30, 98);
        let reports = said(broker, -1);
        assert_eq!(last(&reports, "e1"), Some((ReportStatus::Filled, -30)));
    }
    assert_eq!(broker, again);
    let plain = early(false).save().unwrap();
    assert!(!plain.contains("extended"), "{plain}");
}

#[test]
fn day_trades_are_counted_in_these_hours_as_well() {
    let mut broker = early(true);
    broker.trade_extended(id("e1"));
    submit(&mut broker, "e1", 101, TimeInForce::Day, -59);
    load(&mut broker, -58, 100);
    said(&mut broker, -57);
    assert!(broker.is_opened_today(AAPL));
    broker.trade_extended(id("e2"));
    order(&mut broker, ("e2", Side::Sell), 99, TimeInForce::Day, -57);
    load(&mut broker, -56, 100);
    said(&mut broker, -55);
    assert!(!broker.is_opened_today(AAPL));
    assert_eq!(
        (broker.day_trades(), broker.is_pattern_day_trader()),
        (1, false)
    );
}

#[test]
fn cash_is_booked_without_an_execution() {
    let mut broker = early(true);
    let before = broker.account();
    let amount = trader_contract::Money::dollars(-250);
    broker.book_cash(amount, minute(-10));
    let after = broker.account();
    assert_eq!(after.cash, before.cash + amount);
    assert_eq!(after.equity, before.equity + amount);
    assert_eq!(after.fees, before.fees);
}
