//! Alpaca's limits on requests: so many in a minute of the simulated time.

use trader_contract::Timestamp;

/// One limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) per_minute: u32,
    minute: i64,
    used: u32,
}

/// Where a limit stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// The second at which everything is allowed again.
    pub(crate) reset: i64,
    pub(crate) allowed: bool,
}

impl Limit {
    pub(crate) const fn of(per_minute: u32) -> Self {
        Self {
            per_minute,
            minute: i64::MIN,
            used: 0,
        }
    }

    /// Counts a request at `now`.
    pub(crate) fn count(&mut self, now: Timestamp) -> Standing {
        let minute = now.seconds().div_euclid(60);
        if minute != self.minute {
            (self.minute, self.used) = (minute, 0);
        }
        let allowed = self.used < self.per_minute;
        self.used = self.used.saturating_add(u32::from(allowed));
        Standing {
            limit: self.per_minute,
            remaining: self.per_minute.saturating_sub(self.used),
            reset: minute.saturating_add(1).saturating_mul(60),
            allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_requests_and_the_next_one_has_them_anew() {
        let mut limit = Limit::of(2);
        let at = Timestamp::from_seconds;
        assert!(limit.count(at(60)).allowed);
        let last = limit.count(at(61));
        assert_eq!((last.allowed, last.remaining, last.reset), (true, 0, 120));
        assert!(!limit.count(at(119)).allowed);
        assert!(limit.count(at(120)).allowed);
    }
}
