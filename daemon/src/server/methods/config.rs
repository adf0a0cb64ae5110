//! `config` and `reload`: what is in force, and reading it again.

use std::sync::Arc;

use trader_rpc::{ChangeParams, EffectiveConfig, Failure, NoParams, Reloaded};

use super::{Context, Peer};

pub(super) async fn config(
    context: Arc<Context>,
    _: Peer,
    _: NoParams,
) -> Result<EffectiveConfig, Failure> {
    Ok(context.services.reloader.effective())
}

pub(super) async fn reload(
    context: Arc<Context>,
    _: Peer,
    params: ChangeParams,
) -> Result<Reloaded, Failure> {
    let reloader = Arc::clone(&context.services.reloader);
    let reading = tokio::task::spawn_blocking(move || reloader.reload(&params.request_id));
    reading.await.unwrap_or_else(|_| {
        Err(Failure::internal(
            "the configuration was not reloaded",
            "reading it ended by a bug",
        ))
    })
}
