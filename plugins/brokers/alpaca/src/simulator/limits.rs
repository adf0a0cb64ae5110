//! Alpaca's limits on requests: so many in a minute of the simulated time, in a bucket that fills
//! again evenly, so that who has used it up waits for the next drop and not for the next minute.

use trader_contract::Timestamp;

/// One limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    per_minute: i64,
    /// When the bucket would be full again.
    full_at: Timestamp,
}

/// Where a limit stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: i64,
    pub(crate) remaining: i64,
    /// The second at which more is allowed than now.
    pub(crate) reset: i64,
    pub(crate) allowed: bool,
}

impl Limit {
    pub(crate) fn of(per_minute: u32) -> Self {
        Self {
            per_minute: i64::from(per_minute),
            full_at: Timestamp::MIN,
        }
    }

    /// Counts a request at `now`.
    pub(crate) fn count(&mut self, now: Timestamp) -> Standing {
        let drop = Timestamp::MINUTE.checked_div(self.per_minute);
        let drop = drop.unwrap_or(Timestamp::MINUTE).max(1);
        let missing = self.full_at.max(now).since(now);
        let after = missing.saturating_add(drop);
        let allowed = self.per_minute > 0 && after <= Timestamp::MINUTE;
        if allowed {
            self.full_at = now.plus_nanos(after);
        }
        let left = Timestamp::MINUTE.saturating_sub(self.full_at.max(now).since(now));
        let second = Timestamp::SECOND.saturating_sub(1);
        let remaining = left.checked_div(drop).unwrap_or(0).min(self.per_minute);
        let changes = if remaining == 0 {
            now.plus_nanos(drop.saturating_sub(left))
        } else {
            self.full_at.max(now)
        };
        Standing {
            limit: self.per_minute,
            remaining,
            reset: changes.plus_nanos(second).seconds(),
            allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_requests_and_they_come_back_one_by_one() {
        let mut limit = Limit::of(2);
        let at = Timestamp::from_seconds;
        assert_eq!(limit.count(at(60)).remaining, 1);
        let last = limit.count(at(60));
        assert_eq!((last.allowed, last.remaining, last.reset), (true, 0, 90));
        assert!(!limit.count(at(61)).allowed);
        assert!(limit.count(at(90)).allowed);
        assert!(!limit.count(at(91)).allowed);
        assert_eq!(limit.count(at(500)).remaining, 1);
    }

    #[test]
    fn alpacas_two_hundred_go_through_at_once_and_no_more() {
        let mut limit = Limit::of(200);
        let now = Timestamp::from_seconds(1_000);
        assert!((0..200).all(|_| limit.count(now).allowed));
        assert!(!limit.count(now).allowed);
    }
}
