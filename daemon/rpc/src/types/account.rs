//! The handshake, acknowledgements, days, and the configuration in force.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

use super::status::Mode;
use crate::request_id::RequestId;
use crate::role::Role;

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol that the daemon speaks: see [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The daemon's version.
    pub daemon_version: String,
    /// What it trades with.
    pub mode: Mode,
    /// What every view of it must show beside the mode, for example `SYNTHETIC DATA`; or empty.
    pub label: String,
    /// What this connection may do.
    pub role: Role,
}

/// A call that changes something was taken, and will be or has been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The call's id.
    pub request_id: RequestId,
    /// What was accepted, in one sentence.
    pub message: String,
    /// Whether the daemon had this id before: nothing was done again.
    pub repeated: bool,
}

/// One session of the exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// Its date in New York.
    pub date: NaiveDate,
    /// When it opens.
    pub open: Timestamp,
    /// When it closes.
    pub close: Timestamp,
    /// Whether it closes early.
    pub half_day: bool,
}

/// One day of the account in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaySummary {
    /// The session.
    pub date: NaiveDate,
    /// Equity in dollars when it opened.
    pub equity_at_open: Decimal,
    /// Equity in dollars when it closed.
    pub equity_at_close: Decimal,
    /// Cash in dollars when it closed.
    pub cash: Decimal,
    /// Profit or loss in dollars of the trades that ended in it, after fees.
    pub realised: Decimal,
    /// What the broker charged, in dollars.
    pub fees: Decimal,
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
    /// Shares times seconds without an acknowledged stop, rounded up.
    pub unprotected_share_seconds: u64,
}

/// The configuration in force, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveConfig {
    /// Its fingerprint, as in status and in the journal.
    pub hash: String,
    /// The files it was read from, in order.
    pub files: Vec<String>,
    /// Every setting with its value, as TOML.
    pub toml: String,
}
