//! Brackets, OCO and OTO: the machine of the reference's section 8.

use serde_json::{Value, json};

use crate::harness::{Sim, cents, id, limit, market, with};

fn bracket(entry: Value, price: f64) -> Value {
    with(
        entry,
        json!({"order_class": "bracket",
        "take_profit": {"limit_price": cents(price * 1.1)},
        "stop_loss": {"stop_price": cents(price * 0.9), "limit_price": cents(price * 0.89)}}),
    )
}

fn statuses(order: &Value) -> Vec<&str> {
    let legs = order["legs"].as_array().unwrap();
    legs.iter()
        .map(|leg| leg["status"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_brackets_legs_are_held_until_the_entry_has_filled() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let order = sim
        .order(bracket(limit("SPY", "buy", 4, price * 0.99), price * 0.95))
        .await;
    assert_eq!(statuses(&order), ["held", "held"]);
    assert_eq!(order["legs"][0]["legs"], Value::Null);
    assert_eq!(
        (&order["legs"][1]["type"], &order["legs"][1]["side"]),
        (&json!("stop_limit"), &json!("sell"))
    );
    let limit = order["legs"][1]["limit_price"].as_str().unwrap();
    let limit: f64 = limit.parse().unwrap();
    assert!((limit - price * 0.95 * 0.89).abs() < 0.006, "{order}");
    assert_eq!(statuses(&sim.now(&order).await), ["held", "held"]);
    sim.delete(&format!("/v2/orders/{}", id(&order))).await;
    sim.pass(0.01).await;
    let ended = sim.now(&order).await;
    assert_eq!(
        (ended["status"].as_str().unwrap(), statuses(&ended)),
        ("canceled", vec!["canceled", "canceled"])
    );
}

#[tokio::test]
async fn the_target_works_and_the_stop_stays_held_once_the_entry_has_filled() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let order = sim.order(bracket(market("SPY", "buy", 4), price)).await;
    assert_eq!(statuses(&sim.now(&order).await), ["new", "held"]);
    assert_eq!(sim.get("/v2/positions/SPY").await["qty_available"], "0");
    let flat = sim.get("/v2/orders").await;
    assert_eq!(
        flat.as_array().unwrap().len(),
        2,
        "each leg is a row of its own"
    );
    let nested = sim.get("/v2/orders?nested=True").await;
    assert_eq!(
        (nested.as_array().unwrap().len(), statuses(&nested[0])),
        (1, vec!["new", "held"])
    );
}

#[tokio::test]
async fn cancelling_one_exit_cancels_the_other() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let order = sim.order(bracket(market("SPY", "buy", 4), price)).await;
    let now = sim.now(&order).await;
    sim.delete(&format!("/v2/orders/{}", id(&now["legs"][1])))
        .await;
    sim.pass(0.01).await;
    assert_eq!(statuses(&sim.now(&order).await), ["canceled", "canceled"]);
}

#[tokio::test]
async fn one_exit_fills_and_the_other_is_cancelled_and_the_stream_says_so() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let entry = with(
        market("SPY", "buy", 4),
        json!({"order_class": "bracket",
        "take_profit": {"limit_price": cents(price + 0.2)}, "stop_loss": {"stop_price": cents(price - 0.2)}}),
    );
    let order = sim.order(entry).await;
    let mut stream = sim.trading_stream().await;
    sim.pass_to("2026-09-15T19:50:00Z").await;
    let mut ended = statuses(&sim.now(&order).await)
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    ended.sort();
    assert_eq!(ended, ["canceled", "filled"]);
    assert_eq!(sim.try_get("/v2/positions/SPY").await.0, 404);
    let mut told = Vec::new();
    while !(told.contains(&"fill".to_owned()) && told.contains(&"canceled".to_owned())) {
        told.push(stream.event().await.0);
    }
}

#[tokio::test]
async fn the_cancel_of_a_sibling_can_be_kept_from_the_stream() {
    let sim = Sim::start().await;
    sim.admin("exchange", json!({"silent_sibling_cancel": true}))
        .await;
    let price = sim.price("SPY").await;
    // A target at the market fills at once.
    sim.buy("SPY", 4).await;
    let oco = json!({"symbol": "SPY", "qty": 4, "side": "sell", "type": "limit", "time_in_force": "gtc",
        "order_class": "oco", "take_profit": {"limit_price": cents(price - 0.5)}, "stop_loss": {"stop_price": cents(price - 1.0)}});
    let mut stream = sim.trading_stream().await;
    let order = sim.order(oco).await;
    assert_eq!(
        (
            sim.status(&order).await.as_str(),
            statuses(&sim.now(&order).await)
        ),
        ("filled", vec!["canceled"])
    );
    sim.buy("KO", 1).await;
    let mut told = Vec::new();
    loop {
        let (event, data) = stream.event().await;
        if data["order"]["symbol"] == "KO" {
            break;
        }
        told.push(event);
    }
    assert!(
        told.contains(&"fill".to_owned()) && !told.contains(&"canceled".to_owned()),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_oco_reserves_its_shares_once_and_its_parent_is_the_target() {
    let sim = Sim::start().await;
    sim.buy("SPY", 4).await;
    let price = sim.price("SPY").await;
    let oco = json!({"symbol": "SPY", "qty": 4, "side": "sell", "type": "limit", "time_in_force": "gtc",
        "order_class": "oco", "take_profit": {"limit_price": cents(price * 1.1)},
        "stop_loss": {"stop_price": cents(price * 0.9), "limit_price": cents(price * 0.89)}});
    let order = sim.order(oco).await;
    assert_eq!(
        (&order["type"], &order["limit_price"]),
        (
            &json!("limit"),
            &json!(cents(price * 1.1).trim_end_matches('0'))
        )
    );
    assert_eq!(
        (
            sim.status(&order).await.as_str(),
            statuses(&sim.now(&order).await)
        ),
        ("new", vec!["held"])
    );
    assert_eq!(sim.get("/v2/positions/SPY").await["qty_available"], "0");
    sim.delete(&format!("/v2/orders/{}", id(&order))).await;
    sim.pass(0.01).await;
    assert_eq!(statuses(&sim.now(&order).await), ["canceled"]);
    assert_eq!(sim.get("/v2/positions/SPY").await["qty_available"], "4");
}

/// From now on every fill of more than one share is cut, and its rest is long in coming.
async fn fill_in_parts(sim: &Sim) {
    let parts = json!({"partial_fill_probability": 1, "partial_fill_retry_milliseconds": 600_000});
    sim.admin("exchange", parts).await;
}

#[tokio::test]
async fn a_target_that_fills_in_part_has_its_stop_replaced_by_one_for_the_rest() {
    let sim = Sim::start().await;
    sim.buy("SPY", 10).await;
    fill_in_parts(&sim).await;
    let price = sim.price("SPY").await;
    // A target at the market fills at once.
    let oco = json!({"symbol": "SPY", "qty": 10, "side": "sell", "type": "limit", "time_in_force": "gtc",
        "order_class": "oco", "take_profit": {"limit_price": cents(price - 0.5)},
        "stop_loss": {"stop_price": cents(price - 1.0), "limit_price": cents(price - 1.5)}});
    let mut stream = sim.trading_stream().await;
    let order = sim.order(oco).await;
    let (now, old) = (sim.now(&order).await, sim.now(&order["legs"][0]).await);
    let new = &now["legs"][0];
    let number =
        |order: &Value, name: &str| -> i64 { order[name].as_str().unwrap().parse().unwrap() };
    assert_eq!(now["status"], "partially_filled");
    assert_eq!(
        number(new, "qty"),
        10_i64.saturating_sub(number(&now, "filled_qty"))
    );
    assert_eq!(
        (
            &new["status"],
            &new["replaces"],
            &new["limit_price"],
            &new["order_class"]
        ),
        (
            &json!("held"),
            &old["id"],
            &old["limit_price"],
            &json!("oco")
        )
    );
    assert_eq!(
        (&old["status"], &old["replaced_by"], &old["qty"]),
        (&json!("replaced"), &new["id"], &json!("10"))
    );
    assert!(old["replaced_at"].is_string() && new["replaced_at"].is_null());
    assert_eq!(sim.count("status=open").await, 2);
    let mut told = Vec::new();
    while told.last() != Some(&("held".to_owned(), new["id"].clone())) {
        let (event, data) = stream.event().await;
        told.push((event, data["order"]["id"].clone()));
    }
    let last = ["partial_fill", "replaced", "held"].map(str::to_owned);
    let expected = last
        .into_iter()
        .zip([&order, &old, new].map(|order| order["id"].clone()));
    assert_eq!(
        told[told.len().saturating_sub(3)..],
        expected.collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_target_that_is_moved_while_it_fills_in_part_keeps_the_smaller_stop() {
    let sim = Sim::start().await;
    sim.buy("SPY", 10).await;
    let price = sim.price("SPY").await;
    let oco = json!({"symbol": "SPY", "qty": 10, "side": "sell", "type": "limit", "time_in_force": "gtc",
        "order_class": "oco", "take_profit": {"limit_price": cents(price + 0.1)},
        "stop_loss": {"stop_price": cents(price * 0.9)}});
    let order = sim.order(oco).await;
    let slow = json!({"replace_milliseconds": 6_000_000, "partial_fill_probability": 1,
        "partial_fill_retry_milliseconds": 9_000_000});
    sim.admin("exchange", slow).await;
    let moved = json!({"limit_price": cents(price * 1.1)});
    let path = format!("/v2/orders/{}", id(&order));
    let (status, new) = sim.patch(&path, moved).await;
    assert_eq!(status, 200, "{new}");
    sim.pass(6_000.1).await;
    let (old, new) = (sim.now(&order).await, sim.now(&new).await);
    assert_eq!(
        (&old["status"], &old["legs"]),
        (&json!("replaced"), &Value::Null)
    );
    assert_ne!(old["filled_qty"], "0");
    let stop = &new["legs"][0];
    assert_eq!(
        (&stop["replaces"], &stop["qty"]),
        (&order["legs"][0]["id"], &new["qty"])
    );
}

#[tokio::test]
async fn the_chain_of_a_brackets_stop_goes_on_with_each_part_and_can_be_moved() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let order = sim.order(bracket(market("SPY", "buy", 40), price)).await;
    fill_in_parts(&sim).await;
    let target = sim.now(&order).await["legs"][0].clone();
    let to_the_market = json!({"limit_price": cents(price * 0.98)});
    let path = format!("/v2/orders/{}", id(&target));
    assert_eq!(sim.patch(&path, to_the_market).await.0, 200);
    sim.pass(0.01).await;
    sim.pass(600.0).await;
    let mut chain = vec![sim.now(&order["legs"][1]).await];
    while let Some(next) = chain.last().and_then(|last| last["replaced_by"].as_str()) {
        let next = sim.get(&format!("/v2/orders/{next}")).await;
        chain.push(next);
    }
    let [first, second, stop] = chain.as_slice() else {
        panic!("{chain:?}");
    };
    assert_eq!(
        (&first["status"], &second["status"]),
        (&json!("replaced"), &json!("replaced"))
    );
    assert_eq!(
        (&second["replaces"], &stop["replaces"]),
        (&first["id"], &second["id"])
    );
    let now = sim.now(&order).await;
    assert_eq!((&now["legs"][1], &stop["status"]), (stop, &json!("held")));
    let path = format!("/v2/orders/{}", id(stop));
    let moved = json!({"stop_price": cents(price * 0.95)});
    let (status, moved) = sim.patch(&path, moved).await;
    assert_eq!((status, &moved["replaces"]), (200, &stop["id"]), "{moved}");
    sim.pass(0.01).await;
    let leg = sim.now(&order).await["legs"][1].clone();
    assert_eq!((&leg["id"], &leg["qty"]), (&moved["id"], &stop["qty"]));
    sim.delete(&format!("/v2/orders/{}", id(&moved))).await;
    sim.pass(0.01).await;
    assert_eq!(statuses(&sim.now(&order).await), ["canceled", "canceled"]);
    assert_eq!(sim.count("status=open").await, 0);
}

#[tokio::test]
async fn an_oto_holds_its_one_exit() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let order = with(
        market("SPY", "buy", 4),
        json!({"order_class": "oto", "stop_loss": {"stop_price": cents(price * 0.9)}}),
    );
    let (_, order) = sim.post("/v2/orders", order).await;
    assert_eq!(statuses(&order), ["held"]);
    sim.pass(0.01).await;
    assert_eq!(statuses(&sim.now(&order).await), ["new"]);
}

#[tokio::test]
async fn a_moved_leg_has_a_new_id_and_stays_in_its_group() {
    let sim = Sim::start().await;
    let price = sim.price("SPY").await;
    let order = sim.order(bracket(market("SPY", "buy", 4), price)).await;
    let stop = sim.now(&order).await["legs"][1].clone();
    let (status, moved) = sim
        .patch(
            &format!("/v2/orders/{}", id(&stop)),
            json!({"stop_price": cents(price * 0.95), "limit_price": cents(price * 0.94)}),
        )
        .await;
    assert_eq!((status, &moved["replaces"]), (200, &stop["id"]), "{moved}");
    sim.pass(0.01).await;
    let now = sim.now(&order).await;
    assert_eq!(
        (now["legs"][1]["id"].clone(), statuses(&now)),
        (moved["id"].clone(), vec!["new", "held"])
    );
}
