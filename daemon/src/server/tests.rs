//! The server behind real sockets, with a desk that answers by heart: roles, limits, and what a
//! client may send by mistake or in anger.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Value, json};
use trader_kernel::{Asked, Call};
use trader_rpc::{
    Accepted, AlertsParams, Client, DaySummary, DaysParams, EffectiveConfig, Failure, JournalAlert,
    Order, OrdersParams, PROTOCOL_VERSION, Trade, TradeEdit, TradeName, TradesParams, Why,
    WhyParams,
};

use super::*;
use crate::descriptors::Handed;
use crate::reload::Reloader;

mod parts;
mod restart;

struct NoArchive;

impl Archive for NoArchive {
    fn orders(&self, _: &OrdersParams) -> Result<Vec<Order>, Failure> {
        Ok(Vec::new())
    }
    fn trades(&self, _: &TradesParams) -> Result<Vec<Trade>, Failure> {
        Err(Failure::store_unavailable("trades", "the disk is gone"))
    }
    fn trades_named(&self, _: &TradeName) -> Result<Vec<Trade>, Failure> {
        Ok(Vec::new())
    }
    fn trade_edits(&self, _: u64) -> Result<Vec<TradeEdit>, Failure> {
        Ok(Vec::new())
    }
    fn days(&self, _: &DaysParams) -> Result<Vec<DaySummary>, Failure> {
        Ok(Vec::new())
    }
    fn alerts_of(&self, _: chrono::NaiveDate) -> Result<u32, Failure> {
        Ok(0)
    }
    fn alerts(&self, _: &AlertsParams) -> Result<Vec<JournalAlert>, Failure> {
        Ok(Vec::new())
    }
    fn why(&self, _: &WhyParams) -> Result<Why, Failure> {
        Ok(trader_rpc::sample::of("Why").unwrap())
    }
    fn alert(&self, number: u64) -> Result<Option<JournalAlert>, Failure> {
        let alert: JournalAlert = trader_rpc::sample::of("JournalAlert").unwrap();
        Ok((alert.number == number).then_some(alert))
    }
}

/// Accepts what changes something, keeps `strategies` waiting for ever, and is full for `status`.
#[derive(Default)]
struct ByHeart {
    kept: Mutex<Vec<Asked>>,
}

impl Desk for ByHeart {
    fn put(&self, asked: Asked) -> Result<(), Turned> {
        match asked.call {
            Call::Pause(params, reply) | Call::Resume(params, reply) => reply.send(Ok(Accepted {
                request_id: params.request_id,
                message: format!("by {}", asked.peer.role),
                repeated: false,
            })),
            Call::Positions(reply) => reply.send(Ok(Vec::new())),
            Call::Status(_) => return Err(Turned::Full),
            Call::Flatten(..) => return Err(Turned::Gone),
            _ => self.kept.lock().unwrap().push(asked),
        }
        Ok(())
    }
}

pub(super) fn services() -> Services {
    Services {
        desk: Arc::new(ByHeart::default()),
        archive: Arc::new(NoArchive),
        workshop: Arc::new(parts::Parts),
        logs: Ring::new(100),
        journal: Ring::new(100),
        jobs: Ring::new(100),
        alerts: Arc::new(crate::alerts::Delivery::none()),
        calendar: Calendar::nyse(),
        mode: Mode::Simulated,
        label: "SIMULATED".to_owned(),
        reloader: Arc::new(Reloader::new(
            None,
            (
                &crate::config::Config::defaults(),
                &EffectiveConfig {
                    hash: "0".repeat(64),
                    files: Vec::new(),
                    toml: String::new(),
                },
            ),
            Box::new(|_| {}),
        )),
        doctor: crate::doctor::Doctor::of_nobody(),
    }
}

fn settings() -> RpcSettings {
    RpcSettings {
        call_timeout_ms: 100,
        ..crate::config::Config::defaults().rpc
    }
}

struct Running {
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
    server: Option<Server>,
    services: Services,
}

impl Running {
    fn with(settings: &RpcSettings) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let services = services();
        let server = {
            let _inside = runtime.enter();
            let sockets = Sockets::open(folder.path(), Handed::default()).unwrap();
            Server::start(sockets, settings, services.clone()).unwrap()
        };
        Self {
            runtime,
            folder,
            server: Some(server),
            services,
        }
    }

    fn path(&self, role: Role) -> PathBuf {
        match role {
            Role::Read => trader_rpc::socket::read(self.folder.path()),
            _ => trader_rpc::socket::control(self.folder.path()),
        }
    }

    fn raw(&self, role: Role) -> RawSocket {
        RawSocket::connect(&self.path(role))
    }
}

/// A WebSocket by hand, which can send what a proper client cannot.
struct RawSocket(UnixStream);

impl RawSocket {
    fn connect(path: &Path) -> Self {
        let mut stream = UnixStream::connect(path).unwrap();
        stream
            .write_all(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            )
            .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(
            head.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        Self(stream)
    }

    fn send(&mut self, text: &[u8]) {
        let length = u64::try_from(text.len()).unwrap().to_be_bytes();
        // Text, the whole of it; masked with zeros, 64-bit length.
        let mut frame = vec![0x81, 0x80 | 127];
        frame.extend_from_slice(&length);
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text);
        self.0.write_all(&frame).unwrap();
    }

    /// The next text; the server's pings are passed over.
    fn receive(&mut self) -> Value {
        loop {
            let (kind, payload) = self.frame();
            if kind == 0x89 {
                continue;
            }
            assert_eq!(kind, 0x81, "not a text frame");
            return serde_json::from_slice(&payload).unwrap();
        }
    }

    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let length = match head[1] {
            126 => {
                let mut bytes = [0; 2];
                self.0.read_exact(&mut bytes).unwrap();
                u64::from(u16::from_be_bytes(bytes))
            }
            127 => {
                let mut bytes = [0; 8];
                self.0.read_exact(&mut bytes).unwrap();
                u64::from_be_bytes(bytes)
            }
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).unwrap();
        (head[0], payload)
    }

    fn ask(&mut self, text: &str) -> Value {
        self.send(text.as_bytes());
        self.receive()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.ask(
            &json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string(),
        )
    }
}

fn change() -> Value {
    json!({"request_id": "r-1"})
}

#[test]
fn the_clients_own_library_is_greeted_with_its_role() {
    let running = Running::with(&settings());
    for (socket, role) in [(Role::Read, Role::Read), (Role::Control, Role::Admin)] {
        let mut socket = running.raw(socket);
        let hello = socket.call(
            "hello",
            json!({"protocol": PROTOCOL_VERSION, "client": "test"}),
        );
        assert_eq!(hello["result"]["role"], json!(role), "{hello}");
        assert_eq!(hello["result"]["label"], "SIMULATED");
        let other = socket.call("hello", json!({"protocol": 99, "client": "test"}));
        assert_eq!(other["error"]["code"], 1009);
    }
    let client = Client::connect(&running.path(Role::Read), "test").unwrap();
    let days = client
        .call::<trader_rpc::call::Positions>(&trader_rpc::NoParams {})
        .unwrap();
    assert!(days.is_empty());
}

#[test]
fn the_read_socket_changes_nothing_and_the_control_socket_does() {
    let running = Running::with(&settings());
    let mut reader = running.raw(Role::Read);
    for method in ["pause", "resume", "close", "cancel", "flatten", "stop"] {
        let answer = reader.call(method, change());
        assert_eq!(answer["error"]["code"], 1001, "{method}: {answer}");
    }
    let mut control = running.raw(Role::Control);
    let answer = control.call("pause", change());
    assert_eq!(answer["result"]["message"], "by admin", "{answer}");
    assert_eq!(answer["result"]["request_id"], "r-1");
}

#[test]
fn unknown_methods_wrong_parameters_and_broken_json_are_answered_and_the_connection_lives() {
    let running = Running::with(&settings());
    let mut socket = running.raw(Role::Control);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"positions","params":{{"a":{deep}}}}}"#);
    let table = [
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#,
            -32601,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"armour"}"#, -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"pause"}"#, -32602),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"pause","params":{"request_id":"a b"}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"positions","params":{"x":1}}"#,
            -32602,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"calendar","params":{"start_date":"2024-02-02","end_date":"2024-02-01"}}"#,
            -32602,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"met"#, -32700),
        (r#"{"id":1}"#, -32600),
        (nested.as_str(), -32602),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"positions"}]"#, -32005),
    ];
    for (text, code) in table {
        let answer = socket.ask(text);
        assert_eq!(
            answer["error"]["code"],
            code,
            "{} {answer}",
            text.get(..80).unwrap_or(text)
        );
    }
    assert_eq!(socket.call("positions", json!({}))["result"], json!([]));
}

#[test]
fn a_frame_that_is_too_large_is_refused() {
    let running = Running::with(&settings());
    let mut socket = running.raw(Role::Read);
    let size = usize::try_from(trader_rpc::limits::REQUEST_BYTES_MAX).unwrap();
    socket.send(&vec![b' '; size.saturating_add(1)]);
    assert_eq!(socket.receive()["error"]["code"], -32007);
}

#[test]
fn a_flood_is_answered_with_busy_and_others_are_served() {
    let running = Running::with(&RpcSettings {
        requests_per_second: 1,
        request_burst: 5,
        ..settings()
    });
    let mut flood = running.raw(Role::Read);
    let codes: Vec<Value> = (0..20)
        .map(|_| flood.call("positions", json!({}))["error"]["code"].clone())
        .collect();
    assert_eq!(codes.iter().filter(|code| code.is_null()).count(), 5);
    assert!(
        codes[5..].iter().all(|code| code == &json!(1006)),
        "{codes:?}"
    );
    let mut other = running.raw(Role::Read);
    assert_eq!(other.call("positions", json!({}))["result"], json!([]));
}

#[test]
fn an_engine_that_is_full_silent_or_gone_is_told_as_such() {
    let running = Running::with(&settings());
    let mut socket = running.raw(Role::Control);
    assert_eq!(socket.call("status", json!({}))["error"]["code"], 1006);
    assert_eq!(socket.call("strategies", json!({}))["error"]["code"], 1006);
    assert_eq!(socket.call("flatten", change())["error"]["code"], 1008);
    assert_eq!(socket.call("trades", json!({}))["error"]["code"], 1007);
    assert_eq!(socket.call("orders", json!({}))["result"], json!([]));
}

#[test]
fn one_connection_too_many_is_closed_and_a_place_comes_free() {
    let running = Running::with(&RpcSettings {
        max_connections: 2,
        ..settings()
    });
    let first = running.raw(Role::Read);
    let _second = running.raw(Role::Read);
    let mut third = UnixStream::connect(running.path(Role::Read)).unwrap();
    assert_eq!(third.read(&mut [0]).unwrap(), 0);
    let _control = running.raw(Role::Control);
    drop(first);
    // The place is free once the server has seen the close; until then connections are closed.
    let again = (0..10_000).any(|_| {
        let mut stream = UnixStream::connect(running.path(Role::Read)).unwrap();
        let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        asked.is_ok() && matches!(stream.read(&mut [0]), Ok(1))
    });
    assert!(again);
}

#[test]
fn a_client_that_does_not_finish_its_header_is_closed() {
    let running = Running::with(&RpcSettings {
        header_timeout_ms: 100,
        ..settings()
    });
    for start in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = UnixStream::connect(running.path(Role::Control)).unwrap();
        stream.write_all(start.as_bytes()).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(!rest.starts_with(b"HTTP/1.1 1"), "{start:?}");
    }
    let mut proper = running.raw(Role::Control);
    assert_eq!(proper.call("positions", json!({}))["result"], json!([]));
}

#[test]
fn a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let running = Running::with(&settings());
    let _inside = running.runtime.enter();
    let second = Sockets::open(running.folder.path(), Handed::default());
    assert!(matches!(
        second,
        Err(ServerError::Socket(SocketError::Claimed { .. }))
    ));
    let mut socket = running.raw(Role::Read);
    assert_eq!(socket.call("positions", json!({}))["result"], json!([]));
}

#[test]
fn a_stopped_server_closes_its_clients_and_takes_its_sockets_away() {
    let mut running = Running::with(&settings());
    let mut socket = running.raw(Role::Read);
    assert_eq!(socket.call("positions", json!({}))["result"], json!([]));
    let server = running.server.take().unwrap();
    running.runtime.block_on(server.stop());
    let mut rest = Vec::new();
    // Reset or closed: either way there is nobody any more.
    let _ = socket.0.read_to_end(&mut rest);
    assert!(!running.path(Role::Read).exists());
    assert!(!running.path(Role::Control).exists());
}

fn line(seq: u64) -> JournalLine {
    JournalLine {
        seq,
        at: "2024-03-15T14:30:00Z".parse().unwrap(),
        kind: "alerted".to_owned(),
        symbol: None,
        order: None,
        intent: None,
        text: format!("number {seq}"),
    }
}

#[test]
fn a_subscriber_hears_what_was_missed_then_what_is_kept_then_what_comes() {
    let running = Running::with(&settings());
    for seq in [7, 8] {
        running.services.journal.push_numbered(seq, line(seq));
    }
    let mut socket = running.raw(Role::Read);
    let accepted = socket.call(
        "subscribe_events",
        json!({"stream": "journal", "after_seq": 3}),
    );
    assert!(
        accepted["result"].is_number() || accepted["result"].is_string(),
        "{accepted}"
    );
    let mut next = || socket.receive()["params"]["result"].clone();
    assert_eq!(next()["missed"], json!({"after_seq": 3, "next_seq": 7}));
    assert_eq!(next()["journal"]["seq"], 7);
    assert_eq!(next()["journal"]["seq"], 8);
    running.services.journal.push_numbered(9, line(9));
    assert_eq!(next()["journal"]["text"], "number 9");
}

#[test]
fn log_lines_are_found_by_symbol_order_and_level() {
    let running = Running::with(&settings());
    let entry = |message: &str, level, fields: &[(&'static str, &str)]| Entry {
        at: "2024-03-15T14:30:00Z".parse().unwrap(),
        level,
        target: "traderd",
        message: message.to_owned(),
        fields: fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    };
    let logs = &running.services.logs;
    logs.push(entry(
        "a",
        tracing::Level::INFO,
        &[("symbol", "SPY"), ("order_id", "o1")],
    ));
    logs.push(entry("b", tracing::Level::WARN, &[("symbol", "IBM")]));
    logs.push(entry(
        "c",
        tracing::Level::WARN,
        &[("symbol", "SPY"), ("broker_order_id", "o1")],
    ));
    let mut socket = running.raw(Role::Read);
    let mut found = |params: Value| -> Vec<String> {
        let answer = socket.call("logs", params);
        let lines = answer["result"].as_array().unwrap().clone();
        lines
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found(json!({})), ["a", "b", "c"]);
    assert_eq!(found(json!({"symbol": "SPY"})), ["a", "c"]);
    assert_eq!(found(json!({"order": "o1", "level": "warn"})), ["c"]);
    assert_eq!(found(json!({"after_seq": 1, "lines": 1})), ["c"]);
}
