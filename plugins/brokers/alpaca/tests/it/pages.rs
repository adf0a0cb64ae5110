//! Pages: bounds that are exclusive where Alpaca's are, and tokens that survive new rows.

use serde_json::{Value, json};

use crate::harness::{Sim, id, limit};

async fn place(sim: &Sim, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let order = sim.order(limit("F", "buy", 1, 5.0)).await;
        ids.push(id(&order).to_owned());
    }
    ids
}

fn ids(page: &Value) -> Vec<String> {
    page.as_array()
        .unwrap()
        .iter()
        .map(|row| id(row).to_owned())
        .collect()
}

#[tokio::test]
async fn orders_are_paged_by_time_with_exclusive_bounds() {
    let sim = Sim::start().await;
    let placed = place(&sim, 5).await;
    let whole = sim.get("/v2/orders?direction=asc").await;
    assert_eq!(ids(&whole), placed);
    let mut newest_first = placed.clone();
    newest_first.reverse();
    assert_eq!(ids(&sim.get("/v2/orders").await), newest_first);
    let second = whole[1]["submitted_at"].as_str().unwrap();
    let fourth = whole[3]["submitted_at"].as_str().unwrap();
    let page = sim
        .get(&format!(
            "/v2/orders?direction=asc&after={second}&until={fourth}"
        ))
        .await;
    assert_eq!(ids(&page), [placed[2].clone()]);
    assert_eq!(sim.count("limit=2").await, 2);
    assert_eq!(sim.try_get("/v2/orders?limit=501").await.0, 422);
}

#[tokio::test]
async fn orders_are_paged_by_id_while_new_ones_come() {
    let sim = Sim::start().await;
    let mut placed = place(&sim, 4).await;
    let first = sim.get("/v2/orders?direction=asc&limit=2").await;
    placed.extend(place(&sim, 2).await);
    let mut seen = ids(&first);
    while let Some(last) = seen.last().cloned() {
        let page = ids(&sim
            .get(&format!(
                "/v2/orders?direction=asc&limit=2&after_order_id={last}"
            ))
            .await);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, placed);
    let before = format!("before_order_id={}", placed[2]);
    assert_eq!(sim.count(&before).await, 2);
}

#[tokio::test]
async fn orders_are_filtered() {
    let sim = Sim::start().await;
    place(&sim, 2).await;
    sim.buy("AAPL", 1).await;
    assert_eq!(sim.count("status=all").await, 3);
    assert_eq!(sim.count("status=closed").await, 1);
    assert_eq!(sim.count("status=all&symbols=AAPL,MSFT").await, 1);
    assert_eq!(sim.count("status=all&symbols=NOPE").await, 0);
    assert_eq!(sim.count("status=all&side=sell").await, 0);
}

#[tokio::test]
async fn activities_are_paged_by_the_last_row() {
    let sim = Sim::start().await;
    for _ in 0..5 {
        sim.buy("F", 1).await;
    }
    let whole = sim.get("/v2/account/activities?activity_types=FILL").await;
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = sim
            .get(&format!("/v2/account/activities/FILL?page_size=2{token}"))
            .await;
        if page == json!([]) {
            break;
        }
        seen.extend(ids(&page));
        token = format!("&page_token={}", seen.last().unwrap());
    }
    assert_eq!(seen, ids(&whole));
    let of_order = whole[0]["order_id"].as_str().unwrap();
    assert_eq!(
        sim.get(&format!("/v2/account/activities?order_id={of_order}"))
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let other = sim
        .get("/v2/account/activities?category=non_trade_activity")
        .await;
    assert_eq!(other[0]["activity_type"], "JNLC");
    assert_eq!(
        sim.try_get("/v2/account/activities?page_size=101").await.0,
        422
    );
}
