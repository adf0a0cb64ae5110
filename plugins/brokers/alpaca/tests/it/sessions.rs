//! Sessions: expiry, early closes, queueing outside hours, and both changes of the clocks.

use serde_json::{Value, json};

use crate::harness::{Sim, id, limit, market, with};

#[tokio::test]
async fn a_day_order_expires_at_the_close_and_a_gtc_order_stays() {
    let sim = Sim::start().await;
    let day = sim.order(limit("AAPL", "buy", 1, 100.0)).await;
    let gtc = sim
        .order(with(
            limit("AAPL", "buy", 1, 101.0),
            json!({"time_in_force": "gtc"}),
        ))
        .await;
    assert_eq!(day["expires_at"], "2026-09-15T20:00:00Z");
    assert_eq!(gtc["expires_at"], "2026-12-14T21:15:00Z");
    sim.pass_to("2026-09-15T20:00:01Z").await;
    let expired = sim.now(&day).await;
    assert_eq!(
        (&expired["status"], &expired["expired_at"]),
        (&json!("expired"), &json!("2026-09-15T20:00:00Z"))
    );
    assert_eq!(sim.status(&gtc).await, "new");
}

#[tokio::test]
async fn a_gtc_order_ends_when_it_says() {
    let sim = Sim::start().await;
    let gtc = json!({"time_in_force": "gtc"});
    let order = sim.order(with(limit("AAPL", "buy", 1, 101.0), gtc)).await;
    sim.pass_to("2026-12-14T21:14:59Z").await;
    assert_eq!(sim.status(&order).await, "new");
    sim.pass_to("2026-12-14T21:15:01Z").await;
    let order = sim.now(&order).await;
    assert_eq!(
        (&order["status"], &order["expired_at"]),
        (&json!("expired"), &order["expires_at"])
    );
}

#[tokio::test]
async fn an_early_close_ends_the_day_at_one() {
    let sim = Sim::at("2026-11-27T15:00:00Z").await;
    let clock = sim.get("/v2/clock").await;
    assert_eq!(clock["next_close"], "2026-11-27T13:00:00-05:00");
    assert_eq!(clock["next_open"], "2026-11-30T09:30:00-05:00");
    let order = sim.order(limit("AAPL", "buy", 1, 100.0)).await;
    sim.pass_to("2026-11-27T18:00:01Z").await;
    assert_eq!(sim.status(&order).await, "expired");
    assert_eq!(sim.get("/v2/clock").await["is_open"], false);
}

#[tokio::test]
async fn orders_outside_hours_wait_for_the_next_session() {
    let sim = Sim::at("2026-09-15T21:00:00Z").await;
    let mut stream = sim.trading_stream().await;
    let order = sim.buy("AAPL", 3).await;
    assert_eq!(
        (&order["status"], &order["expires_at"]),
        (&json!("accepted"), &json!("2026-09-16T20:00:00Z"))
    );
    assert_eq!(stream.event().await.0, "accepted");
    sim.pass_to("2026-09-16T13:29:59Z").await;
    assert_eq!(sim.status(&order).await, "accepted");
    sim.pass_to("2026-09-16T13:30:01Z").await;
    assert_eq!(sim.status(&order).await, "filled");
    assert_eq!(stream.event().await.0, "new");
    assert_eq!(stream.event().await.0, "fill");
}

#[tokio::test]
async fn a_weekend_with_a_holiday_has_no_session() {
    let sim = Sim::at("2026-09-04T21:00:00Z").await;
    assert_eq!(
        sim.get("/v2/clock").await["next_open"],
        "2026-09-08T09:30:00-04:00"
    );
    sim.pass_to("2026-09-07T15:00:00Z").await;
    assert_eq!(sim.get("/v2/clock").await["is_open"], false, "Labor Day");
    sim.pass_to("2026-09-08T13:30:00Z").await;
    assert_eq!(sim.get("/v2/clock").await["is_open"], true);
}

#[tokio::test]
async fn the_sessions_follow_both_changes_of_the_clocks() {
    let sim = Sim::at("2026-03-06T21:30:00Z").await;
    assert_eq!(
        sim.get("/v2/clock").await["next_open"],
        "2026-03-09T09:30:00-04:00"
    );
    sim.pass_to("2026-03-09T13:30:00Z").await;
    assert_eq!(sim.get("/v2/clock").await["is_open"], true);
    let sim = Sim::at("2026-10-30T20:30:00Z").await;
    assert_eq!(
        sim.get("/v2/clock").await["next_open"],
        "2026-11-02T09:30:00-05:00"
    );
    sim.pass_to("2026-11-02T14:29:59Z").await;
    assert_eq!(sim.get("/v2/clock").await["is_open"], false);
    sim.pass_to("2026-11-02T14:30:00Z").await;
    assert_eq!(sim.get("/v2/clock").await["is_open"], true);
}

#[tokio::test]
async fn the_calendar_has_its_two_formats_and_inclusive_bounds() {
    let sim = Sim::start().await;
    let days = sim
        .get("/v2/calendar?start=2026-11-27&end=2026-11-30")
        .await;
    assert_eq!(
        days,
        json!([
            {"date": "2026-11-27", "open": "09:30", "close": "13:00", "session_open": "0400", "session_close": "2000",
                "settlement_date": "2026-11-30"},
            {"date": "2026-11-30", "open": "09:30", "close": "16:00", "session_open": "0400", "session_close": "2000",
                "settlement_date": "2026-12-01"},
        ])
    );
    let clocks = sim.get("/v3/clock?markets=XNYS").await;
    assert_eq!(clocks["clocks"][0]["phase"], "core");
    assert_eq!(
        sim.get("/v3/calendar/XNYS?start=2026-11-27&end=2026-11-27")
            .await["calendar"][0]["core_end"],
        "2026-11-27T13:00:00-05:00"
    );
}

#[tokio::test]
async fn a_market_order_at_the_last_moment_is_filled_or_expires() {
    let sim = Sim::at("2026-09-15T19:59:59.9995Z").await;
    let (_, order) = sim.post("/v2/orders", market("AAPL", "buy", 1)).await;
    sim.pass(1.0).await;
    let ended = sim.now(&order).await;
    assert!(
        ["filled", "expired", "accepted"].contains(&ended["status"].as_str().unwrap()),
        "{ended}"
    );
    let _asked = sim.delete(&format!("/v2/orders/{}", id(&order))).await;
    assert_ne!(ended["id"], Value::Null);
}
