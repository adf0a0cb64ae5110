//! The face of a broker: requests in, events out, time as an argument. A simulated broker is such a
//! machine itself; a real one is a handle on two bounded queues with a connection behind them.

use serde::{Deserialize, Serialize};

use crate::ids::ClientOrderId;
use crate::money::Money;
use crate::order::{OrderRequest, Replacement};
use crate::quantity::NetQty;
use crate::report::{Execution, OrderReport};
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
    /// Tell what you hold: answered by [`BrokerEvent::Snapshot`].
    Snapshot,
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

/// What a broker holds for the account, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerSnapshot {
    /// When it was taken, by the broker's clock.
    pub at: Timestamp,
    /// Every order of ours that is not terminal, and those that ended today.
    pub orders: Vec<OrderReport>,
    /// Today's executions, oldest first.
    pub executions: Vec<(ClientOrderId, Execution)>,
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
