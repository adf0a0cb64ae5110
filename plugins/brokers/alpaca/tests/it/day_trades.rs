//! The rules about pattern day traders, which held before 2026-06-04, and what the API said of them until
//! 2026-07-06.

use serde_json::{Value, json};

use crate::harness::{Sim, check_refusal, limit, market, with};

/// A Tuesday under the old rules, an hour into the session.
const OLD: &str = "2026-03-10T14:30:00Z";
const DENIED: &str = "trade denied due to pattern day trading protection";

/// An account of $20,000.
async fn small_account(start: &str) -> Sim {
    let sim = Sim::at(start).await;
    sim.admin("deposit", json!({"amount": -80_000})).await;
    sim
}

async fn round_trip(sim: &Sim, symbol: &str) {
    sim.buy(symbol, 1).await;
    sim.order(market(symbol, "sell", 1)).await;
}

async fn day_trades(sim: &Sim) -> Value {
    sim.get("/v2/account").await["daytrade_count"].clone()
}

async fn set_check(sim: &Sim, check: &str) {
    let (status, set) = sim
        .patch("/v2/account/configurations", json!({"pdt_check": check}))
        .await;
    assert_eq!((status, &set["pdt_check"]), (200, &json!(check)));
}

async fn denied(sim: &Sim, order: Value) {
    sim.refused(order, 403, 40_310_100, DENIED).await;
}

#[tokio::test]
async fn a_small_account_makes_three_day_trades_in_five_sessions() {
    let sim = small_account(OLD).await;
    let account = sim.get("/v2/account").await;
    assert_eq!(
        (
            &account["multiplier"],
            &account["buying_power"],
            &account["equity"]
        ),
        (&json!("2"), &json!("40000"), &json!("20000"))
    );
    for made in 1..=3 {
        round_trip(&sim, "AAPL").await;
        assert_eq!(day_trades(&sim).await, made);
    }
    denied(&sim, market("AAPL", "buy", 1)).await;
    denied(&sim, market("KO", "sell", 1)).await;
    assert_eq!(sim.count("status=all").await, 6);
    sim.pass_to("2026-03-16T15:00:00Z").await;
    denied(&sim, market("AAPL", "buy", 1)).await;
    // Of the sixth session's window the first one is no part.
    sim.pass_to("2026-03-17T15:00:00Z").await;
    assert_eq!(day_trades(&sim).await, 0);
    assert_eq!(sim.get("/v2/account").await["last_daytrade_count"], 3);
    round_trip(&sim, "AAPL").await;
}

#[tokio::test]
async fn what_is_open_today_counts_as_a_day_trade_to_come() {
    let sim = small_account(OLD).await;
    round_trip(&sim, "AAPL").await;
    sim.buy("MSFT", 1).await;
    let price = sim.price("F").await;
    sim.order(limit("F", "buy", 1, price * 0.5)).await;
    denied(&sim, market("KO", "buy", 1)).await;
    // More of what is open already makes no further day trade, and closing is always allowed.
    sim.buy("MSFT", 1).await;
    sim.order(market("MSFT", "sell", 2)).await;
    assert_eq!(day_trades(&sim).await, 2);
}

#[tokio::test]
async fn the_check_may_be_at_the_exit_instead() {
    let sim = small_account(OLD).await;
    set_check(&sim, "exit").await;
    for _ in 0..3 {
        round_trip(&sim, "AAPL").await;
    }
    sim.buy("AAPL", 2).await;
    denied(&sim, market("AAPL", "sell", 1)).await;
    let (status, body) = sim.delete("/v2/positions/AAPL").await;
    check_refusal(status, &body, 403, 40_310_100, DENIED);
    let price = sim.price("MSFT").await;
    let pair =
        json!({"order_class": "oto", "stop_loss": {"stop_price": format!("{:.2}", price * 0.9)}});
    denied(&sim, with(market("MSFT", "buy", 1), pair)).await;
    // What was opened yesterday is closed without a day trade, until more of it is bought.
    sim.pass_to("2026-03-11T14:30:00Z").await;
    let price = sim.price("AAPL").await;
    sim.order(limit("AAPL", "sell", 1, price * 1.5)).await;
    denied(&sim, limit("AAPL", "buy", 1, price * 0.5)).await;
    sim.order(market("AAPL", "sell", 1)).await;
    assert_eq!(day_trades(&sim).await, 3);
    set_check(&sim, "both").await;
    denied(&sim, market("KO", "buy", 1)).await;
}

#[tokio::test]
async fn a_larger_account_trades_on_and_is_marked() {
    let sim = Sim::at(OLD).await;
    let before = sim.get("/v2/account").await;
    assert_eq!(
        (
            &before["multiplier"],
            &before["daytrading_buying_power"],
            &before["pattern_day_trader"]
        ),
        (&json!("4"), &json!("400000"), &json!(false))
    );
    for _ in 0..4 {
        round_trip(&sim, "AAPL").await;
    }
    let after = sim.get("/v2/account").await;
    assert_eq!(
        (&after["daytrade_count"], &after["pattern_day_trader"]),
        (&json!(4), &json!(true))
    );
    // Marked and small, it opens nothing; what it has it may close.
    sim.buy("AAPL", 1).await;
    sim.admin("deposit", json!({"amount": "-80000"})).await;
    denied(&sim, market("KO", "buy", 1)).await;
    sim.order(market("AAPL", "sell", 1)).await;
    let account = sim.get("/v2/account").await;
    assert_eq!(
        (&account["multiplier"], &account["daytrading_buying_power"]),
        (&json!("2"), &json!("0"))
    );
}

#[tokio::test]
async fn the_checks_are_settings_for_as_long_as_they_are_there() {
    let sim = Sim::at("2026-07-02T14:30:00Z").await;
    let shown = sim.get("/v2/account/configurations").await;
    assert_eq!(
        (&shown["pdt_check"], &shown["dtbp_check"]),
        (&json!("entry"), &json!("entry"))
    );
    let (status, body) = sim
        .patch("/v2/account/configurations", json!({"dtbp_check": "never"}))
        .await;
    check_refusal(
        status,
        &body,
        422,
        40_010_001,
        "dtbp_check must be both, entry or exit",
    );
    let (_, set) = sim
        .patch(
            "/v2/account/configurations",
            json!({"dtbp_check": "both", "pdt_check": null}),
        )
        .await;
    assert_eq!(
        (&set["dtbp_check"], &set["pdt_check"]),
        (&json!("both"), &json!("entry"))
    );
    sim.pass_to("2026-07-06T14:30:00Z").await;
    let (status, set) = sim
        .patch("/v2/account/configurations", json!({"dtbp_check": "never"}))
        .await;
    assert_eq!((status, set.get("dtbp_check")), (200, None));
    assert!(sim.get("/v2/account").await.get("daytrade_count").is_none());
}

#[tokio::test]
async fn from_june_2026_on_nobody_counts() {
    let sim = small_account("2026-06-04T14:30:00Z").await;
    assert_eq!(sim.get("/v2/account").await["multiplier"], "4");
    for _ in 0..5 {
        round_trip(&sim, "AAPL").await;
    }
    assert_eq!(day_trades(&sim).await, 5);
}
