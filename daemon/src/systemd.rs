//! What systemd hears of us: ready, status, stopping, and the watchdog, which is fed only while
//! engine, writer and broker all get on. A no-op without systemd.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::logging::message_id;

/// Says that the daemon is ready, with a line for `systemctl status`.
pub fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Changes the line that `systemctl status` shows.
pub fn status(status: &str) {
    send(&[NotifyState::Status(status)]);
}

/// Says that the daemon is ending, with a line for `systemctl status`.
pub fn stopping(status: &str) {
    send(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

/// Asks for more time to start or to stop, from now on.
pub fn extend_timeout(time: Duration) {
    let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    send(&[NotifyState::ExtendTimeoutUsec(micros)]);
}

/// How often the watchdog must be fed at the latest; `None` if it is off.
#[must_use]
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd did not hear us; going on without");
    }
}

/// The sign of life of one loop.
#[derive(Debug, Default)]
pub struct Pulse {
    turns: AtomicU64,
    idle: AtomicBool,
}

impl Pulse {
    /// Says that the loop got on. A request that timed out is progress too.
    pub fn beat(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.idle.store(false, Ordering::Release);
    }

    /// Says that the loop waits for work, and will for as long as there is none.
    pub fn rest(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.idle.store(true, Ordering::Release);
    }

    fn look(&self) -> Sign {
        Sign {
            idle: self.idle.load(Ordering::Acquire),
            turns: self.turns.load(Ordering::Relaxed),
        }
    }
}

/// The loops that must all get on.
#[derive(Debug, Clone, Default)]
pub struct Heart {
    /// The engine's.
    pub engine: Arc<Pulse>,
    /// The store writer's.
    pub writer: Arc<Pulse>,
    /// The broker's.
    pub broker: Arc<Pulse>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sign {
    turns: u64,
    idle: bool,
}

/// What a look at all loops found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs([(&'static str, Sign); 3]);

impl Heart {
    /// Looks at all loops.
    #[must_use]
    pub fn look(&self) -> Signs {
        Signs([
            ("engine", self.engine.look()),
            ("writer", self.writer.look()),
            ("broker", self.broker.look()),
        ])
    }
}

/// The first loop that neither got on between two looks nor waits for work.
#[must_use]
pub fn stuck(before: &Signs, now: &Signs) -> Option<&'static str> {
    before
        .0
        .iter()
        .zip(&now.0)
        .find(|((_, before), (_, now))| now.turns == before.turns && !now.idle)
        .map(|((name, _), _)| *name)
}

/// Feeds the watchdog at half its interval for as long as every loop gets on. Ends at once if the
/// watchdog is off; else it runs until it is dropped.
pub async fn feed_watchdog(heart: Heart) {
    let Some(interval) = watchdog_interval() else {
        return;
    };
    let half = interval.checked_div(2).unwrap_or(interval);
    let mut ticks = tokio::time::interval(half.max(Duration::from_millis(1)));
    let mut before = heart.look();
    loop {
        ticks.tick().await;
        let now = heart.look();
        match stuck(&before, &now) {
            None => send(&[NotifyState::Watchdog]),
            Some(part) => tracing::error!(
                part,
                message_id = message_id::of("daemon", "stuck"),
                "no progress since the last look; the watchdog is not fed and systemd will restart us"
            ),
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_fed_while_every_loop_gets_on() {
        let heart = Heart::default();
        let before = heart.look();
        heart.engine.beat();
        heart.writer.beat();
        heart.broker.beat();
        assert_eq!(stuck(&before, &heart.look()), None);
    }

    #[test]
    fn one_loop_that_stands_still_at_work_is_named() {
        let heart = Heart::default();
        for (name, stuck_one) in [
            ("engine", &heart.engine),
            ("writer", &heart.writer),
            ("broker", &heart.broker),
        ] {
            let before = heart.look();
            for pulse in [&heart.engine, &heart.writer, &heart.broker] {
                if !Arc::ptr_eq(pulse, stuck_one) {
                    pulse.beat();
                }
            }
            assert_eq!(stuck(&before, &heart.look()), Some(name));
        }
    }

    #[test]
    fn a_loop_that_waits_for_work_is_alive_until_it_takes_some() {
        let heart = Heart::default();
        heart.engine.rest();
        heart.writer.rest();
        heart.broker.rest();
        let resting = heart.look();
        assert_eq!(stuck(&resting, &heart.look()), None);

        heart.writer.beat();
        let working = heart.look();
        assert_eq!(stuck(&resting, &working), None);
        assert_eq!(stuck(&working, &heart.look()), Some("writer"));
    }
}
