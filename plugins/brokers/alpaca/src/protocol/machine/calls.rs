//! The calls that wait for their turn and those that are under way, each with what it is for.

use std::collections::BTreeMap;

use trader_contract::{ClientOrderId, OrderRequest, Replacement, Symbol, Timestamp};

use super::snapshot::Step;
use crate::protocol::backoff::Backoff;
use crate::protocol::budget::{Budget, Urgency};

/// The first wait before a call is made again, and the longest.
const AGAIN: i64 = 500_000_000;
const AGAIN_MAX: i64 = 8 * Timestamp::SECOND;

/// Calls that wait, past which nothing is added that only looks.
const WAITING_MAX: usize = 256;

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Make.
    Post,
    /// Change.
    Patch,
    /// Remove.
    Delete,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number, which its answer repeats.
    pub id: u64,
    /// What is done.
    pub method: Method,
    /// Path and query, from the host on.
    pub path: String,
    /// A body of JSON.
    pub body: Option<Vec<u8>>,
}

/// What a call is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// An order.
    Submit(OrderRequest),
    /// Whether an order has arrived whose answer was lost.
    Lookup(ClientOrderId),
    /// An order that is to be cancelled.
    Cancel(ClientOrderId),
    /// Alpaca's id of an order that is to be cancelled.
    FindToCancel(ClientOrderId),
    /// An order that is to be replaced.
    Replace(Replacement),
    /// Alpaca's id of an order that is to be replaced.
    FindToReplace(Replacement),
    /// What has become of one order and those that belong to it.
    Read,
    /// The same, unless it is over by then.
    Check(ClientOrderId),
    /// Whether an order has the exits that went out with it.
    CheckLegs(OrderRequest),
    /// The open orders.
    Sweep,
    /// Whose an order of the stream is.
    Place(Symbol),
    /// A part of a snapshot.
    Part(Step),
    /// Something of the face's.
    Asked(u64),
}

/// A call with what it is for.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) urgency: Urgency,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
    pub(super) purpose: Purpose,
    /// How often it was made.
    pub(super) tries: u32,
    not_before: Timestamp,
}

/// The calls.
#[derive(Debug)]
pub(super) struct Calls {
    waiting: BTreeMap<(Urgency, u64), Pending>,
    flying: BTreeMap<u64, Pending>,
    last: u64,
    /// When the limit may let the next one go.
    limited_until: Timestamp,
    backoff: Backoff,
}

impl Calls {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            waiting: BTreeMap::new(),
            flying: BTreeMap::new(),
            last: 0,
            limited_until: Timestamp::MIN,
            backoff: Backoff::new(AGAIN, AGAIN_MAX, seed ^ 0x5eed),
        }
    }

    /// Adds a call that may go at once.
    pub(super) fn add(
        &mut self,
        urgency: Urgency,
        call: (Method, String, Option<Vec<u8>>),
        purpose: Purpose,
    ) {
        self.add_later(urgency, call, purpose, Timestamp::MIN);
    }

    /// Adds a call that goes at `not_before` or later.
    pub(super) fn add_later(
        &mut self,
        urgency: Urgency,
        (method, path, body): (Method, String, Option<Vec<u8>>),
        purpose: Purpose,
        not_before: Timestamp,
    ) {
        self.put(Pending {
            urgency,
            method,
            path,
            body,
            purpose,
            tries: 0,
            not_before,
        });
    }

    fn put(&mut self, pending: Pending) {
        self.last = self.last.saturating_add(1);
        self.waiting.insert((pending.urgency, self.last), pending);
    }

    /// Makes a call again after a wait.
    pub(super) fn again(&mut self, mut pending: Pending, now: Timestamp) {
        if pending.tries <= 1 {
            self.backoff.reset();
        }
        pending.not_before = now.plus_nanos(self.backoff.wait());
        self.put(pending);
    }

    /// Makes a call again at a moment.
    pub(super) fn again_at(&mut self, mut pending: Pending, at: Timestamp) {
        pending.not_before = at;
        self.put(pending);
    }

    /// The next call that may go, the most urgent first.
    pub(super) fn next(&mut self, budget: &mut Budget, now: Timestamp) -> Option<Call> {
        self.limited_until = Timestamp::MIN;
        let is_ready = |(_, pending): &(&(Urgency, u64), &Pending)| pending.not_before <= now;
        let key = *self.waiting.iter().find(is_ready)?.0;
        // What is less urgent has no more room than what is more urgent.
        if let Err(until) = budget.take(key.0, now) {
            self.limited_until = until;
            return None;
        }
        let mut pending = self.waiting.remove(&key)?;
        pending.tries = pending.tries.saturating_add(1);
        self.last = self.last.saturating_add(1);
        let id = self.last;
        let call = Call {
            id,
            method: pending.method,
            path: pending.path.clone(),
            body: pending.body.clone(),
        };
        self.flying.insert(id, pending);
        Some(call)
    }

    /// A call has its answer.
    pub(super) fn landed(&mut self, id: u64) -> Option<Pending> {
        self.flying.remove(&id)
    }

    /// When something that waits may go.
    pub(super) fn due(&self) -> Timestamp {
        let ready = self.waiting.values().map(|pending| pending.not_before);
        let ready = ready.min().unwrap_or(Timestamp::MAX);
        ready.max(self.limited_until)
    }

    /// Whether so much waits that what only looks need not be added.
    pub(super) fn is_crowded(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }

    /// Everything that waits or is under way.
    pub(super) fn all(&self) -> impl Iterator<Item = &Purpose> {
        let all = self.waiting.values().chain(self.flying.values());
        all.map(|pending| &pending.purpose)
    }

    /// Takes the entries that still wait out.
    pub(super) fn take_entries(&mut self) -> Vec<OrderRequest> {
        let mut entries = Vec::new();
        self.waiting
            .retain(|(urgency, _), pending| match &pending.purpose {
                Purpose::Submit(order) if *urgency == Urgency::Entering => {
                    entries.push(*order);
                    false
                }
                _ => true,
            });
        entries
    }

    /// Takes what waits and is for nothing any more out.
    pub(super) fn forget(&mut self, is_over: impl Fn(&Purpose) -> bool) {
        self.waiting.retain(|_, pending| !is_over(&pending.purpose));
    }
}
