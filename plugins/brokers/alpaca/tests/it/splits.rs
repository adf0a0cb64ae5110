//! Splits that are announced: what becomes of positions, orders, prices, and who hears of it.

use serde_json::{Value, json};

use crate::harness::{Sim, check_refusal, limit, market, stop, with};

fn number(value: &Value) -> f64 {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string()).parse().unwrap()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.01
}

/// What shares are worth is shown by prices on the cent.
fn near_by(one: f64, other: f64, shares: f64) -> bool {
    (one - other).abs() < 0.01 * shares
}

/// The last minute before the night, and the first moment after it.
const EVENING: &str = "2026-09-16T03:59:59Z";
const MORNING: &str = "2026-09-16T04:00:00Z";
/// Some time into the session.
const SESSION: &str = "2026-09-16T14:30:30Z";

async fn split(sim: &Sim, symbol: &str, (new, old): (u32, u32)) {
    let body = json!({"symbol": symbol, "new": new, "old": old});
    sim.admin("split", body).await;
}

#[tokio::test]
async fn a_split_changes_shares_and_prices_and_no_worth() {
    let sim = Sim::start().await;
    let other = Sim::start().await;
    sim.buy("AAPL", 10).await;
    split(&sim, "AAPL", (4, 1)).await;
    sim.pass_to(EVENING).await;
    let before = sim.get("/v2/positions/AAPL").await;
    let account = sim.get("/v2/account").await;
    assert_eq!(before["qty"], "10");
    sim.pass_to(MORNING).await;
    let after = sim.get("/v2/positions/AAPL").await;
    assert_eq!(after["qty"], "40");
    for (name, factor) in [
        ("avg_entry_price", 0.25),
        ("current_price", 0.25),
        ("cost_basis", 1.0),
        ("market_value", 1.0),
    ] {
        let (was, is) = (number(&before[name]), number(&after[name]));
        let shares = if factor < 1.0 { 1.0 } else { 40.0 };
        assert!(near_by(was * factor, is, shares), "{name}: {was} and {is}");
    }
    let last = number(&after["lastday_price"]);
    assert!(near(last, number(&before["current_price"]) / 4.0), "{last}");
    let worth = sim.get("/v2/account").await;
    let equity = [&account, &worth].map(|account| number(&account["equity"]));
    assert!(near_by(equity[0], equity[1], 40.0), "{equity:?}");
    assert_eq!(account["cash"], worth["cash"]);
    // The market goes on as it would have, in prices of the new shares.
    for sim in [&sim, &other] {
        sim.pass_to(SESSION).await;
    }
    let (old, new) = (other.price("AAPL").await, sim.price("AAPL").await);
    assert!((old / 4.0 - new).abs() < 0.02, "{old} and {new}");
    sim.order(market("AAPL", "sell", 40)).await;
    assert_eq!(sim.get("/v2/positions").await, json!([]));
}

#[tokio::test]
async fn a_split_cancels_what_is_open_and_the_stream_tells_so() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 10).await;
    let price = sim.price("AAPL").await;
    let protection = sim.order(stop("AAPL", "sell", 6, price - 20.0)).await;
    let forever = json!({"time_in_force": "gtc"});
    let waiting = limit("AAPL", "sell", 4, price + 50.0);
    let waiting = sim.order(with(waiting, forever.clone())).await;
    let other = limit("MSFT", "buy", 1, 100.0);
    let other = sim.order(with(other, forever)).await;
    split(&sim, "AAPL", (1, 5)).await;
    sim.pass_to(EVENING).await;
    let mut stream = sim.trading_stream().await;
    assert_eq!(sim.status(&protection).await, "new");
    sim.pass_to(MORNING).await;
    for order in [&protection, &waiting] {
        let (event, data) = stream.event().await;
        assert_eq!((&*event, &data["order"]["id"]), ("canceled", &order["id"]));
        assert_eq!(sim.status(order).await, "canceled");
    }
    assert_eq!(sim.status(&other).await, "new");
    // The shares are free for a stop of the new ones.
    let position = sim.get("/v2/positions/AAPL").await;
    assert_eq!(
        (&position["qty"], &position["qty_available"]),
        (&json!("2"), &json!("2"))
    );
    sim.order(stop("AAPL", "sell", 2, (price - 20.0) * 5.0))
        .await;
    sim.pass_to(SESSION).await;
    assert_eq!(sim.get("/v2/positions/AAPL").await["qty"], "2");
}

#[tokio::test]
async fn a_split_is_among_the_corporate_actions_and_the_activities() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 7).await;
    split(&sim, "AAPL", (3, 2)).await;
    split(&sim, "MSFT", (1, 10)).await;
    let listed = "/v1/corporate-actions?symbols=AAPL,MSFT&start=2026-09-16&end=2026-09-16";
    let actions = sim.get(listed).await["corporate_actions"].clone();
    let forward = &actions["forward_splits"][0];
    for (name, value) in [
        ("symbol", json!("AAPL")),
        ("new_rate", json!(3)),
        ("old_rate", json!(2)),
        ("ex_date", json!("2026-09-16")),
        ("process_date", json!("2026-09-16")),
    ] {
        assert_eq!(forward[name], value, "{name}");
    }
    assert_eq!(actions["reverse_splits"][0]["old_rate"], 10);
    assert_eq!(actions["cash_dividends"], Value::Null);
    let one = sim.get(&format!("{listed}&types=reverse_split")).await;
    assert_eq!(one["corporate_actions"]["forward_splits"], Value::Null);
    let id = forward["id"].as_str().unwrap();
    let older = sim
        .get(&format!("/v2/corporate_actions/announcements/{id}"))
        .await;
    assert_eq!(
        (&older["ca_type"], &older["new_rate"], &older["old_rate"]),
        (&json!("split"), &json!("3"), &json!("2"))
    );
    assert_eq!(sim.get("/v2/account/activities/SPLIT").await, json!([]));
    sim.pass_to(EVENING).await;
    let cash = number(&sim.get("/v2/account").await["cash"]);
    let worth = number(&sim.get("/v2/account").await["equity"]);
    sim.pass_to(MORNING).await;
    let rows = sim.get("/v2/account/activities/SPLIT").await;
    for (name, value) in [
        ("activity_sub_type", "FSPLIT"),
        ("date", "2026-09-16"),
        ("symbol", "AAPL"),
        ("qty", "3.5"),
        ("net_amount", "0"),
    ] {
        assert_eq!(rows[0][name], value, "{name}");
    }
    assert_eq!(rows.as_array().unwrap().len(), 1, "MSFT is not held");
    // Ten and a half: the half is paid for.
    let position = sim.get("/v2/positions/AAPL").await;
    assert_eq!(position["qty"], "10");
    let rows = sim.get("/v2/account/activities/CIL").await;
    assert_eq!(rows[0]["qty"], "0.5");
    let paid = number(&rows[0]["net_amount"]);
    assert!(near(paid, number(&position["current_price"]) / 2.0));
    let account = sim.get("/v2/account").await;
    assert!(near(number(&account["cash"]), cash + paid));
    assert!(near_by(number(&account["equity"]), worth, 10.0));
}

#[tokio::test]
async fn bars_from_before_a_split_are_adjusted_for_who_asks() {
    let sim = Sim::start().await;
    split(&sim, "AAPL", (4, 1)).await;
    let days =
        "/v2/stocks/bars?symbols=AAPL&timeframe=1Day&start=2026-09-14&end=2026-09-16&feed=sip";
    sim.pass_to("2026-09-17T14:30:00Z").await;
    let raw = sim.get(days).await["bars"]["AAPL"].clone();
    let told = |adjustment: &str| format!("{days}&adjustment={adjustment}");
    let adjusted = sim.get(&told("split")).await["bars"]["AAPL"].clone();
    for day in [0, 1] {
        let (was, is) = (&raw[day], &adjusted[day]);
        assert!(near(number(&was["c"]) / 4.0, number(&is["c"])), "{is}");
        assert!(near(number(&was["vw"]) / 4.0, number(&is["vw"])), "{is}");
        assert_eq!(was["v"].as_u64().unwrap() * 4, is["v"].as_u64().unwrap());
    }
    assert_eq!(raw[2], adjusted[2]);
    let gap = number(&raw[1]["c"]) / number(&raw[2]["o"]);
    assert!((3.0..5.0).contains(&gap), "{gap}");
    let dividends = sim.get(&told("dividend")).await["bars"]["AAPL"].clone();
    assert_eq!(dividends, raw);
    assert_eq!(
        sim.get(&told("all")).await["bars"]["AAPL"].clone(),
        adjusted
    );
}

#[tokio::test]
async fn a_killed_simulator_remembers_splits_before_and_after_them() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::kept_in(folder.path()).await;
    sim.buy("AAPL", 7).await;
    split(&sim, "AAPL", (3, 2)).await;
    sim.end().await;
    let sim = Sim::kept_in(folder.path()).await;
    sim.pass_to(SESSION).await;
    sim.buy("AAPL", 1).await;
    let paths = [
        "/v2/positions",
        "/v2/account/activities",
        "/v2/account",
        "/v1/corporate-actions?start=2026-09-16&end=2026-09-16",
        "/v2/stocks/AAPL/quotes/latest",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(sim.get(path).await);
    }
    assert_eq!(before[0][0]["qty"], "11");
    sim.end().await;
    let sim = Sim::kept_in(folder.path()).await;
    for (path, before) in paths.into_iter().zip(before) {
        assert_eq!(sim.get(path).await, before, "{path}");
    }
}

#[tokio::test]
async fn an_execution_after_a_split_is_corrected_on_what_the_split_left() {
    let sim = Sim::start().await;
    let old = sim.buy("AAPL", 10).await;
    split(&sim, "AAPL", (2, 1)).await;
    sim.pass_to(SESSION).await;
    let new = sim.buy("AAPL", 5).await;
    let bust = |order: &Value| json!({"order_id": order["id"]});
    sim.admin("orders/correct", bust(&new)).await;
    assert_eq!(sim.get("/v2/positions/AAPL").await["qty"], "20");
    let (status, body) = sim.post("/admin/orders/correct", bust(&old)).await;
    check_refusal(status, &body, 404, 40_410_000, "execution not found");
}

#[tokio::test]
async fn a_split_that_makes_no_sense_is_refused() {
    let sim = Sim::start().await;
    let right = json!({"symbol": "AAPL", "new": 4, "old": 1, "ex_date": "2026-09-17"});
    for (wrong, text) in [
        (
            json!({"new": 0}),
            "new must be a whole number from 1 to 1000",
        ),
        (json!({"old": 1001}), "old must be a whole number"),
        (json!({"new": 1.5}), "new must be a whole number"),
        (json!({"new": 1}), "new and old must differ"),
        (json!({"ex_date": "2026-09-15"}), "a session to come"),
        (json!({"ex_date": "2026-09-19"}), "a session to come"),
        (json!({"ex_date": "soon"}), "ex_date must be a date"),
    ] {
        let (status, body) = sim.post("/admin/split", with(right.clone(), wrong)).await;
        check_refusal(status, &body, 422, 40_010_001, text);
    }
    sim.admin("split", right.clone()).await;
    let (status, body) = sim.post("/admin/split", right).await;
    check_refusal(status, &body, 422, 42_210_000, "it is announced already");
}
