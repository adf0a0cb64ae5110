//! The subscription to log lines, journal entries and changes of jobs. A reader that falls behind
//! hears what it missed; one that takes nothing at all is dropped.

use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::server::{PendingSubscriptionSink, SubscriptionMessage, SubscriptionSink};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use jsonrpsee::{Extensions, RpcModule};
use trader_rpc::{Event, EventStream, EventsParams, method};

use super::{Context, logs};
use crate::events::Ring;

/// Events taken from the ring at once.
const AT_ONCE: usize = 256;
/// How long a client may take nothing before it is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn register(module: &mut RpcModule<Context>) -> Result<(), RegisterMethodError> {
    let names = method::EVENTS;
    module.register_subscription(
        names.subscribe,
        names.notification,
        names.unsubscribe,
        subscribe,
    )?;
    Ok(())
}

async fn subscribe(
    params: Params<'static>,
    pending: PendingSubscriptionSink,
    context: Arc<Context>,
    _: Extensions,
) {
    let params: EventsParams = match method::read_params(method::EVENTS.subscribe, params.as_str())
    {
        Ok(params) => params,
        Err(failure) => return pending.reject(ErrorObjectOwned::from(failure)).await,
    };
    let services = &context.services;
    // Looked at before the client hears that it is subscribed: what comes after that is news to it.
    let newest = match params.stream {
        EventStream::Log => services.logs.last_seq(),
        EventStream::Journal => services.journal.last_seq(),
        EventStream::Jobs => services.jobs.last_seq(),
    };
    // A number from the future is one of an earlier run, whose numbers are over: all is new then.
    let seen = match params.after_seq {
        None => newest,
        Some(after) if after > newest => 0,
        Some(after) => after,
    };
    // Fails only if the client has gone.
    let Ok(sink) = pending.accept().await else {
        return;
    };
    match params.stream {
        EventStream::Log => {
            follow(&services.logs, seen, &sink, |seq, entry| {
                Event::Log(logs::line(seq, entry))
            })
            .await;
        }
        EventStream::Jobs => {
            follow(&services.jobs, seen, &sink, |seq, job| Event::Job {
                seq,
                job: Box::new(job.clone()),
            })
            .await;
        }
        EventStream::Journal => {
            follow(&services.journal, seen, &sink, |_, line| {
                Event::Journal(line.clone())
            })
            .await;
        }
    }
}

async fn follow<T>(
    ring: &Ring<T>,
    mut seen: u64,
    sink: &SubscriptionSink,
    event: impl Fn(u64, &T) -> Event,
) {
    loop {
        tokio::select! {
            () = ring.wait_after(seen) => {}
            () = sink.closed() => return,
        }
        let batch = ring.after(seen, AT_ONCE);
        if let Some(next_seq) = batch.missed_before() {
            let missed = Event::Missed {
                after_seq: seen,
                next_seq,
            };
            if !send(sink, &missed).await {
                return;
            }
        }
        for (seq, item) in batch.events {
            if !send(sink, &event(seq, &item)).await {
                return;
            }
            seen = seq;
        }
    }
}

async fn send(sink: &SubscriptionSink, event: &Event) -> bool {
    let json = match serde_json::value::to_raw_value(event) {
        Ok(json) => json,
        Err(error) => {
            tracing::error!(%error, "an event cannot be written as JSON");
            return false;
        }
    };
    let sent = sink
        .send_timeout(SubscriptionMessage::from(json), PATIENCE)
        .await;
    if sent.is_err() && !sink.is_closed() {
        tracing::warn!(
            seconds = PATIENCE.as_secs(),
            "a subscriber was dropped: it took nothing for too long"
        );
    }
    sent.is_ok()
}
