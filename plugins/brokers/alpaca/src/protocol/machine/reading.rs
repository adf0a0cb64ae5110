//! Reading: what an answer is for, orders one by one, and the sweep of those that are open.

use trader_contract::{ClientOrderId, Symbol, Timestamp};

use super::calls::{Method, Pending, Purpose};
use super::requests::{Found, nested};
use super::snapshot::Step;
use super::{Effect, Machine, SWEEP};
use crate::protocol::budget::Urgency;
use crate::protocol::outcome::{Answer, HttpResult, Verdict};
use crate::wire::order::Order;
use crate::wire::path::Path;
use crate::wire::{Format, Malformed, Reader, View};

/// How often something is read before it is given up: the next sweep or snapshot reads it again.
const READS: u32 = 4;
/// The most orders of one page.
pub(super) const PAGE: usize = 500;

impl Step {
    /// What it reads, in words.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Account => "the account",
            Self::Open(_) | Self::All(_) => "the orders",
            Self::One(_) | Self::Named(_) => "an order",
            Self::Lines(_) | Self::Past(..) => "the executions",
            Self::Positions => "the positions",
        }
    }
}

impl Machine {
    /// Takes the answer to a call.
    pub(super) fn take_answer(&mut self, flying: Pending, result: HttpResult, now: Timestamp) {
        if let Purpose::Asked(token) = flying.purpose {
            return self.effects.push_back(Effect::Answer { token, result });
        }
        match flying.purpose.clone() {
            Purpose::Submit(order) => self.submitted(order, &result, now),
            Purpose::Lookup(name) => self.looked_up(flying, name, &result, now),
            Purpose::Cancel(name) => self.cancelled(flying, name, &result, now),
            Purpose::FindToCancel(name) => match self.found(flying, name, &result, now) {
                Found::Yes => self.cancel(name, now),
                Found::Searching => {}
                Found::No(failure) => self.cancel_failed(name, failure),
            },
            Purpose::Replace(change) => self.replaced(&change, &result, now),
            Purpose::FindToReplace(change) => {
                match self.found(flying, change.client_id, &result, now) {
                    Found::Yes => self.replace(change, now),
                    Found::Searching => {}
                    Found::No(failure) => self.replace_failed(&change, failure),
                }
            }
            Purpose::CheckLegs(order) => self.checked_legs(flying, order, &result, now),
            Purpose::Read | Purpose::Check(_) => self.took_one(flying, &result, now),
            Purpose::Sweep => self.swept(&result, now),
            Purpose::Place(symbol) => self.placed(flying, symbol, &result, now),
            Purpose::Part(step) => self.took_part(flying, step, &result, now),
            Purpose::Asked(_) => {}
        }
    }

    /// Reads the body of an answer. What cannot be read is counted.
    pub(super) fn read_body<T>(
        &mut self,
        result: &HttpResult,
        read: impl FnOnce(View<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let none = Answer::default();
        let body = &result.answer().unwrap_or(&none).body;
        let mut reader = std::mem::replace(&mut self.reader, Reader::new());
        let value = reader.read(Format::Json, body).and_then(read);
        self.reader = reader;
        if let Err(error) = &value {
            self.counts.bad_answers = self.counts.bad_answers.saturating_add(1);
            tracing::warn!(%error, "an answer of Alpaca could not be read");
        }
        value
    }

    pub(super) fn read_order(&mut self, result: &HttpResult) -> Option<Order> {
        self.read_body(result, Order::read).ok()
    }

    /// Reads one order by path. Where too much waits already, the sweeps will have it.
    pub(super) fn read_again(&mut self, path: String, now: Timestamp) {
        if self.calls.is_crowded() {
            return;
        }
        let call = (Method::Get, path, None);
        self.calls
            .add_later(Urgency::Reading, call, Purpose::Read, now);
    }

    /// Reads an order and those that belong to it, at a moment, unless it is over by then.
    pub(super) fn check(&mut self, name: ClientOrderId, at: Timestamp) {
        let head = self.names.head(name);
        let id = self.names.broker_id(head).or(self.names.broker_id(name));
        let Some(path) = id.map(nested) else { return };
        let call = (Method::Get, path, None);
        self.calls
            .add_later(Urgency::Entering, call, Purpose::Check(name), at);
    }

    fn took_one(&mut self, flying: Pending, result: &HttpResult, now: Timestamp) {
        match result.verdict() {
            Verdict::Done => {
                if let Some(order) = self.read_order(result) {
                    self.hear_family(&order, now);
                }
            }
            Verdict::Refused { .. } => {}
            Verdict::Ambiguous { .. } => {
                if flying.tries < READS {
                    self.calls.again(flying, now);
                }
            }
        }
    }

    /// Looks at the open orders while there are any.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.sweep_due = now.plus_nanos(SWEEP);
        let any = self.names.live().next().is_some();
        let under_way = self
            .calls
            .all()
            .any(|purpose| matches!(purpose, Purpose::Sweep));
        if !any || under_way || self.work.is_some() {
            return;
        }
        let path = open_orders(None);
        let call = (Method::Get, path, None);
        self.calls.add(Urgency::Reading, call, Purpose::Sweep);
    }

    fn swept(&mut self, result: &HttpResult, now: Timestamp) {
        if result.verdict() != Verdict::Done {
            // The next sweep is soon.
            return;
        }
        let Ok(orders) = self.read_body(result, Order::read_list) else {
            return;
        };
        let full = orders.len() >= PAGE;
        for order in &orders {
            self.hear_family(order, now);
        }
        if full {
            // More than a page: whether one is missing cannot be told from this.
            return;
        }
        let seen: Vec<&str> = orders
            .iter()
            .flat_map(Order::family)
            .map(|order| &*order.id)
            .collect();
        let gone: Vec<ClientOrderId> = self
            .names
            .live()
            .filter(|(_, known)| {
                let id = known.broker_id.as_deref();
                id.is_some_and(|id| !seen.contains(&id))
            })
            .map(|(name, _)| name)
            .collect();
        let mut heads: Vec<ClientOrderId> =
            gone.iter().map(|name| self.names.head(*name)).collect();
        heads.dedup();
        for head in heads {
            self.check(head, now);
        }
    }

    /// An order of the stream is nobody's as far as is known: it may be an exit of an order of ours.
    pub(super) fn place(&mut self, order: Order, now: Timestamp) {
        let Some(symbol) = order.symbol else { return };
        let asked = self
            .calls
            .all()
            .any(|purpose| matches!(purpose, Purpose::Place(asked) if *asked == symbol));
        self.unplaced.push(order);
        if asked {
            return;
        }
        let path = Path::new("/v2/orders")
            .ask("status", "all")
            .ask("nested", "true")
            .ask("direction", "desc")
            .ask("limit", &PAGE.to_string())
            .ask("symbols", symbol.as_str());
        let call = (Method::Get, path.as_str().to_owned(), None);
        self.calls
            .add_later(Urgency::Entering, call, Purpose::Place(symbol), now);
    }

    fn placed(&mut self, flying: Pending, symbol: Symbol, result: &HttpResult, now: Timestamp) {
        let orders = match result.verdict() {
            Verdict::Done => self.read_body(result, Order::read_list).ok(),
            _ => None,
        };
        let Some(orders) = orders else {
            if flying.tries < READS {
                return self.calls.again(flying, now);
            }
            // The next sweep has whatever of them matters.
            self.unplaced.retain(|order| order.symbol != Some(symbol));
            self.sweep_due = self.sweep_due.min(now);
            return;
        };
        for order in &orders {
            self.hear_family(order, now);
        }
        let (those, others) = std::mem::take(&mut self.unplaced)
            .into_iter()
            .partition(|order| order.symbol == Some(symbol));
        self.unplaced = others;
        let those: Vec<Order> = those;
        for order in those {
            self.strangers.entry(order.id.clone()).or_default();
            self.hear_family(&order, now);
        }
    }

    /// An order has been answered: what waited may be one of its exits.
    pub(super) fn place_what_waited(&mut self, now: Timestamp) {
        for order in std::mem::take(&mut self.unplaced) {
            match self.names.name(&order.id) {
                Some(_) => self.hear_family(&order, now),
                None => self.unplaced.push(order),
            }
        }
    }
}

/// The path of the open orders, from the one after `after` on.
pub(super) fn open_orders(after: Option<Timestamp>) -> String {
    let after = after.map(|after| after.to_string());
    let path = Path::new("/v2/orders")
        .ask("status", "open")
        .ask("nested", "true")
        .ask("direction", "asc")
        .ask("limit", &PAGE.to_string())
        .ask_if("after", after.as_deref());
    path.as_str().to_owned()
}
