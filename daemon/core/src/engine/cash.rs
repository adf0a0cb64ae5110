//! The ledger's cash beside the broker's: what comes and goes without a report, and what paid for positions
//! that are somebody else's.

use serde::{Deserialize, Serialize};
use trader_contract::{Money, Timestamp};

use super::Engine;
use super::unknown::Answer;
use crate::book::Order;
use crate::command::Commands;
use crate::record::{Record, Severity};

impl Engine {
    /// Takes the broker's cash in place of the ledger's, after shares of this worth. What somebody else's
    /// positions were paid with stays apart with them: it would look like a profit or a loss. As long as
    /// there are any, nobody can tell their part of the cash from ours, and the shares count at their worth.
    pub(super) fn adopt_cash(&mut self, answer: Answer<'_>, worth: Money, out: &mut Commands) {
        let cash = match self.has_foreign_positions() {
            true => self.book.cash - worth,
            false => answer.held.cash,
        };
        self.take_cash(answer.at, cash, false, out);
        self.cash_dispute = None;
        self.cash_apart = Some(CashApart {
            amount: answer.held.cash - cash,
            asked_at: answer.asked_at,
        });
    }

    /// Whether the broker holds anything that this store did not make and that was not adopted.
    fn has_foreign_positions(&self) -> bool {
        let mut disputed = self.disputed.values();
        disputed.any(|dispute| dispute.settled && dispute.ours != dispute.broker)
    }

    /// Sets the ledger's cash.
    fn take_cash(&mut self, at: Timestamp, broker: Money, transfer: bool, out: &mut Commands) {
        let ours = self.book.cash;
        if ours != broker {
            let record = Record::CashAdopted {
                ours,
                broker,
                transfer,
            };
            self.write(at, record, out);
            self.find_loss_floor();
        }
        self.value_account();
    }

    /// Compares cash where all positions agree and nothing is on its way: interest, dividends and
    /// deposits come without a report, and are neither profit nor loss. Cash that paid for somebody
    /// else's position stays apart from the ledger like the position itself.
    pub(super) fn compare_cash(&mut self, answer: Answer<'_>, out: &mut Commands) {
        let busy = |order: &Order| {
            (order.is_live() && order.is_unheard())
                || order.misses_fills()
                || order.updated_at > answer.asked_at
        };
        let (ours, broker) = (self.book.cash, answer.held.cash);
        let busy = self.book.orders.moving(answer.asked_at).any(busy);
        if !busy {
            self.cash_apart = Some(CashApart {
                amount: broker - ours,
                asked_at: answer.asked_at,
            });
        }
        let compared = self.watch.reconcile_nanos.is_some() && self.disputed.is_empty();
        if !compared || ours == broker || busy {
            self.cash_dispute = None;
            return;
        }
        let found = CashDispute {
            ours,
            broker,
            asked_at: answer.asked_at,
        };
        let before = self.cash_dispute.replace(found);
        let same = before
            .is_some_and(|d| (d.ours, d.broker) == (ours, broker) && d.asked_at < answer.asked_at);
        if !same {
            return;
        }
        self.take_cash(answer.at, broker, true, out);
        self.cash_dispute = None;
        self.cash_apart = Some(CashApart::none_at(answer.asked_at));
        self.alert(
            answer.at,
            (Severity::Notice, "cash_differs", None),
            (
                format!("the ledger had {ours} in cash, the broker has {broker}; that is taken"),
                "compare with the broker's activities: interest, dividends, fees, transfers",
            ),
            out,
        );
    }

    /// Takes what paid for a position that is ours from now on into the ledger, if it has been seen since the
    /// position was. Else the broker is asked: its cash is compared like anything else. Where there are more
    /// such positions, nobody can tell which cash paid for which: this one is taken at its worth.
    pub(super) fn adopt_cash_apart(
        &mut self,
        (at, shown_at): (Timestamp, Timestamp),
        worth: Money,
        out: &mut Commands,
    ) {
        if self.has_foreign_positions() {
            self.take_cash(at, self.book.cash - worth, false, out);
            if let Some(apart) = &mut self.cash_apart {
                apart.amount += worth;
            }
            return;
        }
        let Some(apart) = self.cash_apart.filter(|apart| apart.asked_at >= shown_at) else {
            return self.request_snapshot(out);
        };
        self.take_cash(at, self.book.cash + apart.amount, false, out);
        self.cash_apart = Some(CashApart::none_at(apart.asked_at));
    }
}

/// A difference between our cash and the broker's, as one snapshot shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CashDispute {
    ours: Money,
    broker: Money,
    asked_at: Timestamp,
}

/// What the broker has in cash beyond the ledger, as the last answer showed it that nothing was on its way
/// beside: what somebody else's positions were paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CashApart {
    pub(super) amount: Money,
    /// When that answer was asked for.
    pub(super) asked_at: Timestamp,
}

impl CashApart {
    pub(super) const fn none_at(asked_at: Timestamp) -> Self {
        Self {
            amount: Money::ZERO,
            asked_at,
        }
    }
}
