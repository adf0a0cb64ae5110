//! Ranges of New York dates, and the points in time at which days and years begin there.

use chrono::{Datelike, NaiveDate, NaiveTime};
use trader_calendar::new_york;
use trader_contract::Timestamp;

/// Dates in New York, both ends included; an end that is missing is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first date.
    pub from: Option<NaiveDate>,
    /// The last date.
    pub to: Option<NaiveDate>,
}

impl Range {
    /// Every date.
    pub const ALL: Self = Self {
        from: None,
        to: None,
    };

    /// Whether it ends before it starts.
    #[must_use]
    pub fn is_backwards(&self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if to < from)
    }

    pub(crate) fn window(&self) -> Window {
        let next = |date: NaiveDate| date.succ_opt().map_or(Timestamp::MAX, midnight);
        Window {
            from: self.from.map_or(Timestamp::MIN, midnight),
            until: self.to.map_or(Timestamp::MAX, next),
        }
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.from, self.to) {
            (None, None) => f.write_str("all dates"),
            (Some(from), None) => write!(f, "{from} and later"),
            (None, Some(to)) => write!(f, "{to} and earlier"),
            (Some(from), Some(to)) if from == to => write!(f, "{from}"),
            (Some(from), Some(to)) => write!(f, "{from} to {to}"),
        }
    }
}

/// Points in time from `from` up to, not including, `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Window {
    /// Whether everything from `first` to `last`, both included, lies in it.
    pub(crate) fn contains(&self, first: Timestamp, last: Timestamp) -> bool {
        self.from <= first && last < self.until
    }

    /// Whether anything from `first` to `last`, both included, lies in it.
    pub(crate) fn meets(&self, first: Timestamp, last: Timestamp) -> bool {
        self.from <= last && first < self.until
    }
}

/// When a date begins in New York. The clocks change at two in the morning, so every date has a
/// midnight; one outside the range of timestamps begins at that range's end.
pub(crate) fn midnight(date: NaiveDate) -> Timestamp {
    let end = if date.year() < 1970 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    new_york::timestamp(date.and_time(NaiveTime::MIN)).unwrap_or(end)
}

/// The year in New York.
pub(crate) fn year(at: Timestamp) -> i32 {
    new_york::date(at).year()
}

/// When the day after that of `at` begins.
pub(crate) fn next_day(at: Timestamp) -> Timestamp {
    let next = new_york::date(at).succ_opt();
    next.map_or(Timestamp::MAX, midnight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_years_begin_at_midnight_in_new_york() {
        let evening = at("2012-01-01T04:59:59Z");
        assert_eq!(year(evening), 2011);
        assert_eq!(
            next_day(at("2013-07-01T13:30:00Z")),
            at("2013-07-02T04:00:00Z")
        );
        // The last instants that a timestamp can hold end with it.
        assert_eq!(next_day(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn a_range_includes_both_its_dates() {
        let date = |text: &str| Some(text.parse().unwrap());
        let range = Range {
            from: date("2013-10-04"),
            to: date("2013-10-04"),
        };
        let window = range.window();
        assert_eq!(window.from, at("2013-10-04T04:00:00Z"));
        assert_eq!(window.until, at("2013-10-05T04:00:00Z"));
        assert!(window.meets(at("2013-10-01T00:00:00Z"), at("2013-10-04T04:00:00Z")));
        assert!(!window.meets(at("2013-10-05T04:00:00Z"), at("2013-10-06T04:00:00Z")));
        assert!(!range.is_backwards());
        assert_eq!(Range::ALL.to_string(), "all dates");
    }
}
