//! The way of a request to the broker and of its answer back. A request reaches the broker at most
//! once, twenty seconds after it was sent at the latest.

use trader_contract::{
    Broker, BrokerEvent, BrokerRequest, BrokerSnapshot, RequestFailure, Timestamp,
};

use super::World;
use super::queue::{Due, Of};
use crate::sim::draw::Draw;
use crate::sim::plan::FaultKind;

/// How long the daemon's side waits for an answer.
const TIMEOUT: i64 = 10 * Timestamp::SECOND;
const MILLISECOND: i64 = 1_000_000;

/// One request on its way.
#[derive(Debug)]
pub(super) struct Flight {
    request: BrokerRequest,
    /// The life that waits for the answer.
    life: u32,
    /// Whether the daemon hears what the broker answers; otherwise it has heard something else.
    answered: bool,
    snapshot: Option<BrokerSnapshot>,
    /// Parts of a torn snapshot that are still to be read.
    parts: u8,
    /// The state that a stale snapshot shows.
    stale: bool,
}

/// What becomes of a request.
struct Fate {
    /// When it reaches the broker, if it does.
    arrives: Option<Timestamp>,
    /// What the daemon hears instead of the broker's answer, and when.
    instead: Option<(Timestamp, RequestFailure)>,
}

impl World<'_> {
    /// Sends a request.
    pub(super) fn dispatch(&mut self, request: BrokerRequest) {
        if self.alpaca.is_some() {
            return self.ask_client(request);
        }
        let snapshot = matches!(request, BrokerRequest::Snapshot { .. });
        let fate = if snapshot {
            self.fate_of_a_read()
        } else {
            self.fate_of_a_write()
        };
        let Some(fate) = fate else {
            return;
        };
        if let Some((at, failure)) = fate.instead.clone() {
            let event = failed(&request, failure);
            self.hear_at(at, Of::Life(self.life), event);
        }
        let Some(at) = fate.arrives else {
            return;
        };
        self.last_flight += 1;
        let flight = Flight {
            request,
            life: self.life,
            answered: fate.instead.is_none(),
            snapshot: None,
            parts: 0,
            stale: false,
        };
        self.flights.insert(self.last_flight, flight);
        self.around.under_way += 1;
        self.queue.push(at, Due::Arrive(self.last_flight));
    }

    /// The daemon hears something at a time, unless it has died by then.
    pub(super) fn hear_at(&mut self, at: Timestamp, of: Of, event: BrokerEvent) {
        self.around.under_way += 1;
        let event = Box::new(event);
        self.queue.push(at, Due::Hear { of, event });
    }

    /// What any request may meet.
    fn refusal(&mut self, both_ways: i64) -> Option<Fate> {
        let refused = |code: u32, message: &str| RequestFailure::Refused {
            code,
            message: message.into(),
        };
        let at = self.now.plus_nanos(both_ways);
        let failure = if self.around.shut_out {
            refused(40_110_000, "request is not authorized")
        } else {
            self.faults.strike(FaultKind::RateLimited, self.now)?;
            refused(42_910_000, "rate limit exceeded")
        };
        Some(Fate {
            arrives: None,
            instead: Some((at, failure)),
        })
    }

    /// What befalls a request that does something, on its way there or back.
    pub(super) fn struck_on_the_way(&mut self) -> Option<(FaultKind, Draw)> {
        let kinds = [
            FaultKind::RequestLost,
            FaultKind::ReplyLost,
            FaultKind::RequestReset,
            FaultKind::GatewayFailed,
            FaultKind::ReplyGarbled,
            FaultKind::RequestDelayed,
            FaultKind::RequestSlow,
        ];
        let now = self.now;
        let (kind, draw) = kinds.into_iter().find_map(|kind| {
            let draw = self.faults.strike(kind, now)?;
            Some((kind, draw))
        })?;
        let number = i64::try_from(kind.index()).unwrap_or(0);
        self.log.note("fault", number, || kind.name().to_owned());
        Some((kind, draw))
    }

    fn fate_of_a_write(&mut self) -> Option<Fate> {
        let (up, down) = (self.wire(), self.wire());
        if let Some(fate) = self.refusal(up + down) {
            return Some(fate);
        }
        let now = self.now;
        let arrives = now.plus_nanos(up);
        let back = now.plus_nanos(up + down);
        let late = now.plus_nanos(TIMEOUT);
        let unknown = |at: Timestamp, message: &str| {
            let message = message.into();
            Some((at, RequestFailure::Ambiguous { message }))
        };
        let Some((kind, mut draw)) = self.struck_on_the_way() else {
            return Some(Fate {
                arrives: Some(arrives),
                instead: None,
            });
        };
        let maybe = |draw: &mut Draw| draw.coin().then_some(arrives);
        let slow =
            |draw: &mut Draw, least, most| now.plus_nanos(draw.between(least, most) * MILLISECOND);
        Some(match kind {
            FaultKind::RequestLost => Fate {
                arrives: None,
                instead: unknown(late, "the request timed out"),
            },
            FaultKind::ReplyLost => Fate {
                arrives: Some(arrives),
                instead: unknown(late, "the request timed out"),
            },
            FaultKind::RequestReset => Fate {
                arrives: maybe(&mut draw),
                instead: unknown(back, "the connection was reset"),
            },
            FaultKind::GatewayFailed => Fate {
                arrives: maybe(&mut draw),
                instead: unknown(back, "502 bad gateway"),
            },
            FaultKind::ReplyGarbled => Fate {
                arrives: Some(arrives),
                instead: unknown(back, "the answer is no JSON"),
            },
            FaultKind::RequestDelayed => Fate {
                arrives: Some(slow(&mut draw, 800, 8_000)),
                instead: None,
            },
            _ => Fate {
                arrives: Some(slow(&mut draw, 10_100, 20_000)),
                instead: unknown(late, "the request timed out"),
            },
        })
    }

    fn fate_of_a_read(&mut self) -> Option<Fate> {
        let (up, down) = (self.wire(), self.wire());
        if let Some(fate) = self.refusal(up + down) {
            return Some(fate);
        }
        if self
            .faults
            .strike(FaultKind::SnapshotLost, self.now)
            .is_some()
        {
            self.log.note("fault", 0, || "snapshot_lost".to_owned());
            return None;
        }
        if let Some(mut draw) = self.faults.strike(FaultKind::SnapshotFailed, self.now) {
            self.log.note("fault", 0, || "snapshot_failed".to_owned());
            let at = if draw.coin() { up + down } else { TIMEOUT };
            let message = "503 service unavailable".into();
            return Some(Fate {
                arrives: None,
                instead: Some((
                    self.now.plus_nanos(at),
                    RequestFailure::Ambiguous { message },
                )),
            });
        }
        Some(Fate {
            arrives: Some(self.now.plus_nanos(up)),
            instead: None,
        })
    }

    /// A request reaches the broker.
    pub(super) fn arrive(&mut self, number: u64) {
        if self.alpaca.is_some() {
            return self.call_arrives(number);
        }
        self.around.under_way = self.around.under_way.saturating_sub(1);
        // What happened up to now happened before it.
        self.hear_broker();
        let Some(flight) = self.flights.get(&number) else {
            return;
        };
        let request = flight.request.clone();
        if let BrokerRequest::Snapshot { .. } = request {
            return self.read_snapshot(number);
        }
        let Some(flight) = self.flights.remove(&number) else {
            return;
        };
        let rejects = matches!(request, BrokerRequest::Submit(_))
            && self
                .faults
                .strike(FaultKind::VenueRejects, self.now)
                .is_some();
        if rejects {
            self.log.note("fault", 0, || "venue_rejects".to_owned());
            self.broker
                .fail_next(trader_broker_sim::FaultKind::RejectAfterAccepting);
        }
        self.log.said("arrives", &request);
        self.broker.request(request.clone(), self.now);
        self.changed = true;
        let mut answer = Vec::new();
        while let Some(event) = self.take_from_broker() {
            self.note_broker(&event);
            answer.push(event);
        }
        self.answer(&flight, &request, answer);
    }

    /// The broker's answer goes back: what it says of a new order comes with the reply, what it says
    /// of one that it had comes on the stream.
    fn answer(&mut self, flight: &Flight, request: &BrokerRequest, answer: Vec<BrokerEvent>) {
        let back = self.wire();
        let at = self.now.plus_nanos(back);
        for event in answer {
            let report = matches!(event, BrokerEvent::Order(_));
            let on_stream = report && matches!(request, BrokerRequest::Cancel(_));
            if on_stream {
                self.stream_out(event);
                continue;
            }
            if report && self.plan.broker.echo {
                self.stream_out(event.clone());
            }
            if flight.answered {
                self.hear_at(at, Of::Life(flight.life), event);
            }
        }
    }

    /// The broker reads what it holds, all at once or part by part.
    fn read_snapshot(&mut self, number: u64) {
        let now = self.now;
        if let Some(mut draw) = self.faults.strike(FaultKind::SnapshotStale, now) {
            self.log.note("fault", 0, || "snapshot_stale".to_owned());
            let late = draw.between(1_000, 8_000) * MILLISECOND;
            self.keep_part(number, 0);
            if let Some(flight) = self.flights.get_mut(&number) {
                flight.stale = true;
            }
            self.around.under_way += 1;
            self.queue.push(now.plus_nanos(late), Due::Part(number));
            return;
        }
        let torn = self.faults.strike(FaultKind::SnapshotTorn, now);
        if let Some(mut draw) = torn {
            self.log.note("fault", 0, || "snapshot_torn".to_owned());
            self.keep_part(number, 2);
            let later = draw.between(50, 2_500) * MILLISECOND;
            self.around.under_way += 1;
            self.queue.push(now.plus_nanos(later), Due::Part(number));
            return;
        }
        if self.reads_apart() {
            self.keep_part(number, 2);
            let later = Draw::at(self.plan.seed, number).between(20, 600) * MILLISECOND;
            self.around.under_way += 1;
            self.queue
                .push(self.now.plus_nanos(later), Due::Part(number));
            return;
        }
        self.keep_part(number, 0);
        self.send_snapshot(number);
    }

    /// The next part of a torn snapshot is read, or a stale one is sent.
    pub(super) fn part(&mut self, number: u64) {
        self.around.under_way = self.around.under_way.saturating_sub(1);
        self.hear_broker();
        let Some(flight) = self.flights.get(&number) else {
            return;
        };
        if flight.stale {
            return self.send_snapshot(number);
        }
        let left = flight.parts.saturating_sub(1);
        self.keep_part(number, left);
        if left == 0 {
            return self.send_snapshot(number);
        }
        let later = self.wire() + 200 * MILLISECOND;
        self.around.under_way += 1;
        self.queue
            .push(self.now.plus_nanos(later), Due::Part(number));
    }

    /// Reads the part of a snapshot that is due: everything, then positions and cash anew, then the
    /// executions.
    fn keep_part(&mut self, number: u64, left: u8) {
        let Some(flight) = self.flights.get_mut(&number) else {
            return;
        };
        let BrokerRequest::Snapshot { number, since } = flight.request else {
            return;
        };
        let made = || {
            let wanted = self.executions.iter().filter(|(_, e)| e.at >= since);
            wanted.cloned().collect()
        };
        // Of every other torn one the executions are read first, and the positions last.
        let positions = left == 1 || number.is_multiple_of(2);
        flight.snapshot = Some(match (flight.snapshot.take(), positions) {
            (None, _) => {
                let at = self.now.plus_nanos(self.broker_ahead);
                BrokerSnapshot {
                    executions: made(),
                    corrected: self.corrections.clone(),
                    ..self.broker.snapshot_of_orders((number, since), at)
                }
            }
            (Some(before), true) => BrokerSnapshot {
                positions: self.broker.positions().collect(),
                cash: self.broker.cash(),
                ..before
            },
            (Some(before), false) => BrokerSnapshot {
                executions: made(),
                ..before
            },
        });
        flight.parts = left;
    }

    fn send_snapshot(&mut self, number: u64) {
        let Some(flight) = self.flights.remove(&number) else {
            return;
        };
        let Some(mut snapshot) = flight.snapshot else {
            return;
        };
        if flight.stale {
            // Whoever asks a replica is not told how old it is.
            snapshot.at = self.now.plus_nanos(self.broker_ahead);
        }
        let back = self.wire() + self.slow_start();
        let event = BrokerEvent::Snapshot(snapshot);
        self.hear_at(self.now.plus_nanos(back), Of::Life(flight.life), event);
    }

    /// With every third broker the parts of every snapshot are read one after the other.
    fn reads_apart(&self) -> bool {
        Draw::of(self.plan.seed, "reads").once_in(3)
    }

    /// The first answer of every other life takes seconds: what is reported meanwhile comes before it.
    fn slow_start(&self) -> i64 {
        let mut draw = Draw::at(self.plan.seed, u64::from(self.life));
        let young = self
            .around
            .up_since
            .is_some_and(|up| self.now.since(up) < Timestamp::SECOND);
        match young && draw.coin() {
            true => draw.between(1_000, 8_000) * MILLISECOND,
            false => 0,
        }
    }

    /// Nobody waits any longer for what is on its way: the machine has slept.
    pub(super) fn give_up_waiting(&mut self, until: Timestamp) {
        self.give_up_calls(until);
        let at = until.plus_nanos(1);
        let waiting: Vec<BrokerRequest> = self
            .flights
            .values_mut()
            .filter(|flight| flight.answered && flight.life == self.life)
            .map(|flight| {
                flight.answered = false;
                flight.request.clone()
            })
            .collect();
        for request in waiting {
            let message = "the machine has slept".into();
            let event = failed(&request, RequestFailure::Ambiguous { message });
            self.hear_at(at, Of::Life(self.life), event);
        }
    }
}

/// What the daemon hears of a request that failed.
fn failed(request: &BrokerRequest, failure: RequestFailure) -> BrokerEvent {
    match request {
        BrokerRequest::Submit(request) => BrokerEvent::SubmitFailed {
            client_id: request.client_id,
            failure,
        },
        BrokerRequest::Cancel(client_id) => BrokerEvent::CancelFailed {
            client_id: *client_id,
            failure,
        },
        BrokerRequest::Replace(replacement) => BrokerEvent::ReplaceFailed {
            client_id: replacement.client_id,
            new_client_id: replacement.new_client_id,
            failure,
        },
        BrokerRequest::Snapshot { number, .. } => BrokerEvent::SnapshotFailed {
            number: *number,
            message: match failure {
                RequestFailure::Refused { message, .. } | RequestFailure::Ambiguous { message } => {
                    message
                }
            },
        },
    }
}
