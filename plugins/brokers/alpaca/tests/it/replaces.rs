//! Replacements: the chain of ids, and the race with a fill.

use serde_json::{Value, json};

use crate::harness::{Sim, cents, check_refusal, id, limit, with};

#[tokio::test]
async fn a_replacement_is_a_new_order_with_the_chain_in_both() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let mut stream = sim.trading_stream().await;
    let old = sim.order(limit("AAPL", "buy", 10, price * 0.9)).await;
    let changes = json!({"qty": 7, "time_in_force": "gtc", "limit_price": "100.00", "client_order_id": "second"});
    let (status, new) = sim
        .patch(&format!("/v2/orders/{}", id(&old)), changes)
        .await;
    assert_eq!(
        (status, &new["replaces"], &new["client_order_id"]),
        (200, &old["id"], &json!("second"))
    );
    assert_eq!(sim.status(&old).await, "pending_replace");
    sim.pass(0.01).await;
    let (old, new) = (sim.now(&old).await, sim.now(&new).await);
    assert_eq!(
        (&old["status"], &old["replaced_by"]),
        (&json!("replaced"), &new["id"])
    );
    assert_eq!(
        (
            &new["status"],
            &new["qty"],
            &new["limit_price"],
            &new["time_in_force"]
        ),
        (&json!("new"), &json!("7"), &json!("100"), &json!("gtc"))
    );
    assert_eq!(new["expires_at"], "2026-12-14T21:15:00Z");
    let mut told = Vec::new();
    for _ in 0..5 {
        let (event, data) = stream.event().await;
        told.push((event, data["order"]["id"] == old["id"]));
    }
    let expected = [
        ("pending_new", true),
        ("new", true),
        ("pending_replace", true),
        ("replaced", true),
        ("new", false),
    ];
    assert_eq!(
        told,
        expected.map(|(event, is_old)| (event.to_owned(), is_old))
    );
}

#[tokio::test]
async fn a_fill_that_is_faster_than_the_replacement_wins() {
    let sim = Sim::start().await;
    sim.admin("exchange", json!({"replace_milliseconds": 600_000}))
        .await;
    let price = sim.price("AAPL").await;
    let old = sim.order(limit("AAPL", "buy", 10, price - 0.05)).await;
    let (status, new) = sim
        .patch(
            &format!("/v2/orders/{}", id(&old)),
            json!({"limit_price": "100"}),
        )
        .await;
    assert_eq!(status, 200);
    sim.pass(700.0).await;
    assert_eq!(
        sim.status(&old).await,
        "filled",
        "the market came to it within ten minutes"
    );
    let new = sim.now(&new).await;
    assert_eq!(new["status"], "rejected");
    assert!(new["failed_at"].is_string());
}

#[tokio::test]
async fn a_replacement_that_is_cancelled_after_the_old_order_has_filled_is_rejected_all_the_same() {
    let sim = Sim::start().await;
    sim.admin("exchange", json!({"replace_milliseconds": 6_000_000}))
        .await;
    let price = sim.price("AAPL").await;
    let old = sim.order(limit("AAPL", "buy", 10, price - 0.05)).await;
    let path = format!("/v2/orders/{}", id(&old));
    let (_, new) = sim.patch(&path, json!({"limit_price": "100"})).await;
    sim.pass(600.0).await;
    assert_eq!(sim.status(&old).await, "filled");
    let (status, _) = sim.delete(&format!("/v2/orders/{}", id(&new))).await;
    assert_eq!(status, 204);
    let mut stream = sim.trading_stream().await;
    sim.pass(0.01).await;
    let new = sim.now(&new).await;
    assert_eq!(
        (&new["status"], &new["canceled_at"]),
        (&json!("rejected"), &Value::Null)
    );
    assert!(new["failed_at"].is_string());
    let (event, data) = stream.event().await;
    assert_eq!(
        (event.as_str(), &data["order"]["id"]),
        ("rejected", &new["id"])
    );
}

#[tokio::test]
async fn a_replacement_in_a_group_is_rejected_too_where_the_old_order_ends_first() {
    let rows = [
        ("entry", -0.05, "filled"),
        ("target", 1.0, "filled"),
        ("stop", 1.0, "canceled"),
    ];
    for (which, above, ends) in rows {
        let sim = Sim::start().await;
        let price = sim.price("SPY").await;
        let entry = limit("SPY", "buy", 4, price + above);
        let exits = json!({"order_class": "bracket", "take_profit": {"limit_price": cents(price + 0.1)},
            "stop_loss": {"stop_price": cents(price - 30.0)}});
        let order = sim.order(with(entry, exits)).await;
        sim.admin("exchange", json!({"replace_milliseconds": 6_000_000}))
            .await;
        let now = sim.now(&order).await;
        let (old, change) = match which {
            "entry" => (&now, json!({"limit_price": cents(price - 10.0)})),
            "target" => (&now["legs"][0], json!({"limit_price": cents(price + 30.0)})),
            _ => (&now["legs"][1], json!({"stop_price": cents(price - 40.0)})),
        };
        let mut stream = sim.trading_stream().await;
        let (status, new) = sim.patch(&format!("/v2/orders/{}", id(old)), change).await;
        assert_eq!(status, 200, "{new}");
        sim.pass(6_001.0).await;
        assert_eq!(sim.status(old).await, ends, "{which}");
        assert_eq!(sim.status(&new).await, "rejected", "{which}");
        let mut told = Vec::new();
        while told.last().is_none_or(|(id, _)| *id != new["id"]) {
            let (event, data) = stream.event().await;
            told.push((data["order"]["id"].clone(), event));
        }
        assert_eq!(told.last().unwrap().1, "rejected");
    }
}

#[tokio::test]
async fn an_order_that_is_being_replaced_is_not_cancelled() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let old = sim.order(limit("AAPL", "buy", 10, price * 0.9)).await;
    let path = format!("/v2/orders/{}", id(&old));
    sim.patch(&path, json!({"qty": 5})).await;
    let (status, body) = sim.delete(&path).await;
    check_refusal(
        status,
        &body,
        422,
        42_210_000,
        "order is already in \"pending_replace\" state",
    );
}

#[tokio::test]
async fn outside_the_session_nothing_is_replaced() {
    let sim = Sim::at("2026-09-15T21:00:00Z").await;
    let order = sim.order(limit("AAPL", "buy", 10, 100.0)).await;
    assert_eq!(sim.status(&order).await, "accepted");
    let (status, body) = sim
        .patch(&format!("/v2/orders/{}", id(&order)), json!({"qty": 5}))
        .await;
    check_refusal(
        status,
        &body,
        422,
        40_010_001,
        "order isn't sent to exchange yet",
    );
}

#[tokio::test]
async fn a_refused_replacement_leaves_no_order_behind() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let order = sim
        .order(with(
            limit("AAPL", "buy", 10, price * 0.9),
            json!({"client_order_id": "a"}),
        ))
        .await;
    let path = format!("/v2/orders/{}", id(&order));
    let (status, body) = sim
        .patch(&path, json!({"qty": 5, "client_order_id": "a"}))
        .await;
    check_refusal(
        status,
        &body,
        422,
        40_010_001,
        "client_order_id must be unique",
    );
    let (status, _) = sim.patch(&path, json!({"qty": 900_000})).await;
    assert_eq!(status, 403);
    assert_eq!(sim.count("status=all").await, 1);
    assert_eq!(sim.status(&order).await, "new");
}
