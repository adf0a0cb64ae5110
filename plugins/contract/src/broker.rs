//! The face of a broker: requests in, events out, time as an argument. A simulated broker is such a
//! machine itself; a real one is a handle on two bounded queues with a connection behind them.

use serde::{Deserialize, Serialize};

use crate::ids::{BrokerOrderId, ClientOrderId, ExecutionId};
use crate::money::Money;
use crate::order::{OrderRequest, Replacement};
use crate::price::Price;
use crate::quantity::{NetQty, Qty};
use crate::report::{Execution, OrderReport, ReportStatus};
use crate::side::Side;
use crate::symbol::Symbol;
use crate::time::Timestamp;

/// What we ask of a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerRequest {
    /// Take this order.
    Submit(OrderRequest),
    /// Cancel this order.
    Cancel(ClientOrderId),
    /// Change this order.
    Replace(Replacement),
    /// Tell what you hold: answered by [`BrokerEvent::Snapshot`] or [`BrokerEvent::SnapshotFailed`].
    Snapshot {
        /// Counted by whoever asks; the answer repeats it, so that a late one is told apart.
        number: u32,
        /// Ended orders and executions from here on are wanted, however many days ago that is.
        since: Timestamp,
    },
}

/// How a request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestFailure {
    /// The broker said no, and nothing happened.
    Refused {
        /// The broker's code, as Alpaca numbers them.
        code: u32,
        /// The broker's words.
        message: Box<str>,
    },
    /// Nobody knows whether it happened: only the broker's own records can tell.
    Ambiguous {
        /// What went wrong.
        message: Box<str>,
    },
}

impl RequestFailure {
    /// The code of refusals for what was asked, as Alpaca numbers them.
    pub const INVALID: u32 = 40_010_001;

    /// Whether it says that the client order id is used: then the order has arrived.
    #[must_use]
    pub fn says_id_is_used(&self) -> bool {
        match self {
            Self::Refused { code, message } => {
                *code == Self::INVALID
                    && message.contains("client_order_id")
                    && message.contains("unique")
            }
            Self::Ambiguous { .. } => false,
        }
    }
}

/// What the broker says of the account itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// The account's number.
    pub id: Box<str>,
    /// Why the account may not trade, if it may not.
    pub blocked: Option<Box<str>>,
    /// Whether it may sell what it does not have.
    pub shorting: bool,
    /// What opening orders may still cost; `None` where the broker does not say.
    pub buying_power: Option<Money>,
    /// What cash and all positions are worth together, by the broker's prices; `None` where it does not say.
    #[serde(default)]
    pub equity: Option<Money>,
}

/// An order at the broker that has no id of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignOrder {
    /// The broker's id of it.
    pub broker_id: BrokerOrderId,
    /// Whatever its maker called it.
    pub client_id: Box<str>,
    /// What is traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The order's total quantity.
    pub qty: Qty,
    /// What has filled so far.
    pub filled: Qty,
    /// What makes it fill, in the field's words: `market`, `stop_limit`.
    pub kind: Box<str>,
    /// Where it wakes, for stops.
    pub stop: Option<Price>,
    /// The worst price it takes, for limits.
    pub limit: Option<Price>,
    /// Where it is.
    pub status: ReportStatus,
    /// When the broker stamped it.
    pub at: Timestamp,
}

/// What a broker holds for the account. Its parts may have been read one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerSnapshot {
    /// The number of the request that it answers.
    pub number: u32,
    /// When its first part was taken, by the broker's clock.
    pub at: Timestamp,
    /// The account itself.
    pub account: Box<AccountFacts>,
    /// Every order with an id of this daemon's making that is not terminal, and those that ended since
    /// the time that was asked for.
    pub orders: Vec<OrderReport>,
    /// Every other order that is not terminal.
    pub foreign: Vec<ForeignOrder>,
    /// The executions of our orders since the time that was asked for, oldest first.
    pub executions: Vec<(ClientOrderId, Execution)>,
    /// Executions of our orders that the broker has taken back today, each with what stands in its
    /// place, if anything does.
    #[serde(default)]
    pub corrected: Vec<(ClientOrderId, ExecutionId, Option<Execution>)>,
    /// Every position that is not flat.
    pub positions: Vec<(Symbol, NetQty)>,
    /// Cash, unsettled sales included.
    pub cash: Money,
}

/// What a broker tells us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerEvent {
    /// Something about an order.
    Order(OrderReport),
    /// A submit failed.
    SubmitFailed {
        /// The order.
        client_id: ClientOrderId,
        /// How.
        failure: RequestFailure,
    },
    /// A cancel failed; the order is what its reports say.
    CancelFailed {
        /// The order.
        client_id: ClientOrderId,
        /// How.
        failure: RequestFailure,
    },
    /// A replacement failed; the order is what its reports say.
    ReplaceFailed {
        /// The order that was to be changed.
        client_id: ClientOrderId,
        /// The id that the new one was to have.
        new_client_id: ClientOrderId,
        /// How.
        failure: RequestFailure,
    },
    /// What the broker holds.
    Snapshot(BrokerSnapshot),
    /// A snapshot could not be taken.
    SnapshotFailed {
        /// The number of the request.
        number: u32,
        /// What went wrong; what to do about it may follow, as [`crate::advice`] has it.
        message: Box<str>,
    },
    /// The stream of order reports was made or lost. What happened while it was lost is not sent
    /// again.
    Link {
        /// Whether it stands now.
        up: bool,
        /// Why it was lost, as [`crate::advice`] has it; empty when it stands.
        why: Box<str>,
    },
    /// The stream of order reports has given a sign of life.
    Alive,
    /// Something about an order that has no id of ours.
    Foreign(ForeignOrder),
    /// The broker has cancelled an execution, or changed it.
    Corrected {
        /// The order.
        client_id: ClientOrderId,
        /// The execution that is void.
        execution: ExecutionId,
        /// What stands in its place; `None` if nothing does.
        now: Option<Execution>,
    },
    /// What may be done with a symbol.
    Asset {
        /// The symbol.
        symbol: Symbol,
        /// Whether it may be traded at all.
        tradable: bool,
        /// Whether it may be sold short now.
        shortable: bool,
    },
    /// Trading in a symbol stopped or went on.
    Halt {
        /// The symbol.
        symbol: Symbol,
        /// Whether it is halted now.
        halted: bool,
    },
}

/// A broker as the shell sees it.
///
/// The shell hands over each request with the current time, and takes events in order for as long as
/// one is due. A broker neither reads a clock nor blocks.
pub trait Broker: Send {
    /// Takes a request. What comes of it arrives as events.
    fn request(&mut self, request: BrokerRequest, now: Timestamp);

    /// When the next event is due; `None` if only a request can cause one.
    fn due(&self) -> Option<Timestamp>;

    /// Takes the next event that is due at `now`.
    fn take(&mut self, now: Timestamp) -> Option<BrokerEvent>;
}
