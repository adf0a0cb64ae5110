//! Orders, cancels and replacements: how they go out, and what their answers mean.

use trader_contract::{
    BrokerEvent, ClientOrderId, OrderRequest, Replacement, RequestFailure, Timestamp,
};

use super::calls::{Method, Pending, Purpose};
use super::{Machine, not_sent};
use crate::protocol::budget::Urgency;
use crate::protocol::outcome::{HttpResult, Verdict};
use crate::wire::path::Path;
use crate::wire::refusal::Reason;
use crate::wire::request;

/// How often a cancel is sent before the daemon is told that nobody answers.
const CANCELS: u32 = 3;
/// How long the stream has to tell what became of a cancel or a replacement.
const HEARD: i64 = 2 * Timestamp::SECOND;
/// How often an order whose answer was lost is looked up: over half a minute.
const LOOKUPS: u32 = 6;

fn urgency(name: ClientOrderId) -> Urgency {
    match name.role.is_reducing() {
        true => Urgency::Protecting,
        false => Urgency::Entering,
    }
}

/// The path of an order by our id.
pub(super) fn by_name(name: ClientOrderId) -> String {
    Path::new("/v2/orders:by_client_order_id")
        .ask("client_order_id", &name.to_string())
        .as_str()
        .to_owned()
}

/// The path of an order by Alpaca's id.
pub(super) fn by_id(id: &str) -> String {
    Path::new("/v2/orders").part(id).as_str().to_owned()
}

/// The same with the orders that belong to it.
pub(super) fn nested(id: &str) -> String {
    let path = Path::new("/v2/orders").part(id).ask("nested", "true");
    path.as_str().to_owned()
}

/// Orders that are kept ready at most; the oldest goes first.
const PREPARED: usize = 8;

impl Machine {
    /// Makes an order ready that may be submitted next, and sends nothing: what its call will be, for who
    /// makes calls ready. `None` for one that has no form on the wire, which is told when it is submitted.
    pub fn prepare(&mut self, order: OrderRequest) -> Option<(Method, &'static str, Vec<u8>)> {
        let body = request::new_order(&order).ok()?;
        if self.prepared.len() >= PREPARED {
            self.prepared.pop_front();
        }
        self.prepared.push_back((order, body.clone()));
        Some((Method::Post, request::ORDERS, body))
    }

    /// What goes over the wire for an order that was made ready.
    pub(super) fn take_prepared(&mut self, order: &OrderRequest) -> Option<Vec<u8>> {
        let place = self.prepared.iter().position(|(ready, _)| ready == order)?;
        self.prepared.remove(place).map(|(_, body)| body)
    }

    pub(super) fn submit(&mut self, order: OrderRequest, now: Timestamp) {
        let prepared = self.take_prepared(&order);
        let body = match prepared.map_or_else(|| request::new_order(&order), Ok) {
            Ok(body) if self.verified => body,
            Ok(_) => {
                let why = "the account has not been compared with the one that may be traded";
                return self.submit_failed(order.client_id, not_sent(why));
            }
            Err(error) => {
                return self.submit_failed(order.client_id, not_sent(error.to_string()));
            }
        };
        self.names.sent(&order);
        let call = (Method::Post, request::ORDERS.to_owned(), Some(body));
        self.calls
            .add(urgency(order.client_id), call, Purpose::Submit(order));
        // What happens to it is looked at from now on.
        self.sweep_due = self.sweep_due.min(now.plus_nanos(super::SWEEP));
    }

    fn submit_failed(&mut self, client_id: ClientOrderId, failure: RequestFailure) {
        self.tell(BrokerEvent::SubmitFailed { client_id, failure });
    }

    /// The answer to an order.
    pub(super) fn submitted(&mut self, order: OrderRequest, result: &HttpResult, now: Timestamp) {
        let name = order.client_id;
        match result.verdict() {
            Verdict::Done => match self.read_order(result) {
                Some(read) => {
                    self.hear_family(&read, now);
                    if !self.is_told(name) {
                        self.in_doubt(name, "the answer says nothing of this order".into(), now);
                    } else if read.legs.len() < request::legs(&order) {
                        self.check_legs(order, &read.id, now);
                    }
                }
                None => self.in_doubt(name, "the answer could not be read".into(), now),
            },
            Verdict::Refused { reason, failure } => {
                if reason == Reason::DuplicateId {
                    // It exists: what it is will be told as well.
                    self.look_up(name, now);
                } else {
                    self.names.never(name);
                }
                self.submit_failed(name, failure);
            }
            Verdict::Ambiguous { why, .. } => self.in_doubt(name, why, now),
        }
        self.place_what_waited(now);
    }

    /// Whether anything was told of an order. What was read may be of another one, or lack what a report
    /// needs.
    fn is_told(&self, name: ClientOrderId) -> bool {
        self.names
            .get(name)
            .is_some_and(|known| known.last.is_some())
    }

    fn in_doubt(&mut self, name: ClientOrderId, message: Box<str>, now: Timestamp) {
        self.counts.ambiguous = self.counts.ambiguous.saturating_add(1);
        self.submit_failed(name, RequestFailure::Ambiguous { message });
        self.look_up(name, now);
    }

    /// Looks an order up under its own id.
    pub(super) fn look_up(&mut self, name: ClientOrderId, now: Timestamp) {
        let call = (Method::Get, by_name(name), None);
        self.calls
            .add_later(Urgency::Entering, call, Purpose::Lookup(name), now);
    }

    /// What looking an order up has found. That it was not found once proves nothing: it may be on its
    /// way.
    pub(super) fn looked_up(
        &mut self,
        pending: Pending,
        name: ClientOrderId,
        result: &HttpResult,
        now: Timestamp,
    ) {
        if result.verdict() == Verdict::Done
            && let Some(order) = self.read_order(result)
        {
            self.hear_family(&order, now);
            if self.is_told(name) {
                if self.names.is_in_group(name) && order.legs.is_empty() {
                    self.read_again(nested(&order.id), now);
                }
                return;
            }
        }
        if pending.tries < LOOKUPS {
            self.calls.again(pending, now);
        }
    }

    fn check_legs(&mut self, order: OrderRequest, id: &str, now: Timestamp) {
        let call = (Method::Get, nested(id), None);
        let purpose = Purpose::CheckLegs(order);
        self.calls
            .add_later(Urgency::Protecting, call, purpose, now);
    }

    /// Whether an order has the exits that were to go with it. One that Alpaca left out is told as refused.
    pub(super) fn checked_legs(
        &mut self,
        pending: Pending,
        order: OrderRequest,
        result: &HttpResult,
        now: Timestamp,
    ) {
        let read = match result.verdict() {
            Verdict::Done => self.read_order(result),
            _ => None,
        };
        let Some(read) = read else {
            return self.calls.again(pending, now);
        };
        self.hear_family(&read, now);
        let exits = [order.oco_stop, order.attached.stop, order.attached.target];
        for (name, _) in exits.into_iter().flatten() {
            if self.names.broker_id(name).is_some() {
                continue;
            }
            self.counts.legs_left_out = self.counts.legs_left_out.saturating_add(1);
            tracing::error!(order = %order.client_id, exit = %name, "Alpaca took the order without its exit");
            self.names.set_live(name, false);
            self.submit_failed(name, not_sent("Alpaca took the order without this exit"));
        }
    }

    pub(super) fn cancel(&mut self, name: ClientOrderId, now: Timestamp) {
        let urgency = Urgency::Protecting;
        match self.names.broker_id(name).map(by_id) {
            Some(path) => {
                let call = (Method::Delete, path, None);
                self.calls.add(urgency, call, Purpose::Cancel(name));
            }
            // An exit is found through the order that it went out with.
            None => {
                let call = (Method::Get, by_name(self.names.head(name)), None);
                let at = match self.is_being_sent(self.names.head(name)) {
                    // Its answer names it.
                    true => now.plus_nanos(Timestamp::SECOND),
                    false => now,
                };
                self.calls
                    .add_later(urgency, call, Purpose::FindToCancel(name), at);
            }
        }
    }

    fn is_being_sent(&self, name: ClientOrderId) -> bool {
        let mut all = self.calls.all();
        all.any(|purpose| matches!(purpose, Purpose::Submit(order) if order.client_id == name))
    }

    /// What was found of an order that is to be cancelled or replaced. An exit whose order is known is
    /// looked for once more, with those that belong to it.
    pub(super) fn found(
        &mut self,
        mut pending: Pending,
        name: ClientOrderId,
        result: &HttpResult,
        now: Timestamp,
    ) -> Found {
        match result.verdict() {
            Verdict::Done => {
                let Some(order) = self.read_order(result) else {
                    return Found::No(RequestFailure::Ambiguous {
                        message: "the answer could not be read".into(),
                    });
                };
                self.hear_family(&order, now);
                if self.names.broker_id(name).is_some() {
                    return Found::Yes;
                }
                let path = nested(&order.id);
                if pending.path == path {
                    return Found::No(not_sent(format!("the order has no exit {name}")));
                }
                pending.path = path;
                self.calls.again_at(pending, now);
                Found::Searching
            }
            Verdict::Refused { failure, .. } => Found::No(failure),
            Verdict::Ambiguous { why, .. } if pending.tries >= CANCELS => {
                Found::No(RequestFailure::Ambiguous { message: why })
            }
            Verdict::Ambiguous { .. } => {
                self.calls.again(pending, now);
                Found::Searching
            }
        }
    }

    pub(super) fn cancel_failed(&mut self, name: ClientOrderId, failure: RequestFailure) {
        self.tell(BrokerEvent::CancelFailed {
            client_id: name,
            failure,
        });
    }

    /// The answer to a cancel. Taken means asked for: what became of it is for the stream to tell, or for
    /// a look after a while.
    pub(super) fn cancelled(
        &mut self,
        pending: Pending,
        name: ClientOrderId,
        result: &HttpResult,
        now: Timestamp,
    ) {
        match result.verdict() {
            Verdict::Done => self.check(name, now.plus_nanos(HEARD)),
            Verdict::Refused { reason, failure } => {
                let unsent = matches!(result, HttpResult::NotSent { .. });
                if unsent && pending.tries < CANCELS {
                    return self.calls.again(pending, now);
                }
                tracing::info!(order = %name, ?reason, "a cancel was refused");
                self.cancel_failed(name, failure);
                self.check(name, now);
            }
            // A cancel may be repeated: it does no more than the first.
            Verdict::Ambiguous { .. } if pending.tries < CANCELS => self.calls.again(pending, now),
            Verdict::Ambiguous { why, .. } => {
                self.counts.ambiguous = self.counts.ambiguous.saturating_add(1);
                self.cancel_failed(name, RequestFailure::Ambiguous { message: why });
                self.check(name, now);
            }
        }
    }

    pub(super) fn replace(&mut self, change: Replacement, now: Timestamp) {
        let failed = |why: String| (change, not_sent(why));
        let body = match request::replacement(&change) {
            Ok(body) => body,
            Err(error) => {
                let (change, failure) = failed(error.to_string());
                return self.replace_failed(&change, failure);
            }
        };
        let Some(path) = self.names.broker_id(change.client_id).map(by_id) else {
            let head = self.names.head(change.client_id);
            let call = (Method::Get, by_name(head), None);
            let purpose = Purpose::FindToReplace(change);
            return self
                .calls
                .add_later(Urgency::Protecting, call, purpose, now);
        };
        let parent = self
            .names
            .get(change.client_id)
            .and_then(|old| old.parent());
        self.names.known(change.client_id).successor = Some(change.new_client_id);
        self.names.set_parent(change.new_client_id, parent);
        self.names.set_live(change.new_client_id, true);
        let call = (Method::Patch, path, Some(body));
        self.calls
            .add(Urgency::Protecting, call, Purpose::Replace(change));
    }

    pub(super) fn replace_failed(&mut self, change: &Replacement, failure: RequestFailure) {
        self.tell(BrokerEvent::ReplaceFailed {
            client_id: change.client_id,
            new_client_id: change.new_client_id,
            failure,
        });
    }

    /// The answer to a replacement. Each success makes a new order, so that it is never repeated; a
    /// refusal has been seen of one that took effect, so that the old order is read in any case.
    pub(super) fn replaced(&mut self, change: &Replacement, result: &HttpResult, now: Timestamp) {
        match result.verdict() {
            Verdict::Done => match self.read_order(result) {
                Some(order) => {
                    self.hear_family(&order, now);
                    return self.check(change.client_id, now.plus_nanos(HEARD));
                }
                None => {
                    let message = "the answer could not be read".into();
                    self.replace_failed(change, RequestFailure::Ambiguous { message });
                }
            },
            Verdict::Refused { failure, .. } => {
                self.names.known(change.client_id).successor = None;
                self.names.never(change.new_client_id);
                self.replace_failed(change, failure);
            }
            Verdict::Ambiguous { why, .. } => {
                self.counts.ambiguous = self.counts.ambiguous.saturating_add(1);
                self.replace_failed(change, RequestFailure::Ambiguous { message: why });
                self.look_up(change.new_client_id, now);
            }
        }
        self.check(change.client_id, now);
    }
}

/// What looking for an order has come to.
pub(super) enum Found {
    /// It is known now.
    Yes,
    /// The search goes on.
    Searching,
    /// It is not to be found, or not now.
    No(RequestFailure),
}
