//! Alpaca's protocol between the daemon and the broker: the production client's machine turns here, its
//! calls and its stream travel as bytes, and fail on the way as everything else does. What the daemon
//! hears comes out of that machine alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trader_broker_alpaca::protocol::keys::Keys;
use trader_broker_alpaca::protocol::link::{StreamAction, StreamInput};
use trader_broker_alpaca::protocol::machine::{Call, Effect, Method};
use trader_broker_alpaca::protocol::outcome::{Answer, HttpResult};
use trader_broker_alpaca::protocol::{KnownOrder, Machine, MachineSettings};
use trader_contract::{Broker, BrokerEvent, BrokerRequest, Timestamp};
use trader_core::book::Book;

use super::World;
use super::queue::{Due, Of};
use crate::sim::alpaca::{Books, Venue, answer, refused};
use crate::sim::draw::Draw;
use crate::sim::invariants::Broken;
use crate::sim::plan::FaultKind;

/// How long the client waits for an answer.
const TIMEOUT: i64 = 10 * Timestamp::SECOND;
const MILLISECOND: i64 = 1_000_000;
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

/// One call on its way to the broker.
#[derive(Debug)]
struct Flight {
    call: Call,
    life: u32,
    /// Whether the client hears what is answered; otherwise it has heard something else.
    answered: bool,
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

/// What becomes of a call.
struct Fate {
    arrives: Option<Timestamp>,
    instead: Option<(Timestamp, HttpResult)>,
}

impl Fate {
    const fn answered(at: Timestamp, result: HttpResult) -> Self {
        Self {
            arrives: None,
            instead: Some((at, result)),
        }
    }

    const fn arrives(at: Timestamp) -> Self {
        Self {
            arrives: Some(at),
            instead: None,
        }
    }
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
                let lost = HttpResult::Lost {
                    why: "the machine has slept".into(),
                };
                let at = alpaca.wakes_at.plus_nanos(1);
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

    // --- the stream ---

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

    // --- calls ---

    fn send_call(&mut self, call: Call) {
        self.log.note("call", 0, || describe(&call));
        let fate = match call.method {
            Method::Get => self.fate_of_a_look(),
            Method::Post | Method::Patch | Method::Delete => self.fate_of_a_deed(),
        };
        let life = Of::Life(self.life);
        let answered = fate.instead.is_none();
        if let Some((at, result)) = fate.instead {
            self.client_hears(at, life, Input::Answer(call.id, result));
        }
        let (Some(at), Some(alpaca)) = (fate.arrives, &mut self.alpaca) else {
            return;
        };
        alpaca.last_flight += 1;
        let number = alpaca.last_flight;
        let flight = Flight {
            call,
            life: self.life,
            answered,
        };
        alpaca.flights.insert(number, flight);
        self.around.under_way += 1;
        self.queue.push(at, Due::Arrive(number));
    }

    /// What any call may meet.
    fn turned_away(&mut self, at: Timestamp) -> Option<Fate> {
        let refused = |status: u16, code: u32, message: &str| {
            said(status, &json!({"code": code, "message": message}))
        };
        let result = if self.around.shut_out {
            refused(401, 40_110_000, "request is not authorized")
        } else {
            self.faults.strike(FaultKind::RateLimited, self.now)?;
            refused(429, 42_910_000, "rate limit exceeded")
        };
        Some(Fate::answered(at, result))
    }

    fn fate_of_a_deed(&mut self) -> Fate {
        let (up, down) = (self.wire(), self.wire());
        let now = self.now;
        let (arrives, back) = (now.plus_nanos(up), now.plus_nanos(up + down));
        if let Some(fate) = self.turned_away(back) {
            return fate;
        }
        let kinds = [
            FaultKind::RequestLost,
            FaultKind::ReplyLost,
            FaultKind::RequestReset,
            FaultKind::GatewayFailed,
            FaultKind::ReplyGarbled,
            FaultKind::RequestDelayed,
            FaultKind::RequestSlow,
        ];
        let found = kinds.into_iter().find_map(|kind| {
            let draw = self.faults.strike(kind, now)?;
            Some((kind, draw))
        });
        let Some((kind, mut draw)) = found else {
            return Fate::arrives(arrives);
        };
        let number = i64::try_from(kind.index()).unwrap_or(0);
        self.log.note("fault", number, || kind.name().to_owned());
        let later = |draw: &mut Draw, least, most| {
            Some(now.plus_nanos(draw.between(least, most) * MILLISECOND))
        };
        let late = now.plus_nanos(TIMEOUT);
        let (arrives, instead) = match kind {
            FaultKind::RequestLost => (None, (late, lost("the request timed out"))),
            FaultKind::ReplyLost => (Some(arrives), (late, lost("the request timed out"))),
            FaultKind::RequestReset => (
                draw.coin().then_some(arrives),
                (back, lost("the connection was reset")),
            ),
            FaultKind::GatewayFailed => (
                draw.coin().then_some(arrives),
                (back, page(502, "<html>502 Bad Gateway</html>")),
            ),
            FaultKind::ReplyGarbled => (Some(arrives), (back, page(200, "{\"id\": \"0b3a"))),
            FaultKind::RequestDelayed => {
                return Fate {
                    arrives: later(&mut draw, 800, 8_000),
                    instead: None,
                };
            }
            _ => (
                later(&mut draw, 10_100, 20_000),
                (late, lost("the request timed out")),
            ),
        };
        Fate {
            arrives,
            instead: Some(instead),
        }
    }

    fn fate_of_a_look(&mut self) -> Fate {
        let (up, down) = (self.wire(), self.wire());
        let now = self.now;
        let (arrives, back) = (now.plus_nanos(up), now.plus_nanos(up + down));
        if let Some(fate) = self.turned_away(back) {
            return fate;
        }
        let late = now.plus_nanos(TIMEOUT);
        let mut strike = |kind: FaultKind| {
            let draw = self.faults.strike(kind, now)?;
            self.log.note("fault", 0, || kind.name().to_owned());
            Some(draw)
        };
        if strike(FaultKind::SnapshotLost).is_some() {
            return Fate::answered(late, lost("nobody answered"));
        }
        if let Some(mut draw) = strike(FaultKind::SnapshotFailed) {
            return match draw.coin() {
                true => Fate::answered(back, page(503, "service unavailable")),
                false => Fate::answered(late, lost("nobody answered")),
            };
        }
        // It reaches the broker later than what was read before it.
        if let Some(mut draw) = strike(FaultKind::SnapshotTorn) {
            let later = draw.between(50, 2_500) * MILLISECOND;
            return Fate::arrives(arrives.plus_nanos(later));
        }
        Fate::arrives(arrives)
    }

    /// A call reaches the broker.
    pub(super) fn call_arrives(&mut self, number: u64) {
        self.around.under_way = self.around.under_way.saturating_sub(1);
        // What happened up to now happened before it.
        self.hear_broker();
        let flights = self.alpaca.as_mut().map(|alpaca| &mut alpaca.flights);
        let Some(flight) = flights.and_then(|flights| flights.remove(&number)) else {
            return;
        };
        let result = match flight.call.method {
            Method::Get => self.read_at_broker(&flight.call),
            Method::Post | Method::Patch | Method::Delete => match self.obey(&flight.call) {
                Ok(result) => result,
                Err(detail) => {
                    let invariant = "INV-16";
                    self.broken = Some(Broken { invariant, detail });
                    return;
                }
            },
        };
        if !flight.answered {
            return;
        }
        let mut back = self.wire();
        if flight.call.method == Method::Get
            && let Some(mut draw) = self.faults.strike(FaultKind::SnapshotStale, self.now)
        {
            self.log.note("fault", 0, || "snapshot_stale".to_owned());
            back += draw.between(1_000, 8_000) * MILLISECOND;
        }
        let at = self.now.plus_nanos(back);
        let input = Input::Answer(flight.call.id, result);
        self.client_hears(at, Of::Life(flight.life), input);
    }

    fn read_at_broker(&self, call: &Call) -> HttpResult {
        let Some(alpaca) = &self.alpaca else {
            return lost("there is no broker");
        };
        let at = self.now.plus_nanos(self.broker_ahead);
        let books = || Books(self.broker.snapshot((0, Timestamp::MAX), at));
        let (status, body) = answer(&alpaca.venue, &call.path, &books);
        said(status, &body)
    }

    /// Does what a call wants; the error is what nobody asked for.
    fn obey(&mut self, call: &Call) -> Result<HttpResult, String> {
        let Some(alpaca) = &mut self.alpaca else {
            return Ok(lost("there is no broker"));
        };
        let venue = &mut alpaca.venue;
        let body = call.body.as_deref();
        let id = call.path.strip_prefix("/v2/orders/").unwrap_or_default();
        let request = match call.method {
            Method::Post => venue.read_order(body)?,
            Method::Patch => venue.read_change(id, body)?,
            Method::Get | Method::Delete => match venue.client_id(id) {
                Some(client_id) => BrokerRequest::Cancel(client_id),
                None => {
                    return Ok(page(
                        404,
                        "{\"code\":40410000,\"message\":\"order not found\"}",
                    ));
                }
            },
        };
        let places = matches!(request, BrokerRequest::Submit(_));
        if places
            && self
                .faults
                .strike(FaultKind::VenueRejects, self.now)
                .is_some()
        {
            self.log.note("fault", 0, || "venue_rejects".to_owned());
            self.broker
                .fail_next(trader_broker_sim::FaultKind::RejectAfterAccepting);
        }
        self.log.said("arrives", &request);
        self.broker.request(request.clone(), self.now);
        self.changed = true;
        let mut failure = None;
        while let Some(event) = self.take_from_broker() {
            self.note_broker(&event);
            match event {
                BrokerEvent::SubmitFailed { failure: why, .. }
                | BrokerEvent::CancelFailed { failure: why, .. }
                | BrokerEvent::ReplaceFailed { failure: why, .. } => failure = Some(why),
                event if places && !self.plan.broker.echo => drop(event),
                event => self.stream_out(event),
            }
        }
        if let Some(failure) = failure {
            let (status, body) = refused(&failure);
            return Ok(said(status, &body));
        }
        Ok(self.done(&request))
    }

    /// The answer to what was done.
    fn done(&mut self, request: &BrokerRequest) -> HttpResult {
        let name = match request {
            BrokerRequest::Submit(order) => order.client_id,
            BrokerRequest::Replace(change) => change.new_client_id,
            BrokerRequest::Cancel(_) | BrokerRequest::Snapshot { .. } => return page(204, ""),
        };
        let open = self.broker.account().open_orders;
        let Some(alpaca) = &mut self.alpaca else {
            return lost("there is no broker");
        };
        // The exchange says nothing yet of an order that is to take another one's place.
        if alpaca.venue.made(name).is_none()
            && let Some(report) = open.iter().find(|report| report.client_id == name)
        {
            alpaca.venue.take(report);
        }
        match alpaca.venue.made(name) {
            Some(order) => said(200, &order),
            None => page(500, "{\"message\":\"the order is not there\"}"),
        }
    }

    /// Nobody waits any longer for what is on its way: the machine sleeps until then.
    pub(super) fn give_up_calls(&mut self, until: Timestamp) {
        let life = self.life;
        let Some(alpaca) = &mut self.alpaca else {
            return;
        };
        alpaca.wakes_at = until;
        let waiting = alpaca.flights.values_mut();
        let waiting = waiting.filter(|flight| flight.answered && flight.life == life);
        let ids: Vec<u64> = waiting
            .map(|flight| {
                flight.answered = false;
                flight.call.id
            })
            .collect();
        for id in ids {
            let input = Input::Answer(id, lost("the machine has slept"));
            self.client_hears(until.plus_nanos(1), Of::Life(life), input);
        }
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

fn lost(why: &str) -> HttpResult {
    HttpResult::Lost { why: why.into() }
}

fn page(status: u16, body: &str) -> HttpResult {
    HttpResult::Answer(Answer {
        status,
        body: body.as_bytes().to_vec(),
        ..Answer::default()
    })
}

fn said(status: u16, body: &Value) -> HttpResult {
    page(status, &body.to_string())
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

fn describe(call: &Call) -> String {
    let body = call.body.as_deref().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    format!("{} {:?} {} {body}", call.id, call.method, call.path)
}
