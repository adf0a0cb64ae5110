//! The time that the crank lives in: the machine's, or one of its own that runs at a pace and only
//! ever sleeps, so that a slow disk changes no result.

use std::time::Duration;

use trader_contract::Timestamp;

use super::wall::WallClock;
use crate::clock;
use crate::config::Pace;

/// The crank's time.
#[derive(Debug, Clone, Copy)]
pub enum Pacing {
    /// The machine's clock.
    Wall(WallClock),
    /// The clock of a simulated venue: see [`clock::venue`].
    Venue,
    /// A time of its own.
    Virtual {
        /// How fast it runs.
        pace: Pace,
        /// A moment of it, and when that was by the steady clock.
        anchor: Option<(Timestamp, Duration)>,
    },
}

/// How long until a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// It has come; time is this now.
    Now(Timestamp),
    /// Not for so long.
    After(Duration),
}

impl Pacing {
    /// How long until `at`.
    pub fn until(&mut self, at: Timestamp) -> Until {
        match self {
            Self::Wall(wall) => {
                let now = wall.read(clock::now(), clock::elapsed());
                match u64::try_from(at.since(now)) {
                    Ok(nanos @ 1..) => Until::After(Duration::from_nanos(nanos)),
                    _ => Until::Now(now),
                }
            }
            Self::Venue => {
                let now = clock::venue();
                let left = u64::try_from(at.since(now)).unwrap_or(0);
                match left.checked_div(u64::from(clock::venue_pace())) {
                    Some(nanos @ 1..) => Until::After(Duration::from_nanos(nanos)),
                    _ => Until::Now(now.max(at)),
                }
            }
            Self::Virtual {
                pace: Pace::Max, ..
            } => Until::Now(at),
            Self::Virtual {
                pace: Pace::Times(times),
                anchor,
            } => {
                let steady = clock::elapsed();
                let (begun, begun_at) = *anchor.get_or_insert((at, steady));
                let ahead = u64::try_from(at.since(begun)).unwrap_or(0);
                let due = Duration::from_nanos(ahead.checked_div(u64::from(*times)).unwrap_or(0));
                let passed = steady.saturating_sub(begun_at);
                match due.checked_sub(passed) {
                    Some(left) if !left.is_zero() => Until::After(left),
                    _ => Until::Now(at),
                }
            }
        }
    }

    /// What time it is, not before `last` and not after `next`.
    pub fn now(&mut self, last: Timestamp, next: Option<Timestamp>) -> Timestamp {
        let now = match self {
            Self::Wall(wall) => wall.read(clock::now(), clock::elapsed()),
            Self::Venue => clock::venue(),
            Self::Virtual {
                pace: Pace::Times(times),
                anchor: Some((begun, begun_at)),
            } => {
                let passed = clock::elapsed().saturating_sub(*begun_at).as_nanos();
                let nanos = passed.saturating_mul(u128::from(*times));
                begun.plus_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
            }
            Self::Virtual { .. } => last,
        };
        now.min(next.unwrap_or(Timestamp::MAX)).max(last)
    }

    /// Passes over the time until `at` without sleeping: nothing happens at night.
    pub fn skip_to(&mut self, at: Timestamp) {
        if let Self::Virtual { anchor, .. } = self {
            *anchor = Some((at, clock::elapsed()));
        }
    }

    /// What time it is now, where it goes on whatever we do; `None` where it is ours to begin and to stop.
    #[must_use]
    pub fn given(&self) -> Option<Timestamp> {
        match self {
            Self::Wall(_) => Some(clock::now()),
            Self::Venue => Some(clock::venue()),
            Self::Virtual { .. } => None,
        }
    }

    /// By how much the machine's clock has jumped since this was asked last, in nanoseconds.
    pub const fn take_jump(&mut self) -> Option<i64> {
        match self {
            Self::Wall(wall) => wall.take_jump(),
            Self::Venue | Self::Virtual { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_pace_never_sleeps() {
        let at = Timestamp::from_seconds(1_000);
        let mut pacing = Pacing::Virtual {
            pace: Pace::Max,
            anchor: None,
        };
        assert_eq!(pacing.until(at), Until::Now(at));
        assert_eq!(pacing.now(at, None), at);
    }

    #[test]
    fn a_pace_divides_the_time_that_is_left() {
        let begin = Timestamp::from_seconds(1_000);
        let mut pacing = Pacing::Virtual {
            pace: Pace::Times(60),
            anchor: None,
        };
        assert_eq!(pacing.until(begin), Until::Now(begin));
        let Until::After(left) = pacing.until(begin.plus_minutes(60)) else {
            panic!("it came")
        };
        assert!(left <= Duration::from_secs(60), "{left:?}");
        assert!(left > Duration::from_secs(50), "{left:?}");
        pacing.skip_to(begin.plus_minutes(60));
        assert_eq!(
            pacing.until(begin.plus_minutes(60)),
            Until::Now(begin.plus_minutes(60))
        );
    }
}
