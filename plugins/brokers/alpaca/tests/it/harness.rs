//! A simulator and a client that is connected to it, both with one clock.

use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use clap::Parser;
use trader_broker_alpaca::face::{Feed, FeedItem};
use trader_broker_alpaca::face::{
    Keys, KnownOrder, MarketData, MarketDataSettings, Simulator, Subscriptions, Trading,
    TradingSettings, outlet,
};
use trader_broker_alpaca::simulator::{Options, Server};
use trader_contract::{
    Attached, BrokerEvent, BrokerRequest, BrokerSnapshot, ClientOrderId, Epoch, IntentNo,
    OrderKind, OrderReport, OrderRequest, OrderRole, Price, Qty, ReportStatus, Side, TimeInForce,
    Timestamp,
};

/// How long anything may take before a test has failed.
const PATIENCE: Duration = Duration::from_secs(40);

/// Simulated time: an hour into a session, and on from there as the machine's goes.
#[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
pub(crate) fn clock() -> Timestamp {
    static START: OnceLock<Instant> = OnceLock::new();
    let passed = START.get_or_init(Instant::now).elapsed();
    let base: Timestamp = "2026-11-25T15:30:00Z".parse().unwrap();
    base.plus_nanos(i64::try_from(passed.as_nanos()).unwrap())
}

pub(crate) fn keys() -> Keys {
    Keys::new("sim-key", "sim-secret")
}

/// A simulator in this process.
pub(crate) struct World {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) address: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(more: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let start = clock().to_string();
        let usual = ["alpaca-sim", "--listen", "127.0.0.1:0", "--start", &start];
        let options = Options::parse_from(usual.into_iter().chain(more.iter().copied()));
        let server = runtime.block_on(Server::start(&options)).unwrap();
        let address = format!("http://{}", server.address());
        runtime.spawn(server.run());
        let world = Self { runtime, address };
        // Fills are whole and at once, until a test says otherwise.
        world.admin("exchange", r#"{"partial_fill_probability": "0"}"#);
        world
    }

    /// The hand on the simulator.
    pub(crate) fn admin(&self, what: &str, body: &str) {
        let url = format!("{}/admin/{what}", self.address);
        let body = body.to_owned();
        let sent = self.runtime.block_on(async move {
            trader_broker_alpaca::face::init();
            let client = reqwest::Client::new();
            let request = client.post(url).body(body);
            request.send().await.unwrap()
        });
        assert!(sent.status().is_success(), "{what}: {}", sent.status());
    }

    pub(crate) fn endpoint(&self) -> Simulator {
        Simulator::at(&self.address).unwrap()
    }

    /// A client that trades and is connected.
    pub(crate) fn trader(&self) -> Trader {
        let mut trader = self.trader_that_knows(&[]);
        trader.until("the link", |event| {
            matches!(event, BrokerEvent::Link { up: true, .. }).then_some(())
        });
        trader
    }

    pub(crate) fn trader_that_knows(&self, known: &[KnownOrder]) -> Trader {
        let _inside = self.runtime.enter();
        let (queue, events) = sync_channel(64);
        let settings = TradingSettings::new(keys(), clock);
        let outlet = outlet(queue, |event| event, Some);
        let trading = Trading::start(&self.endpoint(), settings, known, outlet).unwrap();
        Trader {
            trading,
            events,
            heard: Vec::new(),
            number: 0,
        }
    }

    /// A client of market data.
    pub(crate) fn data(
        &self,
        settings: impl FnOnce(&mut MarketDataSettings),
        wanted: Subscriptions,
    ) -> (MarketData, Receiver<FeedItem>) {
        let _inside = self.runtime.enter();
        let (queue, items) = sync_channel(1_024);
        let mut with = MarketDataSettings::new(keys(), Feed::Iex, clock);
        settings(&mut with);
        let outlet = outlet(queue, |item| item, Some);
        let data = MarketData::start(&self.endpoint(), with, wanted, outlet).unwrap();
        (data, items)
    }
}

/// Waits for what a look finds among what comes.
pub(crate) fn until<T, F>(from: &Receiver<T>, what: &str, mut look: F)
where
    F: FnMut(T) -> bool,
{
    loop {
        match from.recv_timeout(PATIENCE) {
            Ok(item) => {
                if look(item) {
                    return;
                }
            }
            Err(_) => panic!("{what} never came"),
        }
    }
}

/// A client with what it has heard.
pub(crate) struct Trader {
    pub(crate) trading: Trading<Simulator>,
    events: Receiver<BrokerEvent>,
    pub(crate) heard: Vec<BrokerEvent>,
    number: u32,
}

impl Trader {
    /// Waits for what a look finds, and keeps everything.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&BrokerEvent) -> Option<T>,
    ) -> T {
        loop {
            let Ok(event) = self.events.recv_timeout(PATIENCE) else {
                panic!("{what} never came; heard: {:#?}", self.heard);
            };
            let found = look(&event);
            self.heard.push(event);
            if let Some(found) = found {
                return found;
            }
        }
    }

    /// Waits for a report of an order with a status, heard before or not.
    pub(crate) fn report(&mut self, name: ClientOrderId, status: ReportStatus) -> OrderReport {
        let is_it = |event: &BrokerEvent| match event {
            BrokerEvent::Order(report) if report.client_id == name && report.status == status => {
                Some(report.clone())
            }
            _ => None,
        };
        if let Some(report) = self.heard.iter().find_map(is_it) {
            return report;
        }
        self.until(&format!("{name} {status:?}"), is_it)
    }

    pub(crate) fn ask(&self, request: BrokerRequest) {
        self.trading.request(request).unwrap();
    }

    pub(crate) fn submit(&self, order: OrderRequest) {
        self.ask(BrokerRequest::Submit(order));
    }

    pub(crate) fn snapshot(&mut self) -> BrokerSnapshot {
        self.number = self.number.saturating_add(1);
        let number = self.number;
        let since = clock().plus_minutes(-60);
        self.ask(BrokerRequest::Snapshot { number, since });
        self.until("the snapshot", |event| match event {
            BrokerEvent::Snapshot(snapshot) if snapshot.number == number => Some(snapshot.clone()),
            BrokerEvent::SnapshotFailed { message, .. } => panic!("{message}"),
            _ => None,
        })
    }

    /// The shares of an order's executions that were told, each counted once.
    pub(crate) fn executed(&self, name: ClientOrderId) -> i64 {
        let mut ids = std::collections::BTreeSet::new();
        let told = self.heard.iter().filter_map(|event| match event {
            BrokerEvent::Order(report) if report.client_id == name => report.execution.as_ref(),
            _ => None,
        });
        told.filter(|execution| ids.insert(execution.id.clone()))
            .map(|execution| execution.qty.whole_shares())
            .sum()
    }
}

pub(crate) fn name(intent: u32, role: OrderRole) -> ClientOrderId {
    ClientOrderId {
        epoch: Epoch(42),
        session: 20_261_125,
        intent: IntentNo(intent),
        role,
        attempt: 1,
    }
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// An order for 12 shares of AAPL.
pub(crate) fn order(client_id: ClientOrderId, side: Side, kind: OrderKind) -> OrderRequest {
    OrderRequest {
        client_id,
        symbol: "AAPL".parse().unwrap(),
        side,
        qty: Qty::shares(12).unwrap(),
        kind,
        time_in_force: TimeInForce::Day,
        attached: Attached::NONE,
        oco_stop: None,
    }
}

/// A limit far below or above whatever AAPL trades at.
pub(crate) fn far(side: Side) -> OrderKind {
    OrderKind::Limit {
        limit: match side {
            Side::Buy => price("20"),
            Side::Sell => price("2000"),
        },
    }
}
