//! Orders one by one: types, times in force, statuses, and what partial fills leave.

use serde_json::{Value, json};

use crate::harness::{Sim, id, limit, market, stop, with};

#[tokio::test]
async fn the_matrix_of_types_and_times_in_force() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let kinds = [
        ("market", json!({}), [true, true, true, true, false, true]),
        (
            "limit",
            json!({"limit_price": format!("{:.2}", price * 0.9)}),
            [true, true, true, true, false, true],
        ),
        (
            "stop",
            json!({"stop_price": format!("{:.2}", price * 1.1)}),
            [true, true, false, false, false, false],
        ),
        (
            "stop_limit",
            json!({"stop_price": format!("{:.2}", price * 1.1), "limit_price": format!("{:.2}", price * 1.1)}),
            [true, true, false, false, false, false],
        ),
        (
            "trailing_stop",
            json!({"trail_percent": 2}),
            [true, true, false, false, false, false],
        ),
    ];
    // An opening order is out of hours now, which is another refusal.
    for (kind, prices, taken) in kinds {
        for (tif, taken) in ["day", "gtc", "ioc", "fok", "opg", "cls"].iter().zip(taken) {
            let order = json!({"symbol": "AAPL", "qty": 1, "side": "buy", "type": kind, "time_in_force": tif});
            let (status, body) = sim.post("/v2/orders", with(order, prices.clone())).await;
            assert_eq!(status == 200, taken, "{kind} {tif}: {body}");
            sim.pass(0.01).await;
        }
    }
}

#[tokio::test]
async fn a_market_order_fills_at_the_touch() {
    let sim = Sim::start().await;
    let quote = sim.get("/v2/stocks/AAPL/quotes/latest").await["quote"].clone();
    let order = sim.buy("AAPL", 12).await;
    assert_eq!(
        (&order["status"], &order["filled_qty"]),
        (&json!("pending_new"), &json!("0"))
    );
    let filled = sim.now(&order).await;
    assert_eq!(
        (&filled["status"], &filled["filled_qty"]),
        (&json!("filled"), &json!("12"))
    );
    let paid: f64 = filled["filled_avg_price"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        (paid - quote["ap"].as_f64().unwrap()).abs() < 0.02,
        "{paid} {quote}"
    );
    assert!(filled["filled_at"].is_string());
}

#[tokio::test]
async fn a_notional_order_has_no_quantity_until_it_fills() {
    let sim = Sim::start().await;
    let order = json!({"symbol": "AAPL", "notional": "250.00", "side": "buy", "type": "market", "time_in_force": "day"});
    let placed = sim.order(order).await;
    assert_eq!(
        (&placed["qty"], &placed["notional"]),
        (&Value::Null, &json!("250"))
    );
    let filled = sim.now(&placed).await;
    let qty: f64 = filled["filled_qty"].as_str().unwrap().parse().unwrap();
    assert!(0.9 < qty && qty < 1.3, "{filled}");
    let (status, _) = sim
        .patch(&format!("/v2/orders/{}", id(&placed)), json!({"qty": 2}))
        .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn partial_fills_add_up_and_are_told_one_by_one() {
    let sim = Sim::start().await;
    sim.admin(
        "exchange",
        json!({"partial_fill_probability": 1, "partial_fill_retry_milliseconds": 10}),
    )
    .await;
    let mut stream = sim.trading_stream().await;
    let order = sim.buy("AAPL", 12).await;
    sim.pass(10.0).await;
    let (mut total, mut partial) = (0.0, 0);
    loop {
        let (event, data) = stream.event().await;
        let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        if event == "partial_fill" || event == "fill" {
            total += number(&data["qty"]);
            assert!((number(&data["order"]["filled_qty"]) - total).abs() < 1e-9);
            assert!((number(&data["position_qty"]) - total).abs() < 1e-9);
        }
        partial += u32::from(event == "partial_fill");
        if event == "fill" {
            break;
        }
    }
    assert!(partial > 0);
    assert_eq!(sim.status(&order).await, "filled");
    let fills = sim.get("/v2/account/activities/FILL?direction=asc").await;
    let last = fills.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["cum_qty"], &last["leaves_qty"], &last["type"]),
        (&json!("12"), &json!("0"), &json!("fill"))
    );
}

#[tokio::test]
async fn a_cancel_is_asked_for_and_then_happens() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let order = sim.order(limit("AAPL", "buy", 2, price * 0.9)).await;
    let path = format!("/v2/orders/{}", id(&order));
    let (status, headers, body) = sim.call("DELETE", &path, None).await.unwrap();
    assert_eq!((status, body.as_str()), (204, ""));
    assert_eq!(headers["x-request-id"].len(), 32);
    assert_eq!(sim.status(&order).await, "pending_cancel");
    sim.pass(0.01).await;
    let cancelled = sim.now(&order).await;
    assert_eq!(cancelled["status"], "canceled");
    assert!(cancelled["canceled_at"].is_string());
}

#[tokio::test]
async fn cancelling_all_says_what_became_of_each() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let one = sim.order(limit("AAPL", "buy", 2, price * 0.9)).await;
    let other = sim.order(stop("MSFT", "buy", 2, 900.0)).await;
    let (status, told) = sim.delete("/v2/orders").await;
    assert_eq!(status, 207);
    assert_eq!(
        told,
        json!([{"id": id(&one), "status": 200}, {"id": id(&other), "status": 200}])
    );
    sim.pass(0.01).await;
    assert_eq!(sim.delete("/v2/orders").await, (207, json!([])));
}

#[tokio::test]
async fn a_trailing_stop_shows_its_high_water_mark_and_moves_its_stop() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let order = json!({"symbol": "AAPL", "qty": 10, "side": "sell", "type": "trailing_stop",
        "trail_percent": "1.5", "time_in_force": "gtc"});
    let order = sim.order(order).await;
    let number = |order: &Value, name: &str| order[name].as_str().unwrap().parse::<f64>().unwrap();
    let (mut best, mut moved) = (0.0_f64, 0);
    for _ in 0..120 {
        let now = sim.now(&order).await;
        if now["status"] != "new" {
            break;
        }
        let hwm = number(&now, "hwm");
        assert!(hwm >= best, "a high water mark never falls");
        moved += i32::from(hwm > best);
        best = hwm;
        assert!(
            (number(&now, "stop_price") - hwm * 0.985).abs() < 0.011,
            "{now}"
        );
        assert_eq!(
            (&now["trail_percent"], &now["trail_price"]),
            (&json!("1.5"), &Value::Null)
        );
        sim.pass(60.0).await;
    }
    assert!(moved > 1);
}

#[tokio::test]
async fn legs_without_a_class_are_ignored() {
    let sim = Sim::start().await;
    let order = with(
        market("AAPL", "buy", 1),
        json!({"stop_loss": {"stop_price": "1"}, "take_profit": {"limit_price": "900"}}),
    );
    let placed = sim.order(order).await;
    assert_eq!(
        (&placed["order_class"], &placed["legs"]),
        (&json!("simple"), &Value::Null)
    );
}

#[tokio::test]
async fn unknown_and_null_members_are_ignored() {
    let sim = Sim::start().await;
    let more = json!({"limit_price": null, "legs": null, "colour": "blue", "order_class": ""});
    sim.order(with(market("AAPL", "buy", 1), more)).await;
}

#[tokio::test]
async fn a_rejected_order_is_rejected_after_its_200() {
    let sim = Sim::start().await;
    sim.admin("orders/reject", json!({})).await;
    let (status, order) = sim.post("/v2/orders", market("AAPL", "buy", 1)).await;
    assert_eq!(status, 200);
    sim.pass(0.01).await;
    let now = sim.now(&order).await;
    assert_eq!(now["status"], "rejected");
    assert!(now["failed_at"].is_string());
}

#[tokio::test]
async fn nothing_trades_in_a_halt() {
    let sim = Sim::start().await;
    sim.admin("halt", json!({"symbol": "AAPL", "halted": true}))
        .await;
    let order = sim.buy("AAPL", 1).await;
    sim.pass(120.0).await;
    assert_eq!(sim.status(&order).await, "new");
    sim.admin("halt", json!({"symbol": "AAPL", "halted": false}))
        .await;
    sim.pass(1.0).await;
    assert_eq!(sim.status(&order).await, "filled");
}
