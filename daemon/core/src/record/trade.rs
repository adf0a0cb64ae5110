//! A trade from flat to flat, and why it ended.

use serde::{Deserialize, Serialize};
use trader_contract::{Direction, Mean, Money, Price, Qty, Symbol, Timestamp};

use super::IntentId;

/// Why a position is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The protective stop filled.
    StopLoss,
    /// The target filled.
    Target,
    /// The strategy wanted out.
    Strategy,
    /// The session ends.
    EndOfDay,
    /// An operator closed the symbol or flattened.
    Operator,
    /// The position could not be protected in time.
    Unprotected,
    /// The broker closed it, or somebody else did.
    Foreign,
}

impl std::fmt::Display for ExitReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::StopLoss => "stop_loss",
            Self::Target => "target",
            Self::Strategy => "strategy",
            Self::EndOfDay => "end_of_day",
            Self::Operator => "operator",
            Self::Unprotected => "unprotected",
            Self::Foreign => "foreign",
        })
    }
}

/// A trade that has ended, from flat to flat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The intent that opened it.
    pub intent: IntentId,
    /// The route it belongs to.
    pub route: Box<str>,
    /// The strategy behind the route.
    pub strategy: Box<str>,
    /// What was traded.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// Shares entered.
    pub qty: Qty,
    /// First entry fill.
    pub entered_at: Timestamp,
    /// Exact average of the entry fills.
    pub entry_average: Mean,
    /// Last exit fill.
    pub exited_at: Timestamp,
    /// Exact average of the exit fills.
    pub exit_average: Mean,
    /// Where the first protective stop was planned.
    pub initial_stop: Option<Price>,
    /// Why it was closed.
    pub exit_reason: ExitReason,
    /// Sales less purchases less fees, exact.
    pub profit: Money,
    /// What the broker charged.
    pub fees: Money,
}
