//! What goes wrong between the client and Alpaca, and what must come of it.

use trader_contract::{
    BrokerEvent, BrokerRequest, OrderKind, OrderRole, ReportStatus, RequestFailure, Side, advice,
};

use super::harness::{Trader, World, far, name, order};

fn ambiguous(trader: &mut Trader) {
    trader.until("the ambiguous answer", |event| match event {
        BrokerEvent::SubmitFailed {
            failure: RequestFailure::Ambiguous { .. },
            ..
        } => Some(()),
        BrokerEvent::SubmitFailed { failure, .. } => panic!("{failure:?}"),
        _ => None,
    });
}

/// An order arrives, its answer is what the fault makes of it, and the stream does not tell of it.
fn found_under_its_id(fault: &str) {
    let world = World::new();
    let mut trader = world.trader();
    world.admin("faults", r#"{"fault": "drop_event", "count": 2}"#);
    world.admin("faults", fault);
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    ambiguous(&mut trader);
    trader.until("the order", |event| {
        matches!(event, BrokerEvent::Order(report) if report.client_id == id).then_some(())
    });
    assert!(trader.trading.counts().ambiguous >= 1);
}

#[test]
fn an_order_whose_answer_timed_out_at_alpaca_is_found_under_its_id() {
    found_under_its_id(
        r#"{"fault": "error_after", "method": "POST", "path": "/v2/orders", "status": 504}"#,
    );
}

#[test]
fn an_order_whose_answer_is_an_error_page_is_found_under_its_id() {
    found_under_its_id(
        r#"{"fault": "error_after", "method": "POST", "path": "/v2/orders", "status": 500, "html": true}"#,
    );
}

#[test]
fn an_order_whose_answer_breaks_off_is_found_under_its_id() {
    found_under_its_id(r#"{"fault": "cut_response", "method": "POST", "path": "/v2/orders"}"#);
}

#[test]
fn an_order_that_never_arrived_stays_ambiguous_until_a_snapshot_lacks_it() {
    let world = World::new();
    let mut trader = world.trader();
    world.admin(
        "faults",
        r#"{"fault": "error_before", "method": "POST", "path": "/v2/orders", "status": 500}"#,
    );
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    ambiguous(&mut trader);
    assert!(trader.snapshot().orders.is_empty());
    // The same order once more, under the same id.
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    trader.report(id, ReportStatus::New);
}

#[test]
fn a_429_on_an_order_is_ambiguous_and_nothing_is_sent_until_it_may_be() {
    let world = World::new();
    let mut trader = world.trader();
    world.admin("faults", r#"{"fault": "rate_limit", "method": "POST", "path": "/v2/orders", "without_headers": true}"#);
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    ambiguous(&mut trader);
    assert!(trader.snapshot().orders.is_empty());
    assert_eq!(trader.trading.counts().rate_limited, 1);
}

#[test]
fn a_cancel_whose_answer_is_lost_is_sent_again() {
    let world = World::new();
    let mut trader = world.trader();
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    trader.report(id, ReportStatus::New);
    world.admin(
        "faults",
        r#"{"fault": "error_before", "method": "DELETE", "status": 503}"#,
    );
    trader.ask(BrokerRequest::Cancel(id));
    trader.report(id, ReportStatus::Cancelled);
}

#[test]
fn a_stream_that_is_cut_is_made_anew_and_what_it_missed_is_found() {
    let world = World::new();
    let mut trader = world.trader();
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    trader.report(id, ReportStatus::New);
    world.admin("streams", r#"{"cut": "trading"}"#);
    trader.until("the loss", |event| {
        matches!(event, BrokerEvent::Link { up: false, .. }).then_some(())
    });
    trader.ask(BrokerRequest::Cancel(id));
    trader.until("the link", |event| {
        matches!(event, BrokerEvent::Link { up: true, .. }).then_some(())
    });
    trader.report(id, ReportStatus::Cancelled);
}

#[test]
fn a_trading_stream_that_is_refused_is_told_once_with_its_status_and_what_to_do() {
    for (status, words) in [
        (503, "503 service unavailable"),
        (403, "403 forbidden"),
        (429, "429 too many requests"),
    ] {
        let world = World::new();
        let fault = format!(
            r#"{{"fault": "refuse_handshake", "path": "/stream", "status": {status}, "count": 2}}"#
        );
        world.admin("faults", &fault);
        // One that has never stood is told of too, and not at each try.
        let mut trader = world.trader();
        let told: Vec<&str> = (trader.heard.iter())
            .filter_map(|event| match event {
                BrokerEvent::Link { up: false, why } => Some(&**why),
                _ => None,
            })
            .collect();
        let [why] = told[..] else {
            panic!("{told:?}");
        };
        let (why, next) = advice::split(why);
        assert_eq!(why, format!("Alpaca refused to open the stream: {words}"));
        assert!(next.is_some_and(|next| !next.is_empty()), "{status}");
        let _answered_all_along = trader.snapshot();
    }
}

#[test]
fn a_fill_that_the_stream_lost_is_found_by_looking() {
    let world = World::new();
    let mut trader = world.trader();
    world.admin("faults", r#"{"fault": "drop_event", "event": "fill"}"#);
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, OrderKind::Market));
    let report = trader.report(id, ReportStatus::Filled);
    assert_eq!(report.execution, None);
    // Its executions are in the history.
    let snapshot = trader.snapshot();
    assert_eq!(snapshot.executions[0].1.qty.whole_shares(), 12);
}

#[test]
fn events_that_come_twice_late_or_out_of_order_count_once() {
    let world = World::new();
    let mut trader = world.trader();
    world.admin(
        "exchange",
        r#"{"partial_fill_probability": "1", "partial_fill_retry_milliseconds": 50}"#,
    );
    world.admin("faults", r#"{"fault": "duplicate_event", "count": 3}"#);
    world.admin("faults", r#"{"fault": "swap_events", "count": 2}"#);
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, OrderKind::Market));
    trader.report(id, ReportStatus::PartiallyFilled);
    let snapshot = trader.snapshot();
    let filled = snapshot.orders[0].filled.whole_shares();
    let held: i64 = snapshot
        .executions
        .iter()
        .map(|(_, e)| e.qty.whole_shares())
        .sum();
    assert!(
        held <= filled && trader.executed(id) <= 12,
        "{held} {filled}"
    );
    let mut ids: Vec<_> = snapshot.executions.iter().map(|(_, e)| &e.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), snapshot.executions.len());
}

#[test]
fn an_order_rejected_after_it_was_taken_says_so() {
    let world = World::new();
    let mut trader = world.trader();
    world.admin("orders/reject", "{}");
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, OrderKind::Market));
    trader.report(id, ReportStatus::Rejected);
}

#[test]
fn a_handshake_refused_for_too_many_is_tried_again_after_a_while() {
    let world = World::new();
    world.admin("faults", r#"{"fault": "refuse_handshake", "status": 429}"#);
    let trader = world.trader();
    assert_eq!(trader.trading.counts().connections, 1);
}

#[test]
fn a_snapshot_whose_parts_cannot_be_read_is_told_as_failed() {
    let world = World::new();
    let mut trader = world.trader();
    world.admin("faults", r#"{"fault": "error_before", "method": "GET", "path": "/v2/positions", "status": 500, "count": 9}"#);
    trader.ask(BrokerRequest::Snapshot {
        number: 7,
        since: super::harness::clock(),
    });
    let number = trader.until("the failure", |event| match event {
        BrokerEvent::SnapshotFailed { number, .. } => Some(*number),
        _ => None,
    });
    assert_eq!(number, 7);
}

#[test]
fn an_execution_that_alpaca_takes_back_is_told_and_no_snapshot_brings_it_back() {
    let world = World::new();
    let mut trader = world.trader();
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, OrderKind::Market));
    let report = trader.report(id, ReportStatus::Filled);
    let body = format!(r#"{{"order_id": "{}"}}"#, report.broker_id);
    world.admin("orders/correct", &body);
    let (void, now) = trader.until("the correction", |event| match event {
        BrokerEvent::Corrected { execution, now, .. } => Some((execution.clone(), now.clone())),
        _ => None,
    });
    assert_eq!(
        (Some(void), now),
        (report.execution.map(|execution| execution.id), None)
    );
    let snapshot = trader.snapshot();
    assert!(snapshot.executions.is_empty() && snapshot.positions.is_empty());
}

#[test]
fn an_execution_that_alpaca_changes_is_told_with_what_stands_now() {
    let world = World::new();
    let mut trader = world.trader();
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, OrderKind::Market));
    let report = trader.report(id, ReportStatus::Filled);
    let body = format!(r#"{{"order_id": "{}", "qty": "10"}}"#, report.broker_id);
    world.admin("orders/correct", &body);
    let now = trader.until("the correction", |event| match event {
        BrokerEvent::Corrected { now, .. } => now.clone(),
        _ => None,
    });
    assert_eq!(now.qty.whole_shares(), 10);
    let (symbol, net) = trader.snapshot().positions[0];
    assert_eq!(
        (symbol.as_str(), net.to_string()),
        ("AAPL", "10".to_owned())
    );
}
