//! The account's day in figures.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{Money, Symbol};

/// The account's day in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySummary {
    /// The session.
    pub date: NaiveDate,
    /// Equity when it opened.
    pub equity_at_open: Money,
    /// Equity when it closed.
    pub equity_at_close: Money,
    /// Cash when it closed.
    pub cash: Money,
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
    /// Intents that were refused.
    pub refusals: u32,
    /// Orders sent.
    pub orders: u32,
    /// Executions.
    pub fills: u32,
    /// Symbols that were not flat at the close.
    pub residue: Vec<Symbol>,
    /// Shares times seconds without an acknowledged stop, rounded up to whole share-seconds.
    pub unprotected_share_seconds: u64,
}
