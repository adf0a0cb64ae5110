//! The one place that reads the machine's clocks. Everything else takes time as an argument.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use trader_contract::Timestamp;

/// What the machine's clock shows.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one reading of the wall clock"
)]
pub fn now() -> Timestamp {
    let nanos = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, i64::wrapping_neg)
        }
    };
    Timestamp::from_nanos(nanos)
}

/// Time since the first call, by a clock that never jumps. For waiting and pacing, not for records.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one reading of the monotonic clock"
)]
pub fn elapsed() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Time that the calling thread has been at work: without what it waited, and without what others had of
/// the processor. For measuring only.
#[must_use]
pub fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_run_backwards() {
        let (wall, steady) = (now(), elapsed());
        assert!(wall.seconds() > 1_700_000_000);
        assert!(elapsed() >= steady);
    }
}
