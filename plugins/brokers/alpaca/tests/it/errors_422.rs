//! The rows of the reference's table of errors that are 422.

use serde_json::{Value, json};

use crate::harness::{Sim, check_refusal, id, limit, market, stop, with};

const INVALID: u32 = 40_010_001;
const UNPROCESSABLE: u32 = 42_210_000;

async fn all_refused(rows: &[(Value, u32, &str)]) {
    let sim = Sim::start().await;
    for (order, code, text) in rows {
        sim.refused(order.clone(), 422, *code, text).await;
    }
    assert_eq!(sim.count("status=all").await, 0);
}

fn plain() -> Value {
    market("AAPL", "buy", 1)
}

fn without(mut order: Value, member: &str) -> Value {
    order.as_object_mut().unwrap().remove(member);
    order
}

#[tokio::test]
async fn client_order_id_must_be_unique_for_ever() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let named = json!({"client_order_id": "mine"});
    let order = sim
        .order(with(limit("AAPL", "buy", 1, price * 0.9), named.clone()))
        .await;
    let again = with(limit("AAPL", "buy", 1, price * 0.9), named);
    let text = "client_order_id must be unique";
    sim.refused(again.clone(), 422, INVALID, text).await;
    sim.delete(&format!("/v2/orders/{}", id(&order))).await;
    sim.pass(0.01).await;
    sim.refused(again.clone(), 422, INVALID, text).await;
    sim.pass_to("2026-09-17T15:00:00Z").await;
    sim.refused(again, 422, INVALID, text).await;
    assert_eq!(sim.count("status=all").await, 1);
}

#[tokio::test]
async fn client_order_id_has_at_most_128_characters() {
    let text = "client_order_id must be no more than 128 characters";
    let long = json!({"client_order_id": "x".repeat(129)});
    all_refused(&[(with(plain(), long), INVALID, text)]).await;
}

#[tokio::test]
async fn quantities_and_notionals_are_validated() {
    all_refused(&[
        (with(plain(), json!({"qty": 0})), INVALID, "qty must be > 0"),
        (
            with(plain(), json!({"qty": "-1"})),
            INVALID,
            "qty must be > 0",
        ),
        (
            without(plain(), "qty"),
            INVALID,
            "qty or notional is required",
        ),
        (
            with(plain(), json!({"notional": 5})),
            INVALID,
            "only one of qty or notional is accepted",
        ),
        (
            limit("AAPL", "buy", 1, 0.0),
            INVALID,
            "limit price must be > 0",
        ),
    ])
    .await;
}

#[tokio::test]
async fn prices_must_fit_the_type() {
    let typed = |kind: &str, more: Value| with(with(plain(), json!({"type": kind})), more);
    all_refused(&[
        (
            typed("limit", json!({})),
            INVALID,
            "limit orders require a limit price",
        ),
        (
            typed("stop", json!({})),
            INVALID,
            "stop orders require a stop price",
        ),
        (
            typed("stop_limit", json!({"stop_price": 1})),
            INVALID,
            "stop limit orders require both stop and limit price",
        ),
        (
            typed("market", json!({"limit_price": 1})),
            INVALID,
            "market orders require no stop or limit price",
        ),
    ])
    .await;
}

#[tokio::test]
async fn trailing_stops_need_one_trail() {
    let trailing = |more: Value| with(with(plain(), json!({"type": "trailing_stop"})), more);
    let one = "trailing stop orders must specify one of trail_price or trail_percent";
    let least = "trail_percent must be greater than or equal to 0.1";
    all_refused(&[
        (trailing(json!({})), INVALID, one),
        (
            trailing(json!({"trail_price": 1, "trail_percent": 1})),
            INVALID,
            one,
        ),
        (trailing(json!({"trail_percent": 0.05})), INVALID, least),
    ])
    .await;
}

#[tokio::test]
async fn types_and_times_in_force_are_known_ones() {
    all_refused(&[
        (
            with(plain(), json!({"type": "iceberg"})),
            INVALID,
            "invalid order type",
        ),
        (
            with(plain(), json!({"time_in_force": "gtd"})),
            INVALID,
            "invalid time_in_force",
        ),
        (
            without(plain(), "time_in_force"),
            INVALID,
            "invalid time_in_force",
        ),
        (
            with(
                stop("AAPL", "buy", 1, 400.0),
                json!({"time_in_force": "ioc"}),
            ),
            INVALID,
            "invalid time_in_force",
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_order_that_is_not_at_the_exchange_yet_cannot_be_replaced() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let (_, order) = sim
        .post("/v2/orders", limit("AAPL", "buy", 2, price * 0.9))
        .await;
    assert_eq!(order["status"], "pending_new");
    let (status, body) = sim
        .patch(&format!("/v2/orders/{}", id(&order)), json!({"qty": 3}))
        .await;
    let text = "unable to replace order, order isn't sent to exchange yet";
    check_refusal(status, &body, 422, INVALID, text);
}

#[tokio::test]
async fn an_order_that_has_ended_is_neither_replaced_nor_cancelled() {
    let sim = Sim::start().await;
    let order = sim.buy("AAPL", 1).await;
    let path = format!("/v2/orders/{}", id(&order));
    let (status, body) = sim.patch(&path, json!({"qty": 3})).await;
    let text = "unable to replace order, order is not open";
    check_refusal(status, &body, 422, UNPROCESSABLE, text);
    let (status, body) = sim.delete(&path).await;
    check_refusal(
        status,
        &body,
        422,
        UNPROCESSABLE,
        "order is already in \"filled\" state",
    );
    // Also long after the exchange itself has forgotten it.
    sim.pass_to("2026-09-18T15:00:00Z").await;
    let (status, body) = sim.delete(&path).await;
    check_refusal(
        status,
        &body,
        422,
        UNPROCESSABLE,
        "order is already in \"filled\" state",
    );
}

#[tokio::test]
async fn prices_lie_on_the_tick() {
    let text = |name: &str, price: &str| {
        format!(
            "invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )
    };
    let limit_price = with(
        limit("AAPL", "buy", 1, 1.0),
        json!({"limit_price": "100.001"}),
    );
    let stop_price = with(
        stop("AAPL", "buy", 1, 1.0),
        json!({"stop_price": "400.005"}),
    );
    let small = with(
        limit("F", "buy", 100, 1.0),
        json!({"limit_price": "0.12345"}),
    );
    all_refused(&[
        (limit_price, UNPROCESSABLE, &text("limit_price", "100.001")),
        (stop_price, UNPROCESSABLE, &text("stop_price", "400.005")),
        (small, UNPROCESSABLE, &text("limit_price", "0.12345")),
    ])
    .await;
}

#[tokio::test]
async fn assets_are_listed_active_and_can_be_borrowed() {
    all_refused(&[
        (
            market("NOPE", "buy", 1),
            UNPROCESSABLE,
            "asset \"NOPE\" not found",
        ),
        (
            market("TWTR", "buy", 1),
            UNPROCESSABLE,
            "asset TWTR is not active",
        ),
        (
            market("GME", "sell", 1),
            UNPROCESSABLE,
            "asset \"GME\" cannot be sold short",
        ),
    ])
    .await;
}

#[tokio::test]
async fn fractions_are_day_simple_and_never_short() {
    let half = |more: Value| with(with(plain(), json!({"qty": "0.5"})), more);
    let bracket = json!({"order_class": "bracket", "take_profit": {"limit_price": 900},
        "stop_loss": {"stop_price": 10}});
    let dollars = |more: Value| with(without(with(plain(), json!({"notional": 50})), "qty"), more);
    all_refused(&[
        (
            half(json!({"time_in_force": "gtc"})),
            UNPROCESSABLE,
            "fractional orders must be DAY orders",
        ),
        (
            half(bracket),
            UNPROCESSABLE,
            "fractional orders must be simple orders",
        ),
        (
            half(json!({"type": "trailing_stop", "trail_percent": 1})),
            UNPROCESSABLE,
            "fractional orders must be market, limit, stop, or stop_limit orders",
        ),
        (
            half(json!({"side": "sell"})),
            UNPROCESSABLE,
            "fractional orders cannot be sold short",
        ),
        (
            dollars(json!({"notional": "0.99"})),
            UNPROCESSABLE,
            "notional must be >= 1.00",
        ),
        (
            dollars(json!({"time_in_force": "gtc"})),
            UNPROCESSABLE,
            "fractional orders must be DAY orders",
        ),
    ])
    .await;
}

#[tokio::test]
async fn extended_hours_take_day_and_gtc_limits_only() {
    let extended = json!({"extended_hours": true});
    all_refused(&[
        (
            with(plain(), extended.clone()),
            UNPROCESSABLE,
            "extended hours order must be DAY or GTC limit orders",
        ),
        (
            with(
                limit("AAPL", "buy", 1, 100.0),
                json!({"extended_hours": true, "time_in_force": "ioc"}),
            ),
            UNPROCESSABLE,
            "extended hours order must be DAY or GTC limit orders",
        ),
        (
            with(stop("AAPL", "buy", 1, 400.0), extended),
            UNPROCESSABLE,
            "stop orders are not eligible for extended hours trading",
        ),
    ])
    .await;
}

#[tokio::test]
async fn brackets_need_their_legs_and_must_be_entries() {
    let sim = Sim::start().await;
    let price = sim.price("AAPL").await;
    let class = |more: Value| with(with(plain(), json!({"order_class": "bracket"})), more);
    let target = json!({"limit_price": format!("{:.2}", price * 1.1)});
    let stop = json!({"stop_price": format!("{:.2}", price * 0.9)});
    let text = "bracket orders require take_profit.limit_price";
    sim.refused(class(json!({"stop_loss": stop})), 422, UNPROCESSABLE, text)
        .await;
    let text = "bracket orders require stop_loss.stop_price";
    sim.refused(
        class(json!({"take_profit": target})),
        422,
        UNPROCESSABLE,
        text,
    )
    .await;
    sim.buy("AAPL", 5).await;
    let reducing = with(
        class(json!({"take_profit": {"limit_price": "10"}, "stop_loss": {"stop_price": "900"}})),
        json!({"side": "sell"}),
    );
    sim.refused(
        reducing,
        422,
        UNPROCESSABLE,
        "bracket orders must be entry orders",
    )
    .await;
}

#[tokio::test]
async fn stops_lie_on_their_side_of_the_market() {
    let sim = Sim::start().await;
    sim.buy("AAPL", 5).await;
    let price = sim.price("AAPL").await;
    let text = "stop price must be less than current price";
    let body = sim
        .refused(
            stop("AAPL", "sell", 5, price * 1.1),
            422,
            UNPROCESSABLE,
            text,
        )
        .await;
    let market: f64 = body["market_price"].as_str().unwrap().parse().unwrap();
    assert!((market - price).abs() < 0.05, "{body}");
    let told: f64 = body["stop_price"].as_str().unwrap().parse().unwrap();
    assert!((told - price * 1.1).abs() < 0.006, "{body}");
    let text = "stop price must be greater than current price";
    sim.refused(stop("MSFT", "buy", 1, 10.0), 422, UNPROCESSABLE, text)
        .await;
}

#[tokio::test]
async fn a_position_intent_is_checked() {
    let sim = Sim::start().await;
    let intent = |order: Value, intent: &str| with(order, json!({"position_intent": intent}));
    let text = "position intent mismatch, inferred: buy_to_open, specified: buy_to_close";
    let order = intent(market("AAPL", "buy", 1), "buy_to_close");
    sim.refused(order, 422, UNPROCESSABLE, text).await;
    let placed = sim
        .order(intent(market("AAPL", "buy", 1), "buy_to_open"))
        .await;
    assert_eq!(placed["position_intent"], "buy_to_open");
    let placed = sim.order(market("AAPL", "sell", 1)).await;
    assert_eq!(placed["position_intent"], "sell_to_close");
}

#[tokio::test]
async fn hard_to_borrow_assets_take_day_orders_only() {
    let order = with(
        limit("GME", "buy", 1, 10.0),
        json!({"time_in_force": "gtc"}),
    );
    let text = "only day orders are allowed for hard-to-borrow asset \"GME\"";
    all_refused(&[(order, UNPROCESSABLE, text)]).await;
}

#[tokio::test]
async fn order_id_is_missing() {
    let sim = Sim::start().await;
    let (status, body) = sim.patch("/v2/orders", json!({"qty": 1})).await;
    check_refusal(status, &body, 422, INVALID, "order_id is missing");
}
