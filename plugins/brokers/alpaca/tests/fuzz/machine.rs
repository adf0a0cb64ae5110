//! The trading machine under messages that are mutated, cut, doubled and out of order, and under answers
//! of every kind. Nothing makes it panic; no order goes out twice; of each order that was asked for
//! something is told; and whatever Alpaca truly said of an order is told, whatever comes around it.

use std::collections::{BTreeMap, BTreeSet};

use trader_broker_alpaca::protocol::keys::Keys;
use trader_broker_alpaca::protocol::link::StreamInput;
use trader_broker_alpaca::protocol::machine::{Call, Effect, Method};
use trader_broker_alpaca::protocol::outcome::{Answer, HttpResult};
use trader_broker_alpaca::protocol::{Machine, MachineSettings};
use trader_broker_alpaca::wire::trading::TradingMessage;
use trader_broker_alpaca::wire::{Format, Reader};
use trader_contract::{
    Attached, BrokerEvent, BrokerRequest, ClientOrderId, OrderKind, OrderReport, OrderRequest,
    OrderRole, Qty, Replacement, Side, TimeInForce, Timestamp,
};

use super::dice::Dice;
use super::fuzz;
use super::mutate::{bend, message};

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
    /// How often an order went out, by the text of its id.
    sent: BTreeMap<String, u32>,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let settings = MachineSettings {
            keys: Keys::new("key-id", "secret-of-it"),
            requests_per_minute: 200,
            account: None,
            seed,
        };
        let mut bench = Self {
            machine: Machine::new(settings, &[], START),
            now: START,
            calls: Vec::new(),
            events: Vec::new(),
            sent: BTreeMap::new(),
        };
        bench.connect();
        assert!(bench.machine.is_up());
        bench
    }

    fn connect(&mut self) {
        self.machine.tick(self.now);
        self.hear(&StreamInput::Opened);
        for text in [AUTHORIZED, LISTENING] {
            self.hear(&StreamInput::Message(text.as_bytes()));
        }
    }

    fn hear(&mut self, input: &StreamInput<'_>) {
        self.machine.stream(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        let mut effects = 0;
        while let Some(effect) = self.machine.take() {
            effects += 1;
            assert!(effects < 10_000, "one thing leads to ever more");
            match effect {
                Effect::Http(call) => {
                    if call.method == Method::Post && call.path == "/v2/orders" {
                        let body = call.body.clone().unwrap_or_default();
                        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
                        let id = body["client_order_id"].as_str().unwrap().to_owned();
                        *self.sent.entry(id).or_default() += 1;
                    }
                    self.calls.push(call);
                }
                Effect::Event(event) => self.events.push(event),
                Effect::Stream(_) | Effect::Answer { .. } => {}
            }
        }
    }

    fn ask(&mut self, request: BrokerRequest) {
        self.machine.request(request, self.now);
        self.drain();
    }

    fn answer(&mut self, call: &Call, result: HttpResult) {
        self.machine.answered(call.id, result, self.now);
        self.drain();
    }

    /// Lets time pass, and what is due with it.
    fn pass(&mut self, seconds: i64) {
        let until = self.now.plus_seconds(seconds);
        let mut wakes = 0;
        while self.machine.due() <= until {
            wakes += 1;
            assert!(wakes < 10_000, "it is due again and again");
            self.now = self.machine.due().max(self.now);
            self.machine.stream(&StreamInput::Pong, self.now);
            self.machine.tick(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// Alpaca takes every order that has gone out.
    fn take_orders(&mut self) {
        for call in std::mem::take(&mut self.calls) {
            if call.method != Method::Post {
                continue;
            }
            let body: serde_json::Value =
                serde_json::from_slice(call.body.as_ref().unwrap()).unwrap();
            let name = body["client_order_id"].as_str().unwrap();
            let intent = (1..=3).find(|n| id(*n, OrderRole::Entry).to_string() == name);
            let taken = Answer {
                status: 200,
                body: told(intent.unwrap(), "pending_new", 0).into_bytes(),
                ..Answer::default()
            };
            self.answer(&call, HttpResult::Answer(taken));
        }
    }

    fn reports(&self, id: ClientOrderId) -> impl Iterator<Item = &OrderReport> {
        self.events.iter().filter_map(move |event| match event {
            BrokerEvent::Order(report) if report.client_id == id => Some(report),
            _ => None,
        })
    }
}

fn id(intent: usize, role: OrderRole) -> ClientOrderId {
    let entry = format!("0000002a-20261120-{intent}-e1");
    entry.parse::<ClientOrderId>().unwrap().with_role(role)
}

fn order(client_id: ClientOrderId) -> OrderRequest {
    OrderRequest {
        client_id,
        symbol: "AAPL".parse().unwrap(),
        side: Side::Buy,
        qty: Qty::shares(12).unwrap(),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        attached: Attached::NONE,
        oco_stop: None,
    }
}

/// An order as Alpaca writes it.
fn told(intent: usize, status: &str, filled: u32) -> String {
    let client_id = id(intent, OrderRole::Entry);
    format!(
        r#"{{"id":"b{intent}","client_order_id":"{client_id}","status":"{status}","filled_qty":"{filled}","qty":"12","symbol":"AAPL","side":"buy","type":"market","time_in_force":"day","updated_at":"2026-11-20T15:41:{:02}Z"}}"#,
        filled.min(59)
    )
}

fn update(event: &str, more: &str, order: &str) -> String {
    format!(
        r#"{{"stream":"trade_updates","data":{{"event":"{event}",{more}"timestamp":"2026-11-20T15:41:08Z","order":{order}}}}}"#
    )
}

fn status(dice: &mut Dice) -> u16 {
    [
        200, 200, 200, 204, 207, 301, 400, 401, 403, 404, 408, 422, 429, 500, 502, 504,
    ][dice.below(16)]
}

/// An answer of any kind: what was asked for, something else, or none.
fn result(dice: &mut Dice, intent: usize) -> HttpResult {
    let mut body = match dice.below(5) {
        0 => message(dice),
        1 => format!("[{}]", told(intent, "new", 0)).into_bytes(),
        2 => b"[]".to_vec(),
        _ => told(intent, "new", 0).into_bytes(),
    };
    if dice.once_in(3) {
        bend(dice, &mut body);
    }
    match dice.below(8) {
        0 => HttpResult::Lost { why: "cut".into() },
        1 => HttpResult::NotSent {
            why: "no route".into(),
        },
        _ => HttpResult::Answer(Answer {
            status: status(dice),
            body,
            ..Answer::default()
        }),
    }
}

/// One thing that happens, of any kind.
fn happens(bench: &mut Bench, dice: &mut Dice, asked: &mut BTreeSet<ClientOrderId>) {
    let intent = 1 + dice.below(4);
    let entry = id(intent, OrderRole::Entry);
    match dice.below(10) {
        // The daemon asks for each once; what is asked again keeps its id.
        0 | 1 if asked.insert(entry) => bench.ask(BrokerRequest::Submit(order(entry))),
        0..=2 => bench.ask(BrokerRequest::Cancel(entry)),
        3 => bench.ask(BrokerRequest::Replace(Replacement {
            client_id: entry,
            new_client_id: id(intent, OrderRole::Stop),
            qty: Some(Qty::shares(7).unwrap()),
            stop: None,
            limit: None,
            trail: None,
        })),
        4 => bench.ask(BrokerRequest::Snapshot {
            number: u32::try_from(dice.below(9)).unwrap(),
            since: START,
        }),
        5 | 6 => {
            let bytes = update_or_nonsense(dice, intent);
            bench.hear(&StreamInput::Message(&bytes));
        }
        7 => {
            let crowded = dice.once_in(2);
            bench.hear(&StreamInput::Closed {
                why: "cut",
                crowded,
            });
        }
        8 => bench.connect(),
        _ => {
            if !bench.calls.is_empty() {
                let call = bench.calls.swap_remove(dice.below(bench.calls.len()));
                let result = result(dice, intent);
                bench.answer(&call, result);
            }
        }
    }
}

/// A message of the stream that concerns an order, perhaps bent; or any other.
fn update_or_nonsense(dice: &mut Dice, intent: usize) -> Vec<u8> {
    if dice.once_in(2) {
        return message(dice);
    }
    let event = dice.one_of(&["fill", "new", "canceled", "replaced", "weird"]);
    let status = dice.one_of(&["new", "filled", "canceled", "replaced", "odd"]);
    let order = told(intent, status, 2);
    let mut bytes = update(event, r#""price":"1","qty":"2","#, &order).into_bytes();
    if dice.once_in(2) {
        bend(dice, &mut bytes);
    }
    bytes
}

#[test]
fn nothing_makes_it_panic_send_twice_or_forget_an_order() {
    fuzz("nothing_makes_it_panic", 20, |dice| {
        let mut bench = Bench::new(dice.number());
        let mut asked: BTreeSet<ClientOrderId> = BTreeSet::new();
        let steps = 5 + dice.below(40);
        for _ in 0..steps {
            happens(&mut bench, dice, &mut asked);
            bench.pass(i64::try_from(dice.below(20)).unwrap());
        }
        // Nobody answers what is still open.
        for call in std::mem::take(&mut bench.calls) {
            bench.answer(&call, HttpResult::Lost { why: "cut".into() });
        }
        for (order, times) in &bench.sent {
            assert!(*times <= 1, "{order} went out {times} times");
        }
        for order in asked {
            let heard = bench.reports(order).next().is_some();
            let failed = bench.events.iter().any(|event| {
                matches!(event, BrokerEvent::SubmitFailed { client_id, .. } if *client_id == order)
            });
            assert!(heard || failed, "nothing was told of {order}");
        }
    });
}

/// What Alpaca truly says of an order, in the order in which it happened.
fn truth(intent: usize, dice: &mut Dice) -> Vec<(String, u32)> {
    let mut said = vec![(update("new", "", &told(intent, "new", 0)), 0)];
    let mut filled = 0;
    while filled < 12 {
        let qty = 1 + u32::try_from(dice.below(usize::try_from(12 - filled).unwrap())).unwrap();
        filled += qty;
        let (event, status) = match filled {
            12 => ("fill", "filled"),
            _ => ("partial_fill", "partially_filled"),
        };
        let more = format!(r#""execution_id":"x{filled}","price":"224.05","qty":"{qty}","#);
        said.push((update(event, &more, &told(intent, status, filled)), filled));
    }
    said
}

/// Bytes that are no message: what a true one becomes when some of it is missing, and noise.
fn unreadable(dice: &mut Dice, of: &str) -> Option<Vec<u8>> {
    let mut bytes = match dice.below(3) {
        0 => (0..dice.below(80)).map(|_| dice.byte()).collect(),
        _ => of.as_bytes()[..dice.below(of.len())].to_vec(),
    };
    if dice.once_in(2) {
        bend(dice, &mut bytes);
    }
    let mut reader = Reader::new();
    let read = reader.read(Format::Json, &bytes).map(TradingMessage::read);
    (!matches!(read, Ok(Ok(_)))).then_some(bytes)
}

#[test]
fn what_was_truly_said_of_an_order_is_told_whatever_comes_around_it() {
    fuzz("what_was_truly_said", 20, |dice| {
        let mut bench = Bench::new(dice.number());
        let mut said: Vec<(usize, String, u32)> = Vec::new();
        for intent in 1..=3 {
            bench.ask(BrokerRequest::Submit(order(id(intent, OrderRole::Entry))));
            for (text, filled) in truth(intent, dice) {
                // Some of it comes twice.
                for _ in 0..=dice.below(2) {
                    said.push((intent, text.clone(), filled));
                }
            }
        }
        bench.take_orders();
        if dice.once_in(2) {
            dice.shuffle(&mut said);
        }
        let mut unread = 0;
        for (intent, text, filled) in &said {
            while dice.once_in(2) {
                if let Some(bytes) = unreadable(dice, text) {
                    bench.hear(&StreamInput::Message(&bytes));
                    unread += 1;
                }
            }
            let before = bench.events.len();
            bench.hear(&StreamInput::Message(text.as_bytes()));
            let of = id(*intent, OrderRole::Entry);
            let at_once = bench.events[before..].iter().any(|event| {
                matches!(event, BrokerEvent::Order(report)
                    if report.client_id == of && report.filled == Qty::shares(*filled).unwrap_or(Qty::ZERO))
            });
            assert!(at_once, "{text} was not told");
        }
        assert!(bench.machine.is_up());
        assert_eq!(bench.machine.counts().bad_messages, unread);
        for intent in 1..=3 {
            let of = id(intent, OrderRole::Entry);
            let most = bench.reports(of).map(|report| report.filled).max();
            assert_eq!(most, Qty::shares(12));
            let executions: Vec<_> = bench
                .reports(of)
                .filter_map(|report| report.execution.as_ref())
                .collect();
            let keys: BTreeSet<_> = executions.iter().map(|e| e.id.to_string()).collect();
            assert_eq!(keys.len(), executions.len(), "an execution was told twice");
            let shares: i64 = executions.iter().map(|e| e.qty.whole_shares()).sum();
            assert!(shares <= 12, "{shares} shares of 12 were told");
        }
    });
}
