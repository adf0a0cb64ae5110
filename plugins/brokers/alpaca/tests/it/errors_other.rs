//! The rows of the reference's table of errors that are neither 403 nor 422.

use serde_json::json;

use crate::harness::{START, Sim, check_refusal, id, market};

#[tokio::test]
async fn a_malformed_request_is_400() {
    let sim = Sim::start().await;
    let url = format!("http://{}/v2/orders", sim.address);
    let request = sim.http.post(url).body("{\"symbol\":");
    let request = request.header("APCA-API-KEY-ID", "sim-key");
    let response = request
        .header("APCA-API-SECRET-KEY", "sim-secret")
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    check_refusal(
        status,
        &body,
        400,
        40_010_000,
        "request body format is invalid",
    );
}

#[tokio::test]
async fn bad_and_missing_credentials_are_401() {
    let sim = Sim::start().await;
    let url = format!("http://{}/v2/account", sim.address);
    let bare = sim.http.get(&url).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    assert_eq!(bare.headers()["x-request-id"].len(), 32);
    assert!(bare.text().await.unwrap().contains("unauthorized."));
    let request = sim.http.get(&url).header("APCA-API-KEY-ID", "sim-key");
    let wrong = request
        .header("APCA-API-SECRET-KEY", "no")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
    let basic = sim.http.get(&url).basic_auth("sim-key", Some("sim-secret"));
    assert_eq!(basic.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_unknown_order_is_404() {
    let sim = Sim::start().await;
    let unknown = "/v2/orders/00000000-0000-4000-8000-000000000000";
    for (status, body) in [
        sim.try_get(unknown).await,
        sim.delete(unknown).await,
        sim.patch(unknown, json!({"qty": 1})).await,
        sim.try_get("/v2/orders:by_client_order_id?client_order_id=none")
            .await,
    ] {
        check_refusal(status, &body, 404, 40_410_000, "order not found");
    }
}

#[tokio::test]
async fn a_position_that_does_not_exist_is_404() {
    let sim = Sim::start().await;
    for (status, body) in [
        sim.try_get("/v2/positions/AAPL").await,
        sim.delete("/v2/positions/AAPL").await,
    ] {
        check_refusal(status, &body, 404, 40_410_000, "position does not exist");
    }
}

#[tokio::test]
async fn an_unknown_symbol_is_404() {
    let sim = Sim::start().await;
    let (status, body) = sim.try_get("/v2/positions/NOPE").await;
    check_refusal(status, &body, 404, 40_410_000, "symbol not found: NOPE");
    let (status, body) = sim.try_get("/v2/assets/NOPE").await;
    check_refusal(status, &body, 404, 40_410_000, "asset not found");
}

#[tokio::test]
async fn too_many_requests_are_429_until_the_bucket_fills() {
    let sim = Sim::bare(&["--start", START]).await;
    for used in 1..=200 {
        let (status, headers, _) = sim.call("GET", "/v2/clock", None).await.unwrap();
        assert_eq!(status, 200);
        assert_eq!(headers["x-ratelimit-limit"], "200");
        assert_eq!(headers["x-ratelimit-remaining"], (200 - used).to_string());
    }
    let (status, headers, body) = sim.call("GET", "/v2/clock", None).await.unwrap();
    let body = serde_json::from_str(&body).unwrap();
    check_refusal(status, &body, 429, 42_910_000, "rate limit exceeded");
    assert_eq!(headers["x-ratelimit-remaining"], "0");
    assert!(headers.contains_key("retry-after"));
    let reset: i64 = headers["x-ratelimit-reset"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(reset, 1_789_482_601, "the next second");
    // Market data has a limit of its own.
    assert_eq!(
        sim.call("GET", "/v2/stocks/AAPL/trades/latest", None)
            .await
            .unwrap()
            .0,
        200
    );
    sim.pass(0.3).await;
    assert_eq!(sim.call("GET", "/v2/clock", None).await.unwrap().0, 200);
    assert_eq!(sim.call("GET", "/v2/clock", None).await.unwrap().0, 429);
}

#[tokio::test]
async fn an_error_of_the_server_may_come_after_it_has_acted() {
    let sim = Sim::start().await;
    sim.admin(
        "faults",
        json!({"fault": "error_after", "method": "POST", "path": "/v2/orders"}),
    )
    .await;
    let mut order = market("AAPL", "buy", 1);
    order["client_order_id"] = json!("lost");
    let (status, body) = sim.post("/v2/orders", order).await;
    check_refusal(status, &body, 504, 50_410_000, "request timed out");
    let found = sim
        .get("/v2/orders:by_client_order_id?client_order_id=lost")
        .await;
    assert_eq!(id(&found).len(), 36);
}

#[tokio::test]
async fn an_error_of_the_server_may_come_before_it_acts_and_be_html() {
    let sim = Sim::start().await;
    sim.admin(
        "faults",
        json!({"fault": "error_before", "status": 503, "html": true}),
    )
    .await;
    let (status, headers, body) = sim
        .call("POST", "/v2/orders", Some(market("AAPL", "buy", 1)))
        .await
        .unwrap();
    assert_eq!(
        (status, &headers["content-type"]),
        (503, &"text/html".parse().unwrap())
    );
    assert!(body.starts_with("<html>"));
    assert_eq!(sim.count("status=all").await, 0);
}
