//! The state of the daemon at a glance.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

use super::account::CalendarDay;
use super::authority::{ArmedAccount, BlockedSymbol, Kill};
use crate::role::Role;

/// What the daemon trades with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// History, as fast as it goes.
    Backtest,
    /// Data against our own exchange.
    Simulated,
    /// The broker's paper account.
    Paper,
    /// Real money.
    Live,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Backtest => "backtest",
            Self::Simulated => "simulated",
            Self::Paper => "paper",
            Self::Live => "live",
        })
    }
}

/// Which part of a session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the open.
    Pre,
    /// New positions may be opened.
    Entries,
    /// Open positions are looked after; no new ones.
    NoEntries,
    /// Everything is being closed before the end.
    Flattening,
    /// After the close.
    Closed,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pre => "pre",
            Self::Entries => "entries",
            Self::NoEntries => "no_entries",
            Self::Flattening => "flattening",
            Self::Closed => "closed",
        })
    }
}

/// The session that the engine is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its date in New York.
    pub date: NaiveDate,
    /// When it opens.
    pub open: Timestamp,
    /// When it closes.
    pub close: Timestamp,
    /// Whether it closes early.
    pub half_day: bool,
    /// Which part of it this is.
    pub phase: Phase,
}

/// Whether new exposure is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// Entries are allowed.
    Active,
    /// An operator paused entries; protecting and reducing go on.
    Reducing,
    /// A rule stopped entries; protecting and reducing go on.
    Halted,
    /// Halted durably, until a person arms the account again.
    Killed,
}

impl fmt::Display for TradingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Reducing => "reducing",
            Self::Halted => "halted",
            Self::Killed => "killed",
        })
    }
}

/// Whether new exposure is allowed, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingStatus {
    /// Whether.
    pub state: TradingState,
    /// Why not, in words; `null` while active.
    pub why: Option<String>,
}

/// How a connection to the outside is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It works.
    Up,
    /// It is being made.
    Connecting,
    /// It stands, and nothing comes although something should.
    Stale,
    /// It is broken; the daemon tries on.
    Down,
    /// It is not needed now.
    Off,
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Up => "up",
            Self::Connecting => "connecting",
            Self::Stale => "stale",
            Self::Down => "down",
            Self::Off => "off",
        })
    }
}

/// A connection to the outside: the data feed, the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it leads to, for example `sim` or `alpaca`.
    pub name: String,
    /// How it is.
    pub state: LinkState,
    /// More about it, in words.
    pub detail: Option<String>,
    /// When something last came over it.
    pub last_heard_at: Option<Timestamp>,
}

/// How many routes can trade. Both count lanes: a symbol of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteCounts {
    /// Lanes whose indicators are all warm.
    pub warm: u32,
    /// Lanes that still warm up and cannot trade.
    pub warming: u32,
}

/// The journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreInfo {
    /// The number of its last entry; 0 when it is empty.
    pub seq: u64,
    /// Where it lies; `null` when it is kept in memory.
    pub path: Option<String>,
    /// Whether it takes entries; when not, the daemon is halted.
    pub writable: bool,
}

/// A socket that the daemon listens on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketInfo {
    /// The most that a peer may do there.
    pub role: Role,
    /// Where it lies.
    pub path: String,
}

/// How much an alert matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Look at it today.
    Warning,
    /// Look at it now.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        })
    }
}

/// Something that stands and that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Since when it stands.
    pub at: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// What kind, `snake_case`.
    pub kind: String,
    /// The symbol it is about.
    pub symbol: Option<Symbol>,
    /// What happened and why.
    pub message: String,
    /// What to do next.
    pub action: String,
}

/// Whether the session is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingInfo {
    /// Whether the configuration wants it.
    pub enabled: bool,
    /// The session that is being recorded; `null` while none is.
    pub session: Option<NaiveDate>,
    /// Why it was given up; `null` if it was not.
    pub failure: Option<String>,
}

/// What went to the broker in the last minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// New orders.
    pub orders: u32,
    /// Changes of orders.
    pub changes: u32,
    /// Cancels.
    pub cancels: u32,
    /// How many together stop entries; `null` where they are not counted.
    pub most: Option<u32>,
}

/// The state of the daemon at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What it trades with.
    pub mode: Mode,
    /// What every view must show beside the mode, for example `SYNTHETIC DATA`; or empty.
    pub label: String,
    /// The daemon's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// When it started, by the wall clock.
    pub started_at: Timestamp,
    /// How long it runs, in seconds.
    pub uptime_seconds: u64,
    /// The engine's time: in a simulation not the wall clock's.
    pub now: Timestamp,
    /// Whether its book has been compared with the broker's since the start.
    pub reconciled: bool,
    /// When the broker last said what it holds; `null` before it first did.
    pub reconciled_at: Option<Timestamp>,
    /// The account's number, as the broker says it; `null` before it first did.
    pub account: Option<String>,
    /// The session that the engine is in; `null` between sessions.
    pub session: Option<SessionInfo>,
    /// The session after that; `null` past the last year of the calendar.
    pub next_session: Option<CalendarDay>,
    /// Whether new exposure is allowed.
    pub trading: TradingStatus,
    /// Kills of less than the whole account that hold; that of the whole is [`TradingState::Killed`].
    pub kills: Vec<Kill>,
    /// Symbols that are not entered.
    pub blocks: Vec<BlockedSymbol>,
    /// The leave to trade a live account; `null` without one.
    pub arming: Option<ArmedAccount>,
    /// Whether signals are only written down: nothing is entered.
    pub observe: bool,
    /// Cash and positions at their last prices, in dollars.
    pub equity: Decimal,
    /// Cash in dollars.
    pub cash: Decimal,
    /// Equity less equity at the open, in dollars.
    pub day_pnl: Decimal,
    /// Profit or loss in dollars of the trades that ended today, after fees.
    pub realised: Decimal,
    /// Profit or loss in dollars of the open positions at their last prices.
    pub open_pnl: Decimal,
    /// Symbols with a position.
    pub positions: u32,
    /// Orders that are not terminal.
    pub working_orders: u32,
    /// Positions without an acknowledged stop for the whole position.
    pub unprotected_positions: u32,
    /// Shares times seconds without such a stop, today, rounded up.
    pub unprotected_share_seconds: u64,
    /// What went to the broker in the last minute.
    pub messages: Messages,
    /// Limits that are not checked, each with why, in words.
    pub unchecked: Vec<String>,
    /// How many lanes can trade.
    pub routes: RouteCounts,
    /// The data feed.
    pub feed: Link,
    /// The broker.
    pub broker: Link,
    /// The journal.
    pub store: StoreInfo,
    /// The session's recording.
    pub recording: RecordingInfo,
    /// What stands and needs a person, the gravest first.
    pub alerts: Vec<Alert>,
    /// Where it listens.
    pub sockets: Vec<SocketInfo>,
    /// The fingerprint of the configuration in force.
    pub config_hash: String,
}
