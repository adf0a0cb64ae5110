//! Signals in, systemd out: SIGTERM and SIGINT ask for an orderly end, a second one ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::crank::Stage;
use super::inbox::Slot;
use crate::{exit, systemd};

/// The signals that ask for the end, caught from now on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Catches them; from here on neither ends the process by itself. Must be called inside the
    /// runtime.
    ///
    /// # Errors
    /// The system lets us catch none.
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

/// Passes the first SIGTERM or SIGINT on; the second one ends the process where it stands. What it
/// leaves is what a crash would leave: the journal and the stops at the broker.
pub(super) async fn listen(mut signals: Signals, inbox: Slot) {
    let mut first = true;
    loop {
        tokio::select! {
            biased;
            _ = signals.terminate.recv() => {}
            _ = signals.interrupt.recv() => {}
        }
        if !std::mem::replace(&mut first, false) {
            tracing::warn!("a second signal: ending at once");
            std::process::exit(exit::FAILED.into());
        }
        if inbox.stop().is_err() {
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
