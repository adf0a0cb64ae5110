//! A simulator of Alpaca in the test's own process, what can be asked of it beside Alpaca's interface,
//! and the folder of a daemon that trades at it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;

use clap::Parser;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_alpaca::simulator::{Options, Server};
use trader_rpc::Client;
use trader_rpc::method::call;

use crate::daemon::{Place, look};

/// Who trades where nothing else is said.
const REVERSION: &str = r#"
[[route]]
name = "reversion"
strategy = "mean-reversion"
symbols = ["AAPL", "MSFT", "SPY"]
timeframe_minutes = 1
settings = { period = 20, entry_z = 0.5, entry = "market", stop_atr = 20 }
"#;

/// The simulator. It answers for as long as this lives.
pub(crate) struct Exchange {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    pace: u32,
}

/// Cash and positions in words that can be compared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holdings {
    cash: String,
    held: Vec<(String, String)>,
}

/// An order as the exchange has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) id: String,
    pub(crate) symbol: String,
    pub(crate) side: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) qty: Decimal,
    pub(crate) filled: Decimal,
    pub(crate) stop: Option<Decimal>,
}

impl Placed {
    fn read(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        let number = |name: &str| value[name].as_str().map(|number| number.parse().unwrap());
        Self {
            id: text("id"),
            symbol: text("symbol"),
            side: text("side"),
            kind: text("type"),
            status: text("status"),
            qty: number("qty").unwrap(),
            filled: number("filled_qty").unwrap(),
            stop: number("stop_price"),
        }
    }

    /// Whether it has not ended.
    pub(crate) fn is_open(&self) -> bool {
        let ended = ["filled", "canceled", "expired", "replaced", "rejected"];
        !ended.contains(&self.status.as_str())
    }

    /// What has filled of it, sales below zero.
    pub(crate) fn moved(&self) -> Decimal {
        match self.side.as_str() {
            "buy" => self.filled,
            _ => -self.filled,
        }
    }
}

impl Exchange {
    /// One whose clock shows `start` and runs `pace` times as fast as the machine's.
    pub(crate) fn open(start: &str, pace: u32) -> Self {
        Self::of_market("seeded", start, pace)
    }

    /// The same with another account.
    pub(crate) fn of_another_account(start: &str, pace: u32) -> Self {
        Self::begin(&["--seed", "2"], start, pace)
    }

    /// The same of a market that was recorded into a folder.
    pub(crate) fn of_market(market: &str, start: &str, pace: u32) -> Self {
        Self::begin(&["--market", market], start, pace)
    }

    fn begin(more: &[&str], start: &str, pace: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let seconds = pace.to_string();
        let clock = ["alpaca-sim", "--start", start, "--pace", &seconds];
        let arguments = clock.into_iter().chain(more.iter().copied());
        let options = Options::parse_from(arguments);
        let server = runtime.block_on(Server::start(&options)).unwrap();
        let address = server.address();
        runtime.spawn(server.run());
        let exchange = Self {
            runtime,
            address,
            pace,
        };
        // The limits of a minute are nothing that a test is about.
        exchange.admin("limits", json!({"trading_per_minute": 100_000}));
        exchange
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for what is done beside the daemon.
    pub(crate) fn block_on<T>(&self, task: impl Future<Output = T>) -> T {
        self.runtime.block_on(task)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: sim\r\nAPCA-API-KEY-ID: sim-key\r\n\
             APCA-API-SECRET-KEY: sim-secret\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{path}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or(Value::Null)
    }

    /// Asks for something beside Alpaca's interface: `alpaca-sim --help` lists what.
    pub(crate) fn admin(&self, command: &str, body: Value) {
        self.ask("POST", &format!("/admin/{command}"), &body.to_string());
    }

    /// Takes back every failure that is to come.
    pub(crate) fn mend(&self) {
        self.ask("DELETE", "/admin/faults", "");
    }

    /// Passes over the time until `to`, of which a daemon that runs must be spared.
    pub(crate) fn skip_to(&self, to: &str) {
        self.admin("clock", json!({"advance_to": to}));
    }

    /// Every order that it has taken, all of one moment.
    pub(crate) fn orders(&self) -> Vec<Placed> {
        let rows = self.ask("GET", "/v2/orders?status=all&limit=500&direction=asc", "");
        rows.as_array().unwrap().iter().map(Placed::read).collect()
    }

    /// Cancels an order as its owner does it at the broker.
    pub(crate) fn cancel_by_hand(&self, order: &Placed) {
        self.ask("DELETE", &format!("/v2/orders/{}", order.id), "");
    }

    /// Moves a stop as its owner does it at the broker.
    pub(crate) fn move_by_hand(&self, order: &Placed, stop: &str) {
        let body = json!({"stop_price": stop}).to_string();
        self.ask("PATCH", &format!("/v2/orders/{}", order.id), &body);
    }

    /// How many failures have not been met.
    pub(crate) fn faults_to_come(&self) -> u64 {
        self.ask("GET", "/admin/state", "")["faults"]
            .as_u64()
            .unwrap()
    }

    /// Its own books.
    pub(crate) fn holdings(&self) -> Holdings {
        let state = self.ask("GET", "/admin/state", "");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let positions = state["positions"].as_array().unwrap().iter();
        let mut held: Vec<(String, String)> = positions
            .map(|held| (text(&held["symbol"]), text(&held["qty"])))
            .collect();
        held.sort();
        let cash: Decimal = state["account"]["cash"].as_str().unwrap().parse().unwrap();
        Holdings {
            cash: cash.normalize().to_string(),
            held,
        }
    }

    /// A daemon's folder with the keys of this exchange; `more` is what is said beside the usual.
    pub(crate) fn place(&self, more: &str) -> Place {
        self.place_of(REVERSION, more)
    }

    /// The same with routes of its own.
    pub(crate) fn place_of(&self, routes: &str, more: &str) -> Place {
        let place = Place::new("");
        let keys = place.path().join("alpaca.keys");
        std::fs::write(&keys, "sim-key\nsim-secret\n").unwrap();
        std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
        place.configure(&format!(
            r#"
mode = "simulated"
[market]
source = "alpaca"
clock = "venue"
pace = {}
[broker]
kind = "alpaca"
[alpaca]
endpoint = "simulator"
address = "{}"
feed = "sip"
keys_file = "{}"
[risk]
position_fraction = 0.1
consecutive_losses = 20
entries_per_route_per_day = 100
[watch]
skew_ms = 10000
bar_late_seconds = 60
[orders]
protect_within_ms = 30000
[rpc]
requests_per_second = 1000
request_burst = 2000
[log]
format = "json"
level = "debug"
{more}
{routes}
"#,
            self.pace,
            self.address,
            keys.display()
        ));
        place
    }

    /// Waits until the daemon's ledger has what this exchange has.
    pub(crate) fn until_equal(&self, client: &Client) {
        let mut last = None;
        for _ in 0..1_000 {
            let both = (ledger(client), self.holdings());
            if both.0 == both.1 {
                return;
            }
            last = Some(both);
            client.wait(std::time::Duration::from_millis(20));
        }
        panic!("ledger and exchange differ: {last:#?}");
    }
}

/// What the daemon believes to have.
fn ledger(client: &Client) -> Holdings {
    let positions = look::<call::Positions>(client);
    let mut held: Vec<(String, String)> = positions
        .iter()
        .map(|held| {
            let sign = match held.direction {
                trader_contract::Direction::Long => "",
                trader_contract::Direction::Short => "-",
            };
            (
                held.symbol.to_string(),
                format!("{sign}{}", held.qty.normalize()),
            )
        })
        .collect();
    held.sort();
    let cash = look::<call::Status>(client).cash;
    Holdings {
        cash: cash.normalize().to_string(),
        held,
    }
}
