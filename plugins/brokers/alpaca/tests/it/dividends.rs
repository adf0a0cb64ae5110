//! Dividends and what the owner pays in: cash that no trade brings.

use serde_json::{Value, json};

use crate::harness::{Sim, check_refusal, market};

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

async fn cash(sim: &Sim) -> f64 {
    number(&sim.get("/v2/account").await["cash"])
}

async fn paid(sim: &Sim) -> Value {
    sim.get("/v2/account/activities/DIV").await
}

#[tokio::test]
async fn who_holds_shares_before_the_ex_date_is_paid_the_made_up_dividend() {
    let sim = Sim::at("2026-08-31T14:30:00Z").await;
    sim.admin("exchange", json!({"dividends": true})).await;
    sim.buy("KO", 40).await;
    sim.pass_to("2026-09-01T14:30:00Z").await;
    // It is owed, whatever becomes of the shares.
    sim.order(market("KO", "sell", 40)).await;
    sim.pass_to("2026-09-15T03:59:59Z").await;
    assert_eq!(paid(&sim).await, json!([]));
    let before = cash(&sim).await;
    sim.pass_to("2026-09-15T04:00:00Z").await;
    assert!((cash(&sim).await - before - 20.4).abs() < 1e-9);
    let rows = paid(&sim).await;
    let row = &rows[0];
    assert!(
        row["id"]
            .as_str()
            .unwrap()
            .starts_with("20260915000000000::")
    );
    for (name, value) in [
        ("activity_type", "DIV"),
        ("activity_sub_type", "CDIV"),
        ("date", "2026-09-15"),
        ("net_amount", "20.4"),
        ("symbol", "KO"),
        ("qty", "40"),
        ("per_share_amount", "0.51"),
        ("status", "executed"),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let actions = sim
        .get("/v1/corporate-actions?symbols=KO&start=2026-09-15&end=2026-09-15")
        .await;
    let action = &actions["corporate_actions"]["cash_dividends"][0];
    assert_eq!(
        (&action["rate"], &action["ex_date"], &action["cusip"]),
        (&json!(0.51), &json!("2026-09-01"), &row["cusip"])
    );
    let other = sim
        .get("/v2/account/activities?category=non_trade_activity")
        .await;
    assert_eq!(other[0], *row);
}

#[tokio::test]
async fn a_paper_account_is_paid_none_and_a_short_pays() {
    let sim = Sim::at("2026-08-31T14:30:00Z").await;
    sim.order(market("KO", "sell", 40)).await;
    sim.pass_to("2026-09-15T14:30:00Z").await;
    assert_eq!(paid(&sim).await, json!([]));
    let sim = Sim::at("2026-08-31T14:30:00Z").await;
    sim.admin("exchange", json!({"dividends": true})).await;
    sim.order(market("KO", "sell", 40)).await;
    let before = cash(&sim).await;
    sim.pass_to("2026-09-15T14:30:00Z").await;
    let rows = paid(&sim).await;
    assert_eq!(
        (&rows[0]["net_amount"], &rows[0]["qty"]),
        (&json!("-20.4"), &json!("-40"))
    );
    assert!((cash(&sim).await - before + 20.4).abs() < 1e-9);
}

#[tokio::test]
async fn a_dividend_that_is_announced_is_listed_and_paid() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let dividend = json!({"symbol": "AAPL", "rate": "0.2555", "payable_date": "2026-09-19"});
    sim.admin("dividend", dividend.clone()).await;
    let (status, body) = sim.post("/admin/dividend", dividend).await;
    check_refusal(status, &body, 422, 42_210_000, "it is announced already");
    let listed = sim
        .get("/v1/corporate-actions?symbols=AAPL&start=2026-09-16&end=2026-09-20")
        .await;
    let listed = &listed["corporate_actions"]["cash_dividends"][0];
    assert_eq!(
        (&listed["rate"], &listed["ex_date"], &listed["payable_date"]),
        (&json!(0.2555), &json!("2026-09-16"), &json!("2026-09-19"))
    );
    let id = listed["id"].as_str().unwrap();
    let older = sim
        .get(&format!("/v2/corporate_actions/announcements/{id}"))
        .await;
    assert_eq!(older["cash"], "0.2555");
    sim.pass_to("2026-09-16T14:30:00Z").await;
    sim.buy("AAPL", 7).await;
    let before = cash(&sim).await;
    // The nineteenth is a Saturday.
    sim.pass_to("2026-09-21T03:59:59Z").await;
    assert_eq!(paid(&sim).await, json!([]));
    sim.pass_to("2026-09-21T04:00:00Z").await;
    let rows = paid(&sim).await;
    assert_eq!(
        (&rows[0]["net_amount"], &rows[0]["qty"], &rows[0]["date"]),
        (&json!("2.56"), &json!("10"), &json!("2026-09-21")),
        "to the cent, and not for what was bought on the ex-date"
    );
    assert!((cash(&sim).await - before - 2.56).abs() < 1e-9);
}

#[tokio::test]
async fn a_dividend_that_cannot_be_is_refused() {
    let sim = Sim::start().await;
    for (dividend, words) in [
        (json!({"symbol": "AAPL"}), "rate must be"),
        (json!({"symbol": "AAPL", "rate": -1}), "rate must be"),
        (
            json!({"symbol": "AAPL", "rate": 1, "ex_date": "2026-09-15"}),
            "ex_date must be a session to come",
        ),
        (
            json!({"symbol": "AAPL", "rate": 1, "ex_date": "2026-09-19"}),
            "ex_date must be a session to come",
        ),
        (
            json!({"symbol": "AAPL", "rate": 1, "payable_date": "2026-09-14"}),
            "payable_date must be in 120 days from ex_date",
        ),
    ] {
        let (status, body) = sim.post("/admin/dividend", dividend).await;
        check_refusal(status, &body, 422, 40_010_001, words);
    }
    let (status, _) = sim
        .post("/admin/dividend", json!({"symbol": "NOPE", "rate": 1}))
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_the_owner_pays_in_is_cash_and_no_profit() {
    let sim = Sim::start().await;
    sim.admin("deposit", json!({"amount": "2500.5"})).await;
    let account = sim.get("/v2/account").await;
    assert_eq!(
        (
            &account["cash"],
            &account["equity"],
            &account["intraday_adjustments"]
        ),
        (&json!("102500.5"), &json!("102500.5"), &json!("2500.5"))
    );
    sim.admin("deposit", json!({"amount": -500})).await;
    let rows = sim
        .get("/v2/account/activities?activity_types=CSD,CSW")
        .await;
    let rows: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["activity_type"].clone(), row["net_amount"].clone()))
        .collect();
    assert_eq!(
        rows,
        [
            (json!("CSW"), json!("-500")),
            (json!("CSD"), json!("2500.5"))
        ]
    );
    sim.pass_to("2026-09-16T04:00:00Z").await;
    let account = sim.get("/v2/account").await;
    assert_eq!(
        (&account["last_equity"], &account["intraday_adjustments"]),
        (&json!("102000.5"), &json!("0"))
    );
    let history = sim
        .get("/v2/account/portfolio/history?period=1D&timeframe=1D")
        .await;
    assert_eq!(
        (&history["equity"][0], &history["profit_loss"][0]),
        (&json!(102_000.5), &json!(0))
    );
    for (amount, code, words) in [
        (json!(0), 40_010_001, "amount must be"),
        (json!("0.001"), 40_010_001, "amount must be"),
        (
            json!(-200_000),
            42_210_000,
            "the account has not so much cash",
        ),
    ] {
        let (status, body) = sim.post("/admin/deposit", json!({"amount": amount})).await;
        check_refusal(status, &body, 422, code, words);
    }
}
