//! How many requests may still be sent in a minute. A part of it is kept for what protects and takes
//! risk off, and a part of the rest for entries, so that no amount of looking keeps an order from going
//! out. What Alpaca's headers say counts where it is less.

use std::collections::VecDeque;

use trader_contract::Timestamp;

/// The window of the limit.
const WINDOW: i64 = Timestamp::MINUTE;
/// How long nothing is sent after a refusal that does not say how long.
const UNSAID: i64 = 5 * Timestamp::SECOND;
/// The longest that Alpaca is believed to want nothing.
const LONGEST: i64 = 2 * Timestamp::MINUTE;

/// What a request is for, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Cancels, replacements, and orders that only reduce.
    Protecting,
    /// Orders that open, and finding out what became of one.
    Entering,
    /// Everything that looks.
    Reading,
    /// The past in bulk, for which nobody waits.
    Collecting,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateHeaders {
    /// Requests allowed in a minute.
    pub limit: Option<u32>,
    /// Requests left of them.
    pub remaining: Option<u32>,
    /// When there are more again, in seconds since 1970.
    pub reset: Option<i64>,
    /// How many seconds nothing is to be sent.
    pub retry_after: Option<i64>,
}

/// The requests of the last minute, and what is known of the limit.
#[derive(Debug, Clone)]
pub struct Budget {
    limit: u32,
    /// Kept for what protects.
    protecting: u32,
    /// Kept for entries too, above that.
    entering: u32,
    /// Kept for everything but what is collected in bulk.
    looking: u32,
    sent: VecDeque<Timestamp>,
    /// What Alpaca says is left, and until when that holds.
    left: Option<(u32, Timestamp)>,
    closed_until: Timestamp,
}

impl Budget {
    /// Alpaca's limit for a trading account.
    pub const PER_MINUTE: u32 = 200;

    /// A budget of `limit` requests a minute: a fifth is kept for what protects, a tenth for entries; of the
    /// whole, half is kept from what is collected in bulk.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self {
            limit,
            protecting: limit / 5,
            entering: limit / 10,
            looking: limit / 2,
            sent: VecDeque::new(),
            left: None,
            closed_until: Timestamp::MIN,
        }
    }

    const fn kept_from(&self, urgency: Urgency) -> u32 {
        match urgency {
            Urgency::Protecting => 0,
            Urgency::Entering => self.protecting,
            Urgency::Reading => self.protecting.saturating_add(self.entering),
            Urgency::Collecting => self.looking,
        }
    }

    /// Takes one request out of the budget.
    ///
    /// # Errors
    /// There is none left for that; says when there may be.
    pub fn take(&mut self, urgency: Urgency, now: Timestamp) -> Result<(), Timestamp> {
        if now < self.closed_until {
            return Err(self.closed_until);
        }
        while self.sent.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            self.sent.pop_front();
        }
        let kept = self.kept_from(urgency);
        if let Some((left, until)) = self.left {
            if now >= until {
                self.left = None;
            } else if left <= kept {
                return Err(until);
            }
        }
        let allowed = usize::try_from(self.limit.saturating_sub(kept)).unwrap_or(usize::MAX);
        if self.sent.len() >= allowed {
            // The one after whose end there is room again.
            let place = self.sent.len().saturating_sub(allowed);
            let freed = self.sent.get(place).copied().unwrap_or(now);
            return Err(freed.plus_nanos(WINDOW));
        }
        self.sent.push_back(now);
        if let Some((left, _)) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        Ok(())
    }

    /// Hears what an answer's headers say. A refusal for sending too much closes the budget for as long as
    /// it says, or for a while.
    pub fn hear(&mut self, status: u16, headers: RateHeaders, now: Timestamp) {
        let reset = headers.reset.map(Timestamp::from_seconds);
        // A moment long past or far ahead is the word of another clock.
        let sane = |at: &Timestamp| *at > now && at.since(now) <= LONGEST;
        let reset = reset.filter(sane);
        if let Some(limit) = headers.limit.filter(|limit| *limit > 0)
            && limit != self.limit
        {
            let learnt = Self::new(limit);
            self.limit = learnt.limit;
            self.protecting = learnt.protecting;
            self.entering = learnt.entering;
            self.looking = learnt.looking;
        }
        if let (Some(left), Some(until)) = (headers.remaining, reset) {
            self.left = Some((left, until));
        }
        if status == 429 {
            let said = headers
                .retry_after
                .map(|seconds| now.plus_seconds(seconds.max(1)))
                .filter(sane);
            let until = said.or(reset).unwrap_or(now.plus_nanos(UNSAID));
            self.closed_until = self.closed_until.max(until);
        }
    }

    /// How many requests of that urgency may be sent now.
    #[must_use]
    pub fn left(&self, urgency: Urgency, now: Timestamp) -> u32 {
        let recent = self.sent.iter().filter(|at| now.since(**at) < WINDOW);
        let used = u32::try_from(recent.count()).unwrap_or(u32::MAX);
        let ours = self.limit.saturating_sub(used);
        let theirs = self.left.map_or(u32::MAX, |(left, _)| left);
        let left = ours.min(theirs).saturating_sub(self.kept_from(urgency));
        if now < self.closed_until { 0 } else { left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn takes(budget: &mut Budget, urgency: Urgency, now: Timestamp) -> usize {
        std::iter::repeat_with(|| budget.take(urgency, now))
            .take_while(Result::is_ok)
            .count()
    }

    #[test]
    fn looking_leaves_room_for_entries_and_entries_leave_room_for_protection() {
        let mut budget = Budget::new(200);
        assert_eq!(takes(&mut budget, Urgency::Collecting, START), 100);
        assert_eq!(takes(&mut budget, Urgency::Reading, START), 40);
        assert_eq!(takes(&mut budget, Urgency::Entering, START), 20);
        assert_eq!(takes(&mut budget, Urgency::Protecting, START), 40);
        assert_eq!(
            budget.take(Urgency::Protecting, START),
            Err(START.plus_seconds(60))
        );
        assert_eq!(
            takes(&mut budget, Urgency::Reading, START.plus_seconds(60)),
            140
        );
    }

    #[test]
    fn a_429_closes_it_for_as_long_as_the_header_says() {
        let mut budget = Budget::new(200);
        let headers = RateHeaders {
            retry_after: Some(7),
            ..RateHeaders::default()
        };
        budget.hear(429, headers, START);
        assert_eq!(
            budget.take(Urgency::Protecting, START),
            Err(START.plus_seconds(7))
        );
        assert_eq!(
            budget.take(Urgency::Protecting, START.plus_seconds(7)),
            Ok(())
        );
    }

    #[test]
    fn a_429_without_headers_closes_it_for_a_while() {
        let mut budget = Budget::new(200);
        budget.hear(429, RateHeaders::default(), START);
        assert_eq!(
            budget.take(Urgency::Protecting, START),
            Err(START.plus_nanos(UNSAID))
        );
        assert_eq!(budget.left(Urgency::Protecting, START), 0);
    }

    #[test]
    fn what_the_headers_say_is_left_counts_where_it_is_less() {
        let mut budget = Budget::new(200);
        let headers = RateHeaders {
            remaining: Some(42),
            reset: Some(START.plus_seconds(30).seconds()),
            ..RateHeaders::default()
        };
        budget.hear(200, headers, START);
        assert_eq!(
            budget.take(Urgency::Reading, START),
            Err(START.plus_seconds(30))
        );
        assert_eq!(takes(&mut budget, Urgency::Entering, START), 2);
        assert_eq!(takes(&mut budget, Urgency::Protecting, START), 40);
        assert_eq!(
            budget.take(Urgency::Reading, START.plus_seconds(30)),
            Ok(())
        );
    }

    #[test]
    fn the_limit_of_the_account_is_learnt_and_nonsense_is_not_believed() {
        let mut budget = Budget::new(200);
        let headers = RateHeaders {
            limit: Some(1_000),
            ..RateHeaders::default()
        };
        budget.hear(200, headers, START);
        assert_eq!(budget.left(Urgency::Protecting, START), 1_000);
        let far = RateHeaders {
            remaining: Some(0),
            reset: Some(i64::MAX),
            retry_after: Some(i64::MAX),
            ..RateHeaders::default()
        };
        budget.hear(200, far, START);
        assert_eq!(budget.take(Urgency::Reading, START), Ok(()));
        budget.hear(429, far, START);
        assert_eq!(
            budget.take(Urgency::Reading, START),
            Err(START.plus_nanos(UNSAID))
        );
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_the_limit(steps in prop::collection::vec((0_i64..4_000, 0_u8..3), 1..400)) {
            let mut budget = Budget::new(20);
            let (mut now, mut sent) = (START, Vec::new());
            for (millis, urgency) in steps {
                now = now.plus_nanos(millis.saturating_mul(1_000_000));
                let urgency = [Urgency::Protecting, Urgency::Entering, Urgency::Reading][usize::from(urgency)];
                if budget.take(urgency, now).is_ok() {
                    sent.push(now);
                }
                let recent = sent.iter().filter(|at| now.since(**at) < WINDOW).count();
                prop_assert!(recent <= 20);
            }
        }
    }
}
