//! Orders of which nobody knows whether they arrived, and those that turn up after they were given
//! up. Only what the broker says ends a doubt:
//! - A report, or a snapshot that has the order, tells what it is.
//! - A reducing order that a snapshot lacks, asked for after its answer was lost, is sent once more
//!   under the same id: the broker takes an id once. A refusal of a repetition proves nothing, except
//!   one that says that the id is used: then the order has arrived.
//! - What is not sent again (entries, exits that went with them, orders that would no longer only
//!   reduce what the book and the broker hold) is dropped once at least two snapshots lack it, over [`crate::Watch::unknown_nanos`]
//!   from its last sending or from the start of the run, while the broker's position is ours; twice as
//!   long where that differs as it would if the order had filled.
//!
//! What becomes of an order that was dropped and turns up all the same is in the file of late ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trader_contract::{
    BrokerSnapshot, ClientOrderId, Direction, ExecutionId, NetQty, OrderReport, OrderRole,
    OrderState, Outcome, ReportStatus, RequestFailure, Symbol, Timestamp,
};

use super::Engine;
use super::sending::Leaving;
use crate::book::Order;
use crate::command::Commands;
use crate::planted::{Bug, is};
use crate::record::{Record, Severity};

/// Snapshots that must lack an order before it is dropped.
const MISSED: u32 = 2;
/// The longest pause between two sendings of one order.
const REPEAT_MAX: i64 = 10 * Timestamp::SECOND;

/// An order that may or may not be at the broker.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Doubt {
    /// Nothing of it has been sent after this.
    since: Timestamp,
    /// Only answers to later questions count,
    after: u32,
    /// and of those only what was asked at this time or later.
    not_before: Timestamp,
    /// Answers that lacked it.
    missed: u32,
    /// The broker has said that its id is used.
    arrived: bool,
    /// An answer lacked it after it was last sent: it is sent again at `repeat_at`.
    lacking: bool,
    repeat_at: Timestamp,
    repeat_nanos: i64,
}

impl Doubt {
    const fn new(since: Timestamp, after: u32) -> Self {
        Self {
            since,
            after,
            not_before: Timestamp::MIN,
            missed: 0,
            arrived: false,
            lacking: false,
            repeat_at: Timestamp::MIN,
            repeat_nanos: 0,
        }
    }
}

/// The answer that is being looked at.
#[derive(Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) at: Timestamp,
    /// When its question was asked.
    pub(super) asked_at: Timestamp,
    pub(super) held: &'a BrokerSnapshot,
}

impl Answer<'_> {
    /// What it says of one of our orders.
    pub(super) fn report(&self, id: ClientOrderId) -> Option<&OrderReport> {
        self.held.orders.iter().find(|r| r.client_id == id)
    }

    /// Whether it has every execution of an order that counts.
    pub(super) fn has_all_fills(&self, order: &Order) -> bool {
        let executions = &self.held.executions;
        let has = |id: &ExecutionId| executions.iter().any(|(_, execution)| execution.id == *id);
        order.fills.iter().all(|fill| has(&fill.id))
    }
}

impl Engine {
    /// At the start nobody knows what of the run before is still on its way.
    pub(super) fn doubt_unheard(&mut self, at: Timestamp, out: &mut Commands) {
        let number = self.reconciling.number();
        let unheard = self.book.orders.values();
        self.doubts = unheard
            .filter(|order| order.is_unheard())
            .map(|order| (order.id(), Doubt::new(at, number)))
            .collect();
        crate::planted::cancel_unknown(self.doubts.keys(), out);
        let orders = self.book.orders.values();
        let strays: Vec<ClientOrderId> = orders
            .filter(|order| order.is_live() && self.is_stray(order))
            .map(Order::id)
            .collect();
        self.strays.extend(strays);
    }

    /// The answer to a submit was lost.
    pub(super) fn doubt(&mut self, at: Timestamp, id: ClientOrderId, out: &mut Commands) {
        let number = self.reconciling.number();
        let doubt = self.doubts.entry(id).or_insert(Doubt::new(at, number));
        *doubt = Doubt {
            since: at,
            after: number,
            not_before: Timestamp::MIN,
            missed: 0,
            lacking: false,
            ..*doubt
        };
        self.reconciling.reopen();
        self.reconciling.ask_again();
        self.request_snapshot(out);
    }

    /// A submit of an order of unknown fate was refused.
    pub(super) fn on_repeat_refused(
        &mut self,
        at: Timestamp,
        id: ClientOrderId,
        failure: &RequestFailure,
        out: &mut Commands,
    ) {
        let number = self.reconciling.number();
        let doubt = self.doubts.entry(id).or_insert(Doubt::new(at, number));
        doubt.not_before = Timestamp::MIN;
        doubt.lacking = false;
        doubt.arrived |= failure.says_id_is_used();
        self.reconciling.reopen();
        self.reconciling.ask_again();
        self.request_snapshot(out);
    }

    /// Looks for every order that the answer lacks.
    pub(super) fn weigh(&mut self, answer: Answer<'_>, out: &mut Commands) {
        let missing: Vec<ClientOrderId> = self
            .book
            .orders
            .unsettled()
            .filter(|order| order.is_live() && self.is_lacking(order, answer))
            .map(Order::id)
            .collect();
        self.doubts.retain(|id, _| missing.contains(id));
        for id in missing {
            self.weigh_one(answer, id, out);
        }
        self.tell_unknown(answer.at, out);
    }

    /// Whether the answer lacks an order. Exits that go out with an order share its fate; a report that
    /// is about something else says nothing.
    fn is_lacking(&self, order: &Order, answer: Answer<'_>) -> bool {
        let parent = order
            .planned
            .parent
            .filter(|_| order.planned.replaces.is_none());
        let parent = parent.and_then(|id| self.book.orders.get(&id));
        if order.is_unheard() && parent.is_some_and(|p| p.is_live() && p.is_unheard()) {
            return false;
        }
        answer
            .report(order.id())
            .is_none_or(|report| order.contradicts(report) && report.status.state().is_terminal())
    }

    fn weigh_one(&mut self, answer: Answer<'_>, id: ClientOrderId, out: &mut Commands) {
        let Some(order) = self.book.orders.get(&id) else {
            return;
        };
        let number = self.reconciling.number();
        let fresh = if order.is_unheard() {
            // Sent, and neither answered nor failed.
            let since = order.planned_at.max(self.reconciling.started_at());
            Doubt {
                not_before: since.plus_nanos(self.watch.answer_nanos),
                ..Doubt::new(since, number.wrapping_sub(1))
            }
        } else if answer.asked_at > order.updated_at
            || order.updated_at <= self.reconciling.started_at()
        {
            Doubt::new(answer.at, number.wrapping_sub(1))
        } else {
            return;
        };
        let doubt = self.doubts.entry(id).or_insert(fresh);
        if number == doubt.after || answer.asked_at < doubt.not_before {
            return;
        }
        doubt.missed = doubt.missed.saturating_add(1);
        doubt.lacking = true;
        let doubt = *doubt;
        if self.settle_replacement(answer, id, out) {
            return;
        }
        if is(Bug::RetryWithNewId) {
            return self.give_up_order(answer.at, id, out);
        }
        let next = if self.reduces_there(id, answer.held) {
            self.repeat(answer.at, id, out)
        } else {
            Repeat::Never
        };
        if next == Repeat::Never
            && let Some(doubt) = self.doubts.get_mut(&id)
        {
            doubt.lacking = false;
        }
        let patience = doubt.since.plus_nanos(self.watch.unknown_nanos);
        let over = doubt.missed >= MISSED && answer.at >= patience;
        let over = over || is(Bug::OneSnapshotDrops);
        // A position that it would explain may be somebody else's: it is waited for longer, not for ever.
        let longer = patience.plus_nanos(self.watch.unknown_nanos);
        let explained = answer.at < longer && self.is_explained_by(id, answer.held);
        if next == Repeat::Never && over && !explained {
            self.give_up_order(answer.at, id, out);
        }
    }

    /// Whether the broker holds what a reducing order is to close: without it the order would open a
    /// position.
    fn reduces_there(&self, id: ClientOrderId, held: &BrokerSnapshot) -> bool {
        let Some(order) = self.book.orders.get(&id) else {
            return false;
        };
        let mut held = held.positions.iter();
        let theirs = held.find(|(held, _)| *held == order.symbol());
        theirs.is_some_and(|(_, net)| {
            let closes = Direction::of(*net).is_some_and(|d| d.exit_side() == order.side());
            closes && net.magnitude() >= order.qty
        })
    }

    /// Whether the broker's position differs from ours as it would if an entry had filled. Shares that
    /// are gone hold no exit back: what took them, its executions or two more answers tell.
    fn is_explained_by(&self, id: ClientOrderId, held: &BrokerSnapshot) -> bool {
        let order = self.book.orders.get(&id);
        let Some(order) = order.filter(|o| o.role() == OrderRole::Entry) else {
            return false;
        };
        let symbol = order.symbol();
        let theirs = held.positions.iter().find(|(held, _)| *held == symbol);
        let theirs = theirs.map_or(NetQty::ZERO, |(_, net)| *net);
        let more = theirs.checked_add(-self.book.net(symbol));
        let one = order.side().signed(order.qty);
        more.is_none_or(|more| !more.is_flat() && (more.nanos() > 0) == (one.nanos() > 0))
    }

    /// A replacement that the broker's records lack never came to be, if the order that was to make way
    /// lives on as it was or has ended otherwise.
    fn settle_replacement(
        &mut self,
        answer: Answer<'_>,
        new_client_id: ClientOrderId,
        out: &mut Commands,
    ) -> bool {
        let new = self.book.orders.get(&new_client_id);
        let Some(client_id) = new
            .filter(|o| o.is_unheard())
            .and_then(|o| o.planned.replaces)
        else {
            return false;
        };
        let Some(old) = self.book.orders.get(&client_id) else {
            return false;
        };
        let stays = match old.state {
            OrderState::Done(outcome) => outcome != Outcome::Replaced,
            _ => answer.report(client_id).is_some_and(|report| {
                report.status != ReportStatus::PendingReplace
                    && !report.status.state().is_terminal()
            }),
        };
        if stays {
            self.fail_replacement(answer.at, (client_id, new_client_id), out);
        }
        stays
    }

    fn fail_replacement(
        &mut self,
        at: Timestamp,
        (client_id, new_client_id): (ClientOrderId, ClientOrderId),
        out: &mut Commands,
    ) {
        let failure = RequestFailure::Ambiguous {
            message: "not answered, and the broker's records lack it".into(),
        };
        let record = Record::ReplaceFailed {
            client_id,
            new_client_id,
            failure,
        };
        self.doubts.remove(&new_client_id);
        self.write(at, record, out);
    }

    /// Sends a reducing order once more that an answer lacked, under its id.
    fn repeat(&mut self, at: Timestamp, id: ClientOrderId, out: &mut Commands) -> Repeat {
        let Some(doubt) = self.doubts.get(&id).copied().filter(|d| !d.arrived) else {
            return Repeat::Never;
        };
        let Some(order) = self.book.orders.get(&id).filter(|o| is_repeatable(o)) else {
            return Repeat::Never;
        };
        let holding = self.book.holdings.get(&order.symbol());
        if order.role() != OrderRole::Exit && holding.is_some_and(|h| h.exit.is_some()) {
            // What is to be closed needs no protection once more, and waits for the end of this.
            return Repeat::Never;
        }
        if !doubt.lacking || at < doubt.repeat_at {
            return Repeat::Later;
        }
        let place = self.by_ticker.get(&order.symbol());
        let Some(state) = place.and_then(|id| self.symbols.get(id.index())) else {
            return Repeat::Never;
        };
        let tick = state.instrument.tick;
        let Ok(approved) = self.gate.repeat(order, &self.book, tick) else {
            return Repeat::Never;
        };
        let record = Record::SubmitRepeated { client_id: id };
        let sent = self.dispatch(at, [record], Leaving::Approved(approved), out);
        if sent.is_err() {
            // Whether it is dropped is for the store's own broker to say.
            return Repeat::Never;
        }
        let pause = doubt.repeat_nanos.saturating_mul(2);
        let pause = pause.clamp(
            self.rules.retry_nanos,
            REPEAT_MAX.max(self.rules.retry_nanos),
        );
        let sent = Doubt {
            not_before: at.plus_nanos(self.watch.answer_nanos),
            repeat_at: at.plus_nanos(pause),
            repeat_nanos: pause,
            ..Doubt::new(at, self.reconciling.number())
        };
        self.doubts.insert(id, sent);
        Repeat::Sent
    }

    /// Sends once more what waits for its time.
    pub(super) fn repeat_submits(&mut self, at: Timestamp, out: &mut Commands) {
        let due: Vec<ClientOrderId> = self
            .doubts
            .iter()
            .filter(|(_, doubt)| doubt.lacking && !doubt.arrived && at >= doubt.repeat_at)
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            if self.repeat(at, id, out) != Repeat::Sent
                && let Some(doubt) = self.doubts.get_mut(&id)
            {
                // Whether it is dropped is for the next answer to say.
                doubt.lacking = false;
            }
        }
    }

    /// When the next order is due to be sent once more.
    pub(super) fn repeat_due(&self) -> Timestamp {
        let waiting = self.doubts.values().filter(|d| d.lacking && !d.arrived);
        let first = waiting.map(|doubt| doubt.repeat_at).min();
        first.unwrap_or(Timestamp::MAX)
    }

    /// Ends an order that the broker's records lack, with the exits that went out with it.
    fn give_up_order(&mut self, at: Timestamp, id: ClientOrderId, out: &mut Commands) {
        let Some(order) = self.book.orders.get(&id) else {
            return;
        };
        let (symbol, vanished) = (order.symbol(), order.state.is_acknowledged());
        if let Some(old) = order.planned.replaces.filter(|_| !vanished) {
            return self.fail_replacement(at, (old, id), out);
        }
        let orders = self.book.orders.values();
        let legs = orders.filter(|leg| {
            leg.planned.parent == Some(id) && leg.planned.replaces.is_none() && leg.is_unheard()
        });
        let gone: Vec<ClientOrderId> = std::iter::once(id).chain(legs.map(Order::id)).collect();
        self.reconciling.end_doubt();
        for client_id in gone {
            self.doubts.remove(&client_id);
            self.write(at, Record::OrderDropped { client_id }, out);
        }
        if vanished {
            self.alert(
                at,
                (Severity::Critical, "order_vanished", Some(symbol)),
                (
                    format!("the broker no longer knows order {id}, which it had accepted"),
                    "look for it in the broker's history; protection is placed anew",
                ),
                out,
            );
        }
    }

    /// Tells of orders whose fate an answer has left open, once per symbol, and when it is known.
    fn tell_unknown(&mut self, at: Timestamp, out: &mut Commands) {
        let mut open: BTreeMap<Symbol, ClientOrderId> = BTreeMap::new();
        for (id, doubt) in &self.doubts {
            let order = self.book.orders.get(id).filter(|o| o.is_unheard());
            if let Some(order) = order.filter(|_| doubt.missed > 0 || doubt.repeat_nanos > 0) {
                open.entry(order.symbol()).or_insert(*id);
            }
        }
        for symbol in self.standing_symbols("order_unknown") {
            if !open.contains_key(&symbol) {
                self.clear_standing(at, "order_unknown", Some(symbol), out);
            }
        }
        for (symbol, id) in open {
            if self.book.standing("order_unknown", Some(symbol)).is_none() {
                let message = format!(
                    "{symbol}: nobody knows whether order {id} arrived, and the broker's records lack it"
                );
                self.raise_standing(
                    at,
                    (Severity::Warning, "order_unknown", Some(symbol)),
                    (
                        message,
                        "nothing, if it clears within a minute; else look for it at the broker",
                    ),
                    out,
                );
            }
        }
    }

    /// The symbols of the standing alerts of a kind.
    pub(super) fn standing_symbols(&self, kind: &str) -> Vec<Symbol> {
        let alerts = self.book.alerts.iter();
        alerts
            .filter(|standing| &*standing.alert.kind == kind)
            .filter_map(|standing| standing.alert.symbol)
            .collect()
    }
}

/// What becomes of a sending once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    Sent,
    /// Its time has not come.
    Later,
    /// It cannot be.
    Never,
}

/// Whether an order can be sent once more by itself.
fn is_repeatable(order: &Order) -> bool {
    let planned = &order.planned;
    let alone = planned.parent.is_none() && planned.replaces.is_none();
    order.is_unheard() && order.role().is_reducing() && alone
}
