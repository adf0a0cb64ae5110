//! `hello`: the handshake.

use std::sync::Arc;

use trader_rpc::{Failure, Hello, HelloParams, PROTOCOL_VERSION};

use super::{Context, Peer};

pub(super) async fn hello(
    context: Arc<Context>,
    peer: Peer,
    params: HelloParams,
) -> Result<Hello, Failure> {
    tracing::debug!(
        client = params.client,
        protocol = params.protocol,
        uid = peer.uid,
        connection = peer.connection,
        "a client says hello"
    );
    if params.protocol != PROTOCOL_VERSION {
        return Err(Failure::protocol_mismatch(params.protocol));
    }
    Ok(Hello {
        protocol: PROTOCOL_VERSION,
        daemon_version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: context.services.mode,
        label: context.services.label.clone(),
        role: peer.role,
    })
}
