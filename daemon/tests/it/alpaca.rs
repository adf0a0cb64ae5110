//! The daemon at Alpaca: the real binary over real sockets, in front of a simulator that speaks Alpaca's
//! language and has a clock of its own.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use clap::Parser;
use trader_broker_alpaca::face::{Keys, Outlet, Put, Simulator, Trading, TradingSettings, init};
use trader_broker_alpaca::simulator::{Options, Server};
use trader_contract::BrokerEvent;
use trader_rpc::method::call;
use trader_rpc::{LinkState, Mode};
use traderd::clock;

use crate::daemon::{Place, change, look, stop, until};

/// Seconds of the session in a second.
const PACE: &str = "20";

/// A simulator in this process, a minute before a session opens.
struct Exchange {
    runtime: tokio::runtime::Runtime,
    address: String,
}

impl Exchange {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let options = Options::parse_from([
            "alpaca-sim",
            "--start",
            "2026-11-25T14:29:00Z",
            "--pace",
            PACE,
        ]);
        let server = runtime.block_on(Server::start(&options)).unwrap();
        let address = server.address().to_string();
        runtime.spawn(server.run());
        Self { runtime, address }
    }

    /// The symbols that the account holds, by its own word.
    fn held(&self) -> Vec<String> {
        let endpoint = Simulator::at(&format!("http://{}", self.address)).unwrap();
        let settings = TradingSettings::new(Keys::new("sim-key", "sim-secret"), clock::now);
        self.runtime.block_on(async {
            init();
            let events: Outlet<BrokerEvent> = Arc::new(|_| Put::Taken);
            let trading = Trading::start(&endpoint, settings, &[], events).unwrap();
            let positions = trading.positions().await.unwrap();
            let symbols = positions.iter().map(|held| format!("{:?}", held.symbol));
            symbols.collect()
        })
    }

    /// A daemon's folder with the keys of this exchange.
    fn place(&self) -> Place {
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
pace = {PACE}
[broker]
kind = "alpaca"
[alpaca]
endpoint = "simulator"
address = "{}"
keys_file = "{}"
[risk]
position_fraction = 0.1
consecutive_losses = 20
[watch]
skew_ms = 10000
[rpc]
requests_per_second = 1000
request_burst = 2000
[log]
format = "json"
level = "debug"
[[route]]
name = "breakout"
strategy = "opening-range"
symbols = ["AAPL", "MSFT", "SPY"]
timeframe_minutes = 1
settings = {{ range_minutes = 5, entry_minutes = 180, target_multiple = 0 }}
"#,
            self.address,
            keys.display()
        ));
        place
    }
}

#[test]
fn an_entry_has_its_stop_resting_survives_a_crash_and_is_closed() {
    let exchange = Exchange::open();
    let place = exchange.place();
    let mut daemon = place.start();
    daemon.wait(|line| line.is("order_reported", "-e1 filled "));
    daemon.wait(|line| line.is("order_reported", "stop ") && line.message.contains(" is working"));
    let status = look::<call::Status>(&place.client());
    assert_eq!(status.mode, Mode::Simulated);
    assert_eq!(status.broker.name, "alpaca");
    assert_eq!(status.broker.state, LinkState::Up);
    assert_eq!(status.feed.state, LinkState::Up);
    daemon.kill();

    let held = exchange.held();
    assert_eq!(held.len(), usize::try_from(status.positions).unwrap());
    assert!(!held.is_empty());

    let mut daemon = place.start();
    let client = place.client();
    until(&client, |status| status.reconciled);
    change::<call::Pause>(&client, "pause").unwrap();
    change::<call::Flatten>(&client, "flatten").unwrap();
    daemon.wait(|line| line.kind == "trade_closed");
    until(&client, |status| status.positions == 0);
    stop(&client, Some(true));
    drop(client);
    let (ended, lines) = daemon.drain();
    assert!(ended.success(), "{ended}: {:#?}", lines.last());
    assert_eq!(exchange.held(), Vec::<String>::new());
}
