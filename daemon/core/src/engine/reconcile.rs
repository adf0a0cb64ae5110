//! Comparing the book with what the broker holds. The broker wins on facts, never on intent; what
//! cannot be explained is written down, told, and stops entries.

use trader_contract::{
    BrokerSnapshot, ClientOrderId, Execution, OrderReport, OrderState, ReportStatus,
    RequestFailure, Symbol, Timestamp,
};

use super::Engine;
use crate::book::Order;
use crate::command::Commands;
use crate::record::{Record, Severity};

/// How far the comparison with the broker has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reconciling {
    done: bool,
    asked: Option<Timestamp>,
    /// Something to ask came up after the snapshot that is on its way was asked for.
    again: bool,
    /// The number of the newest snapshot that was asked for.
    number: u32,
}

impl Reconciling {
    /// Whether the broker has been heard since the start.
    pub(super) const fn is_done(self) -> bool {
        self.done
    }

    /// The number of the newest snapshot that was asked for.
    pub(super) const fn number(self) -> u32 {
        self.number
    }

    /// Marks a snapshot as asked for and gives its number; `None` if one is already on its way. One
    /// that was asked for earlier may have been taken too early: then another one follows it.
    pub(super) fn ask(&mut self, at: Timestamp) -> Option<u32> {
        let before = self.asked;
        self.asked = before.or(Some(at));
        self.again |= before.is_some_and(|before| before < at);
        if before.is_some() {
            return None;
        }
        self.number = self.number.wrapping_add(1);
        Some(self.number)
    }
}

impl Engine {
    /// The first event: nothing is sent before the broker has said what it holds.
    pub(super) fn on_start(&mut self, at: Timestamp, out: &mut Commands) {
        self.reconciling = Reconciling::default();
        self.begin_run(at, out);
        self.request_snapshot(out);
        self.locate_session(at);
        self.check_calendar(at, out);
        self.start_links(at);
        self.check_arming(at, out);
        self.find_due();
    }

    pub(super) fn on_snapshot(&mut self, at: Timestamp, held: &BrokerSnapshot, out: &mut Commands) {
        let first = !self.reconciling.done;
        self.reconciling.asked = None;
        let again = std::mem::take(&mut self.reconciling.again);
        self.clear_standing(at, "broker_unheard", None, out);
        if !self.book.opened {
            self.write(at, Record::AccountOpened { cash: held.cash }, out);
            self.value_account();
        }
        self.recover_lost(at, held, out);
        self.catch_up(at, held, out);
        for report in &held.orders {
            self.on_report(at, report, out);
        }
        if first {
            self.forget_requests(at, held, out);
        }
        self.drop_unheard(at, (first, !again), held, out);
        self.adopt_positions(at, held, out);
        self.reconciling.done = true;
        self.account_is_fresh(at, out);
        if first {
            self.end_missed_session(at, out);
            self.advance_session(at, out);
        }
        let ids: Vec<_> = self.symbols.iter().map(|s| s.id).collect();
        for id in ids {
            self.tend(at, id, out);
        }
        self.confirm_flat(at, held, out);
        if again {
            self.request_snapshot(out);
        }
        self.find_due();
    }

    /// Counts the executions that the broker made and we did not hear of.
    fn catch_up(&mut self, at: Timestamp, held: &BrokerSnapshot, out: &mut Commands) {
        for (client_id, execution) in &held.executions {
            let Some(order) = self.book.orders.get(client_id) else {
                continue;
            };
            if order.executions.contains(&execution.id) {
                continue;
            }
            let report = missed_fill(order, execution);
            self.on_report(at, &report, out);
        }
    }

    /// What the run before asked for may never have been sent: where the broker knows of no cancel
    /// and no replacement, they are asked for anew.
    fn forget_requests(&mut self, at: Timestamp, held: &BrokerSnapshot, out: &mut Commands) {
        let lost = || RequestFailure::Ambiguous {
            message: "asked for before a restart, and the broker knows nothing of it".into(),
        };
        for report in &held.orders {
            let client_id = report.client_id;
            let Some(order) = self.book.orders.get(&client_id).filter(|o| o.is_live()) else {
                continue;
            };
            let (cancel, replace) = (order.cancel_asked, order.replace_asked);
            if cancel && report.status != ReportStatus::PendingCancel {
                let failure = lost();
                self.write(at, Record::CancelFailed { client_id, failure }, out);
            }
            let new = self
                .book
                .orders
                .values()
                .find(|o| o.is_live() && o.planned.replaces == Some(client_id))
                .map(Order::id);
            let known = |new| held.orders.iter().any(|report| report.client_id == new);
            if let (true, Some(new_client_id)) = (replace, new)
                && report.status != ReportStatus::PendingReplace
                && !known(new_client_id)
            {
                let failure = lost();
                let record = Record::ReplaceFailed {
                    client_id,
                    new_client_id,
                    failure,
                };
                self.write(at, record, out);
            }
        }
    }

    /// Ends orders that never reached the broker. Only the first snapshot of a run proves that: it
    /// was taken after every send of the run before, and before any of this one. For an order of
    /// unknown fate, one proves it that was asked for after the answer was lost.
    fn drop_unheard(
        &mut self,
        at: Timestamp,
        (first, proves): (bool, bool),
        held: &BrokerSnapshot,
        out: &mut Commands,
    ) {
        let heard: Vec<ClientOrderId> = held.orders.iter().map(|report| report.client_id).collect();
        let gone: Vec<(ClientOrderId, bool)> = self
            .book
            .orders
            .values()
            .filter(|order| order.is_live() && !heard.contains(&order.id()))
            .map(|order| (order.id(), order.state.is_acknowledged()))
            .collect();
        for (client_id, acknowledged) in gone {
            let unknown = self
                .book
                .orders
                .get(&client_id)
                .is_some_and(|o| proves && o.state == OrderState::Unknown);
            if first || unknown {
                self.drop_order(at, client_id, out);
            }
            if first && acknowledged {
                self.alert(
                    at,
                    (Severity::Critical, "order_vanished", None),
                    (
                        format!(
                            "the broker no longer knows order {client_id}, which it had accepted"
                        ),
                        "look for it in the broker's history; protection is placed anew",
                    ),
                    out,
                );
            }
        }
    }

    /// Whether a difference may be a fill that is still on its way.
    pub(super) fn may_be_filling(&self, symbol: Symbol, taken_at: Timestamp) -> bool {
        let busy = |order: &Order| {
            order.symbol() == symbol && (order.is_live() || order.updated_at >= taken_at)
        };
        self.reconciling.done && self.book.orders.values().any(busy)
    }
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
