//! The seam to the engine's thread: calls go into its bounded inbox with a place for the answer.
//! What a call does is the kernel's business; here is only how it travels.

use std::time::Duration;

use tokio::sync::oneshot;
use trader_kernel::{Asked, Call, Peer, Reply};
use trader_rpc::Failure;

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
    /// Puts a call into the inbox. For one that is urgent there is always room.
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
pub(super) async fn ask<T: Send + 'static>(
    desk: &dyn Desk,
    peer: Peer,
    timeout: Duration,
    call: impl FnOnce(Reply<T>) -> Call,
) -> Result<T, Failure> {
    let (reply, answer) = oneshot::channel();
    // A caller that has given up hears nothing; a reply that is dropped says that the daemon stops.
    let call = call(Reply::new(move |answer| drop(reply.send(answer))));
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
