//! Whether a row lies in a regular session, in extended hours or in neither, by the exchange
//! calendar. Keeps the day it asked about last, so that rows in order of time cost two comparisons.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use trader_calendar::{Calendar, CalendarError, Session, new_york};
use trader_contract::Timestamp;

use crate::series::{Kind, Resolution};

/// Extended hours begin at four in the morning and end at eight in the evening, New York time, on
/// half days too: late reports come in after an early close as after a usual one.
const EXTENDED_CLOSE: NaiveTime = match NaiveTime::from_hms_opt(20, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// Quotes are taken down in the minute after the end of extended hours; the rows that say so count.
const QUOTES_TAKEN_DOWN: i64 = Timestamp::MINUTE;

/// When a row that is fit to be stored trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hours {
    /// In a regular session. A bar counts if any part of it does: the hour of 9 o'clock holds the
    /// first half hour of the session.
    Regular,
    /// Before or after the regular session of a trading day, 04:00 to 20:00 in New York.
    Extended,
}

/// Why no row belongs at a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// Saturday or Sunday.
    #[error("{date} is a {}, and the exchange is closed", weekday(*.date))]
    Weekend {
        /// The date in New York.
        date: NaiveDate,
    },
    /// A weekday without a session.
    #[error("the exchange was closed on {date}: {reason}")]
    Holiday {
        /// The date in New York.
        date: NaiveDate,
        /// Why, in the calendar's words.
        reason: String,
    },
    /// A trading day, before or after extended hours.
    #[error("{time} in New York on {date} is outside of extended hours, 04:00 to 20:00")]
    Night {
        /// The date in New York.
        date: NaiveDate,
        /// The time of day in New York.
        time: NaiveTime,
    },
    /// A row of a day that is not stamped with the midnight of its session.
    #[error("rows of days are stamped with midnight in New York, here {midnight}")]
    NotMidnight {
        /// The midnight that was probably meant.
        midnight: Timestamp,
    },
    /// The calendar has no answer for the date.
    #[error(transparent)]
    NotCovered(#[from] CalendarError),
}

/// One day in New York and what it means for rows.
#[derive(Debug, Clone)]
struct Day {
    begin: Timestamp,
    end: Timestamp,
    windows: Result<Windows, Closed>,
}

/// The bounds of a trading day for the start of a row, as nanoseconds: half-open ranges.
#[derive(Debug, Clone, Copy)]
struct Windows {
    session: Session,
    extended_open: Timestamp,
    regular_open: Timestamp,
    regular_close: Timestamp,
    extended_close: Timestamp,
}

/// Sorts the rows of one kind by the hours they trade in. Rows in order of time are cheap, others
/// are right.
#[derive(Debug, Clone)]
pub struct HoursCursor {
    calendar: Calendar,
    kind: Kind,
    day: Option<Day>,
}

impl HoursCursor {
    /// Takes the calendar and the kind of the rows.
    #[must_use]
    pub const fn new(calendar: Calendar, kind: Kind) -> Self {
        Self {
            calendar,
            kind,
            day: None,
        }
    }

    /// The hours of a row that starts, or happened, at `at`.
    ///
    /// # Errors
    /// [`Closed`]: no row belongs there.
    pub fn hours(&mut self, at: Timestamp) -> Result<Hours, Closed> {
        self.place(at).map(|(hours, _)| hours)
    }

    /// The hours of a row and the session of its day.
    ///
    /// # Errors
    /// [`Closed`]: no row belongs there.
    pub fn place(&mut self, at: Timestamp) -> Result<(Hours, Session), Closed> {
        let known = self.day.as_ref().filter(|day| day.holds(at));
        if known.is_none() {
            self.day = Some(self.look_up(at));
        }
        let Some(day) = &self.day else {
            return Err(night(at));
        };
        let days = self.kind.resolution() == Some(Resolution::Day);
        if days && at != day.begin {
            // Most likely the date is right, in UTC or with the other season's midnight.
            let midnight = midnight(at.to_utc().date_naive()).unwrap_or(day.begin);
            return Err(Closed::NotMidnight { midnight });
        }
        let windows = day.windows.as_ref().map_err(Clone::clone)?;
        if days {
            return Ok((Hours::Regular, windows.session));
        }
        if windows.regular_open <= at && at < windows.regular_close {
            Ok((Hours::Regular, windows.session))
        } else if windows.extended_open <= at && at < windows.extended_close {
            Ok((Hours::Extended, windows.session))
        } else {
            Err(night(at))
        }
    }

    fn look_up(&self, at: Timestamp) -> Day {
        let date = new_york::date(at);
        Day {
            begin: midnight(date).unwrap_or(at),
            end: date
                .succ_opt()
                .and_then(midnight)
                .unwrap_or(at.plus_nanos(1)),
            windows: self.windows(date),
        }
    }

    fn windows(&self, date: NaiveDate) -> Result<Windows, Closed> {
        let Some(session) = self.calendar.session(date)? else {
            return Err(self.closed(date));
        };
        // A bar is regular from the first start whose window reaches past the open.
        let reach = self
            .kind
            .resolution()
            .map_or(0, |resolution| resolution.nanos().saturating_sub(1));
        let late = match self.kind {
            Kind::Quotes(_) | Kind::QuoteTicks => QUOTES_TAKEN_DOWN,
            Kind::Bars(_) | Kind::Trades => 0,
        };
        let extended_close = new_york::timestamp(date.and_time(EXTENDED_CLOSE));
        Ok(Windows {
            session,
            extended_open: self.calendar.extended_open(&session),
            regular_open: session.open.plus_nanos(reach.saturating_neg()),
            regular_close: session.close,
            extended_close: extended_close
                .unwrap_or(session.close)
                .plus_nanos(late)
                .max(session.close),
        })
    }

    fn closed(&self, date: NaiveDate) -> Closed {
        match self.calendar.reason(date) {
            Some(reason) => Closed::Holiday {
                date,
                reason: reason.to_owned(),
            },
            None => Closed::Weekend { date },
        }
    }
}

impl Day {
    fn holds(&self, at: Timestamp) -> bool {
        self.begin <= at && at < self.end
    }
}

fn midnight(date: NaiveDate) -> Option<Timestamp> {
    new_york::timestamp(date.and_time(NaiveTime::MIN))
}

fn night(at: Timestamp) -> Closed {
    let wall_clock = new_york::wall_clock(at);
    Closed::Night {
        date: wall_clock.date(),
        time: wall_clock.time(),
    }
}

fn weekday(date: NaiveDate) -> &'static str {
    match date.weekday() {
        Weekday::Sat => "Saturday",
        _ => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(kind: &str, times: &[&str]) -> Vec<String> {
        let mut cursor = HoursCursor::new(Calendar::nyse(), kind.parse().unwrap());
        let answer = |at: &&str| match cursor.hours(at.parse().unwrap()) {
            Ok(hours) => format!("{hours:?}"),
            Err(closed) => closed.to_string(),
        };
        times.iter().map(answer).collect()
    }

    #[test]
    fn a_minute_is_regular_from_the_open_up_to_the_close_of_its_session() {
        let times = [
            "2024-11-27T14:29:00Z",
            "2024-11-27T14:30:00Z",
            "2024-11-27T20:59:00Z",
            "2024-11-27T21:00:00Z",
            "2024-11-29T17:59:00Z",
            "2024-11-29T18:00:00Z",
        ];
        assert_eq!(
            ask("1min", &times),
            [
                "Extended", "Regular", "Regular", "Extended", "Regular", "Extended"
            ]
        );
    }

    #[test]
    fn the_hour_of_nine_is_regular_and_the_one_after_an_early_close_is_not() {
        let times = [
            "2024-11-29T13:00:00Z",
            "2024-11-29T14:00:00Z",
            "2024-11-29T17:00:00Z",
            "2024-11-29T18:00:00Z",
        ];
        assert_eq!(
            ask("1hour", &times),
            ["Extended", "Regular", "Regular", "Extended"]
        );
    }

    #[test]
    fn times_without_trading_are_refused_with_the_reason() {
        let times = [
            "2024-11-28T15:00:00Z",
            "2024-11-30T15:00:00Z",
            "2024-11-27T08:59:00Z",
            "2024-11-28T01:00:00Z",
            "1990-01-02T15:00:00Z",
        ];
        let answers = ask("1min", &times);
        assert_eq!(
            answers[0],
            "the exchange was closed on 2024-11-28: Thanksgiving Day"
        );
        assert_eq!(
            answers[1],
            "2024-11-30 is a Saturday, and the exchange is closed"
        );
        assert!(answers[2].starts_with("03:59:00 in New York on 2024-11-27"));
        assert!(answers[3].starts_with("20:00:00 in New York on 2024-11-27"));
        assert!(answers[4].contains("outside the years"), "{}", answers[4]);
    }

    #[test]
    fn a_day_is_stamped_with_midnight_in_new_york_in_summer_and_in_winter() {
        let times = [
            "2024-07-01T04:00:00Z",
            "2024-12-02T05:00:00Z",
            "2024-12-02T00:00:00Z",
            "2024-12-02T04:00:00Z",
            "2024-12-02T14:30:00Z",
            "2024-12-01T05:00:00Z",
        ];
        let answers = ask("1day", &times);
        assert_eq!(answers[..2], ["Regular", "Regular"]);
        for answer in &answers[2..5] {
            assert_eq!(
                answer,
                "rows of days are stamped with midnight in New York, here 2024-12-02T05:00:00Z"
            );
        }
        assert!(answers[5].contains("Sunday"));
    }

    #[test]
    fn quotes_may_be_taken_down_in_the_minute_after_extended_hours_and_trades_may_not() {
        let times = [
            "2013-10-08T00:00:00Z",
            "2013-10-08T00:00:59Z",
            "2013-10-08T00:01:00Z",
        ];
        let kinds = ["quotes-1s", "quotes", "1s", "trades"];
        let extended = kinds.map(|kind| {
            let answers = ask(kind, &times);
            answers
                .iter()
                .filter(|answer| *answer == "Extended")
                .count()
        });
        assert_eq!(extended, [2, 2, 0, 0]);
    }

    #[test]
    fn the_order_of_the_questions_does_not_change_the_answers() {
        let mut times = vec![
            "2024-11-27T14:30:00Z",
            "2024-11-28T15:00:00Z",
            "2024-11-29T18:00:00Z",
            "2024-11-27T09:00:00Z",
        ];
        let mut answers = ask("1min", &times);
        times.reverse();
        answers.reverse();
        assert_eq!(ask("1min", &times), answers);
    }
}
