//! A simulator of Alpaca in the test's own process, what can be asked of it beside Alpaca's interface,
//! and the folder of a daemon that trades at it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;

use clap::Parser;
use serde_json::{Value, json};
use trader_broker_alpaca::simulator::{Options, Server};
use trader_rpc::Client;
use trader_rpc::method::call;

use crate::daemon::{Place, look};

/// What is bought and sold.
const SYMBOLS: &str = "[\"AAPL\", \"MSFT\", \"SPY\"]";

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

impl Exchange {
    /// One whose clock shows `start` and runs `pace` times as fast as the machine's.
    pub(crate) fn open(start: &str, pace: u32) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let seconds = pace.to_string();
        let arguments = ["alpaca-sim", "--start", start, "--pace", &seconds];
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
            "{method} {path} HTTP/1.1\r\nHost: sim\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
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
        let cash: rust_decimal::Decimal =
            state["account"]["cash"].as_str().unwrap().parse().unwrap();
        Holdings {
            cash: cash.normalize().to_string(),
            held,
        }
    }

    /// A daemon's folder with the keys of this exchange; `more` is what is said beside the usual.
    pub(crate) fn place(&self, more: &str) -> Place {
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
[[route]]
name = "reversion"
strategy = "mean-reversion"
symbols = {SYMBOLS}
timeframe_minutes = 1
settings = {{ period = 20, entry_z = 0.5, entry = "market", stop_atr = 20 }}
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
