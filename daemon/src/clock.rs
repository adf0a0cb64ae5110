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

/// The clock of a simulated venue, as far as it is known here: it showed `shown` when ours had `elapsed`,
/// and runs at a pace.
#[derive(Debug, Clone, Copy)]
struct VenueClock {
    shown: Timestamp,
    elapsed: Duration,
    pace: u32,
}

static VENUE: OnceLock<VenueClock> = OnceLock::new();

/// From now on [`venue`] is the time of a simulated venue, which showed `shown` when [`elapsed`] had that
/// value, and runs `pace` times as fast as ours. A process follows one clock: only the first call counts.
pub fn follow(shown: Timestamp, elapsed: Duration, pace: u32) {
    let pace = pace.max(1);
    VENUE.get_or_init(|| VenueClock {
        shown,
        elapsed,
        pace,
    });
}

/// The venue's time: the machine's, unless a simulated venue is followed.
#[must_use]
pub fn venue() -> Timestamp {
    let Some(clock) = VENUE.get() else {
        return now();
    };
    let passed = elapsed().saturating_sub(clock.elapsed).as_nanos();
    let passed = passed.saturating_mul(u128::from(clock.pace));
    let passed = i64::try_from(passed).unwrap_or(i64::MAX);
    clock.shown.plus_nanos(passed)
}

/// How many of the venue's seconds pass in a second.
#[must_use]
pub fn venue_pace() -> u32 {
    VENUE.get().map_or(1, |clock| clock.pace)
}

/// Time that the calling thread has been at work: without what it waited, and without what others had of
/// the processor. For measuring only.
#[must_use]
pub fn worked() -> Duration {
    processor(rustix::time::ClockId::ThreadCPUTime)
}

/// The same of all threads of the process together.
#[must_use]
pub fn worked_by_all() -> Duration {
    processor(rustix::time::ClockId::ProcessCPUTime)
}

fn processor(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
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

    #[test]
    fn a_venue_that_is_followed_runs_at_its_pace() {
        let shown: Timestamp = "2026-11-25T15:30:00Z".parse().unwrap();
        let begun = elapsed();
        follow(shown, begun, 1_000);
        let (before, seen, after) = (elapsed(), venue(), elapsed());
        let passed = |until: Duration| {
            let nanos = until.saturating_sub(begun).as_nanos() * 1_000;
            shown.plus_nanos(i64::try_from(nanos).unwrap())
        };
        assert!(passed(before) <= seen && seen <= passed(after));
        assert_eq!(venue_pace(), 1_000);
    }
}
