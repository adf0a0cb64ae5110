//! Signals in, systemd out: SIGTERM and SIGINT ask for an orderly end, a second one ends at once. SIGHUP
//! has the configuration read again.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use trader_rpc::RequestId;

use super::crank::Stage;
use super::inbox::Slot;
use crate::exit::{self, Failure};
use crate::logging::message_id;
use crate::reload::Reloader;
use crate::systemd::{self, Heart, Signs};

/// The signals, caught from now on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Catches them; from here on none of them ends the process by itself. Must be called inside the
    /// runtime.
    ///
    /// # Errors
    /// The system lets us catch none.
    pub(super) fn catch() -> Result<Self, Failure> {
        let catch = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(exit::FAILED, format!("cannot catch signals: {error}"))
            })
        };
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
            hang_up: catch(SignalKind::hangup())?,
        })
    }
}

/// Passes the first SIGTERM or SIGINT on; the second one ends the process where it stands. What it
/// leaves is what a crash would leave: the journal and the stops at the broker. SIGHUP has the
/// configuration read again; what comes of it is in the log.
pub(super) async fn listen(mut signals: Signals, inbox: Slot, reloader: Arc<Reloader>) {
    let mut first = true;
    loop {
        tokio::select! {
            biased;
            _ = signals.terminate.recv() => {}
            _ = signals.interrupt.recv() => {}
            _ = signals.hang_up.recv() => {
                reload(&reloader).await;
                continue;
            }
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

async fn reload(reloader: &Arc<Reloader>) {
    let request_id = match RequestId::draw() {
        Ok(id) => id,
        Err(error) => {
            tracing::error!(%error, "the configuration was not reloaded: the system draws no number");
            return;
        }
    };
    let reloader = Arc::clone(reloader);
    // What came of it has been logged.
    let _ = tokio::task::spawn_blocking(move || reloader.reload(&request_id)).await;
}

/// How often systemd is asked for more time, and for how much.
const MORE_EVERY: Duration = Duration::from_secs(5);
const MORE: Duration = Duration::from_secs(30);
/// How often at most in a start and in a stop: five minutes. What takes longer is for a person.
const MORE_TIMES: u32 = 60;

/// Tells systemd once the daemon is ready, and how it is whenever that changes. While it compares with
/// the broker at the start, or closes positions at the end, and gets on with it, it asks for time.
pub(super) async fn tell_systemd(mut stage: watch::Receiver<Stage>, heart: Heart) {
    let mut ready = false;
    let mut patience = Patience::new(heart);
    let mut asking = tokio::time::interval(MORE_EVERY);
    asking.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let changed = tokio::select! {
            biased;
            changed = stage.changed() => changed,
            _ = asking.tick() => {
                let now = stage.borrow();
                if patience.has_time(now.ready || ready, now.stopping) {
                    systemd::extend_timeout(MORE);
                }
                continue;
            }
        };
        if changed.is_err() {
            return;
        }
        let now = stage.borrow_and_update().clone();
        if now.ready && !ready {
            ready = true;
            tracing::info!(
                message_id = message_id::of("daemon", "ready"),
                "ready: {}",
                now.line
            );
            systemd::ready(&now.line);
        } else {
            systemd::status(&now.line);
        }
    }
}

/// Whether more time may be asked for.
struct Patience {
    heart: Heart,
    before: Signs,
    starting: u32,
    stopping: u32,
}

impl Patience {
    fn new(heart: Heart) -> Self {
        Self {
            before: heart.look(),
            heart,
            starting: MORE_TIMES,
            stopping: MORE_TIMES,
        }
    }

    /// Yes as long as there is something to wait for, every loop gets on with it, and it is not asked
    /// for ever.
    fn has_time(&mut self, ready: bool, stopping: bool) -> bool {
        let now = self.heart.look();
        let gets_on = systemd::stuck(&self.before, &now).is_none();
        self.before = now;
        let left = match (ready, stopping) {
            (_, true) => &mut self.stopping,
            (false, false) => &mut self.starting,
            (true, false) => return false,
        };
        let asks = gets_on && *left > 0;
        *left = left.saturating_sub(1);
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_asked_for_while_something_is_under_way_and_gets_on_and_not_for_ever() {
        let heart = Heart::default();
        for pulse in [&heart.engine, &heart.writer, &heart.broker] {
            pulse.rest();
        }
        let mut patience = Patience::new(heart.clone());
        assert!(patience.has_time(false, false), "starting");
        assert!(!patience.has_time(true, false), "ready");
        assert!(patience.has_time(true, true), "stopping");
        assert!(
            patience.has_time(false, true),
            "stopping before it was ready"
        );

        heart.broker.beat();
        assert!(patience.has_time(true, true), "at work");
        assert!(!patience.has_time(true, true), "stuck at work");
        heart.broker.rest();
        let asked = (0..1_000).filter(|_| patience.has_time(true, true));
        assert_eq!(asked.count(), 56);
    }
}
