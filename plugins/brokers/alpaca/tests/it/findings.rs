//! What an outside tester found in the trading API: each test stands for one finding.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_contract::Timestamp;

use crate::harness::{Sim, cents, check_refusal, id, limit, market, with};

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(id).collect()
}

#[tokio::test]
async fn the_account_is_worth_its_cash_and_its_positions_at_any_moment() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 100).await;
    sim.order(market("KO", "sell", 30)).await;
    sim.order(with(
        market("MSFT", "buy", 1),
        json!({"qty": "0.123456789"}),
    ))
    .await;
    for _ in 0..20 {
        sim.pass(7.3).await;
        let account = sim.get("/v2/account").await;
        let positions = sim.get("/v2/positions").await;
        let values = positions.as_array().unwrap().iter();
        let values: Vec<Decimal> = values.map(|p| decimal(&p["market_value"])).collect();
        let sum = |long: bool| -> Decimal {
            let of_side = values.iter().filter(|v| v.is_sign_positive() == long);
            of_side.sum()
        };
        assert_eq!(decimal(&account["long_market_value"]), sum(true));
        assert_eq!(decimal(&account["short_market_value"]), sum(false));
        let total = values.iter().sum::<Decimal>() + decimal(&account["cash"]);
        assert_eq!(decimal(&account["equity"]), total, "{account} {positions}");
        for position in positions.as_array().unwrap() {
            let value = decimal(&position["current_price"]) * decimal(&position["qty"]);
            let shown = decimal(&position["market_value"]);
            assert_eq!(shown, value.round_dp(9), "{position}");
        }
    }
}

#[tokio::test]
async fn the_market_price_of_a_refused_stop_is_the_one_that_the_position_shows() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 1).await;
    for _ in 0..10 {
        sim.pass(7.3).await;
        let stop = crate::harness::stop("AAPL", "sell", 1, 900.0);
        let words = "stop price must be less than current price";
        let body = sim.refused(stop, 422, 42_210_000, words).await;
        let position = sim.get("/v2/positions/AAPL").await;
        assert_eq!(body["market_price"], position["current_price"]);
    }
}

#[tokio::test]
async fn the_limit_of_a_stop_leg_lies_on_the_tick() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 2).await;
    let words = "invalid limit_price 150.001. sub-penny increment";
    let exits = json!({"take_profit": {"limit_price": "400"},
        "stop_loss": {"stop_price": "160", "limit_price": "150.001"}});
    let one = json!({"stop_loss": {"stop_price": "160", "limit_price": "150.001"}});
    let gtc = json!({"time_in_force": "gtc"});
    let entry = market("SPY", "buy", 2);
    let bracket = with(
        entry.clone(),
        with(exits.clone(), json!({"order_class": "bracket"})),
    );
    let oto = with(entry, with(one, json!({"order_class": "oto"})));
    let oco = with(limit("AAPL", "sell", 2, 400.0), with(exits, gtc));
    let oco = with(oco, json!({"order_class": "oco"}));
    for order in [bracket, oto, oco] {
        sim.refused(order, 422, 42_210_000, words).await;
    }
}

#[tokio::test]
async fn what_is_hard_to_borrow_is_not_sold_short() {
    let sim = Sim::start().await;
    sim.admin("asset", json!({"symbol": "KO", "easy_to_borrow": false}))
        .await;
    let words = "asset \"KO\" cannot be sold short";
    sim.refused(market("KO", "sell", 5), 422, 42_210_000, words)
        .await;
    sim.buy("KO", 5).await;
    sim.order(market("KO", "sell", 5)).await;
    sim.admin("asset", json!({"symbol": "KO", "easy_to_borrow": true}))
        .await;
    sim.order(market("KO", "sell", 5)).await;
}

#[tokio::test]
async fn the_legs_of_a_replaced_parent_hang_on_the_new_one_only() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let entry = with(
        limit("SPY", "buy", 4, price * 0.98),
        json!({"order_class": "bracket", "take_profit": {"limit_price": cents(price * 1.1)},
            "stop_loss": {"stop_price": cents(price * 0.9)}}),
    );
    let old = sim.order(entry).await;
    let legs = ids(&old["legs"]).len();
    let path = format!("/v2/orders/{}", id(&old));
    let (status, new) = sim
        .patch(&path, json!({"limit_price": cents(price * 0.97)}))
        .await;
    assert_eq!((status, legs), (200, 2), "{new}");
    let with_legs = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        let with_legs = list.filter(|order| order["legs"].is_array());
        with_legs
            .map(|order| order["id"].clone())
            .collect::<Vec<_>>()
    };
    let open = sim.get("/v2/orders?status=open&nested=true").await;
    assert_eq!(with_legs(&open), [old["id"].clone()], "it is on its way");
    sim.pass(0.01).await;
    let open = sim.get("/v2/orders?status=open&nested=true").await;
    assert_eq!(ids(&open), [id(&new)]);
    assert_eq!(with_legs(&open), [new["id"].clone()]);
    let closed = sim.get("/v2/orders?status=closed&nested=true").await;
    assert_eq!(ids(&closed), [id(&old)]);
    let all = sim.get("/v2/orders?status=all&nested=true").await;
    assert_eq!(ids(&all), [id(&new), id(&old)]);
    assert_eq!(with_legs(&all), [new["id"].clone()]);
}

#[tokio::test]
async fn a_replacement_is_no_way_around_the_wash_trade_rule() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    sim.buy("AAPL", 5).await;
    let sell = sim.order(limit("AAPL", "sell", 5, price * 1.1)).await;
    let buy = sim.order(limit("AAPL", "buy", 5, price * 0.9)).await;
    let words = "potential wash trade detected. use complex orders";
    for (order, other, crossing) in [(&buy, &sell, 1.11), (&sell, &buy, 0.89)] {
        let path = format!("/v2/orders/{}", id(order));
        let moved = json!({"limit_price": cents(price * crossing)});
        let (status, body) = sim.patch(&path, moved).await;
        check_refusal(status, &body, 403, 40_310_000, words);
        assert_eq!(body["existing_order_id"], other["id"], "{body}");
        assert!(body["reject_reason"].is_string(), "{body}");
    }
    let path = format!("/v2/orders/{}", id(&buy));
    let (status, body) = sim
        .patch(&path, json!({"limit_price": cents(price * 0.95)}))
        .await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn a_replacement_beyond_the_buying_power_says_by_how_much() {
    let sim = Sim::start().await;
    let buy = sim.order(limit("AAPL", "buy", 5, 100.0)).await;
    let path = format!("/v2/orders/{}", id(&buy));
    let (status, body) = sim.patch(&path, json!({"qty": 9_000})).await;
    check_refusal(status, &body, 403, 40_310_000, "insufficient buying power");
    assert_eq!(
        (&body["buying_power"], &body["cost_basis"]),
        (
            &sim.get("/v2/account").await["buying_power"],
            &json!("900000")
        )
    );
}

#[tokio::test]
async fn a_replacement_above_the_position_says_once_what_is_available() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    sim.buy("AAPL", 8).await;
    let other = sim.order(limit("AAPL", "sell", 3, price * 1.1)).await;
    let sell = sim.order(limit("AAPL", "sell", 5, price * 1.1)).await;
    let path = format!("/v2/orders/{}", id(&sell));
    let (status, body) = sim.patch(&path, json!({"qty": 6})).await;
    let words = "(requested: 6, available: 5)";
    check_refusal(status, &body, 403, 40_310_000, words);
    assert_eq!(
        (
            &body["available"],
            &body["held_for_orders"],
            &body["related_orders"]
        ),
        (&json!("5"), &json!("3"), &json!([other["id"]]))
    );
}

#[tokio::test]
async fn the_price_of_a_fractional_order_can_be_moved_and_its_quantity_cannot() {
    let sim = Sim::start().await;
    let order = with(limit("AAPL", "buy", 1, 100.0), json!({"qty": "0.5"}));
    let order = sim.order(order).await;
    let path = format!("/v2/orders/{}", id(&order));
    let (status, body) = sim.patch(&path, json!({"qty": 1})).await;
    check_refusal(status, &body, 422, 42_210_000, "fractional");
    let (status, new) = sim.patch(&path, json!({"limit_price": "101"})).await;
    assert_eq!((status, &new["qty"]), (200, &json!("0.5")), "{new}");
    sim.pass(0.01).await;
    assert_eq!(sim.status(&order).await, "replaced");
    let new = sim.now(&new).await;
    assert_eq!(
        (&new["status"], &new["limit_price"], &new["qty"]),
        (&json!("new"), &json!("101"), &json!("0.5"))
    );
}

#[tokio::test]
async fn a_whole_short_is_not_covered_in_fractions() {
    let sim = Sim::start().await;
    sim.order(market("AAPL", "sell", 10)).await;
    let words = "fractional orders cannot be used to cover a short position";
    let part = with(market("AAPL", "buy", 1), json!({"qty": "0.5"}));
    sim.refused(part, 422, 42_210_000, words).await;
    let dollars = json!({"symbol": "AAPL", "notional": 100, "side": "buy", "type": "market",
        "time_in_force": "day"});
    sim.refused(dollars, 422, 42_210_000, words).await;
    sim.buy("AAPL", 1).await;
    assert_eq!(sim.get("/v2/positions/AAPL").await["qty"], "-9");
}

#[tokio::test]
async fn no_two_events_have_the_same_time_and_none_is_before_the_last() {
    let sim = Sim::start().await;
    let mut stream = sim.trading_stream().await;
    let price = sim.price("SPY").await;
    let exits = json!({"order_class": "bracket", "take_profit": {"limit_price": cents(price * 1.1)},
        "stop_loss": {"stop_price": cents(price * 0.9)}});
    sim.order(with(market("SPY", "buy", 4), exits)).await;
    let mut last = Timestamp::MIN;
    let mut is_over = false;
    while !is_over {
        let (event, data) = stream.event().await;
        let at: Timestamp = data["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(at > last, "{event} at {at} comes after {last}");
        is_over = event == "new" && data["order"]["side"] == "sell";
        last = at;
    }
}
