//! The seam to the engine's thread: calls go into its bounded inbox with a place for the answer.
//! What a call does is the engine's business; here is only how it travels.

use std::time::Duration;

use tokio::sync::oneshot;
use trader_rpc::{
    Accepted, CancelParams, ChangeParams, CloseParams, Failure, Order, OrdersParams, Position,
    Route, Status, StopParams,
};

use super::peer::Peer;

/// Where the engine's answer goes. Dropping it answers that the daemon is stopping.
#[derive(Debug)]
pub struct Reply<T>(oneshot::Sender<Result<T, Failure>>);

impl<T> Reply<T> {
    /// Answers. A caller that has given up hears nothing, and nothing comes of it.
    pub fn send(self, answer: Result<T, Failure>) {
        let _ = self.0.send(answer);
    }

    /// Whether the caller has given up.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.0.is_closed()
    }
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

/// Why a call was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// The inbox is full.
    Full,
    /// The engine has ended.
    Gone,
}

/// The engine's inbox. Must not block.
pub trait Desk: Send + Sync + 'static {
    /// Puts a call into the inbox.
    ///
    /// # Errors
    /// The inbox is full or gone; the call is dropped.
    fn put(&self, asked: Asked) -> Result<(), Turned>;
}

impl<F> Desk for F
where
    F: Fn(Asked) -> Result<(), Turned> + Send + Sync + 'static,
{
    fn put(&self, asked: Asked) -> Result<(), Turned> {
        self(asked)
    }
}

/// Puts a call into the inbox and waits for the answer, for at most `timeout`.
pub(super) async fn ask<T>(
    desk: &dyn Desk,
    peer: Peer,
    timeout: Duration,
    call: impl FnOnce(Reply<T>) -> Call,
) -> Result<T, Failure> {
    let (reply, answer) = oneshot::channel();
    let call = call(Reply(reply));
    let method = call.method();
    match desk.put(Asked { call, peer }) {
        Ok(()) => {}
        Err(Turned::Full) => {
            return Err(Failure::busy(method, "the engine's inbox is full"));
        }
        Err(Turned::Gone) => return Err(Failure::shutting_down(method)),
    }
    match tokio::time::timeout(timeout, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_dropped)) => Err(Failure::shutting_down(method)),
        Err(_elapsed) => Err(Failure::busy(
            method,
            format!(
                "the engine did not answer within {} ms; it may still do it, and a call with the same \
                 request id tells",
                timeout.as_millis()
            ),
        )),
    }
}
