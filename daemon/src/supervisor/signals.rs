//! Signals in, systemd out: SIGTERM and SIGINT ask for an orderly end, a second one ends at once.

use std::sync::mpsc::SyncSender;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::crank::{Message, Stage};
use crate::{exit, systemd};

/// Passes the first SIGTERM or SIGINT on; the second one ends the process where it stands. What it
/// leaves is what a crash would leave: the journal and the stops at the broker.
pub(super) async fn listen(inbox: SyncSender<Message>) {
    let terminate = signal(SignalKind::terminate());
    let interrupt = signal(SignalKind::interrupt());
    let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
        tracing::error!("signals cannot be caught; use `traderctl stop` to end in good order");
        return;
    };
    let mut first = true;
    loop {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if !std::mem::replace(&mut first, false) {
            tracing::warn!("a second signal: ending at once");
            std::process::exit(exit::FAILED.into());
        }
        if inbox.try_send(Message::Stop).is_err() {
            tracing::error!("the engine takes no messages; send the signal again to end at once");
        }
    }
}

/// Tells systemd once the daemon is ready, and how it is whenever that changes.
pub(super) async fn tell_systemd(mut stage: watch::Receiver<Stage>) {
    let mut ready = false;
    while stage.changed().await.is_ok() {
        let now = stage.borrow_and_update().clone();
        if now.ready && !ready {
            ready = true;
            systemd::ready(&now.line);
        } else {
            systemd::status(&now.line);
        }
    }
}
