//! The counters of one session.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use trader_contract::{Money, OrderRole};

use crate::record::Slippage;

/// The counters of one session; durable, so that a restart does not reset a breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The session's date in New York.
    pub date: NaiveDate,
    /// Whether it has been closed.
    pub closed: bool,
    /// Equity when it opened, with what was paid in or out since: against this the day has won or lost.
    pub equity_at_open: Money,
    /// Profit or loss of the trades that ended in it, after fees.
    pub realised: Money,
    /// What the broker charged.
    pub fees: Money,
    /// Trades that ended in it.
    pub trades: u32,
    /// Trades with a profit.
    pub winners: u32,
    /// Trades with a loss.
    pub losers: u32,
    /// Losing trades since the last winning one; a break-even trade leaves it as it is.
    pub losses_in_a_row: u32,
    /// Intents that were refused.
    pub refusals: u32,
    /// Alerts that were raised in it.
    #[serde(default)]
    pub alerts: u32,
    /// Orders planned, attached ones included.
    pub orders: u32,
    /// Executions.
    pub fills: u32,
    /// What the fills of entries cost against their plan.
    #[serde(default)]
    pub entry_slippage: Slippage,
    /// What the fills of protective stops cost against their plan.
    #[serde(default)]
    pub stop_slippage: Slippage,
    /// Cancels that were sent.
    #[serde(default)]
    pub cancels: u32,
    /// Entries planned, by route.
    pub entries: BTreeMap<Box<str>, u32>,
    /// Shares times microseconds without protection, of what is protected or closed again.
    #[serde(default)]
    pub exposed: u64,
    /// Why a breaker has stopped its entries, if one has and nobody has resumed them since. It is kept
    /// here too, because what stops entries for longer may hide it.
    #[serde(default)]
    pub tripped: Option<Box<str>>,
}

impl Day {
    /// A new session.
    #[must_use]
    pub const fn open(date: NaiveDate, equity: Money) -> Self {
        Self {
            date,
            closed: false,
            equity_at_open: equity,
            realised: Money::ZERO,
            fees: Money::ZERO,
            trades: 0,
            winners: 0,
            losers: 0,
            losses_in_a_row: 0,
            refusals: 0,
            alerts: 0,
            orders: 0,
            fills: 0,
            entry_slippage: Slippage::NONE,
            stop_slippage: Slippage::NONE,
            cancels: 0,
            entries: BTreeMap::new(),
            exposed: 0,
            tripped: None,
        }
    }

    /// What fills of orders with this role cost against their plan, where that is counted.
    pub(super) const fn slippage(&mut self, role: OrderRole) -> Option<&mut Slippage> {
        match role {
            OrderRole::Entry => Some(&mut self.entry_slippage),
            OrderRole::Stop => Some(&mut self.stop_slippage),
            OrderRole::Target | OrderRole::Exit => None,
        }
    }

    /// The date as it stands in ids, `yyyymmdd`.
    #[must_use]
    pub fn number(&self) -> u32 {
        let year = u32::try_from(self.date.year()).unwrap_or(0);
        year.saturating_mul(10_000)
            .saturating_add(self.date.month().saturating_mul(100))
            .saturating_add(self.date.day())
    }
}
