//! What trades cost and brought, added up from the executions behind them. All of it is exact.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use trader_calendar::new_york;
use trader_contract::{Direction, Money, Side};
use trader_core::record::IntentId;
use trader_store::{ClosedTrade, Fill};

/// What executions came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flow {
    /// Paid for shares, without fees.
    pub(super) bought: Money,
    /// Received for shares, without fees.
    pub(super) sold: Money,
    /// Charged for buying.
    pub(super) buying_fees: Money,
    /// Charged for selling.
    pub(super) selling_fees: Money,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            bought: Money::ZERO,
            sold: Money::ZERO,
            buying_fees: Money::ZERO,
            selling_fees: Money::ZERO,
        }
    }
}

impl Flow {
    /// Takes one more execution.
    pub(super) fn take(&mut self, fill: &Fill) {
        let value = fill.execution.price.times(fill.execution.qty);
        match fill.side {
            Side::Buy => {
                self.bought += value;
                self.buying_fees += fill.execution.fee;
            }
            Side::Sell => {
                self.sold += value;
                self.selling_fees += fill.execution.fee;
            }
        }
    }

    /// Everything charged.
    pub(super) fn fees(&self) -> Money {
        self.buying_fees + self.selling_fees
    }

    /// What the account gained, or lost.
    pub(super) fn cash(&self) -> Money {
        self.proceeds() - self.basis()
    }

    /// Sales less what was charged for them.
    pub(super) fn proceeds(&self) -> Money {
        self.sold - self.selling_fees
    }

    /// Purchases and what was charged for them.
    pub(super) fn basis(&self) -> Money {
        self.bought + self.buying_fees
    }
}

/// A trade with what its executions came to.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) trade: ClosedTrade,
    pub(super) flow: Flow,
}

impl Account {
    /// When its shares were acquired and when they were sold: a short sale is sold first.
    pub(super) fn dates(&self) -> (NaiveDate, NaiveDate) {
        let trade = &self.trade.trade;
        let (opened, closed) = (
            new_york::date(trade.entered_at),
            new_york::date(trade.exited_at),
        );
        match trade.direction {
            Direction::Long => (opened, closed),
            Direction::Short => (closed, opened),
        }
    }

    /// Days from its first entry to its last exit.
    pub(super) fn days_held(&self) -> i64 {
        let (acquired, sold) = self.dates();
        sold.signed_duration_since(acquired)
            .num_days()
            .saturating_abs()
    }

    /// Whether the shares were held for more than a year. Shares that cover a short sale were not held.
    pub(super) fn is_long_term(&self) -> bool {
        let (acquired, sold) = self.dates();
        let year = acquired.year().saturating_add(1);
        // The 29th of February has its anniversary on the 1st of March.
        let anniversary = acquired
            .with_year(year)
            .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1));
        self.trade.trade.direction == Direction::Long
            && anniversary.is_some_and(|anniversary| sold > anniversary)
    }

    /// What its executions lack to the profit that the ledger has for it; zero unless the position
    /// was adopted, split or corrected.
    pub(super) fn difference(&self) -> Money {
        self.trade.trade.profit - self.flow.cash()
    }
}

/// The trades of a year with their executions, and what stands beside them.
pub(super) fn accounts(
    trades: Vec<ClosedTrade>,
    fills: &[Fill],
    earlier: &[Fill],
) -> (Vec<Account>, Flow, Flow) {
    let mut flows: BTreeMap<IntentId, Flow> = BTreeMap::new();
    let closed: BTreeSet<IntentId> = trades.iter().map(|closed| closed.trade.intent).collect();
    let (mut before, mut open) = (Flow::default(), Flow::default());
    for fill in earlier {
        flows.entry(fill.client_id.into()).or_default().take(fill);
        before.take(fill);
    }
    for fill in fills {
        let intent = IntentId::from(fill.client_id);
        if closed.contains(&intent) {
            flows.entry(intent).or_default().take(fill);
        } else {
            open.take(fill);
        }
    }
    let accounts = trades.into_iter().map(|trade| Account {
        flow: flows.get(&trade.trade.intent).copied().unwrap_or_default(),
        trade,
    });
    (accounts.collect(), before, open)
}
