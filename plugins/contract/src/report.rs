//! What a broker says about an order: cumulative, so that hearing it twice changes nothing.

use serde::{Deserialize, Serialize};

use crate::ids::{BrokerOrderId, ClientOrderId, ExecutionId};
use crate::money::Money;
use crate::order::{OrderState, Outcome};
use crate::price::Price;
use crate::quantity::Qty;
use crate::side::Side;
use crate::symbol::Symbol;
use crate::time::Timestamp;

/// The broker's word for where an order is (in our spelling of Alpaca's words).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// Routed, not yet accepted by the venue.
    PendingNew,
    /// Kept by the broker, not routed (outside hours).
    Accepted,
    /// An exit that waits for its entry.
    Held,
    /// Working at the venue.
    New,
    /// Working, with a part filled.
    PartiallyFilled,
    /// Done for today, open again next session.
    DoneForDay,
    /// A cancel is under way.
    PendingCancel,
    /// A replacement is under way.
    PendingReplace,
    /// Not eligible to trade now (halt).
    Suspended,
    /// Filled completely.
    Filled,
    /// Cancelled.
    Cancelled,
    /// Time in force ran out.
    Expired,
    /// Refused after acceptance.
    Rejected,
    /// Another order took its place.
    Replaced,
}

impl ReportStatus {
    /// The state of ours that this word means.
    #[must_use]
    pub const fn state(self) -> OrderState {
        match self {
            Self::PendingNew | Self::Accepted | Self::DoneForDay => OrderState::Accepted,
            Self::Held => OrderState::Held,
            Self::New | Self::PartiallyFilled | Self::Suspended => OrderState::Working,
            Self::PendingCancel => OrderState::Cancelling,
            Self::PendingReplace => OrderState::Replacing,
            Self::Filled => OrderState::Done(Outcome::Filled),
            Self::Cancelled => OrderState::Done(Outcome::Cancelled),
            Self::Expired => OrderState::Done(Outcome::Expired),
            Self::Rejected => OrderState::Done(Outcome::Rejected),
            Self::Replaced => OrderState::Done(Outcome::Replaced),
        }
    }
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The broker's id of it.
    pub id: ExecutionId,
    /// How many shares.
    pub qty: Qty,
    /// At which price.
    pub price: Price,
    /// What the broker charged for it.
    pub fee: Money,
    /// When it happened, by the venue's clock.
    pub at: Timestamp,
}

/// What the broker says about one order at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// Our id of the order.
    pub client_id: ClientOrderId,
    /// The broker's id of it.
    pub broker_id: BrokerOrderId,
    /// What is traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Where the order is.
    pub status: ReportStatus,
    /// The order's total quantity.
    pub qty: Qty,
    /// What has filled so far, this report's execution included.
    pub filled: Qty,
    /// The execution that this report is about, if it is about one.
    pub execution: Option<Execution>,
    /// Where the order wakes, for stops; of a trailing one where it stands now.
    pub stop: Option<Price>,
    /// The worst price it takes, for limits.
    pub limit: Option<Price>,
    /// The order that took its place, where the status is `replaced`.
    pub replaced_by: Option<ClientOrderId>,
    /// When the broker stamped it.
    pub at: Timestamp,
    /// Why, for refusals and cancels that we did not ask for.
    pub reason: Option<Box<str>>,
}
