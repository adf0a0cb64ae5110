//! What every call passes before it is done: is the method known, may this peer call it, and has it
//! not asked too much. Deny by default; refusals are logged with who asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jsonrpsee::Extensions;
use jsonrpsee::core::middleware::{
    Batch, BatchEntry, BatchEntryErr, Notification, ResponseFuture, RpcServiceT,
};
use jsonrpsee::server::MethodResponse;
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned, Request};
use trader_kernel::{Denied, Peer, may_call};
use trader_rpc::{Failure, method};

use super::peer::Bucket;

/// A connection, as it travels with each of its requests.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) peer: Peer,
    pub(super) bucket: Arc<Bucket>,
    /// Calls that cost nothing, one of each kind at a time.
    pub(super) free: Arc<Free>,
}

/// Whether a call that costs nothing is on its way.
#[derive(Debug, Default)]
pub(super) struct Free {
    /// A part of a file.
    part: AtomicBool,
    /// A call that must get through whatever else goes on.
    urgent: AtomicBool,
}

impl Free {
    fn slot(&self, name: &str) -> Option<&AtomicBool> {
        if method::is_urgent(name) {
            Some(&self.urgent)
        } else if method::is_part(name) {
            Some(&self.part)
        } else {
            None
        }
    }
}

/// The leave to be done. One that costs nothing ends with the call.
struct Pass(Option<(Arc<Free>, String)>);

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some((free, name)) = &self.0
            && let Some(slot) = free.slot(name)
        {
            slot.store(false, Ordering::Release);
        }
    }
}

impl Connection {
    /// Takes the call out of the connection's allowance; of those that cost nothing only what is more
    /// than one at a time.
    fn afford(&self, name: &str) -> Option<Pass> {
        if may_call(self.peer.role, name).is_ok()
            && let Some(slot) = self.free.slot(name)
            && !slot.swap(true, Ordering::AcqRel)
        {
            return Some(Pass(Some((Arc::clone(&self.free), name.to_owned()))));
        }
        let taken = self.bucket.take(crate::clock::elapsed());
        taken.then_some(Pass(None))
    }
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

fn verdict(extensions: &Extensions, name: &str) -> Result<Pass, ErrorObjectOwned> {
    let Some(connection) = extensions.get::<Connection>() else {
        return Err(Failure::internal(
            "the call was not done",
            "it came through no socket of ours",
        )
        .into());
    };
    let peer = connection.peer;
    let Some(pass) = connection.afford(name) else {
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
    };
    let Err(denied) = may_call(peer.role, name) else {
        return Ok(pass);
    };
    let Some(failure) = denied.failure(name, peer.role) else {
        let message = format!("there is no method {name:?}; the OpenRPC document lists them");
        return Err(ErrorObject::owned(
            jsonrpsee::types::error::METHOD_NOT_FOUND_CODE,
            message,
            None::<()>,
        ));
    };
    if let Denied::Role { required } = denied {
        tracing::warn!(
            method = name,
            uid = peer.uid,
            pid = peer.pid,
            role = %peer.role,
            required = %required,
            "call refused: the role does not allow it"
        );
    }
    Err(failure.into())
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
            Ok(pass) => {
                let answer = self.inner.call(request);
                ResponseFuture::future(async move {
                    let _pass = pass;
                    answer.await
                })
            }
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
