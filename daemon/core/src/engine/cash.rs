//! The ledger's cash beside the broker's: what comes and goes without a report, and what paid for positions
//! that are somebody else's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trader_contract::{Money, NetQty, Symbol, Timestamp};

use super::Engine;
use super::unknown::Answer;
use crate::book::{CashApart, Order};
use crate::command::Commands;
use crate::record::{Record, Severity};

impl Engine {
    /// Takes the broker's cash in place of the ledger's, after shares of this worth. What somebody else's
    /// positions were paid with stays apart with them: it would look like a profit or a loss. Where nobody
    /// knows how much that is, the shares count at their worth.
    pub(super) fn adopt_cash(&mut self, answer: Answer<'_>, worth: Money, out: &mut Commands) {
        let cash = match self.foreign_cash() {
            Some(apart) => answer.held.cash - apart,
            None => self.book.cash - worth,
        };
        self.take_cash(answer.at, cash, false, out);
        self.cash_dispute = None;
        self.cash_beyond = Some(CashBeyond {
            amount: answer.held.cash - cash,
            asked_at: answer.asked_at,
        });
    }

    /// How much of the broker's cash is somebody else's, as far as it is known for what they hold now.
    fn foreign_cash(&self) -> Option<Money> {
        if !self.has_foreign_positions() {
            return Some(Money::ZERO);
        }
        let known = self.foreign_positions()? == self.book.apart.positions;
        known.then_some(self.book.apart.amount)
    }

    /// Whether an answer has shown that the broker holds anything that this store did not make and that was
    /// not adopted.
    fn has_foreign_positions(&self) -> bool {
        let mut disputed = self.disputed.values();
        disputed.any(|dispute| dispute.ours != dispute.broker)
    }

    /// What of each symbol is somebody else's; `None` while a second answer must show it.
    fn foreign_positions(&self) -> Option<BTreeMap<Symbol, NetQty>> {
        let disputed = self.disputed.iter();
        let apart = disputed.map(|(symbol, dispute)| {
            let net = dispute.broker.checked_add(-dispute.ours);
            let net = net.filter(|_| !dispute.is_open());
            net.map(|net| (*symbol, net))
        });
        let mut apart: BTreeMap<Symbol, NetQty> = apart.collect::<Option<_>>()?;
        apart.retain(|_, net| !net.is_flat());
        Some(apart)
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

    /// Compares cash where nothing is on its way. Interest, dividends and deposits come without a report, and
    /// are neither profit nor loss. What paid for somebody else's positions stays apart from the ledger like
    /// them, and is known anew whenever they have changed. As with positions, two answers must agree: the parts
    /// of one may have been read one after the other.
    pub(super) fn compare_cash(&mut self, answer: Answer<'_>, out: &mut Commands) {
        let busy = |order: &Order| {
            (order.is_live() && order.is_unheard())
                || order.misses_fills()
                || order.updated_at > answer.asked_at
        };
        let asked_at = answer.asked_at;
        let beyond = answer.held.cash - self.book.cash;
        if self.book.orders.moving(asked_at).any(busy) {
            self.cash_dispute = None;
            return;
        }
        self.cash_beyond = Some(CashBeyond {
            amount: beyond,
            asked_at,
        });
        let positions = self.foreign_positions();
        let Some(positions) = positions.filter(|_| self.watch.reconcile_nanos.is_some()) else {
            self.cash_dispute = None;
            return;
        };
        let known = self.book.apart.positions == positions;
        if known && self.book.apart.amount == beyond {
            self.cash_dispute = None;
            return;
        }
        let before = self.cash_dispute.take();
        let shown = before.is_some_and(|before| {
            before.beyond == beyond && before.positions == positions && before.asked_at < asked_at
        });
        if shown {
            self.settle_cash(answer, beyond, positions, out);
        } else {
            self.cash_dispute = Some(CashDispute {
                beyond,
                positions,
                asked_at,
            });
        }
    }

    /// Two answers have shown how much the broker has beyond the ledger: what is not somebody else's has come
    /// or gone without a report.
    fn settle_cash(
        &mut self,
        answer: Answer<'_>,
        beyond: Money,
        positions: BTreeMap<Symbol, NetQty>,
        out: &mut Commands,
    ) {
        let amount = if positions.is_empty() {
            Money::ZERO
        } else if positions == self.book.apart.positions {
            self.book.apart.amount
        } else {
            beyond
        };
        let apart = CashApart { amount, positions };
        if apart != self.book.apart {
            let CashApart { amount, positions } = apart;
            self.write(answer.at, Record::CashSetApart { amount, positions }, out);
        }
        let (ours, broker) = (self.book.cash, answer.held.cash - amount);
        self.cash_beyond = Some(CashBeyond {
            amount,
            asked_at: answer.asked_at,
        });
        if ours == broker {
            return;
        }
        self.take_cash(answer.at, broker, true, out);
        self.alert(
            answer.at,
            (Severity::Notice, "cash_differs", None),
            (
                format!("the ledger had {ours} in cash, the broker has {broker}; that is taken"),
                "compare with the broker's activities: interest, dividends, fees, transfers, what was won or lost \
                 by hand",
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
        (symbol, worth): (Symbol, Money),
        out: &mut Commands,
    ) {
        self.set_less_apart(at, (symbol, worth), out);
        if self.has_foreign_positions() {
            self.take_cash(at, self.book.cash - worth, false, out);
            if let Some(beyond) = &mut self.cash_beyond {
                beyond.amount += worth;
            }
            return;
        }
        let Some(beyond) = self
            .cash_beyond
            .filter(|beyond| beyond.asked_at >= shown_at)
        else {
            return self.request_snapshot(out);
        };
        self.take_cash(at, self.book.cash + beyond.amount, false, out);
        self.cash_beyond = Some(CashBeyond {
            amount: Money::ZERO,
            asked_at: beyond.asked_at,
        });
    }

    /// A position is somebody else's no longer: what it is worth does not stay apart, and nothing does after
    /// the last one.
    fn set_less_apart(
        &mut self,
        at: Timestamp,
        (symbol, worth): (Symbol, Money),
        out: &mut Commands,
    ) {
        let mut positions = self.book.apart.positions.clone();
        if positions.remove(&symbol).is_none() {
            return;
        }
        let amount = match positions.is_empty() {
            true => Money::ZERO,
            false => self.book.apart.amount + worth,
        };
        self.write(at, Record::CashSetApart { amount, positions }, out);
    }
}

/// What the broker has in cash beyond the ledger while it holds these positions of somebody else, as one
/// answer shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CashDispute {
    beyond: Money,
    positions: BTreeMap<Symbol, NetQty>,
    asked_at: Timestamp,
}

/// What the broker has in cash beyond the ledger, as the last answer showed it that nothing was on its way
/// beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CashBeyond {
    amount: Money,
    /// When that answer was asked for.
    asked_at: Timestamp,
}
