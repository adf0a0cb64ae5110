//! The machine's time, held by the clock that never jumps: a wall clock that is set does not carry the
//! engine's deadlines with it. Reads no clock itself.

use std::time::Duration;

use trader_contract::Timestamp;

/// A difference that is more than the slow correction of a clock, in nanoseconds.
const JUMP: i64 = 2 * Timestamp::SECOND;

/// The wall clock, anchored to the steady one. Forward it follows every correction; backward only
/// small ones, by standing still until they are made up for.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock {
    anchor: Option<(Timestamp, Duration)>,
    latest: Option<Timestamp>,
    /// How far behind the wall clock was when that was told last, in nanoseconds.
    behind: i64,
    jump: Option<i64>,
}

impl WallClock {
    /// What time it is, given what both clocks show. Never earlier than the time before.
    pub fn read(&mut self, wall: Timestamp, steady: Duration) -> Timestamp {
        let (begun, begun_at) = *self.anchor.get_or_insert((wall, steady));
        let passed = i64::try_from(steady.saturating_sub(begun_at).as_nanos());
        let expected = begun.plus_nanos(passed.unwrap_or(i64::MAX));
        let apart = wall.since(expected);
        let now = if apart < JUMP.saturating_neg() {
            if apart.abs_diff(self.behind) > JUMP.unsigned_abs() {
                self.jump = Some(apart);
                self.behind = apart;
            }
            expected
        } else {
            if apart > JUMP {
                self.jump = Some(apart);
            }
            self.behind = 0;
            self.anchor = Some((wall, steady));
            wall
        };
        let now = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(now);
        now
    }

    /// By how much the wall clock has jumped since this was asked last, in nanoseconds, if it has.
    pub const fn take_jump(&mut self) -> Option<i64> {
        self.jump.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = Timestamp::SECOND;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000).plus_seconds(seconds)
    }

    fn steady(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_jump_forward_is_followed_and_told_once() {
        let mut clock = WallClock::default();
        assert_eq!(clock.read(at(0), steady(5)), at(0));
        assert_eq!(clock.read(at(61), steady(6)), at(61));
        assert_eq!(clock.take_jump(), Some(60 * SECOND));
        assert_eq!(clock.read(at(62), steady(7)), at(62));
        assert_eq!(clock.take_jump(), None);
    }

    #[test]
    fn a_jump_back_is_told_once_and_time_goes_on_by_the_steady_clock() {
        let mut clock = WallClock::default();
        clock.read(at(0), steady(0));
        assert_eq!(clock.read(at(-3_599), steady(1)), at(1));
        assert_eq!(clock.take_jump(), Some(-3_600 * SECOND));
        assert_eq!(clock.read(at(-3_590), steady(10)), at(10));
        assert_eq!(clock.take_jump(), None);
        // Set right again, it is followed again.
        assert_eq!(clock.read(at(20), steady(20)), at(20));
        assert_eq!(clock.take_jump(), None);
    }

    #[test]
    fn small_corrections_are_followed_in_silence_and_never_backward() {
        let mut clock = WallClock::default();
        clock.read(at(0), steady(0));
        assert_eq!(clock.read(at(3), steady(2)), at(3));
        assert_eq!(clock.read(at(3), steady(4)), at(3));
        assert_eq!(clock.read(at(3), steady(5)), at(3));
        assert_eq!(clock.read(at(5), steady(6)), at(5));
        assert_eq!(clock.take_jump(), None);
    }
}
