//! The rows of the reference's table of errors that are 403.

use serde_json::json;

use crate::harness::{Sim, check_refusal, id, limit, market, stop, with};

#[tokio::test]
async fn insufficient_buying_power() {
    let sim = Sim::start().await;
    let order = market("AAPL", "buy", 10_000);
    let body = sim
        .refused(order, 403, 40_310_000, "insufficient buying power")
        .await;
    assert_eq!(body["buying_power"], "400000");
    assert!(
        body["cost_basis"].as_str().unwrap().parse::<f64>().unwrap() > 1e6,
        "{body}"
    );
}

#[tokio::test]
async fn insufficient_qty_available_for_order() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 12).await;
    let price = sim.price("AAPL").await;
    let resting = sim.order(stop("AAPL", "sell", 12, price * 0.9)).await;
    let text = "insufficient qty available for order (requested: 12, available: 0)";
    let body = sim
        .refused(market("AAPL", "sell", 12), 403, 40_310_000, text)
        .await;
    assert_eq!(body["symbol"], "AAPL");
    assert_eq!(body["existing_qty"], "12");
    assert_eq!(body["held_for_orders"], "12");
    assert_eq!(body["available"], "0");
    assert_eq!(body["related_orders"], json!([id(&resting)]));
}

#[tokio::test]
async fn insufficient_qty_available_for_a_flip() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let text = "insufficient qty available for order (requested: 20, available: 10)";
    sim.refused(market("AAPL", "sell", 20), 403, 40_310_000, text)
        .await;
}

#[tokio::test]
async fn insufficient_qty_available_while_the_cancel_is_under_way() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let price = sim.price("AAPL").await;
    let resting = sim.order(stop("AAPL", "sell", 10, price * 0.9)).await;
    assert_eq!(
        sim.delete(&format!("/v2/orders/{}", id(&resting))).await.0,
        204
    );
    let text = "insufficient qty available";
    sim.refused(market("AAPL", "sell", 10), 403, 40_310_000, text)
        .await;
    sim.pass(0.01).await;
    sim.order(market("AAPL", "sell", 10)).await;
}

#[tokio::test]
async fn potential_wash_trade() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let price = sim.price("AAPL").await;
    let resting = sim.order(stop("AAPL", "sell", 10, price * 0.9)).await;
    let text = "potential wash trade detected. use complex orders";
    let body = sim
        .refused(market("AAPL", "buy", 1), 403, 40_310_000, text)
        .await;
    assert_eq!(body["existing_order_id"], id(&resting));
    assert_eq!(
        body["reject_reason"],
        "opposite side market/stop order exists"
    );
}

#[tokio::test]
async fn potential_wash_trade_with_a_limit_order() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let price = sim.price("AAPL").await;
    sim.order(limit("AAPL", "sell", 10, price * 1.1)).await;
    let crossing = limit("AAPL", "buy", 1, price * 1.2);
    let body = sim
        .refused(crossing, 403, 40_310_000, "potential wash trade")
        .await;
    let reason = "opposite side limit order exists. use complex/limit/stop_limit orders";
    assert_eq!(body["reject_reason"], reason);
    sim.order(limit("AAPL", "buy", 1, price * 0.9)).await;
}

#[tokio::test]
async fn a_wash_trade_is_found_before_a_duplicate_id_is() {
    let sim = Sim::start().await;
    sim.order(with(
        market("AAPL", "buy", 10),
        json!({"client_order_id": "used"}),
    ))
    .await;
    let price = sim.price("AAPL").await;
    sim.order(stop("AAPL", "sell", 10, price * 0.9)).await;
    let again = with(market("AAPL", "buy", 1), json!({"client_order_id": "used"}));
    sim.refused(again, 403, 40_310_000, "potential wash trade")
        .await;
}

#[tokio::test]
async fn account_is_not_allowed_to_short() {
    let sim = Sim::start().await;
    let (status, set) = sim
        .patch("/v2/account/configurations", json!({"no_shorting": true}))
        .await;
    assert_eq!((status, &set["no_shorting"]), (200, &json!(true)));
    let text = "account is not allowed to short";
    sim.refused(market("AAPL", "sell", 1), 403, 40_310_000, text)
        .await;
}

#[tokio::test]
async fn cannot_open_both_sides_while_flat() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let resting = sim.order(limit("AAPL", "sell", 1, price * 1.1)).await;
    let text = "cannot open a long buy while a short sell order is open";
    sim.refused(limit("AAPL", "buy", 1, price * 0.9), 403, 40_310_000, text)
        .await;
    sim.delete(&format!("/v2/orders/{}", id(&resting))).await;
    sim.pass(0.01).await;
    sim.order(limit("AAPL", "buy", 1, price * 0.9)).await;
    let text = "cannot open a short sell while a long buy order is open";
    sim.refused(limit("AAPL", "sell", 1, price * 1.1), 403, 40_310_000, text)
        .await;
}

#[tokio::test]
async fn asset_is_not_fractionable() {
    let sim = Sim::start().await;
    let order = with(market("BRK.B", "buy", 1), json!({"qty": "0.5"}));
    let text = "asset \"BRK.B\" is not fractionable";
    sim.refused(order, 403, 40_310_000, text).await;
    let order = json!({"symbol": "BRK.B", "notional": 50, "side": "buy", "type": "market",
        "time_in_force": "day"});
    sim.refused(order, 403, 40_310_000, text).await;
}

#[tokio::test]
async fn cost_basis_must_be_a_dollar() {
    let sim = Sim::start().await;
    let order = with(market("AAPL", "buy", 1), json!({"qty": "0.001"}));
    let text = "cost basis must be >= minimal amount of order 1";
    sim.refused(order, 403, 40_310_000, text).await;
}

#[tokio::test]
async fn fractional_trading_is_disabled() {
    let sim = Sim::start().await;
    sim.patch(
        "/v2/account/configurations",
        json!({"fractional_trading": false}),
    )
    .await;
    let order = with(market("AAPL", "buy", 1), json!({"qty": "0.5"}));
    let text = "fractional trading is disabled for this account";
    sim.refused(order, 403, 40_310_000, text).await;
}

#[tokio::test]
async fn order_parameters_are_not_changed() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let order = sim.order(limit("AAPL", "buy", 2, price * 0.9)).await;
    let path = format!("/v2/orders/{}", id(&order));
    let (status, body) = sim.patch(&path, json!({"qty": 2})).await;
    check_refusal(
        status,
        &body,
        403,
        40_310_000,
        "order parameters are not changed",
    );
}

#[tokio::test]
async fn opg_orders_have_their_hours() {
    let sim = Sim::start().await;
    let order = with(market("AAPL", "buy", 1), json!({"time_in_force": "opg"}));
    let text = "opg orders must be submitted after 7:00pm and before 9:28am";
    sim.refused(order.clone(), 403, 40_310_000, text).await;
    sim.pass_to("2026-09-15T22:59:00Z").await;
    sim.refused(order.clone(), 403, 40_310_000, text).await;
    sim.pass_to("2026-09-15T23:00:00Z").await;
    let placed = sim.order(order).await;
    assert_eq!(sim.status(&placed).await, "accepted");
    sim.pass_to("2026-09-16T13:31:00Z").await;
    assert_eq!(sim.status(&placed).await, "filled");
}

#[tokio::test]
async fn cls_orders_have_their_hours() {
    let sim = Sim::start().await;
    let order = with(market("AAPL", "buy", 1), json!({"time_in_force": "cls"}));
    let early = sim.order(order.clone()).await;
    sim.pass_to("2026-09-15T19:50:00Z").await;
    let text = "cls orders must be submitted after 7:00pm and before 3:5";
    sim.refused(order, 403, 40_310_000, text).await;
    sim.pass_to("2026-09-15T20:00:01Z").await;
    assert_eq!(sim.status(&early).await, "filled");
}

#[tokio::test]
async fn trading_is_suspended_by_the_user() {
    let sim = Sim::start().await;
    sim.patch("/v2/account/configurations", json!({"suspend_trade": true}))
        .await;
    let text = "new orders are rejected by user request";
    sim.refused(market("AAPL", "buy", 1), 403, 40_310_000, text)
        .await;
    assert_eq!(
        sim.get("/v2/account").await["trade_suspended_by_user"],
        true
    );
}

#[tokio::test]
async fn subscription_does_not_permit_querying_recent_sip_data() {
    let sim = Sim::with(&["--start", crate::harness::START, "--plan", "basic"]).await;
    let path = "/v2/stocks/bars?symbols=AAPL&timeframe=1Min&feed=sip&end=2026-09-15T14:20:00Z";
    let (status, body) = sim.try_get(path).await;
    let text = "subscription does not permit querying recent SIP data";
    check_refusal(status, &body, 403, 42_210_000, text);
    let old = sim
        .get("/v2/stocks/bars?symbols=AAPL&timeframe=1Min&feed=sip&limit=10000")
        .await;
    let last = old["bars"]["AAPL"].as_array().unwrap().last().unwrap();
    assert_eq!(last["t"], "2026-09-15T14:15:00Z");
    sim.get("/v2/stocks/bars?symbols=AAPL&timeframe=1Min").await;
}

#[tokio::test]
async fn one_closing_order_of_fractions_at_a_time() {
    let sim = Sim::at("2026-09-15T14:30:00Z").await;
    sim.buy("AAPL", 10).await;
    sim.pass_to("2026-09-15T21:00:00Z").await;
    let half = with(market("AAPL", "sell", 1), json!({"qty": "0.5"}));
    sim.order(half.clone()).await;
    let text = "unable to open new notional orders while having open closing position orders";
    sim.refused(half, 403, 40_310_000, text).await;
    sim.order(market("AAPL", "sell", 1)).await;
}

#[tokio::test]
async fn a_blocked_account_opens_nothing_and_closes_all() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let words = "account is restricted to liquidation only";
    sim.admin("account", json!({"blocked": words})).await;
    sim.refused(market("AAPL", "buy", 1), 403, 40_310_000, words)
        .await;
    assert_eq!(sim.get("/v2/account").await["trading_blocked"], true);
    sim.order(market("AAPL", "sell", 10)).await;
    sim.admin("account", json!({})).await;
    sim.buy("AAPL", 1).await;
}
