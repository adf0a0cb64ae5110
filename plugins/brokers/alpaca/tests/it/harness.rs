//! A simulator for one test, and the little that a client needs to talk to it.

use std::net::SocketAddr;
use std::path::Path;

use clap::Parser as _;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use trader_broker_alpaca::simulator::{Options, Server};

/// A Tuesday, an hour into the session.
pub(crate) const START: &str = "2026-09-15T14:30:00Z";

pub(crate) struct Sim {
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    server: JoinHandle<()>,
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sim {
    pub(crate) async fn start() -> Self {
        Self::with(&["--start", START]).await
    }

    pub(crate) async fn at(start: &str) -> Self {
        Self::with(&["--start", start]).await
    }

    pub(crate) async fn kept_in(folder: &Path) -> Self {
        let folder = folder.display().to_string();
        Self::with(&["--start", START, "--state-dir", &folder]).await
    }

    /// Starts one whose clock stands still, that fills whole, and that takes any number of requests.
    pub(crate) async fn with(more: &[&str]) -> Self {
        let sim = Self::bare(more).await;
        sim.admin("exchange", json!({"partial_fill_probability": 0}))
            .await;
        sim.admin("limits", json!({"trading_per_minute": 100_000}))
            .await;
        sim
    }

    /// Ends without a word, so that another can go on with the same state.
    pub(crate) async fn end(mut self) {
        self.server.abort();
        let _aborted = (&mut self.server).await;
    }

    /// One that runs in a process of its own.
    pub(crate) fn elsewhere(address: SocketAddr) -> Self {
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        Self {
            address,
            http: reqwest::Client::new(),
            server: tokio::spawn(async {}),
        }
    }

    pub(crate) async fn bare(more: &[&str]) -> Self {
        let mut arguments = vec!["alpaca-sim", "--listen", "127.0.0.1:0", "--pace", "0"];
        arguments.extend(more);
        let server = Server::start(&Options::parse_from(arguments))
            .await
            .unwrap();
        let mut sim = Self::elsewhere(server.address());
        sim.server = tokio::spawn(async move { server.run().await.unwrap() });
        sim
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, HeaderMap, String), reqwest::Error> {
        let url = format!("http://{}{path}", self.address);
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, url);
        request = request.header("APCA-API-KEY-ID", "sim-key");
        request = request.header("APCA-API-SECRET-KEY", "sim-secret");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok((status, headers, response.text().await?))
    }

    async fn json(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, _, text) = self.call(method, path, body).await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.json("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn try_get(&self, path: &str) -> (u16, Value) {
        self.json("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.json("POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.json("PATCH", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.json("DELETE", path, None).await
    }

    pub(crate) async fn admin(&self, command: &str, body: Value) -> Value {
        let (status, answer) = self.post(&format!("/admin/{command}"), body).await;
        assert_eq!(status, 200, "{command}: {answer}");
        answer
    }

    /// Lets simulated seconds pass.
    pub(crate) async fn pass(&self, seconds: f64) {
        self.admin("clock", json!({"advance_seconds": seconds}))
            .await;
    }

    pub(crate) async fn pass_to(&self, time: &str) {
        self.admin("clock", json!({"advance_to": time})).await;
    }

    /// Places an order, and lets it get to work.
    pub(crate) async fn order(&self, order: Value) -> Value {
        let (status, placed) = self.post("/v2/orders", order).await;
        assert_eq!(status, 200, "{placed}");
        self.pass(0.01).await;
        placed
    }

    pub(crate) async fn refused(&self, order: Value, status: u16, code: u32, text: &str) -> Value {
        let (answered, body) = self.post("/v2/orders", order).await;
        check_refusal(answered, &body, status, code, text);
        body
    }

    pub(crate) async fn buy(&self, symbol: &str, qty: i64) -> Value {
        self.order(market(symbol, "buy", qty)).await
    }

    /// An order as it is now.
    pub(crate) async fn now(&self, order: &Value) -> Value {
        self.get(&format!("/v2/orders/{}?nested=true", id(order)))
            .await
    }

    pub(crate) async fn status(&self, order: &Value) -> String {
        self.now(order).await["status"].as_str().unwrap().to_owned()
    }

    /// How many orders a list has, by what is asked of it: `status=all`, `symbols=AAPL`, ….
    pub(crate) async fn count(&self, query: &str) -> usize {
        let list = self.get(&format!("/v2/orders?{query}")).await;
        list.as_array().unwrap().len()
    }

    /// The last price of a symbol.
    pub(crate) async fn price(&self, symbol: &str) -> f64 {
        let quote = self
            .get(&format!("/v2/stocks/{symbol}/quotes/latest"))
            .await;
        let side = |name: &str| quote["quote"][name].as_f64().unwrap();
        f64::midpoint(side("ap"), side("bp"))
    }

    pub(crate) async fn connect(&self, path: &str, msgpack: bool) -> Socket {
        self.try_connect(path, msgpack).await.unwrap()
    }

    pub(crate) async fn try_connect(
        &self,
        path: &str,
        msgpack: bool,
    ) -> Result<Socket, tungstenite::Error> {
        let url = format!("ws://{}{path}", self.address);
        let mut request = url.into_client_request().unwrap();
        if msgpack {
            let value = "application/msgpack".parse().unwrap();
            request.headers_mut().insert("content-type", value);
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Socket { socket, msgpack })
    }

    /// A trading stream that listens.
    pub(crate) async fn trading_stream(&self) -> Socket {
        let mut socket = self.connect("/stream", false).await;
        let keys = json!({"key_id": "sim-key", "secret_key": "sim-secret"});
        socket
            .say(json!({"action": "authenticate", "data": keys}))
            .await;
        assert_eq!(socket.hear().await["data"]["status"], "authorized");
        socket
            .say(json!({"action": "listen", "data": {"streams": ["trade_updates"]}}))
            .await;
        assert_eq!(socket.hear().await["stream"], "listening");
        socket
    }

    /// A data stream that is authenticated.
    pub(crate) async fn data_stream(&self, path: &str, msgpack: bool) -> Socket {
        let mut socket = self.connect(path, msgpack).await;
        assert_eq!(socket.hear().await[0]["msg"], "connected");
        socket
            .say(json!({"action": "auth", "key": "sim-key", "secret": "sim-secret"}))
            .await;
        assert_eq!(socket.hear().await[0]["msg"], "authenticated");
        socket
    }
}

pub(crate) struct Socket {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    msgpack: bool,
}

impl Socket {
    pub(crate) async fn say(&mut self, message: Value) {
        let message = if self.msgpack {
            Message::binary(rmp_serde::to_vec(&message).unwrap())
        } else {
            Message::text(message.to_string())
        };
        self.socket.send(message).await.unwrap();
    }

    /// The next frame's bytes; `None` once the connection has ended.
    pub(crate) async fn frame(&mut self) -> Option<Message> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(message) => return Some(message),
            }
        }
    }

    pub(crate) async fn hear(&mut self) -> Value {
        let frame = self.frame().await.expect("the connection ended");
        let bytes = frame.into_data();
        if self.msgpack {
            rmp_serde::from_slice(&bytes).unwrap()
        } else {
            serde_json::from_slice(&bytes).unwrap()
        }
    }

    /// The next event of the trading stream, in short.
    pub(crate) async fn event(&mut self) -> (String, Value) {
        let message = self.hear().await;
        assert_eq!(message["stream"], "trade_updates", "{message}");
        let data = message["data"].clone();
        (data["event"].as_str().unwrap().to_owned(), data)
    }
}

pub(crate) fn check_refusal(answered: u16, body: &Value, status: u16, code: u32, text: &str) {
    assert_eq!(
        (answered, body["code"].as_u64()),
        (status, Some(code.into())),
        "{body}"
    );
    let message = body["message"].as_str().unwrap();
    assert!(message.contains(text), "{message:?} lacks {text:?}");
}

pub(crate) fn id(order: &Value) -> &str {
    order["id"].as_str().unwrap()
}

pub(crate) fn market(symbol: &str, side: &str, qty: i64) -> Value {
    json!({"symbol": symbol, "qty": qty.to_string(), "side": side, "type": "market", "time_in_force": "day"})
}

pub(crate) fn limit(symbol: &str, side: &str, qty: i64, price: f64) -> Value {
    json!({"symbol": symbol, "qty": qty, "side": side, "type": "limit", "time_in_force": "day",
        "limit_price": cents(price)})
}

pub(crate) fn stop(symbol: &str, side: &str, qty: i64, price: f64) -> Value {
    json!({"symbol": symbol, "qty": qty, "side": side, "type": "stop", "time_in_force": "gtc",
        "stop_price": cents(price)})
}

/// A price on the cent.
pub(crate) fn cents(price: f64) -> String {
    format!("{price:.2}")
}

/// An order with other members.
pub(crate) fn with(mut order: Value, members: Value) -> Value {
    let more = members.as_object().unwrap().clone();
    order.as_object_mut().unwrap().extend(more);
    order
}
