//! One order as the book knows it.

use serde::{Deserialize, Serialize};
use trader_contract::{
    BrokerOrderId, ClientOrderId, Execution, ExecutionId, Money, OrderReport, OrderRole,
    OrderState, Outcome, Price, Qty, Side, Symbol, Timestamp,
};

use crate::planted::{Bug, is};
use crate::record::PlannedOrder;

/// One order with what the broker has said about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// As it was planned.
    pub planned: PlannedOrder,
    /// Where it is.
    pub state: OrderState,
    /// The broker's id, once known.
    pub broker_id: Option<BrokerOrderId>,
    /// The quantity now; brokers shrink an exit when its sibling fills in part.
    pub qty: Qty,
    /// Where it wakes now.
    pub stop: Option<Price>,
    /// What has filled, as far as executions were heard of.
    pub filled: Qty,
    /// What the broker says has filled.
    pub reported_filled: Qty,
    /// What the fills were worth, without a sign.
    pub filled_value: Money,
    /// The executions that were heard of, void ones too; each counts once.
    pub executions: Vec<ExecutionId>,
    /// The executions that count, for the day that the broker takes one back.
    #[serde(default)]
    pub fills: Vec<Execution>,
    /// How much the broker has taken back of what had filled.
    #[serde(default = "nothing")]
    pub voided: Qty,
    /// Whether the broker has taken back an execution that was never heard of: how much that was is not
    /// known, so what it says has filled may count it or not, and only executions tell.
    #[serde(default)]
    pub voided_unheard: bool,
    /// Whether a cancel is asked for and not yet answered.
    pub cancel_asked: bool,
    /// Whether a replacement is asked for and not yet answered.
    pub replace_asked: bool,
    /// When the newest cancel or replacement was asked for.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
    /// Whether the order is not wanted any longer; a cancel that fails is then asked for again.
    #[serde(default)]
    pub unwanted: bool,
    /// The broker's stamp of the newest report; an older one moves nothing but its execution.
    pub reported_at: Option<Timestamp>,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When it first filled.
    pub first_fill_at: Option<Timestamp>,
    /// When something last changed.
    pub updated_at: Timestamp,
    /// The broker's reason for a refusal or an end that we did not ask for.
    pub reason: Option<Box<str>>,
}

const fn nothing() -> Qty {
    Qty::ZERO
}

impl Order {
    /// An order that was planned at `at`.
    #[must_use]
    pub fn new(planned: PlannedOrder, at: Timestamp) -> Self {
        Self {
            state: OrderState::Planned,
            broker_id: None,
            qty: planned.request.qty,
            stop: planned.request.kind.stop(),
            filled: Qty::ZERO,
            reported_filled: Qty::ZERO,
            filled_value: Money::ZERO,
            executions: Vec::new(),
            fills: Vec::new(),
            voided: Qty::ZERO,
            voided_unheard: false,
            cancel_asked: false,
            replace_asked: false,
            asked_at: None,
            unwanted: false,
            reported_at: None,
            planned_at: at,
            first_fill_at: None,
            updated_at: at,
            reason: None,
            planned,
        }
    }

    /// Our id.
    #[must_use]
    pub const fn id(&self) -> ClientOrderId {
        self.planned.request.client_id
    }

    /// What it is for.
    #[must_use]
    pub const fn role(&self) -> OrderRole {
        self.planned.role()
    }

    /// What is traded.
    #[must_use]
    pub const fn symbol(&self) -> Symbol {
        self.planned.request.symbol
    }

    /// Buy or sell.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.planned.request.side
    }

    /// Whether it may still fill.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        !self.state.is_terminal()
    }

    /// What may still fill.
    #[must_use]
    pub fn remaining(&self) -> Qty {
        if self.is_live() {
            self.qty.checked_sub(self.filled).unwrap_or(Qty::ZERO)
        } else {
            Qty::ZERO
        }
    }

    /// What may still come to be held of it: what may fill, and what the broker has filled without our
    /// having heard of the executions.
    #[must_use]
    pub fn outstanding(&self) -> Qty {
        self.remaining().max(self.missed())
    }

    /// Whether the broker has filled more than we heard executions of.
    #[must_use]
    pub fn misses_fills(&self) -> bool {
        !self.missed().is_zero()
    }

    /// What the broker has filled without our having heard of the executions.
    fn missed(&self) -> Qty {
        if self.voided_unheard {
            return Qty::ZERO;
        }
        let counted = self.filled.checked_add(self.voided);
        self.reported_filled
            .checked_sub(counted.unwrap_or(self.filled))
            .unwrap_or(Qty::ZERO)
    }

    /// Whether it may be at the broker without the broker having said so.
    #[must_use]
    pub const fn is_unheard(&self) -> bool {
        matches!(
            self.state,
            OrderState::Planned | OrderState::Sent | OrderState::Unknown
        )
    }

    /// Whether a cancel can be asked for: of one that may not exist it can, only an answer to that
    /// proves nothing.
    #[must_use]
    pub const fn may_be_cancelled(&self) -> bool {
        self.state.is_acknowledged() || matches!(self.state, OrderState::Unknown)
    }

    /// Whether it was given up because the broker's records lacked it or its submit was refused, and
    /// a report says that the broker has it all the same.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.state.overruled(self.broker_id.is_some()) != self.state
    }

    /// Whether the broker's report is about another order than ours: the same id with other contents.
    #[must_use]
    pub fn contradicts(&self, report: &OrderReport) -> bool {
        report.symbol != self.symbol()
            || report.side != self.side()
            || report.filled > report.qty
            || (report.qty > self.planned.request.qty && self.role() == OrderRole::Entry)
    }

    /// Whether the report says something that is not known yet.
    #[must_use]
    pub fn is_news(&self, report: &OrderReport) -> bool {
        let new_fill = report
            .execution
            .as_ref()
            .is_some_and(|e| !self.executions.contains(&e.id) || is(Bug::DeltaFills));
        let newer_state = (!self.state.is_terminal() || self.is_late() || is(Bug::TerminalReopens))
            && report.status.state() != self.state
            && self.is_current(report);
        let shape = !self.state.is_terminal()
            && self.is_current(report)
            && (report.qty != self.qty || (report.stop.is_some() && report.stop != self.stop));
        let more = report.filled > self.reported_filled;
        new_fill || newer_state || shape || more || self.broker_id.is_none()
    }

    /// Whether more was heard to have filled than the report says, which is newer than any other.
    #[must_use]
    pub fn has_more_than(&self, report: &OrderReport) -> bool {
        let newer = self.reported_at.is_some_and(|newest| report.at > newest);
        newer && report.execution.is_none() && report.filled < self.filled
    }

    /// Whether a report may move the order: it is no older than the newest one, or it is the end.
    #[must_use]
    pub fn is_current(&self, report: &OrderReport) -> bool {
        report.status.state().is_terminal()
            || is(Bug::OlderReportOverrides)
            || (is(Bug::TerminalReopens) && self.state.is_terminal())
            || self.reported_at.is_none_or(|newest| report.at >= newest)
    }

    /// Takes the state, quantity and stop of a current report.
    pub(super) fn move_to(&mut self, report: &OrderReport) {
        self.reported_at = self.reported_at.max(Some(report.at));
        if !self.state.is_terminal() {
            self.qty = report.qty;
            self.stop = report.stop.or(self.stop);
        }
        if let Ok(state) = self.state.transition(report.status.state()) {
            self.state = state;
        } else if is(Bug::TerminalReopens) {
            self.state = report.status.state();
        }
    }

    /// Whether it ended without what was asked for.
    #[must_use]
    pub const fn was_refused(&self) -> bool {
        matches!(
            self.state,
            OrderState::Done(Outcome::Rejected | Outcome::Dropped)
        )
    }
}
