//! Questions about sessions. All of them are laid out in advance, in order, so that an answer is a
//! binary search and cannot depend on anything but the tables.

use std::ops::RangeInclusive;
use std::sync::{Arc, LazyLock};

use chrono::{Datelike, NaiveDate, NaiveTime};
use trader_contract::Timestamp;

use crate::error::CalendarError;
use crate::new_york;
use crate::plan::Plan;
use crate::session::Session;
use crate::table::{self, TimeOfDay};

#[expect(
    clippy::expect_used,
    reason = "the table is part of the program; a test reads it"
)]
static NYSE: LazyLock<Calendar> = LazyLock::new(|| {
    let table = table::parse(table::NYSE);
    let plan = table.and_then(|table| Plan::of_table(&table, table::NYSE));
    plan.and_then(Calendar::lay_out)
        .expect("the shipped table is sound")
});

/// The sessions of an exchange over the years that its table covers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plan: Plan,
    /// In order; they never overlap.
    sessions: Vec<Session>,
}

impl Calendar {
    /// The New York Stock Exchange, as shipped.
    #[must_use]
    pub fn nyse() -> Self {
        NYSE.clone()
    }

    /// This calendar, changed by an operator's overrides: a TOML text with the tables `[closed]`,
    /// `[early_close]`, `[late_open]`, `[extra_session]`, all by date, and `[coverage]`.
    ///
    /// # Errors
    /// [`CalendarError::Override`] with the line. Nothing of the text applies then.
    pub fn with_overrides(&self, text: &str) -> Result<Self, CalendarError> {
        let overrides = table::parse(text)?;
        Self::lay_out(self.0.plan.with(&overrides, text)?)
    }

    fn lay_out(plan: Plan) -> Result<Self, CalendarError> {
        let mut sessions = Vec::new();
        for date in plan.dates() {
            if let Some((open, close)) = plan.hours_on(date) {
                sessions.push(Session {
                    date,
                    open: at(date, open)?,
                    close: at(date, close)?,
                    half_day: close < plan.hours.close.0,
                });
            }
        }
        Ok(Self(Arc::new(Inner { plan, sessions })))
    }

    /// First date with an answer.
    #[must_use]
    pub fn first_covered(&self) -> NaiveDate {
        let year = self.0.plan.first_year;
        NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MIN)
    }

    /// Last date with an answer.
    #[must_use]
    pub fn last_covered(&self) -> NaiveDate {
        let year = self.0.plan.last_year;
        NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX)
    }

    /// The session of a date in New York; `None` on weekends and closed days.
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`].
    pub fn session(&self, date: NaiveDate) -> Result<Option<Session>, CalendarError> {
        self.check(date)?;
        let found = self.0.sessions.binary_search_by_key(&date, |s| s.date);
        Ok(found.ok().and_then(|i| self.0.sessions.get(i)).copied())
    }

    /// The sessions of a range of dates, in order.
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`] if either end is not.
    pub fn sessions(&self, dates: RangeInclusive<NaiveDate>) -> Result<&[Session], CalendarError> {
        self.check(*dates.start())?;
        self.check(*dates.end())?;
        let sessions = &self.0.sessions;
        let first = sessions.partition_point(|s| s.date < *dates.start());
        let end = sessions.partition_point(|s| s.date <= *dates.end());
        Ok(sessions.get(first..end).unwrap_or_default())
    }

    /// The session whose regular hours contain `at`; `None` while the exchange is closed.
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`].
    pub fn session_at(&self, at: Timestamp) -> Result<Option<Session>, CalendarError> {
        let next = self.0.sessions.partition_point(|s| s.open <= at);
        let latest = next.checked_sub(1).and_then(|i| self.0.sessions.get(i));
        match latest {
            Some(session) if session.contains(at) => Ok(Some(*session)),
            _ => self.check(new_york::date(at)).map(|()| None),
        }
    }

    /// The first session that opens after `at`.
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`] if `at` is not, or if that session would lie past the table.
    pub fn next_session_after(&self, at: Timestamp) -> Result<Session, CalendarError> {
        self.check(new_york::date(at))?;
        let next = self.0.sessions.partition_point(|s| s.open <= at);
        let past = self.last_covered().succ_opt().unwrap_or(NaiveDate::MAX);
        let found = self.0.sessions.get(next).copied();
        found.ok_or_else(|| self.not_covered(past))
    }

    /// The last session of an earlier date than `date`.
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`] if `date` is not, or if that session would lie before the table.
    pub fn previous_session(&self, date: NaiveDate) -> Result<Session, CalendarError> {
        self.check(date)?;
        let end = self.0.sessions.partition_point(|s| s.date < date);
        let found = end.checked_sub(1).and_then(|i| self.0.sessions.get(i));
        let before = self.first_covered().pred_opt().unwrap_or(NaiveDate::MIN);
        found.copied().ok_or_else(|| self.not_covered(before))
    }

    /// Why a date is closed or its session differs from a usual one; `None` on usual days and on
    /// weekends.
    #[must_use]
    pub fn reason(&self, date: NaiveDate) -> Option<&str> {
        let exception = self.0.plan.exceptions.get(&date)?;
        Some(&exception.reason)
    }

    /// When pre-market trading of a session's day begins: 04:00 in New York.
    #[must_use]
    pub fn extended_open(&self, session: &Session) -> Timestamp {
        extended(session, self.0.plan.hours.extended_open).unwrap_or(session.open)
    }

    /// When after-hours trading of a session's day ends: 20:00 in New York, 17:00 on half days.
    #[must_use]
    pub fn extended_close(&self, session: &Session) -> Timestamp {
        let hours = &self.0.plan.hours;
        let end = if session.half_day {
            hours.extended_close_half_day
        } else {
            hours.extended_close
        };
        // An early close may be at any time; trading after hours cannot end before it.
        let end = extended(session, end).unwrap_or(session.close);
        end.max(session.close)
    }

    fn check(&self, date: NaiveDate) -> Result<(), CalendarError> {
        if self.0.plan.covers(date) {
            Ok(())
        } else {
            Err(self.not_covered(date))
        }
    }

    fn not_covered(&self, date: NaiveDate) -> CalendarError {
        CalendarError::NotCovered {
            date,
            first_year: self.first_covered().year(),
            last_year: self.last_covered().year(),
        }
    }
}

fn at(date: NaiveDate, time: NaiveTime) -> Result<Timestamp, CalendarError> {
    let wall_clock = date.and_time(time);
    new_york::timestamp(wall_clock).ok_or(CalendarError::NoSuchTime(wall_clock))
}

/// A time of the session's day. The clocks change at two in the morning, so `None` cannot be.
fn extended(session: &Session, time: TimeOfDay) -> Option<Timestamp> {
    new_york::timestamp(session.date.and_time(time.0))
}
