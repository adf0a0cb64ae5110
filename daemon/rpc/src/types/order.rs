//! Positions, orders and trades as a client sees them.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use trader_contract::{
    ClientOrderId, Direction, OrderRole, OrderState, Outcome, Side, Symbol, TimeInForce, Timestamp,
};

use super::diary::{Note, Tag};

/// Where an order is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// In the journal, not sent.
    Planned,
    /// Sent; no answer yet.
    Sent,
    /// The answer was lost: the broker may or may not have it.
    Unknown,
    /// The broker has it, and it is not yet working.
    Accepted,
    /// It waits for the entry it is attached to.
    Held,
    /// Working; may be filled in part.
    Working,
    /// A cancel was asked for.
    Cancelling,
    /// A replacement was asked for.
    Replacing,
    /// Filled completely.
    Filled,
    /// Cancelled, perhaps after a part had filled.
    Cancelled,
    /// Its time in force ran out.
    Expired,
    /// The broker refused it.
    Rejected,
    /// Another order took its place.
    Replaced,
    /// It never reached the broker.
    Dropped,
}

impl OrderStatus {
    /// Whether something can still happen to the order.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(
            self,
            Self::Filled
                | Self::Cancelled
                | Self::Expired
                | Self::Rejected
                | Self::Replaced
                | Self::Dropped
        )
    }
}

impl From<OrderState> for OrderStatus {
    fn from(state: OrderState) -> Self {
        match state {
            OrderState::Planned => Self::Planned,
            OrderState::Sent => Self::Sent,
            OrderState::Unknown => Self::Unknown,
            OrderState::Accepted => Self::Accepted,
            OrderState::Held => Self::Held,
            OrderState::Working => Self::Working,
            OrderState::Cancelling => Self::Cancelling,
            OrderState::Replacing => Self::Replacing,
            OrderState::Done(Outcome::Filled) => Self::Filled,
            OrderState::Done(Outcome::Cancelled) => Self::Cancelled,
            OrderState::Done(Outcome::Expired) => Self::Expired,
            OrderState::Done(Outcome::Rejected) => Self::Rejected,
            OrderState::Done(Outcome::Replaced) => Self::Replaced,
            OrderState::Done(Outcome::Dropped) => Self::Dropped,
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Working => "working",
            Self::Cancelling => "cancelling",
            Self::Replacing => "replacing",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Replaced => "replaced",
            Self::Dropped => "dropped",
        })
    }
}

/// An open position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// In what.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// Shares, without a sign.
    pub qty: Decimal,
    /// Average of the entry fills, in dollars, rounded to a millionth.
    pub entry_average: Decimal,
    /// The last price in dollars; `null` before the first bar.
    pub last: Option<Decimal>,
    /// Profit or loss in dollars at the last price; `null` before the first bar.
    pub open_pnl: Option<Decimal>,
    /// Where the protective stop is meant to rest, in dollars.
    pub stop: Option<Decimal>,
    /// Where the order of that stop is; `null` when there is none.
    pub stop_state: Option<OrderStatus>,
    /// Whether a stop for the whole position is acknowledged by the broker.
    pub protected: bool,
    /// The route it belongs to.
    pub route: String,
    /// The intent that opened it.
    pub intent: String,
    /// The first entry fill.
    pub entered_at: Timestamp,
    /// Whether it is being closed.
    pub exiting: bool,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Our id of it.
    pub client_id: ClientOrderId,
    /// The broker's id of it; `null` until it is known.
    pub broker_id: Option<String>,
    /// The intent it serves.
    pub intent: String,
    /// The route it serves.
    pub route: String,
    /// What is traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares.
    pub qty: Decimal,
    /// Shares filled so far.
    pub filled: Decimal,
    /// `market`, `limit`, `stop`, `stop_limit` or `trailing_stop`.
    pub kind: String,
    /// Where it wakes, in dollars; of a trailing stop where it stood when the broker last said so.
    pub stop: Option<Decimal>,
    /// The worst price it takes, in dollars.
    pub limit: Option<Decimal>,
    /// How far a trailing stop trails, in dollars.
    pub trail_price: Option<Decimal>,
    /// How far a trailing stop trails, in percent of the best price: 1 is one percent.
    pub trail_percent: Option<Decimal>,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// What it is for.
    pub role: OrderRole,
    /// Where it is.
    pub state: OrderStatus,
    /// The entry it is attached to.
    pub parent: Option<ClientOrderId>,
    /// Average of its fills in dollars, rounded to a millionth; `null` before the first.
    pub average: Option<Decimal>,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When something last happened to it.
    pub updated_at: Timestamp,
    /// Why it ended as it did, or why it closes what it closes.
    pub reason: Option<String>,
}

/// Why a position was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The protective stop filled.
    StopLoss,
    /// The target filled.
    Target,
    /// The strategy wanted out.
    Strategy,
    /// The session ended.
    EndOfDay,
    /// An operator closed the symbol or flattened.
    Operator,
    /// The position could not be protected in time.
    Unprotected,
    /// The broker closed it, or somebody else did.
    Foreign,
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// A trade that has ended, from flat to flat, with what people wrote about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Its number: that of the journal entry that closed it.
    pub number: u64,
    /// The intent that opened it.
    pub intent: String,
    /// The route it belongs to.
    pub route: String,
    /// The strategy behind the route.
    pub strategy: String,
    /// What was traded.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// Shares entered.
    pub qty: Decimal,
    /// The first entry fill.
    pub entered_at: Timestamp,
    /// Average of the entry fills, in dollars, rounded to a millionth.
    pub entry_average: Decimal,
    /// The last exit fill.
    pub exited_at: Timestamp,
    /// Average of the exit fills, in dollars, rounded to a millionth.
    pub exit_average: Decimal,
    /// Where the first protective stop was planned, in dollars.
    pub initial_stop: Option<Decimal>,
    /// Why it was closed.
    pub exit_reason: ExitReason,
    /// Sales less purchases less fees, in dollars, exact.
    pub profit: Decimal,
    /// What the broker charged, in dollars.
    pub fees: Decimal,
    /// What a person wrote about it; `null` where nobody did.
    pub note: Option<Note>,
    /// The tags that it has, in the order of the alphabet.
    pub tags: Vec<Tag>,
}
