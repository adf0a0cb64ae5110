//! A call as it reaches the kernel: what is asked, who asks, and where the answer goes. How it travels
//! is outside.

use trader_rpc::{
    Accepted, CancelParams, ChangeParams, CloseParams, Failure, Order, OrdersParams, Position,
    Role, Route, Status, StopParams,
};

/// Where the engine's answer goes. It may be dropped unanswered when the kernel ends.
pub struct Reply<T>(Box<dyn FnOnce(Result<T, Failure>) + Send>);

impl<T> Reply<T> {
    /// A place for an answer. Must not block.
    pub fn new(take: impl FnOnce(Result<T, Failure>) + Send + 'static) -> Self {
        Self(Box::new(take))
    }

    /// Answers.
    pub fn send(self, answer: Result<T, Failure>) {
        (self.0)(answer);
    }
}

impl<T> std::fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reply")
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The user who connected.
    pub uid: u32,
    /// The process that connected, for the audit only: numbers are reused.
    pub pid: Option<i32>,
    /// What it may do.
    pub role: Role,
    /// The connection's number in this run of the daemon.
    pub connection: u64,
}

/// A call for the engine.
#[derive(Debug)]
pub enum Call {
    /// The state at a glance.
    Status(Reply<Status>),
    /// Open positions.
    Positions(Reply<Vec<Position>>),
    /// Orders to which something can still happen; the parameters' `open_only` is true.
    OpenOrders(OrdersParams, Reply<Vec<Order>>),
    /// Routes with their lanes.
    Strategies(Reply<Vec<Route>>),
    /// Open no new positions.
    Pause(ChangeParams, Reply<Accepted>),
    /// Allow new positions again.
    Resume(ChangeParams, Reply<Accepted>),
    /// Close a symbol.
    Close(CloseParams, Reply<Accepted>),
    /// Cancel an order.
    Cancel(CancelParams, Reply<Accepted>),
    /// Pause, cancel and close everything.
    Flatten(ChangeParams, Reply<Accepted>),
    /// End the daemon.
    Stop(StopParams, Reply<Accepted>),
}

impl Call {
    /// The method's name on the wire.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Positions(_) => "positions",
            Self::OpenOrders(..) => "orders",
            Self::Strategies(_) => "strategies",
            Self::Pause(..) => "pause",
            Self::Resume(..) => "resume",
            Self::Close(..) => "close",
            Self::Cancel(..) => "cancel",
            Self::Flatten(..) => "flatten",
            Self::Stop(..) => "stop",
        }
    }
}

/// A call with who made it.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub call: Call,
    /// Who asks.
    pub peer: Peer,
}
