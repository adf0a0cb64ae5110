//! The broker as one machine: requests of the contract, answers of HTTP and messages of the trading
//! stream go in; HTTP calls, doings of the stream and events of the contract come out.
//!
//! - An order goes out once. What an answer leaves open is told as ambiguous, and then looked up under
//!   the order's own id; only the daemon decides to send it again, and then under the same id.
//! - Whatever was read, by request or by stream, is told as a cumulative report. An execution is told
//!   where it follows on those told before; where it does not, the daemon asks for a snapshot, which has
//!   the history's.
//! - An order that was replaced is told as such once it is known by which: what Alpaca puts in an order's
//!   place by itself goes on under its name, and nothing has ended.
//! - What the stream does not tell (exits cancelled with their sibling, a message lost) a sweep of the
//!   open orders finds.

mod calls;
mod reading;
mod requests;
mod snapshot;
mod updates;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use trader_contract::{
    BrokerEvent, BrokerRequest, ForeignOrder, OrderRequest, RequestFailure, Timestamp, advice,
};

use super::budget::{Budget, Urgency};
use super::keys::Keys;
use super::link::{StreamAction, StreamInput};
use super::names::{KnownOrder, Names};
use super::outcome::HttpResult;
use super::trading::{TradingNews, TradingStream};
use crate::wire::Reader;
use crate::wire::order::Order;

pub use calls::{Call, Method};
use calls::{Calls, Purpose};
use snapshot::Work;

/// How often the open orders are swept while there are any.
const SWEEP: i64 = 10 * Timestamp::SECOND;
/// The shortest time between two signs of life that are told.
const ALIVE: i64 = Timestamp::SECOND;

/// How the machine is set up.
#[derive(Debug, Clone)]
pub struct MachineSettings {
    /// The account's keys, for the stream.
    pub keys: Keys,
    /// Requests allowed in a minute, until Alpaca says otherwise.
    pub requests_per_minute: u32,
    /// The only account that may be traded, where one is named; nothing is sent to another.
    pub account: Option<Box<str>>,
    /// For the waits before trying again.
    pub seed: u64,
}

/// What the machine wants done, in order.
#[derive(Debug)]
pub enum Effect {
    /// Send this; its answer goes to [`Machine::answered`].
    Http(Call),
    /// The trading stream's socket is to do this.
    Stream(StreamAction),
    /// Tell the daemon.
    Event(BrokerEvent),
    /// The answer to something that was asked with [`Machine::ask`].
    Answer {
        /// The number given there.
        token: u64,
        /// The answer.
        result: HttpResult,
    },
}

/// What was out of the ordinary, counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages of the trading stream that could not be read.
    pub bad_messages: u64,
    /// Answers that could not be read.
    pub bad_answers: u64,
    /// Words that are not known here: statuses, events.
    pub unknown_words: u64,
    /// Answers that left open whether something was done.
    pub ambiguous: u64,
    /// Answers that refused for sending too much.
    pub rate_limited: u64,
    /// Times that the trading stream was made.
    pub connections: u64,
    /// Fills that a sweep found and the stream had not told.
    pub missed: u64,
    /// Orders that Alpaca took without an exit that was to go with them.
    pub legs_left_out: u64,
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    names: Names,
    budget: Budget,
    stream: TradingStream,
    calls: Calls,
    effects: VecDeque<Effect>,
    reader: Reader,
    /// The snapshot that is being taken, and the newest that waits.
    work: Option<Work>,
    next_work: Option<(u32, Timestamp)>,
    /// Orders of the stream of which it is not known whose they are.
    unplaced: Vec<Order>,
    /// Orders whose place another one has taken of which nothing is known yet, by that one's id.
    succeeded: BTreeMap<Box<str>, Order>,
    /// Orders that are not ours, by Alpaca's id, each with what was last told of it.
    strangers: BTreeMap<Box<str>, Option<ForeignOrder>>,
    sweep_due: Timestamp,
    told_alive: Timestamp,
    link_told: bool,
    /// What it was told to do about a stream that does not stand.
    told_next: Option<Box<str>>,
    account: Option<Box<str>>,
    /// Orders that were made ready, with what goes over the wire.
    prepared: VecDeque<(OrderRequest, Vec<u8>)>,
    /// Whether the account is the one that may be traded.
    verified: bool,
    counts: Counts,
}

impl Machine {
    /// A machine that knows the orders that its daemon does, and begins to connect at `now`.
    #[must_use]
    pub fn new(settings: MachineSettings, known: &[KnownOrder], now: Timestamp) -> Self {
        Self {
            names: Names::new(known),
            budget: Budget::new(settings.requests_per_minute),
            stream: TradingStream::new(settings.keys, now, settings.seed),
            calls: Calls::new(settings.seed),
            effects: VecDeque::new(),
            reader: Reader::new(),
            work: None,
            next_work: None,
            unplaced: Vec::new(),
            succeeded: BTreeMap::new(),
            strangers: BTreeMap::new(),
            sweep_due: now.plus_nanos(SWEEP),
            told_alive: Timestamp::MIN,
            link_told: false,
            told_next: None,
            prepared: VecDeque::new(),
            verified: settings.account.is_none(),
            account: settings.account,
            counts: Counts::default(),
        }
    }

    /// Takes a request of the contract.
    pub fn request(&mut self, request: BrokerRequest, now: Timestamp) {
        match request {
            BrokerRequest::Submit(order) => self.submit(order, now),
            BrokerRequest::Cancel(name) => self.cancel(name, now),
            BrokerRequest::Replace(change) => self.replace(change, now),
            BrokerRequest::Snapshot { number, since } => self.ask_snapshot(number, since, now),
        }
        self.pump(now);
    }

    /// Asks for something beside trading, within the same limit: the clock, an asset. Its answer comes as
    /// [`Effect::Answer`], refused or not.
    pub fn ask(
        &mut self,
        token: u64,
        urgency: Urgency,
        call: (Method, String, Option<Vec<u8>>),
        now: Timestamp,
    ) {
        self.calls.add(urgency, call, Purpose::Asked(token));
        self.pump(now);
    }

    /// Takes the answer to a call.
    pub fn answered(&mut self, id: u64, result: HttpResult, now: Timestamp) {
        let Some(flying) = self.calls.landed(id) else {
            return;
        };
        if let Some(answer) = result.answer() {
            self.budget.hear(answer.status, answer.rate, now);
            if answer.status == 429 {
                self.counts.rate_limited = self.counts.rate_limited.saturating_add(1);
            }
        }
        self.take_answer(flying, result, now);
        self.pump(now);
    }

    /// Takes what the socket of the trading stream tells.
    pub fn stream(&mut self, input: &StreamInput<'_>, now: Timestamp) {
        let mut news = Vec::new();
        self.stream.hear(input, now, &mut news);
        self.take_news(news, now);
        self.pump(now);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Timestamp) {
        let mut news = Vec::new();
        self.stream.tick(now, &mut news);
        self.take_news(news, now);
        if now >= self.sweep_due {
            self.sweep(now);
        }
        self.pump(now);
    }

    /// When something is next due.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.stream.due().min(self.sweep_due).min(self.calls.due())
    }

    /// Takes the next thing to be done.
    pub fn take(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// What was out of the ordinary.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// How many requests may still be sent in this minute.
    #[must_use]
    pub fn requests_left(&self, urgency: Urgency, now: Timestamp) -> u32 {
        self.budget.left(urgency, now)
    }

    /// Whether updates of orders come now.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.stream.is_up()
    }

    fn tell(&mut self, event: BrokerEvent) {
        self.effects.push_back(Effect::Event(event));
    }

    /// Sends what waits, as far as the limit lets it.
    fn pump(&mut self, now: Timestamp) {
        while let Some(call) = self.calls.next(&mut self.budget, now) {
            self.effects.push_back(Effect::Http(call));
        }
        // An entry goes at once or not at all: later it would be another decision.
        for order in self.calls.take_entries() {
            self.names.never(order.client_id);
            self.tell(BrokerEvent::SubmitFailed {
                client_id: order.client_id,
                failure: not_sent("it was not sent: the limit of requests lets no entry go now"),
            });
        }
    }

    fn take_news(&mut self, news: Vec<TradingNews>, now: Timestamp) {
        for news in news {
            match news {
                TradingNews::Do(action) => self.effects.push_back(Effect::Stream(action)),
                TradingNews::Up => {
                    self.counts.connections = self.counts.connections.saturating_add(1);
                    self.link_told = true;
                    self.told_next = None;
                    self.tell(BrokerEvent::Link {
                        up: true,
                        why: "".into(),
                    });
                    // What happened while it was down is found at once, and not in ten seconds.
                    self.sweep_due = now;
                }
                TradingNews::Down(why) => {
                    tracing::warn!(%why, "the trading stream is down");
                    // That a stream is still down is no news, but that something else is to be done is.
                    let next = advice::split(&why).1.map(Into::into);
                    let is_news = self.link_told || next != self.told_next;
                    self.link_told = false;
                    self.told_next = next;
                    if is_news {
                        self.tell(BrokerEvent::Link { up: false, why });
                    }
                }
                TradingNews::Alive => {
                    if now.since(self.told_alive) >= ALIVE {
                        self.told_alive = now;
                        self.tell(BrokerEvent::Alive);
                    }
                }
                TradingNews::Update(update) => self.take_update(&update, now),
                TradingNews::Bad(why) => {
                    self.counts.bad_messages = self.counts.bad_messages.saturating_add(1);
                    tracing::warn!(%why, "a message of the trading stream could not be read");
                    // It may have been about an order: the records tell.
                    self.sweep_due = self.sweep_due.min(now);
                }
            }
        }
    }
}

/// A refusal of our own: it was not sent.
fn not_sent(message: impl Into<Box<str>>) -> RequestFailure {
    RequestFailure::Refused {
        code: 0,
        message: message.into(),
    }
}
