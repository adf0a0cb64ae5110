//! What the journal holds: everything that happened to the account, in order. The book is a fold
//! over these records, so that a restart reads the same state that the engine had.

mod alert;
mod authority;
mod day;
mod decision;
mod order;
mod overrides;
mod trade;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{
    BrokerOrderId, ClientOrderId, Execution, ExecutionId, ForeignOrder, Intent, Money, NetQty,
    OrderReport, Price, Reason, Replacement, RequestFailure, Symbol, Timeframe, Timestamp,
};

pub use self::alert::{Alert, Severity, TradingState};
pub use self::authority::{Arming, Block, Scope};
pub use self::day::{DataGaps, DaySummary, MissingMinutes, Slippage};
pub use self::decision::{Decision, GateCheck, IntentId, Origin, Seen, SizeBound, Sizing};
pub use self::order::PlannedOrder;
pub use self::overrides::{Override, OverrideEnd, Waived};
pub use self::trade::{ExitReason, Trade};

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
        /// That bar and the indicators with it, where a strategy was shown one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<Box<Seen>>,
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
        /// The decision that it carries out, where a strategy wanted it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decided: Option<IntentId>,
    },
    /// The position is to be closed.
    ExitPlanned {
        /// The symbol.
        symbol: Symbol,
        /// Why.
        why: ExitReason,
        /// Who asked for it.
        origin: Origin,
        /// The rule with its numbers, where a rule of the engine asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        /// The decision that it carries out, where a strategy wanted it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decided: Option<IntentId>,
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
    /// The broker's cash took the place of the ledger's, after a discrepancy.
    CashAdopted {
        /// What the ledger had.
        ours: Money,
        /// What the ledger has from now on.
        broker: Money,
        /// Whether it came or went beside all positions: a deposit, interest, a fee. That is neither
        /// profit nor loss.
        #[serde(default)]
        transfer: bool,
    },
    /// A trade ended of which not every fill is known: it is counted nowhere.
    TradeVoided {
        /// The symbol, which is free again.
        symbol: Symbol,
        /// The entry.
        client_id: ClientOrderId,
    },
    /// A person should know something.
    Alerted {
        /// What.
        alert: Alert,
    },
    /// The cause of a standing alert has gone.
    AlertCleared {
        /// Its kind.
        #[serde(rename = "alert")]
        kind: Box<str>,
        /// Its symbol.
        symbol: Option<Symbol>,
    },
    /// A person has seen an alert.
    AlertAcknowledged {
        /// The journal entry that raised it.
        number: u64,
        /// Who.
        origin: Origin,
    },
    /// The program began to trade.
    RunStarted {
        /// The program: version and build.
        program: Box<str>,
        /// The fingerprint of its configuration.
        config: Box<str>,
    },
    /// The program ended in good order.
    RunEnded,
    /// An order of which nobody knows whether it arrived is sent once more, under its id.
    SubmitRepeated {
        /// The order.
        client_id: ClientOrderId,
    },
    /// No new positions in a scope until somebody arms again.
    Killed {
        /// What.
        scope: Scope,
        /// Who said so.
        origin: Origin,
    },
    /// A kill was lifted.
    KillLifted {
        /// What.
        scope: Scope,
        /// Who said so.
        origin: Origin,
    },
    /// A live account may be traded.
    Armed {
        /// Which, and for how long.
        arming: Arming,
        /// Who said so.
        origin: Origin,
    },
    /// It may not be any longer.
    Disarmed {
        /// Why.
        why: Box<str>,
        /// Who said so.
        origin: Origin,
    },
    /// A symbol is not entered from now on.
    SymbolBlocked {
        /// The symbol.
        symbol: Symbol,
        /// Why.
        block: Block,
        /// Who said so.
        origin: Origin,
    },
    /// A symbol may be entered again.
    SymbolFreed {
        /// The symbol.
        symbol: Symbol,
        /// Who said so.
        origin: Origin,
    },
    /// The broker has an order that this store did not make.
    ForeignSeen {
        /// The order.
        order: ForeignOrder,
    },
    /// Such an order has ended.
    ForeignGone {
        /// The broker's id of it.
        broker_id: BrokerOrderId,
    },
    /// A position that this store did not make is looked after from now on.
    PositionAdopted {
        /// The symbol.
        symbol: Symbol,
        /// The position.
        net: NetQty,
        /// The id that its orders are counted from; it is never sent itself.
        client_id: ClientOrderId,
        /// Where its stop is to rest.
        stop: Option<Price>,
        /// The symbol's price at that moment, where one is known.
        #[serde(default)]
        price: Option<Price>,
        /// Who said so.
        origin: Origin,
    },
    /// A split changed the number of shares and every price of a symbol.
    SplitApplied {
        /// The symbol.
        symbol: Symbol,
        /// Shares after it.
        new: u32,
        /// Shares before it.
        old: u32,
    },
    /// The broker has cancelled or changed an execution.
    FillCorrected {
        /// The order.
        client_id: ClientOrderId,
        /// The execution that is void.
        execution: ExecutionId,
        /// What stands in its place.
        now: Option<Execution>,
    },
    /// Shares were without protection, and are no longer.
    Exposed {
        /// The symbol.
        symbol: Symbol,
        /// Shares times microseconds.
        share_micros: u64,
    },
    /// A flatten was asked for: it ends when the broker says that the account is flat.
    FlattenBegan {
        /// Who asked.
        origin: Origin,
    },
    /// A flatten has ended.
    FlattenEnded {
        /// Whether the broker says that the account is flat.
        flat: bool,
    },
    /// A person asked to send a refused entry all the same.
    OverrideAsked {
        /// What exactly.
        asked: Override,
    },
    /// Somebody confirmed it with a code that is not its code.
    OverrideMissed {
        /// The refused intent.
        intent: IntentId,
        /// Who.
        origin: Origin,
    },
    /// It is over: used, or never to be.
    OverrideEnded {
        /// The refused intent.
        intent: IntentId,
        /// How.
        end: OverrideEnd,
        /// Who ended it.
        origin: Origin,
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
            Self::CashAdopted { .. } => "cash_adopted",
            Self::TradeVoided { .. } => "trade_voided",
            Self::Alerted { .. } => "alerted",
            Self::AlertCleared { .. } => "alert_cleared",
            Self::AlertAcknowledged { .. } => "alert_acknowledged",
            Self::RunStarted { .. } => "run_started",
            Self::RunEnded => "run_ended",
            Self::SubmitRepeated { .. } => "submit_repeated",
            Self::Killed { .. } => "killed",
            Self::KillLifted { .. } => "kill_lifted",
            Self::Armed { .. } => "armed",
            Self::Disarmed { .. } => "disarmed",
            Self::SymbolBlocked { .. } => "symbol_blocked",
            Self::SymbolFreed { .. } => "symbol_freed",
            Self::ForeignSeen { .. } => "foreign_seen",
            Self::ForeignGone { .. } => "foreign_gone",
            Self::PositionAdopted { .. } => "position_adopted",
            Self::SplitApplied { .. } => "split_applied",
            Self::FillCorrected { .. } => "fill_corrected",
            Self::Exposed { .. } => "exposed",
            Self::FlattenBegan { .. } => "flatten_began",
            Self::FlattenEnded { .. } => "flatten_ended",
            Self::OverrideAsked { .. } => "override_asked",
            Self::OverrideMissed { .. } => "override_missed",
            Self::OverrideEnded { .. } => "override_ended",
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
            | Self::TradeVoided { symbol, .. }
            | Self::SymbolBlocked { symbol, .. }
            | Self::SymbolFreed { symbol, .. }
            | Self::PositionAdopted { symbol, .. }
            | Self::SplitApplied { symbol, .. }
            | Self::Exposed { symbol, .. }
            | Self::Discrepancy { symbol, .. } => Some(*symbol),
            Self::ForeignSeen { order } => Some(order.symbol),
            Self::AlertCleared { symbol, .. } => *symbol,
            Self::OrderPlanned { order } => Some(order.request.symbol),
            Self::OverrideAsked { asked } => Some(asked.order.symbol),
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
            | Self::TradeVoided { client_id, .. }
            | Self::SubmitRepeated { client_id }
            | Self::FillCorrected { client_id, .. }
            | Self::PositionAdopted { client_id, .. }
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
            Self::OverrideAsked { asked } => Some(asked.intent),
            Self::OverrideMissed { intent, .. } | Self::OverrideEnded { intent, .. } => {
                Some(*intent)
            }
            Self::TradeClosed { trade } => Some(trade.intent),
            _ => self.client_id().map(IntentId::from),
        }
    }
}
