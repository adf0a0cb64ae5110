//! Alpaca's protocol between the daemon and the broker: the production client's machine turns here, its
//! calls and its stream travel as bytes, and fail on the way as everything else does. What the daemon
//! hears comes out of that machine alone.

mod calls;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trader_broker_alpaca::protocol::keys::Keys;
use trader_broker_alpaca::protocol::link::{StreamAction, StreamInput};
use trader_broker_alpaca::protocol::machine::Effect;
use trader_broker_alpaca::protocol::outcome::HttpResult;
use trader_broker_alpaca::protocol::{KnownOrder, Machine, MachineSettings};
use trader_contract::{BrokerEvent, BrokerRequest, Timestamp};
use trader_core::book::Book;

use super::World;
use super::queue::{Due, Of};
use crate::sim::alpaca::Venue;
use crate::sim::draw::Draw;
use calls::{Flight, lost};

/// Requests that Alpaca takes in a minute.
const PER_MINUTE: u32 = 200;
/// The keys of the account.
const KEYS: (&str, &str) = ("the-key", "the-secret");

/// The client's machine and the broker's end.
#[derive(Debug)]
pub(super) struct Alpaca {
    machine: Option<Machine>,
    pub(super) venue: Venue,
    flights: BTreeMap<u64, Flight>,
    last_flight: u64,
    /// The socket's number: what belongs to another one is lost.
    socket: u32,
    /// When the machine wakes up, while it sleeps.
    wakes_at: Timestamp,
}

impl Default for Alpaca {
    fn default() -> Self {
        Self {
            machine: None,
            venue: Venue::default(),
            flights: BTreeMap::new(),
            last_flight: 0,
            socket: 0,
            wakes_at: Timestamp::MIN,
        }
    }
}

/// What reaches the client's machine.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input {
    /// The answer to a call.
    Answer(u64, HttpResult),
    /// The socket with this number is open.
    Opened(u32),
    /// It gives a sign of life.
    Pong(u32),
    /// A message of the greeting.
    Greeting(u32, Box<str>),
    /// It is closed, or could not be opened; whether for too many.
    Closed(u32, Box<str>, bool),
    /// A message of the stream.
    Message(Box<str>),
}

impl World<'_> {
    /// A life of the client begins with what the journal says.
    pub(super) fn start_client(&mut self, book: &Book) {
        let now = self.daemon_now();
        let settings = MachineSettings {
            keys: Keys::new(KEYS.0, KEYS.1),
            requests_per_minute: PER_MINUTE,
            account: self.plan.live_account(self.now).map(Into::into),
            seed: Draw::at(self.plan.seed, u64::from(self.life)).next(),
        };
        if let Some(alpaca) = &mut self.alpaca {
            alpaca.socket += 1;
            alpaca.machine = Some(Machine::new(settings, &known(book), now));
        }
    }

    /// The client is gone with its process.
    pub(super) fn end_client(&mut self) {
        if let Some(alpaca) = &mut self.alpaca {
            alpaca.machine = None;
            alpaca.socket += 1;
        }
    }

    /// When the client does something by itself, by the true clock.
    pub(super) fn client_due(&self) -> Option<Timestamp> {
        let alpaca = self.alpaca.as_ref().filter(|_| !self.asleep)?;
        let due = alpaca.machine.as_ref()?.due();
        let due = due.plus_nanos(self.clock_ahead.saturating_neg());
        (due < Timestamp::MAX).then(|| due.max(self.now))
    }

    /// The client does what is due.
    pub(super) fn tick_client(&mut self) {
        self.turn_client(Machine::tick);
    }

    /// The daemon asks for something.
    pub(super) fn ask_client(&mut self, request: BrokerRequest) {
        if let Some(alpaca) = &mut self.alpaca {
            alpaca.venue.expect(&request);
        }
        self.turn_client(|machine, now| machine.request(request, now));
    }

    fn turn_client(&mut self, act: impl FnOnce(&mut Machine, Timestamp)) {
        let now = self.daemon_now();
        let Some(machine) = self.alpaca.as_mut().and_then(|a| a.machine.as_mut()) else {
            return;
        };
        act(machine, now);
        let effects: Vec<Effect> = std::iter::from_fn(|| machine.take()).collect();
        for effect in effects {
            match effect {
                Effect::Http(call) => self.send_call(call),
                Effect::Stream(action) => self.act_on_socket(&action),
                Effect::Event(event) => self.hear_at(self.now, Of::Life(self.life), event),
                Effect::Answer { .. } => {}
            }
        }
    }

    /// Something reaches the client.
    pub(super) fn reach_client(&mut self, of: Of, input: Input) {
        self.around.under_way = self.around.under_way.saturating_sub(1);
        if self.kernel.is_none() || !self.is_heard(of) {
            return;
        }
        if self.asleep {
            // Nothing is read while the machine sleeps, and then the connections are dead.
            if let (Input::Answer(id, _), Some(alpaca)) = (&input, &self.alpaca) {
                let at = alpaca.wakes_at.plus_nanos(1);
                let lost = lost("the machine has slept");
                self.client_hears(at, of, Input::Answer(*id, lost));
            }
            return;
        }
        let socket = self.alpaca.as_ref().map_or(0, |alpaca| alpaca.socket);
        let words = |said: &str| said.to_owned();
        match input {
            Input::Answer(id, result) => {
                self.log
                    .note("answer", i64::from(status(&result)), || text(&result));
                self.turn_client(|machine, now| machine.answered(id, result, now));
            }
            Input::Opened(number) if number == socket => {
                self.turn_client(|machine, now| machine.stream(&StreamInput::Opened, now));
            }
            Input::Pong(number) if number == socket => {
                self.turn_client(|machine, now| machine.stream(&StreamInput::Pong, now));
            }
            Input::Greeting(number, said) if number == socket => {
                self.log.note("greeting", 0, || words(&said));
                let input = StreamInput::Message(said.as_bytes());
                self.turn_client(|machine, now| machine.stream(&input, now));
            }
            Input::Closed(number, why, crowded) if number == socket => {
                self.log.note("closed", 0, || words(&why));
                let input = StreamInput::Closed { why: &why, crowded };
                self.turn_client(|machine, now| machine.stream(&input, now));
            }
            Input::Message(said) => {
                self.log.data("message", &said);
                let input = StreamInput::Message(said.as_bytes());
                self.turn_client(|machine, now| machine.stream(&input, now));
            }
            Input::Opened(_) | Input::Pong(_) | Input::Greeting(..) | Input::Closed(..) => {}
        }
    }

    pub(super) fn client_hears(&mut self, at: Timestamp, of: Of, input: Input) {
        self.around.under_way += 1;
        let input = Box::new(input);
        self.queue.push(at, Due::Client { of, input });
    }

    fn act_on_socket(&mut self, action: &StreamAction) {
        let life = Of::Life(self.life);
        let back = self.wire() + self.wire();
        let at = self.now.plus_nanos(back);
        let Some(alpaca) = &mut self.alpaca else {
            return;
        };
        let socket = alpaca.socket;
        let silent = self.stream.muted > 0;
        match action {
            StreamAction::Open => {
                alpaca.socket += 1;
                let socket = alpaca.socket;
                let input = match self.stream.kept_down {
                    0 => Input::Opened(socket),
                    _ => Input::Closed(socket, "the handshake was refused".into(), socket % 2 == 0),
                };
                self.client_hears(at, life, input);
            }
            StreamAction::Text(said) if !silent => self.greet(said, at),
            StreamAction::Ping if !silent => self.client_hears(at, life, Input::Pong(socket)),
            StreamAction::Close => {
                alpaca.socket += 1;
                self.stream.up = false;
                self.stream.connection += 1;
            }
            StreamAction::Text(_) | StreamAction::Ping | StreamAction::Binary(_) => {}
        }
    }

    /// The broker's part of the greeting.
    fn greet(&mut self, said: &str, at: Timestamp) {
        let said: Value = serde_json::from_str(said).unwrap_or_default();
        let keys = (&said["data"]["key_id"], &said["data"]["secret_key"]);
        let answer = match said["action"].as_str() {
            Some("authenticate") => {
                let right = keys.0 == KEYS.0 && keys.1 == KEYS.1 && !self.around.shut_out;
                let status = if right { "authorized" } else { "unauthorized" };
                json!({"stream": "authorization", "data": {"status": status, "action": "authenticate"}})
            }
            Some("listen") => {
                self.stream_stands(at);
                json!({"stream": "listening", "data": {"streams": said["data"]["streams"]}})
            }
            _ => return,
        };
        let socket = self.alpaca.as_ref().map_or(0, |alpaca| alpaca.socket);
        let greeting = Input::Greeting(socket, answer.to_string().into());
        self.client_hears(at, Of::Life(self.life), greeting);
    }

    /// The socket breaks.
    pub(super) fn break_socket(&mut self, why: &str) {
        let wire = self.wire();
        let at = self.now.plus_nanos(wire);
        let Some(alpaca) = &self.alpaca else { return };
        let closed = Input::Closed(alpaca.socket, why.into(), false);
        self.client_hears(at, Of::Life(self.life), closed);
    }

    /// A message of the stream, as the broker writes it; nothing of what is no news.
    pub(super) fn written(&self, event: &BrokerEvent) -> Option<Input> {
        let said = self.alpaca.as_ref()?.venue.update(event)?;
        Some(Input::Message(said.into()))
    }
}

/// The orders of the journal that may matter still.
fn known(book: &Book) -> Vec<KnownOrder> {
    let orders = book.orders.iter();
    let known = orders.map(|(client_id, order)| KnownOrder {
        client_id: *client_id,
        broker_id: order.broker_id.clone(),
        parent: order.planned.parent,
        live: order.is_live(),
    });
    known.collect()
}

fn status(result: &HttpResult) -> u16 {
    result.answer().map_or(0, |answer| answer.status)
}

fn text(result: &HttpResult) -> String {
    match result {
        HttpResult::Answer(answer) => {
            let body = String::from_utf8_lossy(&answer.body);
            format!("{} {body}", answer.status)
        }
        HttpResult::NotSent { why } | HttpResult::Lost { why } => why.to_string(),
    }
}
