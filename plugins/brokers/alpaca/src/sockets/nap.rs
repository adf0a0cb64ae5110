//! The timer of a task that goes to sleep again and again and is mostly woken by something else. It is set
//! anew only where it would ring too late: setting one costs more than a look at what is due.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The timer.
#[derive(Debug)]
pub(super) struct Nap(Pin<Box<Sleep>>);

impl Nap {
    /// One that rings at once.
    pub(super) fn new() -> Self {
        Self(Box::pin(sleep_until(Instant::now())))
    }

    /// Sleeps for so long at most; an earlier end that was asked for before may come first. May be given up
    /// and asked again.
    pub(super) async fn at_most(&mut self, longest: Duration) {
        let now = Instant::now();
        self.ring_by(now.checked_add(longest).unwrap_or(now));
        self.0.as_mut().await;
    }

    fn ring_by(&mut self, wanted: Instant) {
        if self.0.is_elapsed() || wanted < self.0.deadline() {
            self.0.as_mut().reset(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(now: Instant, seconds: u64) -> Instant {
        now.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[tokio::test]
    async fn it_is_set_anew_where_it_has_rung_or_would_ring_too_late() {
        let mut nap = Nap::new();
        nap.at_most(Duration::ZERO).await;
        let now = Instant::now();
        nap.ring_by(after(now, 500));
        assert_eq!(nap.0.deadline(), after(now, 500), "it had rung");
        nap.ring_by(after(now, 20));
        assert_eq!(nap.0.deadline(), after(now, 20), "it would be too late");
        nap.ring_by(after(now, 900));
        assert_eq!(nap.0.deadline(), after(now, 20), "early enough");
    }

    #[tokio::test]
    async fn one_that_was_given_up_rings_all_the_same() {
        let mut nap = Nap::new();
        nap.at_most(Duration::ZERO).await;
        let mut longer = Box::pin(nap.at_most(Duration::from_secs(60)));
        assert!(futures::poll!(&mut longer).is_pending());
        drop(longer);
        for _ in 0..2 {
            let shorter = nap.at_most(Duration::from_millis(1));
            // A guard, and none that is ever reached: the first one's end is a minute away.
            let rung = tokio::time::timeout(Duration::from_secs(30), shorter).await;
            assert!(rung.is_ok(), "the end of the one that was given up is kept");
        }
    }
}
