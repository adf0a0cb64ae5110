//! The market data streams: both protocols, subscriptions, and every error that a client can provoke.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::harness::{START, Sim};

fn error(message: &Value) -> (u64, &str) {
    assert_eq!(message[0]["T"], "error", "{message}");
    (
        message[0]["code"].as_u64().unwrap(),
        message[0]["msg"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn a_subscription_is_acknowledged_as_a_whole_and_trades_bring_their_corrections() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/iex", false).await;
    socket
        .say(json!({"action": "subscribe", "trades": ["AAPL"], "bars": ["*"]}))
        .await;
    let ack = socket.hear().await;
    assert_eq!(
        ack,
        json!([{"T": "subscription", "trades": ["AAPL"], "quotes": [], "bars": ["*"], "updatedBars": [],
        "dailyBars": [], "statuses": [], "lulds": [], "imbalances": [], "corrections": ["AAPL"], "cancelErrors": ["AAPL"]}])
    );
    socket
        .say(json!({"action": "subscribe", "quotes": ["SPY"]}))
        .await;
    assert_eq!(
        socket.hear().await[0]["trades"],
        json!(["AAPL"]),
        "subscribing adds"
    );
    socket
        .say(json!({"action": "unsubscribe", "trades": ["AAPL"]}))
        .await;
    assert_eq!(socket.hear().await[0]["corrections"], json!([]));
}

#[tokio::test]
async fn trades_quotes_and_bars_follow_the_clock() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/sip", false).await;
    socket.say(json!({"action": "subscribe", "trades": ["AAPL"], "quotes": ["AAPL"], "bars": ["AAPL"], "dailyBars": ["AAPL"]})).await;
    socket.hear().await;
    sim.pass(60.0).await;
    let mut told = Vec::new();
    while !told.iter().any(|message: &Value| message["T"] == "d") {
        told.extend(socket.hear().await.as_array().unwrap().clone());
    }
    let count = |kind: &str| told.iter().filter(|message| message["T"] == kind).count();
    assert_eq!(
        (count("q"), count("t"), count("b"), count("d")),
        (60, 13, 1, 1)
    );
    let bar = told.iter().find(|message| message["T"] == "b").unwrap();
    let rest = sim.get("/v2/stocks/AAPL/bars/latest").await["bar"].clone();
    for name in ["o", "h", "l", "c", "v", "n", "vw", "t"] {
        assert_eq!(bar[name], rest[name], "{name}");
    }
}

#[tokio::test]
async fn the_same_is_told_in_messagepack_with_times_of_its_own() {
    let sim = Sim::start().await;
    let url = format!("ws://{}/v2/iex", sim.address);
    let mut request = url.into_client_request().unwrap();
    for (name, value) in [
        ("content-type", "application/msgpack"),
        ("APCA-API-KEY-ID", "sim-key"),
        ("APCA-API-SECRET-KEY", "sim-secret"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    use futures::{SinkExt as _, StreamExt as _};
    let mut next = async || socket.next().await.unwrap().unwrap().into_data();
    let unpack = |bytes: &[u8]| rmp_serde::from_slice::<Value>(bytes).unwrap();
    assert_eq!(unpack(&next().await)[0]["msg"], "connected");
    assert_eq!(
        unpack(&next().await)[0]["msg"],
        "authenticated",
        "by the headers of the handshake"
    );
    let subscribe = rmp_serde::to_vec(&json!({"action": "subscribe", "quotes": ["AAPL"]})).unwrap();
    socket.send(Message::binary(subscribe)).await.unwrap();
    assert_eq!(
        unpack(&socket.next().await.unwrap().unwrap().into_data())[0]["T"],
        "subscription"
    );
    sim.pass(1.0).await;
    let told = socket.next().await.unwrap().unwrap().into_data();
    let time = [0xa1, b't', 0xd7, 0xff];
    assert!(told.windows(4).any(|window| window == time), "{told:?}");
}

#[tokio::test]
async fn error_400_for_what_is_no_message() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/iex", false).await;
    for message in [
        json!({"action": "sing"}),
        json!({"action": "subscribe", "trades": "AAPL"}),
        json!({"action": "subscribe", "trades": ["A B"]}),
    ] {
        socket.say(message).await;
        assert_eq!(error(&socket.hear().await), (400, "invalid syntax"));
    }
}

#[tokio::test]
async fn errors_401_402_and_403_about_authentication() {
    let sim = Sim::start().await;
    let mut socket = sim.connect("/v2/iex", false).await;
    socket.hear().await;
    socket
        .say(json!({"action": "subscribe", "trades": ["AAPL"]}))
        .await;
    assert_eq!(error(&socket.hear().await), (401, "not authenticated"));
    socket
        .say(json!({"action": "auth", "key": "sim-key", "secret": "no"}))
        .await;
    assert_eq!(error(&socket.hear().await), (402, "auth failed"));
    let mut socket = sim.data_stream("/v2/iex", false).await;
    socket
        .say(json!({"action": "auth", "key": "sim-key", "secret": "sim-secret"}))
        .await;
    assert_eq!(error(&socket.hear().await), (403, "already authenticated"));
}

#[tokio::test]
async fn error_404_when_nobody_authenticates_in_time() {
    let sim = Sim::start().await;
    sim.admin("streams", json!({"auth_timeout_milliseconds": 1}))
        .await;
    let mut socket = sim.connect("/v2/iex", false).await;
    socket.hear().await;
    assert_eq!(error(&socket.hear().await), (404, "auth timeout"));
    assert!(socket.frame().await.is_none());
}

#[tokio::test]
async fn error_405_above_thirty_symbols_leaves_what_was_there() {
    let sim = Sim::with(&["--start", START, "--plan", "basic"]).await;
    let mut socket = sim.data_stream("/v2/iex", false).await;
    let symbols: Vec<String> = (0..30).map(|n| format!("S{n}")).collect();
    socket
        .say(json!({"action": "subscribe", "trades": symbols}))
        .await;
    assert_eq!(socket.hear().await[0]["T"], "subscription");
    socket
        .say(json!({"action": "subscribe", "quotes": ["ONE"]}))
        .await;
    assert_eq!(error(&socket.hear().await), (405, "symbol limit exceeded"));
    socket
        .say(json!({"action": "subscribe", "bars": ["*"]}))
        .await;
    let ack = socket.hear().await;
    assert_eq!(
        (
            ack[0]["trades"].as_array().unwrap().len(),
            &ack[0]["quotes"]
        ),
        (30, &json!([]))
    );
    let paying = Sim::start().await;
    let mut sip = paying.data_stream("/v2/sip", false).await;
    let symbols: Vec<String> = (0..500).map(|n| format!("S{n}")).collect();
    sip.say(json!({"action": "subscribe", "trades": symbols}))
        .await;
    assert_eq!(sip.hear().await[0]["T"], "subscription");
}

#[tokio::test]
async fn error_406_for_a_second_connection_on_one_endpoint() {
    let sim = Sim::start().await;
    let first = sim.data_stream("/v2/iex", false).await;
    let mut second = sim.connect("/v2/iex", false).await;
    second.hear().await;
    second
        .say(json!({"action": "auth", "key": "sim-key", "secret": "sim-secret"}))
        .await;
    assert_eq!(
        error(&second.hear().await),
        (406, "connection limit exceeded")
    );
    assert!(second.frame().await.is_none());
    let _another_endpoint = sim.data_stream("/v2/sip", false).await;
    drop(first);
}

#[tokio::test]
async fn error_407_for_a_client_that_does_not_read() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/sip", false).await;
    socket.say(json!({"action": "subscribe", "trades": ["*"], "quotes": ["*"], "bars": ["*"], "dailyBars": ["*"]})).await;
    socket.hear().await;
    sim.pass(20_000.0).await;
    sim.pass(86_400.0).await;
    let mut last = Value::Null;
    while let Some(frame) = socket.frame().await {
        last = serde_json::from_slice(&frame.into_data()).unwrap();
    }
    assert_eq!(error(&last), (407, "slow client"));
}

#[tokio::test]
async fn error_409_for_a_feed_that_is_not_paid_for() {
    let sim = Sim::with(&["--start", START, "--plan", "basic"]).await;
    let mut socket = sim.connect("/v2/sip", false).await;
    socket.hear().await;
    socket
        .say(json!({"action": "auth", "key": "sim-key", "secret": "sim-secret"}))
        .await;
    assert_eq!(
        error(&socket.hear().await),
        (409, "insufficient subscription")
    );
}

#[tokio::test]
async fn error_410_for_a_channel_of_another_stream() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/iex", false).await;
    socket
        .say(json!({"action": "subscribe", "news": ["*"]}))
        .await;
    assert_eq!(
        error(&socket.hear().await),
        (410, "invalid subscribe action for this feed")
    );
    let mut news = sim.data_stream("/v1beta1/news", false).await;
    news.say(json!({"action": "subscribe", "news": ["*"]}))
        .await;
    assert_eq!(
        news.hear().await,
        json!([{"T": "subscription", "news": ["*"]}])
    );
    sim.pass_to("2026-09-15T16:00:00Z").await;
    assert_eq!(news.hear().await[0]["T"], "n");
}

#[tokio::test]
async fn errors_408_411_and_500_come_when_they_are_ordered() {
    let sim = Sim::start().await;
    let ordered = |code: u16, event: &str| json!({"fault": "stream_error", "status": code, "path": "/v2/iex", "event": event});
    let keys = json!({"action": "auth", "key": "sim-key", "secret": "sim-secret"});
    sim.admin("faults", ordered(411, "auth")).await;
    let _another_endpoint = sim.data_stream("/v2/sip", false).await;
    sim.delete("/admin/faults").await;
    for (code, words) in [
        (408, "v2 not enabled"),
        (411, "insufficient scope"),
        (500, "internal error"),
    ] {
        sim.admin("faults", ordered(code, "auth")).await;
        let mut socket = sim.connect("/v2/iex", false).await;
        socket.hear().await;
        socket.say(keys.clone()).await;
        assert_eq!(error(&socket.hear().await), (u64::from(code), words));
        assert!(socket.frame().await.is_none());
    }
    let mut socket = sim.data_stream("/v2/iex", false).await;
    sim.admin("faults", ordered(411, "subscribe")).await;
    let subscribe = json!({"action": "subscribe", "bars": ["AAPL"]});
    socket.say(subscribe.clone()).await;
    assert_eq!(error(&socket.hear().await), (411, "insufficient scope"));
    socket.say(subscribe).await;
    assert_eq!(socket.hear().await[0]["bars"], json!(["AAPL"]));
    assert_eq!(sim.get("/admin/state").await["faults"], 0);
}

#[tokio::test]
async fn errors_412_and_413_on_the_streams_of_options() {
    let sim = Sim::start().await;
    let subscribe =
        |symbols: &str| json!({"action": "subscribe", "trades": [symbols], "quotes": [symbols]});
    let mut plain = sim.data_stream("/v1beta1/indicative", false).await;
    plain.say(subscribe("AAPL261218C00230000")).await;
    assert_eq!(
        error(&plain.hear().await),
        (412, "option messages are only available in MsgPack")
    );
    drop(plain);
    let mut socket = sim.data_stream("/v1beta1/opra", true).await;
    socket.say(subscribe("*")).await;
    assert_eq!(
        error(&socket.hear().await),
        (413, "star subscription not allowed for option quotes")
    );
    socket
        .say(json!({"action": "subscribe", "trades": ["*"]}))
        .await;
    assert_eq!(
        socket.hear().await,
        json!([{"T": "subscription", "trades": ["*"], "quotes": []}])
    );
    socket
        .say(json!({"action": "subscribe", "bars": ["AAPL"]}))
        .await;
    assert_eq!(error(&socket.hear().await).0, 410);
    let sim = Sim::with(&["--start", START, "--plan", "basic"]).await;
    let mut paid = sim.connect("/v1beta1/opra", true).await;
    paid.hear().await;
    paid.say(json!({"action": "auth", "key": "sim-key", "secret": "sim-secret"}))
        .await;
    assert_eq!(error(&paid.hear().await).0, 409);
}

#[tokio::test]
async fn statuses_corrections_and_bands_are_told() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/sip", false).await;
    socket.say(json!({"action": "subscribe", "trades": ["AAPL"], "statuses": ["*"], "lulds": ["AAPL"], "updatedBars": ["AAPL"]})).await;
    socket.hear().await;
    sim.admin(
        "halt",
        json!({"symbol": "AAPL", "halted": true, "reason": "T12"}),
    )
    .await;
    let status = socket.hear().await;
    assert_eq!(
        (&status[0]["T"], &status[0]["sc"], &status[0]["rc"]),
        (&json!("s"), &json!("H"), &json!("T12"))
    );
    for (kind, letter) in [
        ("correction", "c"),
        ("cancel", "x"),
        ("luld", "l"),
        ("updated_bar", "u"),
    ] {
        sim.admin("market", json!({"symbol": "AAPL", "kind": kind}))
            .await;
        if kind == "updated_bar" {
            sim.pass(30.0).await;
        }
        assert_eq!(socket.hear().await[0]["T"], letter);
    }
}

#[tokio::test]
async fn a_bar_that_has_changed_is_told_half_a_minute_after_its_minute() {
    let sim = Sim::start().await;
    let mut socket = sim.data_stream("/v2/sip", false).await;
    let channels = json!({"action": "subscribe", "updatedBars": ["AAPL"], "lulds": ["AAPL"]});
    socket.say(channels).await;
    socket.hear().await;
    let change = json!({"symbol": "AAPL", "kind": "updated_bar"});
    sim.admin("market", change.clone()).await;
    sim.pass(29.9).await;
    let band = json!({"symbol": "AAPL", "kind": "luld"});
    sim.admin("market", band).await;
    assert_eq!(socket.hear().await[0]["T"], "l", "nothing was told before");
    sim.pass(0.1).await;
    let told = socket.hear().await[0].clone();
    let minute = json!("2026-09-15T14:29:00Z");
    assert_eq!((&told["T"], &told["t"]), (&json!("u"), &minute));
    // Later than that there is nothing to wait for.
    sim.pass(5.0).await;
    sim.admin("market", change).await;
    let again = socket.hear().await[0].clone();
    assert_eq!((&again["T"], &again["t"]), (&json!("u"), &minute));
}

#[tokio::test]
async fn the_test_stream_trades_at_any_hour_and_the_delayed_one_lags() {
    let sim = Sim::at("2026-09-13T03:00:00Z").await;
    let mut socket = sim.data_stream("/v2/test", false).await;
    socket
        .say(json!({"action": "subscribe", "trades": ["FAKEPACA"]}))
        .await;
    socket.hear().await;
    sim.pass(1.0).await;
    assert_eq!(socket.hear().await[0]["S"], "FAKEPACA");
    let sim = Sim::start().await;
    let mut late = sim.data_stream("/v2/delayed_sip", false).await;
    late.say(json!({"action": "subscribe", "quotes": ["AAPL"]}))
        .await;
    late.hear().await;
    sim.pass(1.0).await;
    assert_eq!(late.hear().await[0]["t"], "2026-09-15T14:15:01Z");
}
