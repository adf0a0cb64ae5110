//! The simulator's clock: the one place where the machine's clocks are read.

use std::time::Duration;

use tokio::time::Instant;
use trader_contract::Timestamp;

use super::options::Pace;

/// Simulated time as a function of the machine's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    base: Timestamp,
    since: Instant,
    pace: Pace,
}

impl Clock {
    /// A clock that stands at `base` now.
    pub(crate) fn start(base: Timestamp, pace: Pace) -> Self {
        Self {
            base,
            since: Instant::now(),
            pace,
        }
    }

    /// The simulated time.
    pub(crate) fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.since.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let scaled = i128::from(passed).saturating_mul(i128::from(self.pace.0));
        let scaled = scaled.checked_div(1_000).unwrap_or(0);
        self.base
            .plus_nanos(i64::try_from(scaled).unwrap_or(i64::MAX))
    }

    /// How long the machine has to wait until a simulated time; `None` if it never comes.
    pub(crate) fn until(&self, at: Timestamp) -> Option<Duration> {
        let left = i128::from(at.since(self.now()).max(0)).saturating_mul(1_000);
        let nanos = left.checked_div(i128::from(self.pace.0))?;
        u64::try_from(nanos).ok().map(Duration::from_nanos)
    }

    /// Moves on to a later time.
    pub(crate) fn jump(&mut self, to: Timestamp) {
        *self = Self::start(self.now().max(to), self.pace);
    }

    /// Passes faster or slower from now on.
    pub(crate) fn set_pace(&mut self, pace: Pace) {
        *self = Self::start(self.now(), pace);
    }

    pub(crate) const fn pace(&self) -> Pace {
        self.pace
    }
}

/// The machine's own time, which decides where simulated time begins by default.
#[expect(
    clippy::disallowed_methods,
    reason = "the default start is the last session before the machine's today"
)]
pub(crate) fn wall() -> Timestamp {
    Timestamp::from_utc(chrono::DateTime::from(std::time::SystemTime::now()))
}
