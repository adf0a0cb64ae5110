//! What each day of the covered years is meant to be: the rules by which closures, moved times and
//! extra sessions combine. Knows New York's wall clock only; points in time are `calendar`'s.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};
use toml::Spanned;

use crate::error::CalendarError;
use crate::table::{Extension, Extra, Hours, Moved, Overrides, Table, TimeOfDay, line_at};

/// The fewest weekdays that the exchange has closed in any year since Juneteenth is a holiday.
/// Overrides that promise a further year and list fewer have forgotten some.
const FEWEST_CLOSURES: usize = 9;
/// The last year that overrides may reach: the time zone's rules are not known for longer.
const LAST_YEAR_MAX: i32 = 2099;

/// A day that differs from a usual one.
#[derive(Debug, Clone)]
pub(crate) struct Exception {
    /// When it trades, in New York; `None` if it does not.
    pub(crate) hours: Option<(NaiveTime, NaiveTime)>,
    /// Why it differs.
    pub(crate) reason: String,
}

/// Covered years, usual hours and the days that differ.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) first_year: i32,
    pub(crate) last_year: i32,
    pub(crate) hours: Hours,
    pub(crate) exceptions: BTreeMap<NaiveDate, Exception>,
}

/// One entry of a text, with what an error about it needs.
struct Entry<'a> {
    text: &'a str,
    offset: usize,
    date: NaiveDate,
}

impl<'a> Entry<'a> {
    fn new<T>(text: &'a str, date: NaiveDate, value: &Spanned<T>) -> Self {
        Self {
            text,
            offset: value.span().start,
            date,
        }
    }

    fn refuse(&self, problem: &str) -> CalendarError {
        CalendarError::Override {
            line: line_at(self.text, self.offset),
            problem: format!("{} ({}): {problem}", self.date, self.date.weekday()),
        }
    }
}

impl Plan {
    /// Makes the plan of a whole table.
    pub(crate) fn of_table(table: &Table, text: &str) -> Result<Self, CalendarError> {
        let mut plan = Self {
            first_year: table.coverage.first_year,
            last_year: table.coverage.last_year,
            hours: table.hours,
            exceptions: BTreeMap::new(),
        };
        for (date, reason) in &table.closed {
            plan.close(&Entry::new(text, date.0, reason), reason.get_ref())?;
        }
        for (date, moved) in &table.early_close {
            plan.close_early(&Entry::new(text, date.0, moved), moved.get_ref())?;
        }
        Ok(plan)
    }

    /// The plan changed by overrides. One that is refused refuses them all.
    pub(crate) fn with(&self, overrides: &Overrides, text: &str) -> Result<Self, CalendarError> {
        let mut plan = self.clone();
        if let Some(extension) = &overrides.coverage {
            plan.extend(extension, overrides, text)?;
        }
        for (date, reason) in &overrides.closed {
            plan.close(&Entry::new(text, date.0, reason), reason.get_ref())?;
        }
        for (date, extra) in &overrides.extra_session {
            let entry = Entry::new(text, date.0, extra);
            if overrides.closed.contains_key(date) {
                return Err(entry.refuse("is listed under [closed] as well"));
            }
            plan.add_session(&entry, extra.get_ref())?;
        }
        for (date, moved) in &overrides.early_close {
            plan.close_early(&Entry::new(text, date.0, moved), moved.get_ref())?;
        }
        for (date, moved) in &overrides.late_open {
            plan.open_late(&Entry::new(text, date.0, moved), moved.get_ref())?;
        }
        Ok(plan)
    }

    /// Open and close of a date in New York; `None` without a session. Says nothing of coverage.
    pub(crate) fn hours_on(&self, date: NaiveDate) -> Option<(NaiveTime, NaiveTime)> {
        match self.exceptions.get(&date) {
            Some(exception) => exception.hours,
            None if is_weekend(date) => None,
            None => Some((self.hours.open.0, self.hours.close.0)),
        }
    }

    /// Whether the table says anything about the date.
    pub(crate) fn covers(&self, date: NaiveDate) -> bool {
        (self.first_year..=self.last_year).contains(&date.year())
    }

    /// Every covered date, in order.
    pub(crate) fn dates(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last_year = self.last_year;
        let first = NaiveDate::from_ymd_opt(self.first_year, 1, 1);
        std::iter::successors(first, |date| date.checked_add_days(Days::new(1)))
            .take_while(move |date| date.year() <= last_year)
    }

    fn extend(
        &mut self,
        extension: &Spanned<Extension>,
        overrides: &Overrides,
        text: &str,
    ) -> Result<(), CalendarError> {
        let refuse = |problem: String| CalendarError::Override {
            line: line_at(text, extension.span().start),
            problem,
        };
        let last_year = extension.get_ref().last_year;
        if last_year > LAST_YEAR_MAX {
            return Err(refuse(format!(
                "last_year = {last_year} is past {LAST_YEAR_MAX}, the last year that can be covered"
            )));
        }
        for year in self.last_year.saturating_add(1)..=last_year {
            let listed = overrides.closed.keys();
            let listed = listed.filter(|date| date.0.year() == year).count();
            if listed < FEWEST_CLOSURES {
                return Err(refuse(format!(
                    "{year} lists {listed} closures; a year to be covered needs all its holidays, \
                     at least {FEWEST_CLOSURES}"
                )));
            }
        }
        self.last_year = self.last_year.max(last_year);
        Ok(())
    }

    /// Closes a day. Closing a holiday again is no mistake: the table may have learned of it since.
    fn close(&mut self, entry: &Entry<'_>, reason: &str) -> Result<(), CalendarError> {
        self.check_coverage(entry)?;
        if is_weekend(entry.date) {
            return Err(entry.refuse("the exchange is closed on weekends anyway; check the date"));
        }
        self.set(entry, None, reason)
    }

    fn add_session(&mut self, entry: &Entry<'_>, extra: &Extra) -> Result<(), CalendarError> {
        self.check_coverage(entry)?;
        if self.hours_on(entry.date).is_some() {
            return Err(entry.refuse(
                "has a session already; use [early_close] or [late_open] to move its times",
            ));
        }
        let hours = (extra.open.0, extra.close.0);
        self.set(entry, Some(hours), &extra.reason)
    }

    fn close_early(&mut self, entry: &Entry<'_>, moved: &Moved) -> Result<(), CalendarError> {
        let (open, _) = self.session_of(entry)?;
        if moved.at >= self.hours.close {
            return Err(entry.refuse(&format!(
                "a close at {} is not before the usual {}",
                moved.at, self.hours.close
            )));
        }
        self.set(entry, Some((open, moved.at.0)), &moved.reason)
    }

    fn open_late(&mut self, entry: &Entry<'_>, moved: &Moved) -> Result<(), CalendarError> {
        let (_, close) = self.session_of(entry)?;
        if moved.at <= self.hours.open {
            return Err(entry.refuse(&format!(
                "an open at {} is not after the usual {}",
                moved.at, self.hours.open
            )));
        }
        self.set(entry, Some((moved.at.0, close)), &moved.reason)
    }

    fn session_of(&self, entry: &Entry<'_>) -> Result<(NaiveTime, NaiveTime), CalendarError> {
        self.check_coverage(entry)?;
        self.hours_on(entry.date)
            .ok_or_else(|| entry.refuse("the exchange is closed that day; check the date"))
    }

    fn check_coverage(&self, entry: &Entry<'_>) -> Result<(), CalendarError> {
        if self.covers(entry.date) {
            return Ok(());
        }
        Err(entry.refuse(&format!(
            "is outside the covered years {} to {}; a later year is covered once [coverage] \
             last_year names it and [closed] lists all its holidays",
            self.first_year, self.last_year
        )))
    }

    fn set(
        &mut self,
        entry: &Entry<'_>,
        hours: Option<(NaiveTime, NaiveTime)>,
        reason: &str,
    ) -> Result<(), CalendarError> {
        if reason.trim().is_empty() {
            return Err(entry.refuse("needs a reason, which status and logs will show"));
        }
        if let Some((open, close)) = hours {
            let (first, last) = (self.hours.extended_open, self.hours.extended_close);
            // Between these hours New York's clocks are never changed, so every time exists once.
            if open < first.0 || close > last.0 || open >= close {
                return Err(entry.refuse(&format!(
                    "a session from {} to {} does not run forward between {first} and {last}",
                    TimeOfDay(open),
                    TimeOfDay(close)
                )));
            }
        }
        let reason = reason.to_owned();
        let exception = Exception { hours, reason };
        self.exceptions.insert(entry.date, exception);
        Ok(())
    }
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}
