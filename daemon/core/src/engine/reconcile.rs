//! Comparing the book with what the broker holds. The broker wins on facts, never on intent; what
//! cannot be explained is written down, told, and stops entries.

use trader_contract::{
    BrokerSnapshot, ClientOrderId, Execution, Money, NetQty, OrderReport, ReportStatus,
    RequestFailure, Symbol, Timestamp,
};

use super::Engine;
use super::recover::Dispute;
use super::sweep::Reconciling;
use super::unknown::Answer;
use crate::book::Order;
use crate::command::Commands;
use crate::planted::{Bug, is};
use crate::record::Record;

impl Engine {
    /// The first event: nothing is sent before the broker has said what it holds.
    pub(super) fn on_start(&mut self, at: Timestamp, out: &mut Commands) {
        // Numbers that no run before this one has used.
        let after = u32::try_from(self.next_seq & u64::from(u32::MAX)).unwrap_or(0);
        self.reconciling = Reconciling::start(at, after);
        self.doubt_unheard(at, out);
        self.begin_run(at, out);
        self.request_snapshot(out);
        self.locate_session(at);
        self.check_calendar(at, out);
        self.start_links(at);
        self.check_arming(at, out);
        self.find_due();
    }

    pub(super) fn on_snapshot(&mut self, at: Timestamp, held: &BrokerSnapshot, out: &mut Commands) {
        let newest = self.reconciling.take_answer(held.number);
        if !self.book.opened && newest.is_some() {
            let cash = opening_cash(held);
            self.write(at, Record::AccountOpened { cash }, out);
            self.value_account();
        }
        // Nothing is sent on what it says of orders before its positions are compared.
        self.comparing = true;
        self.take_facts(at, held, out);
        self.comparing = false;
        if let Some(asked_at) = newest {
            self.take_proof(Answer { at, asked_at, held }, out);
        }
        let known: Vec<_> = self
            .symbols
            .iter()
            .map(|state| (state.id, state.instrument.symbol))
            .collect();
        for (id, symbol) in known {
            // An older answer compares nothing: where it has another position, the newest decides.
            if newest.is_some() || self.book.net(symbol) == position(held, symbol) {
                self.tend(at, id, out);
            }
        }
        if newest.is_some() {
            self.confirm_flat(at, held, out);
            let open = self.has_open_questions();
            self.reconciling.leave(at, open);
            if self.reconciling.take_again() {
                self.request_snapshot(out);
            }
        }
        self.find_due();
    }

    /// What the broker says is there and has happened: it counts once, however old it is.
    fn take_facts(&mut self, at: Timestamp, held: &BrokerSnapshot, out: &mut Commands) {
        if self.tells_of_ours(held) {
            self.take_facts_of_ours(at, held, out);
        }
        for order in &held.foreign {
            self.on_foreign_order(at, order, out);
        }
    }

    /// Whether an answer has anything about our orders that the book lacks. Most have not: the broker is
    /// asked again and again, and lists all orders of a trade each time.
    fn tells_of_ours(&self, held: &BrokerSnapshot) -> bool {
        let orders = &self.book.orders;
        let reported = |report: &OrderReport| {
            let order = orders.get(&report.client_id);
            order.is_none_or(|order| order.contradicts(report) || order.is_news(report))
        };
        let executed = |(id, execution): &(ClientOrderId, Execution)| {
            let order = orders.get(id);
            order.is_none_or(|order| !order.executions.contains(&execution.id))
        };
        !held.corrected.is_empty()
            || held.orders.iter().any(reported)
            || held.executions.iter().any(executed)
    }

    fn take_facts_of_ours(&mut self, at: Timestamp, held: &BrokerSnapshot, out: &mut Commands) {
        // Before what stands in their place is taken for one more; and what is open again by them has
        // orders that may have been lost.
        self.catch_up_corrections(at, held, out);
        self.recover_lost(at, held, out);
        self.catch_up(at, held, out);
        for report in &held.orders {
            self.on_report(at, report, out);
        }
    }

    /// What the newest answer lacks is not there.
    fn take_proof(&mut self, answer: Answer<'_>, out: &mut Commands) {
        let (at, first) = (answer.at, !self.reconciling.is_done());
        self.forget_reopened(answer.held.number);
        self.forget_requests(answer, first, out);
        self.weigh(answer, out);
        self.compare_positions(answer, out);
        self.compare_cash(answer, out);
        self.look_for_foreign(answer, out);
        self.reconciling.finish();
        self.lift_unheard(at, out);
        self.account_is_fresh(at, out);
        if first {
            self.end_missed_session(at, out);
            self.advance_session(at, out);
        }
    }

    /// Whether something is left that only another answer can settle.
    fn has_open_questions(&self) -> bool {
        !self.doubts.is_empty()
            || !self.strays.is_empty()
            || self.disputed.values().any(Dispute::is_open)
            || !self.reopened.is_empty()
            || self.cash_dispute.is_some()
            || self.misses_fills()
    }

    /// Counts the executions that the broker made and we did not hear of.
    fn catch_up(&mut self, at: Timestamp, held: &BrokerSnapshot, out: &mut Commands) {
        for (client_id, execution) in &held.executions {
            let Some(order) = self.book.orders.get(client_id) else {
                continue;
            };
            if order.executions.contains(&execution.id) || is(Bug::SnapshotExecutionsIgnored) {
                continue;
            }
            let report = missed_fill(order, execution);
            self.on_report(at, &report, out);
        }
    }

    /// Cancels that the broker's records do not show and that nobody has answered for long enough, or
    /// that the run before asked for, may never have been sent: they are asked for anew.
    fn forget_requests(&mut self, answer: Answer<'_>, first: bool, out: &mut Commands) {
        let asked = self.book.orders.unsettled();
        let asked = asked.filter(|order| order.is_live() && order.cancel_asked);
        let unheard: Vec<ClientOrderId> = asked
            .filter(|order| {
                let given = order.asked_at;
                let given = given.map(|at| at.plus_nanos(self.watch.answer_nanos));
                let waited = given.is_none_or(|until| answer.asked_at >= until);
                let report = answer.report(order.id());
                (first || waited) && report.is_some_and(|r| r.status != ReportStatus::PendingCancel)
            })
            .map(Order::id)
            .collect();
        for client_id in unheard {
            let failure = RequestFailure::Ambiguous {
                message: "not answered, and the broker's records show no cancel".into(),
            };
            let record = Record::CancelFailed { client_id, failure };
            self.write(answer.at, record, out);
        }
    }
}

/// The position in a symbol that an answer shows.
fn position(held: &BrokerSnapshot, symbol: Symbol) -> NetQty {
    let mut positions = held.positions.iter();
    let found = positions.find(|(held, _)| *held == symbol);
    found.map_or(NetQty::ZERO, |(_, net)| *net)
}

/// The report that an execution would have come with.
fn missed_fill(order: &Order, execution: &Execution) -> OrderReport {
    let filled = order
        .filled
        .checked_add(execution.qty)
        .unwrap_or(order.filled);
    let complete = filled >= order.qty;
    OrderReport {
        client_id: order.id(),
        broker_id: order
            .broker_id
            .clone()
            .unwrap_or_else(|| trader_contract::BrokerOrderId("unknown".into())),
        symbol: order.symbol(),
        side: order.side(),
        status: if complete {
            ReportStatus::Filled
        } else {
            ReportStatus::PartiallyFilled
        },
        qty: order.qty,
        filled,
        execution: Some(execution.clone()),
        stop: order.stop,
        limit: order.planned.request.kind.limit(),
        replaced_by: None,
        at: execution.at,
        reason: None,
    }
}

/// What a new ledger begins with. What positions of somebody else were paid with is not in the broker's cash,
/// and what they brought is: what everything is worth is neither too much nor too little.
fn opening_cash(held: &BrokerSnapshot) -> Money {
    let worth = held.account.equity.filter(|_| !held.positions.is_empty());
    worth.unwrap_or(held.cash)
}
