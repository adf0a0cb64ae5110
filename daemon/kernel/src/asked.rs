//! A call as it reaches the kernel: what is asked, who asks, and where the answer goes. How it travels
//! is outside.

use trader_rpc::{
    Accepted, AckAlertParams, AdoptParams, ArmParams, CancelParams, ChangeParams, CloseParams,
    ConfirmOverrideParams, DaySummary, Failure, IgnoreParams, KillParams, NoteTradeParams,
    Obstacle, Order, OrdersParams, OverrideParams, Position, Role, Route, Status, StopParams,
    TagTradeParams,
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
    /// What stops entries now.
    WhyHalted(Reply<Vec<Obstacle>>),
    /// The session that is open, or the last one that was; none before the first.
    Day(Reply<Option<DaySummary>>),
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
    /// Open no new positions until somebody arms again.
    Kill(KillParams, Reply<Accepted>),
    /// Lift a kill, allow a live account to be traded.
    Arm(ArmParams, Reply<Accepted>),
    /// Take the leave to trade a live account back.
    Disarm(ChangeParams, Reply<Accepted>),
    /// Show what a refused entry would send past its limits.
    Override(OverrideParams, Reply<Accepted>),
    /// Send it.
    ConfirmOverride(ConfirmOverrideParams, Reply<Accepted>),
    /// Compare with the broker now.
    Reconcile(ChangeParams, Reply<Accepted>),
    /// Protect a position that is not ours.
    Adopt(AdoptParams, Reply<Accepted>),
    /// Leave what is not ours to its owner.
    Ignore(IgnoreParams, Reply<Accepted>),
    /// A person has seen an alert.
    AckAlert(AckAlertParams, Reply<Accepted>),
    /// Write about the trade with this number, which there is.
    NoteTrade(u64, NoteTradeParams, Reply<Accepted>),
    /// Tag the trade with this number, which there is.
    TagTrade(u64, TagTradeParams, Reply<Accepted>),
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
            Self::WhyHalted(_) => "why_halted",
            Self::Day(_) => "day",
            Self::Pause(..) => "pause",
            Self::Resume(..) => "resume",
            Self::Close(..) => "close",
            Self::Cancel(..) => "cancel",
            Self::Flatten(..) => "flatten",
            Self::Kill(..) => "kill",
            Self::Arm(..) => "arm",
            Self::Disarm(..) => "disarm",
            Self::Override(..) => "override",
            Self::ConfirmOverride(..) => "confirm_override",
            Self::Reconcile(..) => "reconcile",
            Self::Adopt(..) => "adopt",
            Self::Ignore(..) => "ignore",
            Self::AckAlert(..) => "ack_alert",
            Self::NoteTrade(..) => "note_trade",
            Self::TagTrade(..) => "tag_trade",
            Self::Stop(..) => "stop",
        }
    }

    /// Answers that it is not done.
    pub(crate) fn refuse(self, failure: Failure) {
        match self {
            Self::Status(reply) => reply.send(Err(failure)),
            Self::Positions(reply) => reply.send(Err(failure)),
            Self::OpenOrders(_, reply) => reply.send(Err(failure)),
            Self::Strategies(reply) => reply.send(Err(failure)),
            Self::WhyHalted(reply) => reply.send(Err(failure)),
            Self::Day(reply) => reply.send(Err(failure)),
            Self::Pause(_, reply)
            | Self::Resume(_, reply)
            | Self::Close(_, reply)
            | Self::Cancel(_, reply)
            | Self::Flatten(_, reply)
            | Self::Kill(_, reply)
            | Self::Arm(_, reply)
            | Self::Disarm(_, reply)
            | Self::Reconcile(_, reply)
            | Self::Adopt(_, reply)
            | Self::Ignore(_, reply)
            | Self::AckAlert(_, reply)
            | Self::Override(_, reply)
            | Self::ConfirmOverride(_, reply)
            | Self::NoteTrade(_, _, reply)
            | Self::TagTrade(_, _, reply)
            | Self::Stop(_, reply) => reply.send(Err(failure)),
        }
    }

    /// Whether it goes before every call that waits.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        trader_rpc::method::is_urgent(self.method())
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
