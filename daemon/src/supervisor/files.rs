//! The files that a run stands on: the sockets that are claimed before anything else, and the journal's,
//! which are looked at at intervals.

use std::sync::Arc;
use std::time::Duration;

use trader_store::Writer;

use super::inbox::Slot;
use crate::exit::Failure;
use crate::server::Sockets;
use crate::start::Prepared;

/// How often.
const INTERVAL: Duration = Duration::from_secs(1);

/// Opens the sockets, which makes the runtime folder ours.
///
/// # Errors
/// Another daemon answers there, or they cannot be opened.
pub(super) fn claim(prepared: &mut Prepared) -> Result<Sockets, Failure> {
    let handed = std::mem::take(&mut prepared.handed);
    Ok(Sockets::open(&prepared.folders.runtime, handed)?)
}

/// Looks until the files are lost, which the engine is told, or the writer has ended or failed.
pub(super) fn watch(writer: &Arc<Writer>, inbox: &Slot) -> impl Future<Output = ()> + Send + use<> {
    // Whose end must not wait for us.
    let (writer, inbox) = (Arc::downgrade(writer), inbox.clone());
    async move {
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            ticks.tick().await;
            let Some(checked) = writer.upgrade().map(|writer| writer.check_files()) else {
                return;
            };
            if let Err(error) = checked {
                if inbox.lose_journal(&error.to_string()).is_err() {
                    tracing::debug!(%error, "the engine has ended before it was told of its journal");
                }
                return;
            }
        }
    }
}
