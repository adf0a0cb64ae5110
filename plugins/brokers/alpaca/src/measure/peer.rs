//! The peer: a thread for each connection, blocking reads, and a note of when each order began to come.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use trader_contract::Timestamp;

use super::frames::{self, Kind};
use super::rest;

/// The longest head of a request.
const HEAD: usize = 64 << 10;

/// The time that the peer shows: `shown` when the clock had `at`, running so many times as fast.
#[derive(Debug, Clone, Copy)]
pub struct Venue {
    /// What it showed.
    pub shown: Timestamp,
    /// When that was.
    pub at: Duration,
    /// How fast it runs.
    pub pace: u32,
}

impl Venue {
    /// What it shows.
    #[must_use]
    pub fn now(&self, clock: Duration) -> Timestamp {
        let passed = clock.saturating_sub(self.at).as_nanos();
        let passed = passed.saturating_mul(u128::from(self.pace));
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        self.shown.plus_nanos(passed)
    }
}

/// Who hears a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// Who has subscribed to market data as Alpaca wants it done.
    Subscriber,
    /// The bare client.
    Bare,
}

/// The path of the stream that the bare client opens.
pub(super) const BARE: &str = "/bare";

struct Shared {
    clock: fn() -> Duration,
    venue: Venue,
    lines: Mutex<BTreeMap<Line, Arc<Mutex<TcpStream>>>>,
    ready: Condvar,
    orders: Sender<Duration>,
}

/// The peer. Its threads end with their connections, and the one that takes them with the process.
pub struct Peer {
    address: SocketAddr,
    shared: Arc<Shared>,
    orders: Receiver<Duration>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peer {
    /// Listens on a free port of this machine. `clock` is what times are told by.
    ///
    /// # Errors
    /// The system has no port or no thread left.
    pub fn start(venue: Venue, clock: fn() -> Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (told, orders) = channel();
        let shared = Arc::new(Shared {
            clock,
            venue,
            lines: Mutex::default(),
            ready: Condvar::new(),
            orders: told,
        });
        let taking = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("peer".to_owned())
            .spawn(move || {
                for connection in listener.incoming().flatten() {
                    let shared = Arc::clone(&taking);
                    let serving = std::thread::Builder::new().name("peer".to_owned());
                    // One that cannot be served is closed; its client says so.
                    let _thread = serving.spawn(move || serve(&shared, connection));
                }
            })?;
        Ok(Self {
            address,
            shared,
            orders,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What time it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.venue.now((self.shared.clock)())
    }

    /// Waits until somebody hears on a line; `false` where nobody does in time.
    #[must_use]
    pub fn wait_for(&self, line: Line, patience: Duration) -> bool {
        let lines = held(&self.shared.lines);
        let waited = self
            .shared
            .ready
            .wait_timeout_while(lines, patience, |lines| !lines.contains_key(&line));
        waited
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .contains_key(&line)
    }

    /// Writes a message of market data, and says when that began.
    ///
    /// # Errors
    /// Nobody hears.
    pub fn send(&self, line: Line, message: &[u8]) -> io::Result<Duration> {
        let stream = held(&self.shared.lines).get(&line).cloned();
        let stream = stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        let frame = frames::frame(Kind::Binary, message);
        let mut stream = held(&stream);
        let begun = (self.shared.clock)();
        stream.write_all(&frame)?;
        Ok(begun)
    }

    /// When the first byte of the next order was read; `None` where none comes in time.
    #[must_use]
    pub fn order(&self, patience: Duration) -> Option<Duration> {
        self.orders.recv_timeout(patience).ok()
    }
}

/// Answers requests until one wants a stream, and then speaks on that.
fn serve(shared: &Shared, mut connection: TcpStream) {
    // Whatever goes wrong, the connection ends, and its client says so.
    let _ended = (|| -> io::Result<()> {
        connection.set_nodelay(true)?;
        let mut rest = Vec::new();
        while let Some(request) = next_request(shared, &mut connection, &mut rest)? {
            if let Some(key) = request.header("sec-websocket-key") {
                let accept = derive_accept_key(key.as_bytes());
                let head = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Accept: {accept}\r\n\r\n"
                );
                connection.write_all(head.as_bytes())?;
                return stream(shared, connection, request.target());
            }
            let now = shared.venue.now((shared.clock)());
            let answer = rest::answer(request.method(), request.target(), now);
            if request.method() == "POST" {
                // Told before the answer: nobody measures what comes after.
                let _nobody_listens = shared.orders.send(request.begun);
            }
            connection.write_all(&rest::response(&answer))?;
        }
        Ok(())
    })();
}

/// A request, without its body.
struct Request {
    head: String,
    /// When its first byte was read.
    begun: Duration,
}

impl Request {
    fn word(&self, index: usize) -> &str {
        let line = self.head.lines().next().unwrap_or_default();
        line.split(' ').nth(index).unwrap_or_default()
    }

    fn method(&self) -> &str {
        self.word(0)
    }

    fn target(&self) -> &str {
        self.word(1)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// Reads the next request; `None` where the client has gone. `rest` is what came after the one before.
fn next_request(
    shared: &Shared,
    connection: &mut TcpStream,
    rest: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let mut buffer = [0_u8; 4096];
    let mut begun = (!rest.is_empty()).then(shared.clock);
    let end = loop {
        if let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
            break end.saturating_add(4);
        }
        if rest.len() > HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = connection.read(&mut buffer)?;
        if read == 0 {
            return Ok(None);
        }
        begun.get_or_insert_with(shared.clock);
        rest.extend_from_slice(buffer.get(..read).unwrap_or_default());
    };
    let head: Vec<u8> = rest.drain(..end).collect();
    let request = Request {
        head: String::from_utf8_lossy(&head).into_owned(),
        begun: begun.unwrap_or_default(),
    };
    let length = request
        .header("content-length")
        .and_then(|n| n.parse().ok());
    let length: usize = length.unwrap_or(0);
    while rest.len() < length {
        let read = connection.read(&mut buffer)?;
        if read == 0 {
            return Ok(None);
        }
        rest.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
    rest.drain(..length);
    Ok(Some(request))
}

/// Speaks on a stream: orders' on `/stream`, the bare client's, and market data on every other.
fn stream(shared: &Shared, connection: TcpStream, target: &str) -> io::Result<()> {
    let mut reading = connection.try_clone()?;
    let writing = Arc::new(Mutex::new(connection));
    let (line, packs) = match target {
        "/stream" => (None, false),
        BARE => (Some(Line::Bare), true),
        _ => (Some(Line::Subscriber), true),
    };
    if line == Some(Line::Bare) {
        announce(shared, Line::Bare, &writing);
    } else if line == Some(Line::Subscriber) {
        say(
            &writing,
            packs,
            &json!([{"T": "success", "msg": "connected"}]),
        )?;
    }
    let mut standing = Map::new();
    loop {
        let (kind, payload) = frames::read(&mut reading)?;
        match kind {
            Kind::Ping => frames::write(&mut *held(&writing), Kind::Pong, &payload)?,
            Kind::Pong => {}
            Kind::Close => return Ok(()),
            Kind::Text | Kind::Binary => {
                let said: Value = match packs {
                    true => rmp_serde::from_slice(&payload).unwrap_or_default(),
                    false => serde_json::from_slice(&payload).unwrap_or_default(),
                };
                say(&writing, packs, &reply(&said, &mut standing))?;
                if action(&said) == Some("subscribe")
                    && let Some(line) = line
                {
                    announce(shared, line, &writing);
                }
            }
        }
    }
}

fn announce(shared: &Shared, line: Line, writing: &Arc<Mutex<TcpStream>>) {
    held(&shared.lines).insert(line, Arc::clone(writing));
    shared.ready.notify_all();
}

fn say(writing: &Mutex<TcpStream>, packs: bool, said: &Value) -> io::Result<()> {
    let (kind, bytes) = match packs {
        true => (Kind::Binary, super::packed(said)),
        false => (Kind::Text, said.to_string().into_bytes()),
    };
    frames::write(&mut *held(writing), kind, &bytes)
}

/// What is said to a client that has said something.
fn reply(said: &Value, standing: &mut Map<String, Value>) -> Value {
    match action(said) {
        Some("subscribe") => {
            standing.insert("T".to_owned(), "subscription".into());
            for (channel, symbols) in said.as_object().into_iter().flatten() {
                if let Some(symbols) = symbols.as_array() {
                    let all = standing.entry(channel).or_insert_with(|| json!([]));
                    if let Some(all) = all.as_array_mut() {
                        all.extend(symbols.iter().cloned());
                    }
                }
            }
            json!([standing])
        }
        Some("listen") => json!({"stream": "listening", "data": {"streams": ["trade_updates"]}}),
        // The two streams greet with different words.
        Some("authenticate") => json!({
            "stream": "authorization",
            "data": {"status": "authorized", "action": "authenticate"},
        }),
        _ => json!([{"T": "success", "msg": "authenticated"}]),
    }
}

fn action(said: &Value) -> Option<&str> {
    said.get("action").and_then(Value::as_str)
}
