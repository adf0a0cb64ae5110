//! The account: its numbers, its settings, and that a fill changes all of it at once.

use serde_json::{Value, json};

use crate::harness::{Sim, market};

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_account_adds_up_after_each_fill() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    sim.order(market("KO", "sell", 40)).await;
    let account = sim.get("/v2/account").await;
    let of = |name: &str| number(&account[name]);
    let sum = of("cash") + of("long_market_value") + of("short_market_value");
    assert!((of("equity") - sum).abs() < 1e-6, "{account}");
    assert!(of("short_market_value") < 0.0);
    for removed in [
        "pattern_day_trader",
        "daytrade_count",
        "daytrading_buying_power",
    ] {
        assert!(account.get(removed).is_none(), "{removed}");
    }
    let positions = sim.get("/v2/positions").await;
    let short = &positions.as_array().unwrap()[1];
    assert_eq!(
        (&short["symbol"], &short["side"], &short["qty"]),
        (&json!("KO"), &json!("short"), &json!("-40"))
    );
    assert!(number(&short["market_value"]) < 0.0);
    let fills = sim.get("/v2/account/activities/FILL").await;
    let sides: Vec<&str> = fills
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["side"].as_str().unwrap())
        .collect();
    assert_eq!(sides, ["sell_short", "buy"]);
}

#[tokio::test]
async fn rest_shows_no_later_than_the_stream_tells() {
    let sim = Sim::start().await;
    let mut stream = sim.trading_stream().await;
    sim.buy("AAPL", 10).await;
    loop {
        let (event, data) = stream.event().await;
        let order = sim
            .get(&format!(
                "/v2/orders/{}",
                data["order"]["id"].as_str().unwrap()
            ))
            .await;
        let moment = |order: &Value| {
            let text = order["updated_at"].as_str().unwrap();
            text.parse::<trader_contract::Timestamp>().unwrap()
        };
        assert!(moment(&order) >= moment(&data["order"]));
        if event == "fill" {
            assert_eq!(
                sim.get("/v2/positions/AAPL").await["qty"],
                data["position_qty"]
            );
            return;
        }
    }
}

#[tokio::test]
async fn settings_are_changed_in_part_and_vanished_ones_are_ignored() {
    let sim = Sim::start().await;
    let (status, set) = sim
        .patch(
            "/v2/account/configurations",
            json!({"max_margin_multiplier": "2", "dtbp_check": null, "pdt_check": null}),
        )
        .await;
    assert_eq!(
        (
            status,
            &set["max_margin_multiplier"],
            &set["fractional_trading"]
        ),
        (200, &json!("2"), &json!(true))
    );
    let account = sim.get("/v2/account").await;
    assert_eq!(
        (&account["multiplier"], &account["buying_power"]),
        (&json!("2"), &json!("200000"))
    );
    let (status, _) = sim
        .patch(
            "/v2/account/configurations",
            json!({"max_margin_multiplier": "3"}),
        )
        .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn positions_are_closed_in_part_in_percent_and_all_at_once() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    sim.buy("MSFT", 4).await;
    let (status, order) = sim.delete("/v2/positions/AAPL?percentage=30").await;
    assert_eq!(
        (status, &order["qty"], &order["side"]),
        (200, &json!("3"), &json!("sell"))
    );
    sim.pass(0.01).await;
    let (status, _) = sim.delete("/v2/positions/AAPL?qty=2").await;
    assert_eq!(status, 200);
    sim.pass(0.01).await;
    assert_eq!(sim.get("/v2/positions/AAPL").await["qty"], "5");
    let price = sim.price("AAPL").await;
    sim.order(crate::harness::stop("AAPL", "sell", 5, price * 0.9))
        .await;
    let (status, told) = sim.delete("/v2/positions").await;
    assert_eq!(status, 207);
    let told = told.as_array().unwrap();
    assert_eq!(
        (
            &told[0]["status"],
            &told[0]["body"]["code"],
            &told[0]["body"]["available"]
        ),
        (&json!(403), &json!(40_310_000), &json!("0"))
    );
    assert_eq!(
        (&told[1]["status"], &told[1]["body"]["symbol"]),
        (&json!(200), &json!("MSFT"))
    );
    let (status, told) = sim.delete("/v2/positions?cancel_orders=True").await;
    assert_eq!(status, 207);
    assert!(
        told.as_array()
            .unwrap()
            .iter()
            .any(|one| one["symbol"] == "AAPL" && one["status"] == 200)
    );
    sim.pass(0.01).await;
    assert_eq!(sim.get("/v2/positions").await, json!([]));
    assert_eq!(sim.delete("/v2/positions").await, (207, json!([])));
}

#[tokio::test]
async fn watchlists_and_history_are_served() {
    let sim = Sim::start().await;
    let (_, list) = sim
        .post(
            "/v2/watchlists",
            json!({"name": "one", "symbols": ["AAPL"]}),
        )
        .await;
    let path = format!("/v2/watchlists/{}", list["id"].as_str().unwrap());
    let (_, list) = sim.post(&path, json!({"symbol": "SPY"})).await;
    assert_eq!(list["assets"].as_array().unwrap().len(), 2);
    assert!(sim.get("/v2/watchlists").await[0].get("assets").is_none());
    assert_eq!(
        sim.get("/v2/watchlists:by_name?name=one").await["id"],
        list["id"]
    );
    assert_eq!(sim.delete(&format!("{path}/AAPL")).await.0, 200);
    assert_eq!(sim.delete(&path).await.0, 204);
    sim.pass(300.0).await;
    let history = sim
        .get("/v2/account/portfolio/history?period=1D&timeframe=1Min")
        .await;
    assert_eq!(history["timestamp"].as_array().unwrap().len(), 5);
    assert_eq!(history["equity"][0], 100_000);
}

#[tokio::test]
async fn fees_are_charged_on_command_and_booked_at_the_close() {
    let sim = Sim::start().await;
    sim.admin("exchange", json!({"regulatory_fees": true}))
        .await;
    sim.buy("KO", 1_000).await;
    sim.order(market("KO", "sell", 1_000)).await;
    let traded: f64 = sim
        .get("/v2/account/activities/FILL")
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|fill| {
            let value = number(&fill["price"]) * number(&fill["qty"]);
            if fill["side"] == "buy" { -value } else { value }
        })
        .sum();
    sim.pass_to("2026-09-15T20:00:01Z").await;
    let fees = sim.get("/v2/account/activities/FEE").await;
    let fee = number(&fees[0]["net_amount"]);
    // 20.60 a million of what is sold, 0.000195 a share, and the audit trail.
    assert!(-1.9 < fee && fee < -1.4, "{fees}");
    let cash = number(&sim.get("/v2/account").await["cash"]);
    assert!(
        (cash - 100_000.0 - traded - fee).abs() < 1e-6,
        "{cash} {traded} {fee}"
    );
}
