//! Orders of every class, from the request to the last report.

use trader_broker_alpaca::face::KnownOrder;
use trader_contract::{
    Attached, BrokerEvent, BrokerRequest, OrderKind, OrderRequest, OrderRole, Replacement,
    ReportStatus, RequestFailure, Side, TimeInForce, Trail,
};

use super::harness::{World, far, name, order, price};

#[test]
fn a_market_order_fills_and_stream_and_snapshot_agree() {
    let world = World::new();
    let mut trader = world.trader();
    let entry = name(1, OrderRole::Entry);
    trader.submit(order(entry, Side::Buy, OrderKind::Market));
    let report = trader.report(entry, ReportStatus::Filled);
    assert_eq!(report.filled.whole_shares(), 12);
    assert_eq!(trader.executed(entry), 12);
    let snapshot = trader.snapshot();
    assert!(snapshot.account.blocked.is_none() && snapshot.account.shorting);
    let told: Vec<_> = trader
        .heard
        .iter()
        .filter_map(|event| match event {
            BrokerEvent::Order(report) => report.execution.clone(),
            _ => None,
        })
        .collect();
    let held: Vec<_> = snapshot.executions.iter().map(|(_, e)| e.clone()).collect();
    let key = |executions: &[trader_contract::Execution]| -> Vec<_> {
        executions
            .iter()
            .map(|e| (e.id.clone(), e.qty, e.price))
            .collect()
    };
    assert_eq!(key(&held), key(&told));
    let (symbol, net) = snapshot.positions[0];
    assert_eq!(
        (symbol.as_str(), net.to_string()),
        ("AAPL", "12".to_owned())
    );
    assert_eq!(snapshot.orders.len(), 1);
}

#[test]
fn the_exits_of_a_bracket_have_our_names_and_go_with_each_other() {
    let world = World::new();
    let mut trader = world.trader();
    let [entry, stop, target] =
        [OrderRole::Entry, OrderRole::Stop, OrderRole::Target].map(|role| name(1, role));
    let bracket = OrderRequest {
        time_in_force: TimeInForce::Gtc,
        attached: Attached {
            stop: Some((stop, price("20"))),
            target: Some((target, price("2000"))),
        },
        ..order(entry, Side::Buy, OrderKind::Market)
    };
    trader.submit(bracket);
    trader.report(entry, ReportStatus::Filled);
    trader.report(stop, ReportStatus::Held);
    let working = trader.report(target, ReportStatus::New);
    assert_eq!(working.limit, Some(price("2000")));
    trader.ask(BrokerRequest::Cancel(stop));
    trader.report(stop, ReportStatus::Cancelled);
    trader.report(target, ReportStatus::Cancelled);
}

#[test]
fn a_sibling_whose_cancel_is_not_streamed_is_found() {
    let world = World::new();
    world.admin("exchange", r#"{"silent_sibling_cancel": true}"#);
    let mut trader = world.trader();
    let [entry, stop, target] =
        [OrderRole::Entry, OrderRole::Stop, OrderRole::Target].map(|role| name(1, role));
    trader.submit(OrderRequest {
        time_in_force: TimeInForce::Gtc,
        attached: Attached {
            stop: Some((stop, price("20"))),
            target: Some((target, price("2000"))),
        },
        ..order(entry, Side::Buy, OrderKind::Market)
    });
    trader.report(target, ReportStatus::New);
    trader.ask(BrokerRequest::Cancel(target));
    trader.report(target, ReportStatus::Cancelled);
    trader.report(stop, ReportStatus::Cancelled);
}

#[test]
fn the_stop_that_went_out_with_an_entry_works_once_it_has_filled_and_can_be_replaced() {
    let world = World::new();
    let mut trader = world.trader();
    let (entry, stop) = (name(1, OrderRole::Entry), name(1, OrderRole::Stop));
    trader.submit(OrderRequest {
        time_in_force: TimeInForce::Gtc,
        attached: Attached {
            stop: Some((stop, price("20"))),
            target: None,
        },
        ..order(entry, Side::Buy, OrderKind::Market)
    });
    trader.report(stop, ReportStatus::New);
    let next = stop.next_attempt();
    trader.ask(BrokerRequest::Replace(Replacement {
        client_id: stop,
        new_client_id: next,
        qty: None,
        stop: Some(price("21")),
        limit: None,
        trail: None,
    }));
    let moved = trader.report(next, ReportStatus::New);
    assert_eq!(moved.stop, Some(price("21")));
    let old = trader.report(stop, ReportStatus::Replaced);
    assert_eq!(old.replaced_by, Some(next));
    let snapshot = trader.snapshot();
    let live: Vec<_> = snapshot
        .orders
        .iter()
        .filter(|order| !order.status.state().is_terminal())
        .map(|order| order.client_id)
        .collect();
    assert_eq!(live, [next]);
}

#[test]
fn a_stop_that_alpaca_makes_smaller_keeps_its_name_and_has_not_ended() {
    let world = World::new();
    let mut trader = world.trader();
    let [entry, stop, target] =
        [OrderRole::Entry, OrderRole::Stop, OrderRole::Target].map(|role| name(1, role));
    trader.submit(OrderRequest {
        time_in_force: TimeInForce::Gtc,
        attached: Attached {
            stop: Some((stop, price("20"))),
            target: Some((target, price("2000"))),
        },
        ..order(entry, Side::Buy, OrderKind::Market)
    });
    trader.report(target, ReportStatus::New);
    let before = trader.report(stop, ReportStatus::Held);
    world.admin(
        "exchange",
        r#"{"partial_fill_probability": 1, "partial_fill_retry_milliseconds": 600000}"#,
    );
    // A target below the market fills at once.
    trader.ask(BrokerRequest::Replace(Replacement {
        client_id: target,
        new_client_id: target.next_attempt(),
        qty: None,
        stop: None,
        limit: Some(price("30")),
        trail: None,
    }));
    let part = trader.report(target.next_attempt(), ReportStatus::PartiallyFilled);
    let smaller = trader.until("the smaller stop", |event| match event {
        BrokerEvent::Order(report) if report.client_id == stop && report.qty < before.qty => {
            Some(report.clone())
        }
        _ => None,
    });
    assert_eq!(smaller.status, ReportStatus::Held);
    assert_eq!(part.filled.checked_add(smaller.qty), Some(before.qty));
    assert_ne!(smaller.broker_id, before.broker_id);
    let snapshot = trader.snapshot();
    let held = snapshot.orders.iter().find(|order| order.client_id == stop);
    assert_eq!(held.map(|order| order.qty), Some(smaller.qty));
    assert!(snapshot.foreign.is_empty(), "{:?}", snapshot.foreign);
    trader.ask(BrokerRequest::Cancel(stop));
    trader.report(stop, ReportStatus::Cancelled);
    let ended = trader.heard.iter().any(|event| {
        matches!(event, BrokerEvent::Foreign(_))
            || matches!(event, BrokerEvent::Order(report)
                if report.client_id == stop && report.status == ReportStatus::Replaced)
    });
    assert!(!ended, "{:#?}", trader.heard);
}

#[test]
fn an_exit_pair_rests_under_two_names() {
    let world = World::new();
    let mut trader = world.trader();
    let entry = name(1, OrderRole::Entry);
    trader.submit(order(entry, Side::Buy, OrderKind::Market));
    trader.report(entry, ReportStatus::Filled);
    let (target, stop) = (
        name(1, OrderRole::Target),
        name(1, OrderRole::Stop).next_attempt(),
    );
    trader.submit(OrderRequest {
        time_in_force: TimeInForce::Gtc,
        oco_stop: Some((stop, price("20"))),
        ..order(target, Side::Sell, far(Side::Sell))
    });
    trader.report(target, ReportStatus::New);
    let held = trader.report(stop, ReportStatus::Held);
    assert_eq!(held.stop, Some(price("20")));
    trader.ask(BrokerRequest::Cancel(target));
    trader.report(stop, ReportStatus::Cancelled);
}

#[test]
fn orders_of_every_kind_are_taken_and_cancelled() {
    let world = World::new();
    let mut trader = world.trader();
    let percent = Trail::Percent("50".parse().unwrap());
    let kinds = [
        far(Side::Buy),
        OrderKind::Stop {
            stop: price("2000"),
        },
        OrderKind::StopLimit {
            stop: price("2000"),
            limit: price("2001"),
        },
        OrderKind::TrailingStop { trail: percent },
    ];
    for (intent, kind) in (1..).zip(kinds) {
        let id = name(intent, OrderRole::Entry);
        let mut order = order(id, Side::Buy, kind);
        order.qty = trader_contract::Qty::shares(1).unwrap();
        trader.submit(order);
        let report = trader.report(id, ReportStatus::New);
        assert_eq!(report.qty.whole_shares(), 1, "{kind:?}");
        trader.ask(BrokerRequest::Cancel(id));
        trader.report(id, ReportStatus::Cancelled);
    }
}

#[test]
fn a_second_order_under_one_id_is_refused_as_used() {
    let world = World::new();
    let mut trader = world.trader();
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    trader.report(id, ReportStatus::New);
    trader.submit(order(id, Side::Buy, far(Side::Buy)));
    let failure = trader.until("the refusal", |event| match event {
        BrokerEvent::SubmitFailed { failure, .. } => Some(failure.clone()),
        _ => None,
    });
    assert!(failure.says_id_is_used(), "{failure:?}");
    trader.ask(BrokerRequest::Cancel(id));
    trader.report(id, ReportStatus::Cancelled);
}

#[test]
fn a_cancel_of_what_is_over_or_unknown_is_refused() {
    let world = World::new();
    let mut trader = world.trader();
    let id = name(1, OrderRole::Entry);
    trader.submit(order(id, Side::Buy, OrderKind::Market));
    trader.report(id, ReportStatus::Filled);
    for (id, code) in [(id, 42_210_000), (name(9, OrderRole::Exit), 40_410_000)] {
        trader.ask(BrokerRequest::Cancel(id));
        let failure = trader.until("the refusal", |event| match event {
            BrokerEvent::CancelFailed { client_id, failure } if *client_id == id => {
                Some(failure.clone())
            }
            _ => None,
        });
        assert!(
            matches!(failure, RequestFailure::Refused { code: said, .. } if said == code),
            "{failure:?}"
        );
    }
}

#[test]
fn after_a_restart_the_exits_are_known_again() {
    let world = World::new();
    let mut trader = world.trader();
    let [entry, stop, target] =
        [OrderRole::Entry, OrderRole::Stop, OrderRole::Target].map(|role| name(1, role));
    trader.submit(OrderRequest {
        time_in_force: TimeInForce::Gtc,
        attached: Attached {
            stop: Some((stop, price("20"))),
            target: Some((target, price("2000"))),
        },
        ..order(entry, Side::Buy, OrderKind::Market)
    });
    trader.report(target, ReportStatus::New);
    let held = trader.report(stop, ReportStatus::Held);
    world.runtime.block_on(trader.trading.stop());
    // Without a journal, they follow from the entry; with one, from what it says.
    let known = KnownOrder {
        client_id: stop,
        broker_id: Some(held.broker_id.clone()),
        parent: Some(entry),
        live: true,
    };
    for known in [&[][..], &[known]] {
        let mut again = world.trader_that_knows(known);
        let snapshot = again.snapshot();
        assert!(snapshot.foreign.is_empty(), "{:?}", snapshot.foreign);
        let names: std::collections::BTreeSet<_> = snapshot
            .orders
            .iter()
            .map(|order| order.client_id)
            .collect();
        assert!(
            names.contains(&stop) && names.contains(&target) && names.contains(&entry),
            "{names:?}"
        );
        assert_eq!(
            snapshot
                .executions
                .iter()
                .map(|(_, e)| e.qty.whole_shares())
                .sum::<i64>(),
            12
        );
        world.runtime.block_on(again.trading.stop());
    }
}

#[test]
fn an_order_that_somebody_else_made_is_foreign() {
    let world = World::new();
    let mut trader = world.trader();
    let url = format!("{}/v2/orders", world.address);
    let body = r#"{"symbol":"MSFT","qty":"1","side":"buy","type":"limit","limit_price":"20","time_in_force":"day"}"#;
    world.runtime.block_on(async {
        let request = reqwest::Client::new().post(url).body(body);
        let request = request
            .header("APCA-API-KEY-ID", "sim-key")
            .header("APCA-API-SECRET-KEY", "sim-secret");
        assert!(request.send().await.unwrap().status().is_success());
    });
    let foreign = trader.until("the foreign order", |event| match event {
        BrokerEvent::Foreign(order) => Some(order.clone()),
        _ => None,
    });
    assert_eq!((foreign.symbol.as_str(), &*foreign.kind), ("MSFT", "limit"));
    let snapshot = trader.snapshot();
    assert_eq!(snapshot.foreign.len(), 1);
    assert!(snapshot.orders.is_empty());
}
