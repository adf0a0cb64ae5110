//! What changes something: `pause`, `resume`, `close`, `cancel`, `flatten`, `stop`. All of it is the
//! engine's decision.

use std::sync::Arc;

use trader_kernel::Call;
use trader_rpc::{Accepted, CancelParams, ChangeParams, CloseParams, Failure, StopParams};

use super::{Context, Peer};

pub(super) async fn pause(
    context: Arc<Context>,
    peer: Peer,
    params: ChangeParams,
) -> Result<Accepted, Failure> {
    context.ask(peer, |reply| Call::Pause(params, reply)).await
}

pub(super) async fn resume(
    context: Arc<Context>,
    peer: Peer,
    params: ChangeParams,
) -> Result<Accepted, Failure> {
    context.ask(peer, |reply| Call::Resume(params, reply)).await
}

pub(super) async fn close(
    context: Arc<Context>,
    peer: Peer,
    params: CloseParams,
) -> Result<Accepted, Failure> {
    context.ask(peer, |reply| Call::Close(params, reply)).await
}

pub(super) async fn cancel(
    context: Arc<Context>,
    peer: Peer,
    params: CancelParams,
) -> Result<Accepted, Failure> {
    context.ask(peer, |reply| Call::Cancel(params, reply)).await
}

pub(super) async fn flatten(
    context: Arc<Context>,
    peer: Peer,
    params: ChangeParams,
) -> Result<Accepted, Failure> {
    context
        .ask(peer, |reply| Call::Flatten(params, reply))
        .await
}

pub(super) async fn stop(
    context: Arc<Context>,
    peer: Peer,
    params: StopParams,
) -> Result<Accepted, Failure> {
    context.ask(peer, |reply| Call::Stop(params, reply)).await
}
