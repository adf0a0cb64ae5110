//! Faults: each happens once, when it was ordered, to whoever comes.

use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::harness::{Sim, limit, market};

#[tokio::test]
async fn events_are_dropped_doubled_swapped_and_delayed() {
    let sim = Sim::start().await;
    let mut stream = sim.trading_stream().await;
    let mut told = async |fault: serde_json::Value, count: usize| {
        sim.admin("faults", fault).await;
        sim.buy("AAPL", 1).await;
        sim.pass(2.0).await;
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(stream.event().await.0);
        }
        events
    };
    assert_eq!(
        told(json!({"fault": "drop_event", "event": "new"}), 2).await,
        ["pending_new", "fill"]
    );
    assert_eq!(
        told(json!({"fault": "duplicate_event", "event": "fill"}), 4).await,
        ["pending_new", "new", "fill", "fill"]
    );
    assert_eq!(
        told(json!({"fault": "swap_events", "event": "new"}), 3).await,
        ["pending_new", "fill", "new"]
    );
    let late = json!({"fault": "delay_event", "event": "pending_new", "milliseconds": 1000});
    assert_eq!(told(late, 3).await, ["new", "fill", "pending_new"]);
    assert_eq!(sim.get("/admin/state").await["faults"], 0);
}

#[tokio::test]
async fn an_answer_is_cut_after_the_deed() {
    let sim = Sim::start().await;
    sim.admin("faults", json!({"fault": "cut_response", "method": "POST"}))
        .await;
    assert!(
        sim.call("POST", "/v2/orders", Some(limit("F", "buy", 1, 5.0)))
            .await
            .is_err()
    );
    assert_eq!(sim.count("status=open").await, 1);
}

#[tokio::test]
async fn an_answer_never_comes_after_the_deed() {
    let sim = Sim::start().await;
    sim.admin(
        "faults",
        json!({"fault": "half_open", "method": "POST", "path": "/v2/orders"}),
    )
    .await;
    let url = format!("http://{}/v2/orders", sim.address);
    let request = sim.http.post(url).header("APCA-API-KEY-ID", "sim-key");
    let request = request.header("APCA-API-SECRET-KEY", "sim-secret");
    let asked = request.body(limit("F", "buy", 1, 5.0).to_string()).send();
    let asked = tokio::spawn(asked);
    while sim.get("/v2/orders").await == json!([]) {
        tokio::task::yield_now().await;
    }
    assert!(!asked.is_finished());
    asked.abort();
}

#[tokio::test]
async fn a_limit_is_exceeded_without_headers_and_nothing_is_done() {
    let sim = Sim::start().await;
    sim.admin(
        "faults",
        json!({"fault": "rate_limit", "without_headers": true, "count": 2}),
    )
    .await;
    for _ in 0..2 {
        let (status, headers, _) = sim
            .call("POST", "/v2/orders", Some(limit("F", "buy", 1, 5.0)))
            .await
            .unwrap();
        assert_eq!(status, 429);
        assert!(!headers.contains_key("retry-after") && !headers.contains_key("x-ratelimit-limit"));
    }
    assert_eq!(sim.get("/v2/orders").await, json!([]));
}

#[tokio::test]
async fn a_handshake_is_refused_and_streams_are_cut_and_muted() {
    let sim = Sim::start().await;
    sim.admin(
        "faults",
        json!({"fault": "refuse_handshake", "path": "/v2/iex"}),
    )
    .await;
    match sim.try_connect("/v2/iex", false).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 429),
        _ => panic!("the handshake went through"),
    }
    let mut iex = sim.data_stream("/v2/iex", false).await;
    let mut trading = sim.trading_stream().await;
    assert_eq!(
        sim.admin("streams", json!({"cut": "v2/iex"})).await["connections"],
        1
    );
    assert!(iex.frame().await.is_none());
    sim.admin("streams", json!({"mute": "trading"})).await;
    sim.buy("AAPL", 1).await;
    sim.admin("streams", json!({"cut": "all"})).await;
    assert!(
        trading.frame().await.is_none(),
        "a muted stream says nothing until it is cut"
    );
}

#[tokio::test]
async fn an_order_is_refused_on_command() {
    let sim = Sim::start().await;
    sim.admin(
        "orders/refuse",
        json!({"code": 42_210_000, "message": "asset AAPL is not active"}),
    )
    .await;
    sim.refused(market("AAPL", "buy", 1), 422, 42_210_000, "is not active")
        .await;
    sim.buy("AAPL", 1).await;
}

#[tokio::test]
async fn a_fault_that_is_taken_back_does_not_happen() {
    let sim = Sim::start().await;
    sim.admin("faults", json!({"fault": "error_before", "count": 5}))
        .await;
    assert_eq!(sim.delete("/admin/faults").await.0, 204);
    sim.get("/v2/account").await;
    let (status, _) = sim.post("/admin/faults", json!({"fault": "sing"})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn an_execution_is_corrected_and_then_void() {
    let sim = Sim::start().await;
    let order = sim.buy("AAPL", 10).await;
    let mut stream = sim.trading_stream().await;
    let order_id = order["id"].clone();
    sim.admin(
        "orders/correct",
        json!({"order_id": order_id, "qty": 4, "price": "100"}),
    )
    .await;
    let (event, data) = stream.event().await;
    assert_eq!(
        (event.as_str(), &data["qty"], &data["position_qty"]),
        ("trade_correct", &json!("4"), &json!("4"))
    );
    assert_eq!(data["order"]["filled_avg_price"], "100");
    let position = sim.get("/v2/positions/AAPL").await;
    assert_eq!(
        (&position["qty"], &position["avg_entry_price"]),
        (&json!("4"), &json!("100"))
    );
    assert_eq!(sim.get("/v2/account").await["cash"], "99600");
    let corrected = data["execution_id"].clone();
    sim.admin("orders/correct", json!({"execution_id": corrected}))
        .await;
    let (event, data) = stream.event().await;
    assert_eq!(
        (event.as_str(), &data["previous_execution_id"]),
        ("trade_bust", &corrected)
    );
    assert_eq!(sim.try_get("/v2/positions/AAPL").await.0, 404);
    assert_eq!(sim.get("/v2/account").await["cash"], "100000");
    assert_eq!(sim.get("/v2/account/activities/FILL").await, json!([]));
}
