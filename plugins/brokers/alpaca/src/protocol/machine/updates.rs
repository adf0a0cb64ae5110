//! What is heard of orders, and what of it is told.

use trader_contract::{
    BrokerEvent, ClientOrderId, Execution, ForeignOrder, OrderReport, Timestamp,
};

use super::Machine;
use super::calls::Purpose;
use super::requests::by_id;
use crate::protocol::names::Whose;
use crate::protocol::reports::{family, foreign, report, streamed, taken_back};
use crate::protocol::trading::TradingNews;
use crate::wire::order::Order;
use crate::wire::trading::OrderUpdate;
use crate::wire::words::{OrderClass, Status, UpdateKind};

/// How old something has to be before the stream is thought to have lost it.
const LOST: i64 = 5 * Timestamp::SECOND;

impl Machine {
    /// Takes an update of the stream.
    pub(super) fn take_update(&mut self, update: &OrderUpdate, now: Timestamp) {
        if !update.kind.is_known() || !update.order.status.is_known() {
            self.unknown_word(&update.order, now);
        }
        let order = &update.order;
        let name = match self.names.resolve(order, None) {
            Whose::Ours(name) => {
                self.tell_succeeded(Some(name), order, now);
                name
            }
            Whose::Nobodys if self.strangers.contains_key(&order.id) || self.is_plain(order) => {
                return self.tell_foreign(order, now);
            }
            Whose::Nobodys => return self.place(order.clone(), now),
        };
        if matches!(
            update.kind,
            UpdateKind::TradeBust | UpdateKind::TradeCorrect
        ) {
            let event = taken_back(self.names.known(name), name, update);
            match event {
                Some(event) => self.tell(event),
                // The history says what was taken back, and the daemon asks for it: the two do not agree.
                None => self.check(name, now),
            }
        }
        let execution = streamed(self.names.known(name), update, now);
        self.hear(name, order, (execution, Heard::Streamed), now);
        // What happens to one of a group happens to the others, and not all of that is told.
        if order.is_over() && self.names.is_in_group(name) {
            self.check_group(name, now);
        }
    }

    /// Whether an order that is nobody's can be no exit of ours: none is out without its answer or its
    /// reading.
    fn is_plain(&self, order: &Order) -> bool {
        let unheard = self
            .names
            .live()
            .any(|(_, known)| known.broker_id.is_none());
        order.class == OrderClass::Simple && order.replaces.is_none() && !unheard
    }

    fn unknown_word(&mut self, order: &Order, now: Timestamp) {
        self.counts.unknown_words = self.counts.unknown_words.saturating_add(1);
        tracing::error!(
            order = %order.id,
            status = %order.status,
            "Alpaca says something of an order that is not known here; the order is read again"
        );
        self.read_again(by_id(&order.id), now.plus_nanos(Timestamp::SECOND));
    }

    fn check_group(&mut self, name: ClientOrderId, now: Timestamp) {
        let head = self.names.head(name);
        let asked = self.calls.all().any(
            |purpose| matches!(purpose, Purpose::Check(asked) if self.names.head(*asked) == head),
        );
        if !asked {
            self.check(name, now.plus_nanos(Timestamp::SECOND / 2));
        }
    }

    /// Takes an order that was read, with those that belong to it.
    pub(super) fn hear_family(&mut self, order: &Order, now: Timestamp) {
        for (whose, order) in family(&mut self.names, order) {
            match whose {
                Whose::Ours(name) => {
                    self.tell_succeeded(Some(name), order, now);
                    self.hear(name, order, (None, Heard::Read), now);
                }
                Whose::Nobodys => self.tell_foreign(order, now),
            }
        }
    }

    /// Tells of an order that is not ours, where that is news: what was over when it was first heard of
    /// is none.
    fn tell_foreign(&mut self, order: &Order, now: Timestamp) {
        self.strangers.entry(order.id.clone()).or_default();
        self.tell_succeeded(None, order, now);
        let told = self.strangers.entry(order.id.clone()).or_default();
        let Some(said) = foreign(order, now) else {
            return;
        };
        let same = told.as_ref().is_some_and(|told| {
            let shape = |order: &ForeignOrder| (order.status, order.filled, order.qty);
            shape(told) == shape(&said) && (told.stop, told.limit) == (said.stop, said.limit)
        });
        if same || (told.is_none() && order.is_over()) {
            return;
        }
        *told = Some(said.clone());
        self.tell(BrokerEvent::Foreign(said));
    }

    /// Tells what was heard of an order of ours. What was read and is no news is not told again.
    fn hear(
        &mut self,
        name: ClientOrderId,
        order: &Order,
        (execution, heard): (Option<Execution>, Heard),
        now: Timestamp,
    ) {
        // Another one stands under this name now: what is left of the old one is its executions.
        if !self.names.is_current(name, &order.id) && execution.is_none() {
            return;
        }
        if execution.is_none() && self.awaits_successor(order, now) {
            return;
        }
        let Some(mut said) = report(&self.names, name, order, now) else {
            self.counts.bad_answers = self.counts.bad_answers.saturating_add(1);
            tracing::error!(order = %name, "what Alpaca says of the order lacks symbol, side or quantity");
            return;
        };
        let last = self.names.get(name).and_then(|known| known.last.as_ref());
        if heard == Heard::Read {
            if last.is_some_and(|last| !is_news(last, &said)) {
                return;
            }
            self.hold_against_stream(&said, now);
        }
        said.execution = execution;
        let known = self.names.known(name);
        // An older word moves nothing back.
        if known.last.as_ref().is_none_or(|last| said.at >= last.at) {
            known.last = Some(OrderReport {
                execution: None,
                ..said.clone()
            });
            self.names.set_live(name, !order.is_over());
        }
        if order.is_over() {
            self.forget_looks(name);
        }
        self.tell(BrokerEvent::Order(said));
    }

    /// Whether another order has taken its place of which nothing is known yet. That one may be Alpaca's
    /// own doing and stand under the same name, for which this is no end: it is read first.
    fn awaits_successor(&mut self, order: &Order, now: Timestamp) -> bool {
        let Some(successor) = order.replaced_by.as_deref() else {
            return false;
        };
        if self.names.name(successor).is_some() || self.strangers.contains_key(successor) {
            return false;
        }
        self.read_again(by_id(successor), now);
        let is_replaced = order.status == Status::Replaced;
        if is_replaced {
            self.succeeded.insert(successor.into(), order.clone());
        }
        is_replaced
    }

    /// It is known whose an order is that has taken another one's place: under another name, it is the
    /// end of that one.
    fn tell_succeeded(&mut self, name: Option<ClientOrderId>, order: &Order, now: Timestamp) {
        let Some(old) = self.succeeded.remove(&order.id) else {
            return;
        };
        if let Some(before) = self.names.name(&old.id)
            && Some(before) != name
        {
            self.hear(before, &old, (None, Heard::Read), now);
        }
    }

    /// Once an order and all that belong to it are over, nothing of them needs to be looked at.
    fn forget_looks(&mut self, name: ClientOrderId) {
        let names = &self.names;
        let head = names.head(name);
        if names.live().any(|(other, _)| names.head(other) == head) {
            return;
        }
        self.calls.forget(|purpose| match purpose {
            Purpose::Check(looked) | Purpose::Lookup(looked) => names.head(*looked) == head,
            _ => false,
        });
    }

    /// Where a reading has found a fill that the stream should have told, the stream is made anew.
    pub(super) fn hold_against_stream(&mut self, said: &OrderReport, now: Timestamp) {
        let last = self.names.get(said.client_id);
        let last = last.and_then(|known| known.last.as_ref());
        let fills = last.is_some_and(|last| said.filled > last.filled);
        let stood = self.stream.is_up() && now.since(self.stream.since()) > LOST;
        if !fills || !stood || now.since(said.at) <= LOST {
            return;
        }
        self.counts.missed = self.counts.missed.saturating_add(1);
        let mut news: Vec<TradingNews> = Vec::new();
        let name = said.client_id;
        let why = format!("the trading stream did not tell of a fill of {name}");
        self.stream.give_up(&why, 0, now, &mut news);
        self.take_news(news, now);
    }
}

/// Where something was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// On the stream.
    Streamed,
    /// By a request.
    Read,
}

/// Whether a report says something else than the last one.
fn is_news(last: &OrderReport, said: &OrderReport) -> bool {
    let shape = |report: &OrderReport| {
        (
            report.status,
            report.qty,
            report.filled,
            report.stop,
            report.limit,
            report.replaced_by,
        )
    };
    last.broker_id != said.broker_id || shape(last) != shape(said)
}
