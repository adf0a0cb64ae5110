//! `doctor`: the daemon looks at everything around it. Each look asks the broker a few questions, within the
//! limit that orders have too: so that nobody who may only look can use that up, what was found is given
//! again for a while.

use std::sync::Arc;
use std::time::Duration;

use trader_kernel::Call;
use trader_rpc::{Diagnosis, Failure, NoParams};

use super::{Context, Peer};
use crate::clock;
use crate::doctor::Streams;

/// How long what was found is given again.
const FRESH: Duration = Duration::from_secs(10);

pub(super) async fn doctor(
    context: Arc<Context>,
    peer: Peer,
    _: NoParams,
) -> Result<Diagnosis, Failure> {
    // Who comes meanwhile waits, and hears the same.
    let mut examined = context.examined.lock().await;
    if let Some((at, found)) = &*examined
        && clock::elapsed().saturating_sub(*at) < FRESH
    {
        return Ok(found.clone());
    }
    let status = context.ask(peer, Call::Status).await?;
    let streams = Streams::Own(&status.broker, &status.feed);
    let found = context.services.doctor.examine(streams).await;
    *examined = Some((clock::elapsed(), found.clone()));
    Ok(found)
}
