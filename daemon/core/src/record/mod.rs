//! What the journal holds: everything that happened to the account, in order. The book is a fold
//! over these records, so that a restart reads the same state that the engine had.

mod about;
mod alert;
mod authority;
mod day;
mod decision;
mod order;
mod overrides;
mod trade;

use std::collections::BTreeMap;

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
    /// The broker has said for the first time which account this store belongs to.
    AccountNamed {
        /// The account, as the broker names it.
        account: Box<str>,
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
        /// The last price, at which what came or went counts; `None` where the position is no trade's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price: Option<Price>,
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
    /// So much of the broker's cash is not the ledger's: it is what positions of somebody else were paid
    /// with, or brought.
    CashSetApart {
        /// What the broker has beyond the ledger; negative where they were bought.
        amount: Money,
        /// What of each symbol is somebody else's; nothing, once they have gone.
        positions: BTreeMap<Symbol, NetQty>,
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
