//! What the journal holds: everything that happened to the account, in order. The book is a fold
//! over these records, so that a restart reads the same state that the engine had.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{
    ClientOrderId, Direction, Fact, Intent, IntentNo, Mean, Money, NetQty, OrderReport,
    OrderRequest, OrderRole, Price, Qty, Reason, Replacement, RequestFailure, Symbol, Timeframe,
    Timestamp,
};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Its number, counted from 1 without gaps over the life of a store.
    pub seq: u64,
    /// When the engine wrote it: the stamp of the event that caused it.
    pub at: Timestamp,
    /// What happened.
    pub record: Record,
}

/// The name that follows a decision from signal to fill: session and intent number, `20110110-17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentId {
    /// The session as a number, `yyyymmdd`.
    pub session: u32,
    /// The intent within it.
    pub number: IntentNo,
}

impl std::fmt::Display for IntentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:08}-{}", self.session, self.number.0))
    }
}

impl From<ClientOrderId> for IntentId {
    fn from(id: ClientOrderId) -> Self {
        Self {
            session: id.session,
            number: id.intent,
        }
    }
}

/// Who or what asked for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A route's strategy.
    Strategy {
        /// The route's name.
        route: Box<str>,
    },
    /// A person, through the control socket.
    Operator {
        /// The peer's user id.
        uid: u32,
        /// The id of the call, given by the client.
        request: Box<str>,
    },
    /// The engine's own rules.
    Engine,
}

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

/// One check of the risk gate, with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateCheck {
    /// Which limit.
    pub limit: Cow<'static, str>,
    /// What the order would make of it.
    pub value: Fact,
    /// What is allowed.
    pub allowed: Fact,
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It passed the gate and is worked by this order, or changes what is worked.
    Accepted {
        /// The order, for entries.
        order: Option<ClientOrderId>,
        /// The checks it passed.
        checks: Vec<GateCheck>,
    },
    /// It was refused; nothing was sent.
    Refused {
        /// The rule that said no, `snake_case`.
        rule: Cow<'static, str>,
        /// In words, with numbers.
        detail: Box<str>,
    },
}

/// An order as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedOrder {
    /// What goes to the broker.
    pub request: OrderRequest,
    /// The route it serves.
    pub route: Box<str>,
    /// The entry it is attached to, for exits that go out with one.
    pub parent: Option<ClientOrderId>,
    /// The order it takes the place of, for replacements.
    pub replaces: Option<ClientOrderId>,
    /// Why a closing order closes.
    pub exit_reason: Option<ExitReason>,
    /// For entries: cancel at this many later bars of the lane.
    pub expires_after_bars: Option<u16>,
    /// For entries: the bar it was decided on, timeframe and start.
    pub decided_on: Option<(Timeframe, Timestamp)>,
}

impl PlannedOrder {
    /// What the order is for.
    #[must_use]
    pub const fn role(&self) -> OrderRole {
        self.request.client_id.role
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

/// Whether new exposure is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "why")]
pub enum TradingState {
    /// Entries are allowed.
    Active,
    /// An operator paused entries; protecting and reducing go on.
    Paused,
    /// A rule stopped entries; protecting and reducing go on.
    Halted(Box<str>),
}

impl std::fmt::Display for TradingState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Active => f.pad("active"),
            Self::Paused => f.pad("paused"),
            Self::Halted(_) => f.pad("halted"),
        }
    }
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

/// Something a person should know, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// How much it matters.
    pub severity: Severity,
    /// What kind, `snake_case`.
    pub kind: Box<str>,
    /// The symbol it is about.
    pub symbol: Option<Symbol>,
    /// What happened and why.
    pub message: Box<str>,
    /// What to do next.
    pub action: Box<str>,
}

/// Everything that can stand in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Record {
    /// The account's first cash, from configuration or from the broker.
    AccountOpened {
        /// How much.
        cash: Money,
    },
    /// A session began; day counters start anew.
    SessionOpened {
        /// Its date.
        date: NaiveDate,
        /// Equity at that moment.
        equity: Money,
    },
    /// A session ended.
    SessionClosed {
        /// Its figures.
        summary: DaySummary,
    },
    /// Somebody wanted something, and this is what became of it.
    IntentTaken {
        /// The intent's id.
        id: IntentId,
        /// Who wanted it.
        origin: Origin,
        /// In which symbol.
        symbol: Symbol,
        /// What was wanted.
        intent: Intent,
        /// The bar it was decided on: timeframe and start.
        bar: Option<(Timeframe, Timestamp)>,
        /// What became of it.
        decision: Decision,
    },
    /// An order is about to be sent (or goes out attached to its entry).
    OrderPlanned {
        /// The order.
        order: PlannedOrder,
    },
    /// The broker said something about an order.
    OrderReported {
        /// What.
        report: OrderReport,
    },
    /// A submit failed.
    SubmitFailed {
        /// The order.
        client_id: ClientOrderId,
        /// How.
        failure: RequestFailure,
    },
    /// We asked for a cancel.
    CancelAsked {
        /// The order.
        client_id: ClientOrderId,
        /// Why, in words.
        why: Box<str>,
    },
    /// We asked for a replacement; the new order was planned before.
    ReplaceAsked {
        /// What.
        replacement: Replacement,
        /// Why.
        reason: Reason,
    },
    /// A cancel failed.
    CancelFailed {
        /// The order.
        client_id: ClientOrderId,
        /// How.
        failure: RequestFailure,
    },
    /// A replacement failed; the order that was to take the place never came to be.
    ReplaceFailed {
        /// The order that stays.
        client_id: ClientOrderId,
        /// The id that was used up.
        new_client_id: ClientOrderId,
        /// How.
        failure: RequestFailure,
    },
    /// The broker's records prove that an order never reached it.
    OrderDropped {
        /// The order.
        client_id: ClientOrderId,
    },
    /// The protective stop is meant to rest here from now on.
    StopPlanned {
        /// The symbol.
        symbol: Symbol,
        /// Where.
        stop: Price,
        /// Why.
        reason: Reason,
    },
    /// The position is to be closed.
    ExitPlanned {
        /// The symbol.
        symbol: Symbol,
        /// Why.
        why: ExitReason,
        /// Who asked for it.
        origin: Origin,
    },
    /// An entry ended without a fill; the symbol is free again.
    EntryLapsed {
        /// The symbol.
        symbol: Symbol,
        /// The entry.
        client_id: ClientOrderId,
    },
    /// A trade ended.
    TradeClosed {
        /// The trade.
        trade: Trade,
    },
    /// Entries were allowed or stopped.
    TradingStateSet {
        /// From now on.
        state: TradingState,
        /// Who said so.
        origin: Origin,
    },
    /// A strategy's state, kept while it has a position or a waiting entry.
    StrategySaved {
        /// The route.
        route: Box<str>,
        /// The symbol.
        symbol: Symbol,
        /// What it gave.
        state: Box<str>,
    },
    /// The broker's position differs from the ledger's.
    Discrepancy {
        /// The symbol.
        symbol: Symbol,
        /// What the ledger holds.
        ours: NetQty,
        /// What the broker holds.
        broker: NetQty,
    },
    /// A person should know something.
    Alerted {
        /// What.
        alert: Alert,
    },
    /// The whole book, so that a start need not read further back than this.
    Checkpoint {
        /// The book as JSON: see `Book`.
        book: Box<str>,
    },
}

impl Record {
    /// Its kind, as it is stored.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AccountOpened { .. } => "account_opened",
            Self::SessionOpened { .. } => "session_opened",
            Self::SessionClosed { .. } => "session_closed",
            Self::IntentTaken { .. } => "intent_taken",
            Self::OrderPlanned { .. } => "order_planned",
            Self::OrderReported { .. } => "order_reported",
            Self::SubmitFailed { .. } => "submit_failed",
            Self::CancelAsked { .. } => "cancel_asked",
            Self::ReplaceAsked { .. } => "replace_asked",
            Self::CancelFailed { .. } => "cancel_failed",
            Self::ReplaceFailed { .. } => "replace_failed",
            Self::OrderDropped { .. } => "order_dropped",
            Self::StopPlanned { .. } => "stop_planned",
            Self::ExitPlanned { .. } => "exit_planned",
            Self::EntryLapsed { .. } => "entry_lapsed",
            Self::TradeClosed { .. } => "trade_closed",
            Self::TradingStateSet { .. } => "trading_state_set",
            Self::StrategySaved { .. } => "strategy_saved",
            Self::Discrepancy { .. } => "discrepancy",
            Self::Alerted { .. } => "alerted",
            Self::Checkpoint { .. } => "checkpoint",
        }
    }

    /// The symbol it is about, if it is about one.
    #[must_use]
    pub const fn symbol(&self) -> Option<Symbol> {
        match self {
            Self::IntentTaken { symbol, .. }
            | Self::StopPlanned { symbol, .. }
            | Self::ExitPlanned { symbol, .. }
            | Self::StrategySaved { symbol, .. }
            | Self::EntryLapsed { symbol, .. }
            | Self::Discrepancy { symbol, .. } => Some(*symbol),
            Self::OrderPlanned { order } => Some(order.request.symbol),
            Self::OrderReported { report } => Some(report.symbol),
            Self::TradeClosed { trade } => Some(trade.symbol),
            Self::Alerted { alert } => alert.symbol,
            _ => None,
        }
    }

    /// The order it is about, if it is about one.
    #[must_use]
    pub const fn client_id(&self) -> Option<ClientOrderId> {
        match self {
            Self::OrderPlanned { order } => Some(order.request.client_id),
            Self::OrderReported { report } => Some(report.client_id),
            Self::SubmitFailed { client_id, .. }
            | Self::CancelAsked { client_id, .. }
            | Self::CancelFailed { client_id, .. }
            | Self::ReplaceFailed { client_id, .. }
            | Self::EntryLapsed { client_id, .. }
            | Self::OrderDropped { client_id } => Some(*client_id),
            Self::ReplaceAsked { replacement, .. } => Some(replacement.client_id),
            _ => None,
        }
    }

    /// The decision it belongs to, if it belongs to one.
    #[must_use]
    pub fn intent(&self) -> Option<IntentId> {
        match self {
            Self::IntentTaken { id, .. } => Some(*id),
            Self::TradeClosed { trade } => Some(trade.intent),
            _ => self.client_id().map(IntentId::from),
        }
    }
}
