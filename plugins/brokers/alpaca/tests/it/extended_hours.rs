//! The hours before and after the session: which orders trade in them, and what the market data says.

use serde_json::{Value, json};

use crate::harness::{Sim, cents, check_refusal, id, limit, market, with};

/// A market that trades before and after its sessions, at a moment of 2026.
async fn extended(start: &str) -> Sim {
    Sim::with(&["--market", "seeded-extended", "--start", start]).await
}

fn for_extended_hours(order: Value) -> Value {
    with(order, json!({"extended_hours": true}))
}

async fn until_filled(sim: &Sim, order: &Value, minutes: usize) -> Value {
    for _ in 0..minutes {
        sim.pass(60.0).await;
        let now = sim.now(order).await;
        if now["status"] == "filled" {
            return now;
        }
    }
    panic!("never filled: {}", sim.now(order).await);
}

#[tokio::test]
async fn a_limit_order_fills_before_the_open_and_all_others_wait() {
    let sim = extended("2026-09-15T12:00:00Z").await;
    let mut stream = sim.trading_stream().await;
    let price = sim.price("AAPL").await;
    let early = sim
        .order(for_extended_hours(limit("AAPL", "buy", 3, price * 1.02)))
        .await;
    assert_eq!(early["extended_hours"], true);
    assert_eq!(early["status"], "pending_new");
    assert_eq!(early["expires_at"], "2026-09-16T00:00:00Z");
    assert_eq!(stream.event().await.0, "pending_new");
    assert_eq!(stream.event().await.0, "new");
    let waits = sim.order(limit("MSFT", "buy", 1, 900.0)).await;
    let at_market = sim.buy("KO", 1).await;
    let filled = until_filled(&sim, &early, 60).await;
    assert!(
        filled["filled_at"].as_str() < Some("2026-09-15T13:30:00Z"),
        "{filled}"
    );
    let paid: f64 = filled["filled_avg_price"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((paid - price).abs() < price * 0.02, "{paid} at {price}");
    assert_eq!(sim.get("/v2/positions/AAPL").await["qty"], "3");
    for order in [&waits, &at_market] {
        assert_eq!(sim.status(order).await, "accepted");
    }
    sim.pass_to("2026-09-15T13:30:01Z").await;
    for order in [&waits, &at_market] {
        assert_eq!(sim.status(order).await, "filled");
    }
}

#[tokio::test]
async fn a_day_order_for_extended_hours_lives_until_their_end() {
    let sim = extended("2026-09-15T19:30:00Z").await;
    let price = sim.price("AAPL").await;
    let core = sim.order(limit("AAPL", "buy", 1, price * 0.5)).await;
    let low = sim
        .order(for_extended_hours(limit("AAPL", "buy", 1, price * 0.5)))
        .await;
    sim.pass_to("2026-09-15T20:30:00Z").await;
    assert_eq!(sim.status(&core).await, "expired");
    assert_eq!(sim.status(&low).await, "new");
    let now = sim.price("AAPL").await;
    let late = sim
        .order(for_extended_hours(limit("AAPL", "buy", 2, now * 1.02)))
        .await;
    let filled = until_filled(&sim, &late, 60).await;
    assert!(
        filled["filled_at"].as_str() > Some("2026-09-15T20:30"),
        "{filled}"
    );
    let fills = sim.get("/v2/account/activities/FILL").await;
    assert_eq!(
        (&fills[0]["symbol"], &fills[0]["qty"]),
        (&json!("AAPL"), &json!("2"))
    );
    sim.pass_to("2026-09-16T00:00:01Z").await;
    let ended = sim.now(&low).await;
    assert_eq!(
        (&ended["status"], &ended["expired_at"]),
        (&json!("expired"), &json!("2026-09-16T00:00:00Z"))
    );
}

#[tokio::test]
async fn what_is_ordered_at_night_works_from_four_in_the_morning() {
    let sim = extended("2026-09-16T01:00:00Z").await;
    let price = sim.price("AAPL").await;
    let order = sim
        .order(for_extended_hours(limit("AAPL", "buy", 1, price * 0.5)))
        .await;
    assert_eq!(
        (&order["status"], &order["expires_at"]),
        (&json!("accepted"), &json!("2026-09-17T00:00:00Z"))
    );
    sim.pass_to("2026-09-16T07:59:59Z").await;
    assert_eq!(sim.status(&order).await, "accepted");
    sim.pass_to("2026-09-16T08:00:00Z").await;
    assert_eq!(sim.status(&order).await, "new");
}

#[tokio::test]
async fn a_half_day_ends_at_five() {
    let sim = extended("2026-11-27T15:00:00Z").await;
    let price = sim.price("AAPL").await;
    let order = sim
        .order(for_extended_hours(limit("AAPL", "buy", 1, price * 0.5)))
        .await;
    assert_eq!(order["expires_at"], "2026-11-27T22:00:00Z");
    sim.pass_to("2026-11-27T21:59:59Z").await;
    assert_eq!(sim.status(&order).await, "new");
    sim.pass_to("2026-11-27T22:00:00Z").await;
    assert_eq!(sim.status(&order).await, "expired");
}

#[tokio::test]
async fn an_order_is_replaced_and_cancelled_outside_the_session() {
    let sim = extended("2026-09-15T12:00:00Z").await;
    let price = sim.price("AAPL").await;
    let low = for_extended_hours(limit("AAPL", "buy", 1, price * 0.5));
    let old = sim
        .order(with(low.clone(), json!({"time_in_force": "gtc"})))
        .await;
    let path = format!("/v2/orders/{}", id(&old));
    let (status, body) = sim.patch(&path, json!({"time_in_force": "ioc"})).await;
    let words = "extended hours order must be DAY or GTC limit orders";
    check_refusal(status, &body, 422, 42_210_000, words);
    let dearer = json!({"limit_price": cents(price * 1.02)});
    let (status, new) = sim.patch(&path, dearer).await;
    assert_eq!(
        (status, &new["extended_hours"]),
        (200, &json!(true)),
        "{new}"
    );
    until_filled(&sim, &new, 60).await;
    let other = sim.order(with(low, json!({"symbol": "MSFT"}))).await;
    assert_eq!(
        sim.delete(&format!("/v2/orders/{}", id(&other))).await.0,
        204
    );
    sim.pass(0.01).await;
    assert_eq!(sim.status(&other).await, "canceled");
}

#[tokio::test]
async fn where_nothing_trades_before_the_open_the_order_fills_at_it() {
    let sim = Sim::at("2026-09-15T12:00:00Z").await;
    let price = sim.price("AAPL").await;
    let order = sim
        .order(for_extended_hours(limit("AAPL", "buy", 1, price * 1.1)))
        .await;
    sim.pass_to("2026-09-15T13:29:59Z").await;
    assert_eq!(sim.status(&order).await, "new");
    sim.pass_to("2026-09-15T13:30:01Z").await;
    assert_eq!(sim.status(&order).await, "filled");
}

#[tokio::test]
async fn recorded_minutes_outside_the_session_are_played() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "timestamp,open,high,low,close,volume\n\
                2026-09-15T12:00:00Z,100,100,100,100,500\n\
                2026-09-15T12:20:00Z,95,95,95,95,500\n\
                2026-09-15T13:30:00Z,101,101,101,101,9000\n\
                2026-09-15T21:10:00Z,103,103,103,103,400\n";
    std::fs::write(folder.path().join("AAPL.csv"), rows).unwrap();
    let path = folder.path().display().to_string();
    let sim = Sim::with(&["--market", &path, "--start", "2026-09-15T12:01:00Z"]).await;
    let buy = sim
        .order(for_extended_hours(limit("AAPL", "buy", 1, 96.0)))
        .await;
    sim.pass_to("2026-09-15T12:19:59Z").await;
    assert_eq!(sim.status(&buy).await, "new");
    sim.pass_to("2026-09-15T12:20:01Z").await;
    let filled = sim.now(&buy).await;
    assert_eq!(
        (&filled["status"], &filled["filled_avg_price"]),
        (&json!("filled"), &json!("95.01"))
    );
    let sell = sim
        .order(for_extended_hours(limit("AAPL", "sell", 1, 102.5)))
        .await;
    sim.pass_to("2026-09-15T21:10:01Z").await;
    assert_eq!(sim.now(&sell).await["filled_avg_price"], "102.99");
    assert_eq!(sim.get("/v2/positions").await, json!([]));
}

#[tokio::test]
async fn bars_and_trades_outside_the_session_count_in_the_days_volume_and_not_in_its_prices() {
    let sim = extended("2026-09-16T01:00:00Z").await;
    let bars = async |frame: &str, range: &str| {
        let path = format!("/v2/stocks/AAPL/bars?timeframe={frame}&limit=10000&{range}");
        sim.get(&path).await["bars"].as_array().unwrap().clone()
    };
    let all = bars("1Min", "start=2026-09-15&end=2026-09-16").await;
    let core = bars(
        "1Min",
        "start=2026-09-15T13:30:00Z&end=2026-09-15T19:59:00Z",
    )
    .await;
    assert_eq!(core.len(), 390);
    let around = all.len() - core.len();
    assert!((100..300).contains(&around), "{around}");
    let day = &bars("1Day", "start=2026-09-15&end=2026-09-15").await[0];
    let volume = |bars: &[Value]| {
        bars.iter()
            .map(|bar| bar["v"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(day["v"].as_u64(), Some(volume(&all)));
    assert!(
        volume(&all) < volume(&core) + volume(&core) / 20,
        "they are thin"
    );
    assert_eq!((&day["o"], &day["c"]), (&core[0]["o"], &core[389]["c"]));
    let high = core
        .iter()
        .map(|bar| bar["h"].as_f64().unwrap())
        .fold(0.0, f64::max);
    assert_eq!(day["h"].as_f64(), Some(high));
    let trades = sim
        .get("/v2/stocks/AAPL/trades?start=2026-09-15T08:00:00Z&end=2026-09-15T13:29:59Z&limit=5")
        .await;
    assert_eq!(trades["trades"][0]["c"][1], "T");
}

#[tokio::test]
async fn the_stream_tells_the_minutes_before_the_open() {
    let sim = extended("2026-09-15T12:00:00Z").await;
    let mut socket = sim.data_stream("/v2/sip", false).await;
    socket
        .say(json!({"action": "subscribe", "bars": ["AAPL"], "dailyBars": ["AAPL"]}))
        .await;
    socket.hear().await;
    sim.pass(3_600.0).await;
    let told = socket.hear().await;
    let told = told.as_array().unwrap();
    assert!(told.len() > 5);
    assert!(
        told.iter().all(|message| message["T"] == "b"),
        "no day has begun"
    );
    let rest = sim
        .get("/v2/stocks/AAPL/bars?timeframe=1Min&start=2026-09-15T12:00:00Z")
        .await;
    assert_eq!(rest["bars"].as_array().unwrap().len(), told.len());
    assert_eq!(sim.get("/v3/clock").await["clocks"][0]["phase"], "pre");
    sim.refused(
        for_extended_hours(market("AAPL", "buy", 1)),
        422,
        42_210_000,
        "extended hours order must be DAY or GTC limit orders",
    )
    .await;
}
