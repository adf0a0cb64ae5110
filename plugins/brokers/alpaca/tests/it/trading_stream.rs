//! The trading stream: its dialogue, its frames, and its one connection.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::Sim;

#[tokio::test]
async fn wrong_keys_are_unauthorised_and_listening_first_too() {
    let sim = Sim::start().await;
    let mut socket = sim.connect("/stream", false).await;
    socket
        .say(json!({"action": "listen", "data": {"streams": ["trade_updates"]}}))
        .await;
    assert_eq!(
        socket.hear().await,
        json!({"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}})
    );
    socket
        .say(json!({"action": "authenticate", "data": {"key_id": "sim-key", "secret_key": "no"}}))
        .await;
    assert_eq!(socket.hear().await["data"]["status"], "unauthorized");
    assert!(socket.frame().await.is_none());
}

#[tokio::test]
async fn unknown_streams_are_dropped_from_the_echo_and_the_list_is_absolute() {
    let sim = Sim::start().await;
    let mut socket = sim.trading_stream().await;
    socket
        .say(json!({"action": "listen", "data": {"streams": ["account_updates"]}}))
        .await;
    assert_eq!(
        socket.hear().await,
        json!({"stream": "listening", "data": {"streams": []}})
    );
    sim.buy("AAPL", 1).await;
    socket
        .say(json!({"action": "listen", "data": {"streams": ["trade_updates"]}}))
        .await;
    assert_eq!(
        socket.hear().await["stream"],
        "listening",
        "nothing was told meanwhile"
    );
}

#[tokio::test]
async fn json_comes_in_binary_frames_and_the_newer_authentication_works() {
    let sim = Sim::start().await;
    let mut socket = sim.connect("/stream", false).await;
    socket
        .say(json!({"action": "auth", "key": "sim-key", "secret": "sim-secret"}))
        .await;
    let frame = socket.frame().await.unwrap();
    assert!(matches!(frame, Message::Binary(_)));
    let reply: Value = serde_json::from_slice(&frame.into_data()).unwrap();
    assert_eq!(reply["data"]["status"], "authorized");
}

#[tokio::test]
async fn messagepack_is_chosen_by_the_handshake() {
    let sim = Sim::start().await;
    let mut socket = sim.connect("/stream", true).await;
    let keys = json!({"key_id": "sim-key", "secret_key": "sim-secret"});
    socket
        .say(json!({"action": "authenticate", "data": keys}))
        .await;
    let unpack = |frame: Message| rmp_serde::from_slice::<Value>(&frame.into_data()).unwrap();
    assert_eq!(
        unpack(socket.frame().await.unwrap())["data"]["status"],
        "authorized"
    );
    socket
        .say(json!({"action": "listen", "data": {"streams": ["trade_updates"]}}))
        .await;
    assert_eq!(unpack(socket.frame().await.unwrap())["stream"], "listening");
    sim.buy("AAPL", 1).await;
    let told = unpack(socket.frame().await.unwrap());
    assert_eq!(
        (&told["data"]["event"], &told["data"]["execution_id"]),
        (&json!("pending_new"), &Value::Null)
    );
}

#[tokio::test]
async fn a_second_connection_displaces_the_first_or_is_refused() {
    let sim = Sim::start().await;
    let mut first = sim.trading_stream().await;
    let mut second = sim.trading_stream().await;
    assert!(first.frame().await.is_none(), "displaced");
    sim.admin("streams", json!({"second_trading_stream": "refuse"}))
        .await;
    match sim.try_connect("/stream", false).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 429),
        _ => panic!("the handshake went through"),
    }
    sim.buy("AAPL", 1).await;
    assert_eq!(second.event().await.0, "pending_new");
    sim.admin("streams", json!({"second_trading_stream": "allow"}))
        .await;
    let mut third = sim.trading_stream().await;
    sim.buy("AAPL", 1).await;
    assert_eq!(third.event().await.0, "pending_new");
}

#[tokio::test]
async fn executions_have_ids_of_their_own_and_strictly_later_times() {
    let sim = Sim::start().await;
    let mut stream = sim.trading_stream().await;
    sim.buy("AAPL", 1).await;
    let (mut before, mut ids) = (String::new(), Vec::new());
    for expected in ["pending_new", "new", "fill"] {
        let (event, data) = stream.event().await;
        assert_eq!(event, expected);
        let at = data["timestamp"].as_str().unwrap().to_owned();
        assert!(
            at.len() > before.len() || at > before,
            "{at} after {before}"
        );
        before = at;
        ids.push(data["execution_id"].clone());
    }
    assert_eq!(ids[0], Value::Null);
    assert_ne!(ids[1], ids[2]);
}

#[tokio::test]
async fn pings_are_answered() {
    use futures::{SinkExt as _, StreamExt as _};
    let sim = Sim::start().await;
    let mut stream = sim.trading_stream().await;
    stream
        .socket
        .send(Message::Ping(vec![1, 2, 3].into()))
        .await
        .unwrap();
    let answer = stream.socket.next().await.unwrap().unwrap();
    assert_eq!(answer, Message::Pong(vec![1, 2, 3].into()));
}
