//! Replacements: the chain of ids, and the race with a fill.

use serde_json::json;

use crate::harness::{Sim, check_refusal, id, limit, with};

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
    assert_eq!(
        sim.get("/v2/orders?status=all")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(sim.status(&order).await, "new");
}
