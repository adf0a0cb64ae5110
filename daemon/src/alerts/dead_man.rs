//! The dead man's switch: somebody outside is asked at every interval for as long as the daemon gets on
//! and is ready to trade, and raises the alarm when the asking stops.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use trader_contract::Timestamp;

use super::http::Endpoint;
use crate::clock;
use crate::systemd::{self, Heart};

/// The switch, and whether it can be held.
#[derive(Debug)]
pub(super) struct DeadMan {
    endpoint: Endpoint,
    every: Duration,
    trouble: Mutex<Option<(Timestamp, String)>>,
}

impl DeadMan {
    /// A switch that is held at every interval.
    #[must_use]
    pub(super) const fn new(endpoint: Endpoint, every: Duration) -> Self {
        Self {
            endpoint,
            every,
            trouble: Mutex::new(None),
        }
    }

    /// Since when nobody could be asked, and why.
    #[must_use]
    pub(super) fn trouble(&self) -> Option<(Timestamp, String)> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Holds the switch for as long as every loop gets on and `ready` says so. Runs until it is dropped.
    pub(super) async fn hold(&self, heart: &Heart, ready: impl Fn() -> bool) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut before = None;
        loop {
            ticks.tick().await;
            let now = heart.look();
            let stuck = before
                .as_ref()
                .and_then(|before| systemd::stuck(before, &now));
            before = Some(now);
            match stuck {
                Some(part) => tracing::error!(
                    part,
                    "no progress since the last look; the dead man's switch is let go"
                ),
                None if ready() => self.ask().await,
                None => {}
            }
        }
    }

    async fn ask(&self) {
        let outcome = self.endpoint.get().await;
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (outcome, &*trouble) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some(_)) => {
                tracing::info!("the dead man's switch is held again");
                *trouble = None;
            }
            (Err(error), None) => {
                tracing::warn!(%error, "the dead man's switch cannot be held; it is tried on");
                *trouble = Some((clock::now(), error.to_string()));
            }
        }
    }
}
