//! The calls of Alpaca's client on their way to the broker and back: what befalls them, what the broker
//! does with one that arrives, and what it answers.

use serde_json::{Value, json};
use trader_broker_alpaca::protocol::machine::{Call, Method};
use trader_broker_alpaca::protocol::outcome::{Answer, HttpResult};
use trader_contract::{Broker, BrokerEvent, BrokerRequest, Timestamp};

use super::Input;
use crate::sim::alpaca::{Books, answer, refused};
use crate::sim::draw::Draw;
use crate::sim::invariants::Broken;
use crate::sim::plan::FaultKind;
use crate::sim::world::World;
use crate::sim::world::queue::{Due, Of};

/// How long the client waits for an answer.
const TIMEOUT: i64 = 10 * Timestamp::SECOND;
const MILLISECOND: i64 = 1_000_000;

/// One call on its way to the broker.
#[derive(Debug)]
pub(super) struct Flight {
    call: Call,
    life: u32,
    /// Whether the client hears what is answered; otherwise it has heard something else.
    answered: bool,
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
    pub(super) fn send_call(&mut self, call: Call) {
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
        let Some((kind, mut draw)) = self.struck_on_the_way() else {
            return Fate::arrives(arrives);
        };
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
    pub(in crate::sim::world) fn call_arrives(&mut self, number: u64) {
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
                    let invariant = "INV-2";
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
    pub(in crate::sim::world) fn give_up_calls(&mut self, until: Timestamp) {
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

pub(super) fn lost(why: &str) -> HttpResult {
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

fn describe(call: &Call) -> String {
    let body = call.body.as_deref().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    format!("{} {:?} {} {body}", call.id, call.method, call.path)
}
