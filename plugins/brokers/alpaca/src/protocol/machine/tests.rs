//! The machine without sockets: what it sends, what it makes of answers, and what it tells.

use trader_contract::{
    Attached, BrokerEvent, BrokerRequest, BrokerSnapshot, ClientOrderId, OrderKind, OrderReport,
    OrderRequest, OrderRole, Qty, Replacement, ReportStatus, RequestFailure, Side, TimeInForce,
    Timestamp,
};

use super::{Call, Effect, Machine, MachineSettings, Method};
use crate::protocol::keys::Keys;
use crate::protocol::link::{StreamAction, StreamInput};
use crate::protocol::names::KnownOrder;
use crate::protocol::outcome::{Answer, HttpResult};

mod orders;
mod prepared;
mod snapshots;
mod streams;

const START: Timestamp = Timestamp::from_seconds(1_795_189_280);
const LISTENING: &str = r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#;
const AUTHORIZED: &str =
    r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#;

/// A machine with what it has said.
struct Bench {
    machine: Machine,
    now: Timestamp,
    calls: Vec<Call>,
    events: Vec<BrokerEvent>,
    actions: Vec<StreamAction>,
}

impl Bench {
    fn new() -> Self {
        Self::with(&[], None)
    }

    fn with(known: &[KnownOrder], account: Option<&str>) -> Self {
        let settings = MachineSettings {
            keys: Keys::new("key", "secret"),
            requests_per_minute: 200,
            account: account.map(Into::into),
            seed: 1,
        };
        let mut bench = Self {
            machine: Machine::new(settings, known, START),
            now: START,
            calls: Vec::new(),
            events: Vec::new(),
            actions: Vec::new(),
        };
        bench.connect();
        bench
    }

    fn connect(&mut self) {
        self.machine.tick(self.now);
        self.machine.stream(&StreamInput::Opened, self.now);
        for text in [AUTHORIZED, LISTENING] {
            let message = StreamInput::Message(text.as_bytes());
            self.machine.stream(&message, self.now);
        }
        self.drain();
        assert!(self.machine.is_up());
    }

    fn drain(&mut self) {
        while let Some(effect) = self.machine.take() {
            match effect {
                Effect::Http(call) => self.calls.push(call),
                Effect::Event(event) => self.events.push(event),
                Effect::Stream(action) => self.actions.push(action),
                Effect::Answer { .. } => {}
            }
        }
    }

    fn ask(&mut self, request: BrokerRequest) {
        self.machine.request(request, self.now);
        self.drain();
    }

    /// Lets time pass, and what is due with it.
    fn pass(&mut self, seconds: i64) {
        let until = self.now.plus_seconds(seconds);
        while self.machine.due() <= until {
            self.now = self.machine.due().max(self.now);
            // The stream lives, as long as nothing is said otherwise.
            self.machine.stream(&StreamInput::Pong, self.now);
            self.machine.tick(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// The oldest call whose path begins so, taken out.
    fn call(&mut self, method: Method, path: &str) -> Call {
        let is_it = |call: &Call| call.method == method && call.path.starts_with(path);
        let Some(place) = self.calls.iter().position(is_it) else {
            panic!("no {method:?} {path} among {:#?}", self.calls);
        };
        self.calls.remove(place)
    }

    fn answer(&mut self, call: &Call, status: u16, body: &str) {
        let answer = Answer {
            status,
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        };
        self.machine
            .answered(call.id, HttpResult::Answer(answer), self.now);
        self.drain();
    }

    fn lose(&mut self, call: &Call) {
        let lost = HttpResult::Lost {
            why: "no answer in time".into(),
        };
        self.machine.answered(call.id, lost, self.now);
        self.drain();
    }

    fn update(&mut self, event: &str, more: &str, order: &str) {
        let text = format!(
            r#"{{"stream":"trade_updates","data":{{"event":"{event}",{more}"timestamp":"2026-11-20T15:41:08Z","order":{order}}}}}"#
        );
        let message = StreamInput::Message(text.as_bytes());
        self.machine.stream(&message, self.now);
        self.drain();
    }

    fn reports(&self, name: ClientOrderId) -> Vec<&OrderReport> {
        let reports = self.events.iter().filter_map(|event| match event {
            BrokerEvent::Order(report) if report.client_id == name => Some(report),
            _ => None,
        });
        reports.collect()
    }

    fn last(&self, name: ClientOrderId) -> &OrderReport {
        self.reports(name).last().copied().unwrap()
    }
}

fn name(role: OrderRole) -> ClientOrderId {
    let entry: ClientOrderId = "0000002a-20261120-17-e1".parse().unwrap();
    entry.with_role(role)
}

fn request(role: OrderRole) -> OrderRequest {
    OrderRequest {
        client_id: name(role),
        symbol: "AAPL".parse().unwrap(),
        side: Side::Buy,
        qty: Qty::shares(12).unwrap(),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        attached: Attached::NONE,
        oco_stop: None,
    }
}

fn with_exits() -> OrderRequest {
    let price = |text: &str| text.parse().unwrap();
    OrderRequest {
        attached: Attached {
            stop: Some((name(OrderRole::Stop), price("200"))),
            target: Some((name(OrderRole::Target), price("250"))),
        },
        ..request(OrderRole::Entry)
    }
}

/// An order of Alpaca's as JSON; `more` are members that come before the usual ones, and so count.
fn order(id: &str, client_id: &str, status: &str, filled: u32, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","client_order_id":"{client_id}",{more}"status":"{status}","filled_qty":"{filled}","qty":"12","symbol":"AAPL","side":"buy","type":"market","time_in_force":"day","updated_at":"2026-11-20T15:41:0{}Z"}}"#,
        filled.min(9)
    )
}

fn exit(id: &str, kind: &str, prices: &str, status: &str) -> String {
    format!(
        r#"{{"id":"{id}","client_order_id":"made-up-{id}","status":"{status}","filled_qty":"0","qty":"12","symbol":"AAPL","side":"sell","type":"{kind}",{prices},"time_in_force":"gtc","order_class":"bracket","updated_at":"2026-11-20T15:41:00Z"}}"#
    )
}

fn entry_text(status: &str, filled: u32, more: &str) -> String {
    order(
        "b1",
        &name(OrderRole::Entry).to_string(),
        status,
        filled,
        more,
    )
}
