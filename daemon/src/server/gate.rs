//! What every call passes before it is done: is the method known, may this peer call it, and has it
//! not asked too much. Deny by default; refusals are logged with who asked.

use std::sync::Arc;

use jsonrpsee::Extensions;
use jsonrpsee::core::middleware::{
    Batch, BatchEntry, BatchEntryErr, Notification, ResponseFuture, RpcServiceT,
};
use jsonrpsee::server::MethodResponse;
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned, Request};
use trader_rpc::{Failure, method};

use super::peer::{Bucket, Peer};

/// A connection, as it travels with each of its requests.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) peer: Peer,
    pub(super) bucket: Arc<Bucket>,
}

/// The gate around a connection's service.
#[derive(Debug, Clone)]
pub(super) struct Gate<S> {
    inner: S,
}

impl<S> Gate<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self { inner }
    }
}

fn verdict(extensions: &Extensions, name: &str) -> Result<(), ErrorObjectOwned> {
    let Some(connection) = extensions.get::<Connection>() else {
        return Err(Failure::internal(
            "the call was not done",
            "it came through no socket of ours",
        )
        .into());
    };
    let peer = connection.peer;
    if !connection.bucket.take(crate::clock::elapsed()) {
        tracing::debug!(
            uid = peer.uid,
            connection = peer.connection,
            "a client asks too much"
        );
        return Err(Failure::busy(
            name,
            "this connection asks more than the daemon allows in a second",
        )
        .into());
    }
    let Some(required) = method::required_role(name) else {
        let message = format!("there is no method {name:?}; the OpenRPC document lists them");
        return Err(ErrorObject::owned(
            jsonrpsee::types::error::METHOD_NOT_FOUND_CODE,
            message,
            None::<()>,
        ));
    };
    if peer.role.allows(required) {
        return Ok(());
    }
    tracing::warn!(
        method = name,
        uid = peer.uid,
        pid = peer.pid,
        role = %peer.role,
        required = %required,
        "call refused: the role does not allow it"
    );
    Err(Failure::wrong_role(name, required, peer.role).into())
}

impl<S> RpcServiceT for Gate<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        >,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        match verdict(request.extensions(), request.method_name()) {
            Ok(()) => ResponseFuture::future(self.inner.call(request)),
            Err(error) => ResponseFuture::ready(MethodResponse::error(request.id, error)),
        }
    }

    // The server is set to refuse batches. Should that ever change, each entry still has to pass.
    fn batch<'a>(&self, mut batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        for entry in batch.iter_mut() {
            if let Ok(BatchEntry::Call(request)) = entry
                && let Err(error) = verdict(request.extensions(), request.method_name())
            {
                *entry = Err(BatchEntryErr::new(request.id.clone(), error));
            }
        }
        self.inner.batch(batch)
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = MethodResponse> + Send + 'a {
        // The server acts on no notification: what changes something must be answered.
        self.inner.notification(notification)
    }
}
