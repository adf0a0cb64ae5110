//! What a series lacks, held against the exchange calendar: whole sessions, and windows of regular
//! trading within sessions. Pure: it is told the starts of the rows.
//!
//! Rows are looked for in the windows of their length: one session for days, the clock hours that
//! overlap its regular hours, its minutes. Seconds and ticks are looked for in minutes, since most
//! seconds pass without a trade. A window without a row is missing, though for a thin symbol it may
//! be that nothing happened in it. Half days have fewer windows.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use trader_calendar::{Calendar, CalendarError, Session};
use trader_contract::Timestamp;

use crate::hours::{Hours, HoursCursor};
use crate::rows::Rows;
use crate::series::{Kind, Resolution};

/// Sessions in a row without any row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MissingSessions {
    /// The first of them.
    pub first: NaiveDate,
    /// The last of them.
    pub last: NaiveDate,
    /// How many sessions that is.
    pub sessions: u32,
}

/// Windows of one session in a row without any row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MissingWindows {
    /// The start of the first.
    pub first: Timestamp,
    /// The start of the last.
    pub last: Timestamp,
    /// How many windows that is.
    pub windows: u32,
}

/// One session that has rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionGaps {
    /// The trading day.
    pub date: NaiveDate,
    /// Whether it closes early.
    pub half_day: bool,
    /// How many windows of regular trading it has.
    pub windows: u32,
    /// Rows in regular trading.
    pub regular_rows: u64,
    /// Rows in extended hours.
    pub extended_rows: u64,
    /// Its first row, in whichever hours.
    pub first: Timestamp,
    /// Its last row.
    pub last: Timestamp,
    /// What is missing, in order.
    pub missing: Vec<MissingWindows>,
}

impl SessionGaps {
    /// How many windows have no row.
    #[must_use]
    pub fn missing_windows(&self) -> u32 {
        let counts = self.missing.iter().map(|range| range.windows);
        counts.fold(0, u32::saturating_add)
    }
}

/// How much of some sessions is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Completeness {
    /// Sessions that the calendar has.
    pub sessions: u32,
    /// Of these, sessions that have rows.
    pub sessions_present: u32,
    /// Windows of regular trading that the calendar has.
    pub windows: u32,
    /// Of these, windows that have rows.
    pub windows_present: u32,
}

impl Completeness {
    /// The windows that are there, in percent with two decimals, rounded down: 100 means all.
    /// Where no window was expected none is missing.
    #[must_use]
    pub fn percent(&self) -> f64 {
        let present = u64::from(self.windows_present).saturating_mul(10_000);
        let hundredths = present
            .checked_div(u64::from(self.windows))
            .unwrap_or(10_000);
        f64::from(u32::try_from(hundredths).unwrap_or(10_000)) / 100.0
    }

    fn add(&mut self, windows: u32, windows_present: Option<u32>) {
        self.sessions = self.sessions.saturating_add(1);
        self.windows = self.windows.saturating_add(windows);
        if let Some(present) = windows_present {
            self.sessions_present = self.sessions_present.saturating_add(1);
            self.windows_present = self.windows_present.saturating_add(present);
        }
    }
}

/// What a series has and lacks between two dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// The first date looked at.
    pub first: NaiveDate,
    /// The last date looked at.
    pub last: NaiveDate,
    /// Sessions without any row, in order.
    pub missing_sessions: Vec<MissingSessions>,
    /// Sessions with rows, in order.
    pub sessions: Vec<SessionGaps>,
    /// By calendar year.
    pub years: BTreeMap<i32, Completeness>,
    /// In total.
    pub total: Completeness,
    /// Rows at times at which, by this calendar, nothing trades; in none of the other figures.
    pub misplaced_rows: u64,
}

/// Gathers the starts of a series, in order, in as many parts as suits.
#[derive(Debug, Clone)]
pub struct GapSurvey {
    calendar: Calendar,
    kind: Kind,
    cursor: HoursCursor,
    closed: Vec<SessionGaps>,
    open: Option<OpenSession>,
    misplaced_rows: u64,
}

/// The windows of a session: their length and the start of the first, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Windows {
    first: Timestamp,
    length: i64,
    count: u32,
}

/// The session whose rows are coming in.
#[derive(Debug, Clone)]
struct OpenSession {
    gaps: SessionGaps,
    windows: Windows,
    /// The first window for which no row has come yet.
    next: u32,
}

impl GapSurvey {
    /// Begins a survey of a kind of rows.
    #[must_use]
    pub fn new(calendar: Calendar, kind: Kind) -> Self {
        Self {
            cursor: HoursCursor::new(calendar.clone(), kind),
            calendar,
            kind,
            closed: Vec::new(),
            open: None,
            misplaced_rows: 0,
        }
    }

    /// Takes the start of the next row, not earlier than the one before.
    pub fn add(&mut self, at: Timestamp) {
        let Ok((hours, session)) = self.cursor.place(at) else {
            self.misplaced_rows = self.misplaced_rows.saturating_add(1);
            return;
        };
        if self.open.as_ref().map(|open| open.gaps.date) != Some(session.date) {
            self.close();
        }
        let open = self
            .open
            .get_or_insert_with(|| OpenSession::new(self.kind, &session, at));
        open.add(hours, at);
    }

    /// Takes all rows of a part.
    pub fn add_rows(&mut self, rows: &Rows) {
        match rows {
            Rows::Bars(rows) => rows.iter().for_each(|row| self.add(row.start)),
            Rows::Quotes(rows) => rows.iter().for_each(|row| self.add(row.start)),
            Rows::Trades(rows) => rows.iter().for_each(|row| self.add(row.at)),
            Rows::QuoteTicks(rows) => rows.iter().for_each(|row| self.add(row.at)),
        }
    }

    /// Compares with the sessions of `dates`, or from the first row's to the last row's. `None` if
    /// there is neither a range nor a row.
    ///
    /// # Errors
    /// The calendar does not cover the range.
    pub fn finish(
        mut self,
        dates: Option<RangeInclusive<NaiveDate>>,
    ) -> Result<Option<Gaps>, CalendarError> {
        self.close();
        let ends = self.closed.first().zip(self.closed.last());
        let Some(dates) = dates.or_else(|| ends.map(|(first, last)| first.date..=last.date)) else {
            return Ok(None);
        };
        self.closed.retain(|session| dates.contains(&session.date));
        let mut gaps = Gaps {
            first: *dates.start(),
            last: *dates.end(),
            missing_sessions: Vec::new(),
            sessions: Vec::new(),
            years: BTreeMap::new(),
            total: Completeness::default(),
            misplaced_rows: self.misplaced_rows,
        };
        let mut present = self.closed.iter().peekable();
        let mut adjacent = false;
        for session in self.calendar.sessions(dates)? {
            let found = present.next_if(|gaps| gaps.date == session.date);
            let windows = Windows::of(self.kind, session).count;
            let windows_present = found.map(|gaps| windows.saturating_sub(gaps.missing_windows()));
            let year = gaps.years.entry(session.date.year()).or_default();
            year.add(windows, windows_present);
            gaps.total.add(windows, windows_present);
            if found.is_none() {
                gaps.note_missing(session.date, adjacent);
            }
            adjacent = found.is_none();
        }
        gaps.sessions = self.closed;
        Ok(Some(gaps))
    }

    fn close(&mut self) {
        self.closed.extend(self.open.take().map(OpenSession::close));
    }
}

impl Gaps {
    /// Notes a missing session, as part of the last range if that one is `adjacent`.
    fn note_missing(&mut self, date: NaiveDate, adjacent: bool) {
        match self.missing_sessions.last_mut() {
            Some(range) if adjacent => {
                range.last = date;
                range.sessions = range.sessions.saturating_add(1);
            }
            _ => self.missing_sessions.push(MissingSessions {
                first: date,
                last: date,
                sessions: 1,
            }),
        }
    }
}

impl Windows {
    fn of(kind: Kind, session: &Session) -> Self {
        let (first, length) = match kind.resolution() {
            Some(Resolution::Day) => {
                let whole = session.close.since(session.open);
                return Self {
                    first: session.open,
                    length: whole,
                    count: 1,
                };
            }
            Some(Resolution::Hour) => {
                let length = Resolution::Hour.nanos();
                let past = session.open.nanos().rem_euclid(length);
                (session.open.plus_nanos(past.saturating_neg()), length)
            }
            Some(Resolution::Minute | Resolution::Second) | None => {
                (session.open, Timestamp::MINUTE)
            }
        };
        let span = session.close.since(first).saturating_sub(1);
        let last = span.checked_div(length).unwrap_or_default();
        Self {
            first,
            length,
            count: u32::try_from(last).unwrap_or(0).saturating_add(1),
        }
    }

    /// Which window a row in regular trading lies in.
    fn index(&self, at: Timestamp) -> u32 {
        let past = at.since(self.first).max(0);
        u32::try_from(past.checked_div(self.length).unwrap_or_default()).unwrap_or(u32::MAX)
    }

    fn start(&self, index: u32) -> Timestamp {
        let past = self.length.saturating_mul(i64::from(index));
        self.first.plus_nanos(past)
    }

    /// The windows from `first` up to, not including, `end`.
    fn range(&self, first: u32, end: u32) -> Option<MissingWindows> {
        (first < end).then(|| MissingWindows {
            first: self.start(first),
            last: self.start(end.saturating_sub(1)),
            windows: end.saturating_sub(first),
        })
    }
}

impl OpenSession {
    fn new(kind: Kind, session: &Session, at: Timestamp) -> Self {
        let windows = Windows::of(kind, session);
        Self {
            gaps: SessionGaps {
                date: session.date,
                half_day: session.half_day,
                windows: windows.count,
                regular_rows: 0,
                extended_rows: 0,
                first: at,
                last: at,
                missing: Vec::new(),
            },
            windows,
            next: 0,
        }
    }

    fn add(&mut self, hours: Hours, at: Timestamp) {
        self.gaps.last = at;
        match hours {
            Hours::Extended => {
                self.gaps.extended_rows = self.gaps.extended_rows.saturating_add(1);
            }
            Hours::Regular => {
                self.gaps.regular_rows = self.gaps.regular_rows.saturating_add(1);
                let index = self.windows.index(at);
                self.gaps
                    .missing
                    .extend(self.windows.range(self.next, index));
                self.next = self.next.max(index.saturating_add(1));
            }
        }
    }

    fn close(mut self) -> SessionGaps {
        let rest = self.windows.range(self.next, self.windows.count);
        self.gaps.missing.extend(rest);
        self.gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(kind: &str, starts: &[&str], dates: Option<(&str, &str)>) -> Gaps {
        let mut survey = GapSurvey::new(Calendar::nyse(), kind.parse().unwrap());
        for start in starts {
            survey.add(start.parse().unwrap());
        }
        let dates = dates.map(|(a, b)| a.parse().unwrap()..=b.parse().unwrap());
        survey.finish(dates).unwrap().unwrap()
    }

    fn ranges(session: &SessionGaps) -> Vec<String> {
        let text = |range: &MissingWindows| {
            let (first, last) = (range.first.to_string(), range.last.to_string());
            format!("{}..{} {}", &first[11..16], &last[11..16], range.windows)
        };
        session.missing.iter().map(text).collect()
    }

    #[test]
    fn missing_minutes_are_listed_as_ranges_and_half_days_end_early() {
        let starts = [
            "2024-11-29T12:00:00Z",
            "2024-11-29T14:30:00Z",
            "2024-11-29T14:32:00Z",
            "2024-11-29T17:58:00Z",
            "2024-11-29T18:00:00Z",
        ];
        let gaps = survey("1min", &starts, None);
        let session = &gaps.sessions[0];
        assert_eq!(
            ranges(session),
            ["14:31..14:31 1", "14:33..17:57 205", "17:59..17:59 1"]
        );
        assert_eq!(
            (session.half_day, session.windows, session.missing_windows()),
            (true, 210, 207)
        );
        assert_eq!((session.regular_rows, session.extended_rows), (3, 2));
        assert_eq!(gaps.total.windows_present, 3);
        assert!((gaps.total.percent() - 1.42).abs() < 1e-9);
    }

    #[test]
    fn seconds_and_ticks_are_looked_for_in_minutes() {
        let starts = [
            "2024-11-27T14:30:05Z",
            "2024-11-27T14:30:55Z",
            "2024-11-27T14:32:00Z",
        ];
        for kind in ["1s", "trades", "quotes", "quotes-1s"] {
            let gaps = survey(kind, &starts, None);
            assert_eq!(
                ranges(&gaps.sessions[0]),
                ["14:31..14:31 1", "14:33..20:59 387"]
            );
        }
    }

    #[test]
    fn an_hour_counts_if_any_of_it_is_regular() {
        let starts = ["2024-11-27T14:00:00Z", "2024-11-27T18:00:00Z"];
        let gaps = survey("1hour", &starts, None);
        assert_eq!(
            ranges(&gaps.sessions[0]),
            ["15:00..17:00 3", "19:00..20:00 2"]
        );
        let half = survey("1hour", &["2024-11-29T14:00:00Z"], None);
        assert_eq!(ranges(&half.sessions[0]), ["15:00..17:00 3"]);
    }

    #[test]
    fn missing_sessions_are_ranges_that_span_weekends_and_holidays() {
        let starts = ["2024-11-26T05:00:00Z", "2024-12-03T05:00:00Z"];
        let gaps = survey("1day", &starts, Some(("2024-11-25", "2025-01-03")));
        let text =
            |range: &MissingSessions| format!("{}..{} {}", range.first, range.last, range.sessions);
        let missing: Vec<_> = gaps.missing_sessions.iter().map(text).collect();
        assert_eq!(
            missing,
            [
                "2024-11-25..2024-11-25 1",
                "2024-11-27..2024-12-02 3",
                "2024-12-04..2025-01-03 21"
            ]
        );
        assert_eq!(gaps.years[&2024].sessions_present, 2);
        assert_eq!(
            (gaps.years[&2025].sessions, gaps.years[&2025].windows),
            (2, 2)
        );
        assert!(gaps.years[&2025].percent() < 1e-9);
    }

    #[test]
    fn rows_outside_of_the_dates_and_at_impossible_times_are_left_out() {
        let starts = [
            "2024-11-26T15:00:00Z",
            "2024-11-27T03:00:00Z",
            "2024-11-27T15:00:00Z",
        ];
        let gaps = survey("1min", &starts, Some(("2024-11-27", "2024-11-27")));
        assert_eq!((gaps.misplaced_rows, gaps.sessions.len()), (1, 1));
        let nothing = GapSurvey::new(Calendar::nyse(), "1min".parse().unwrap());
        assert_eq!(nothing.finish(None).unwrap(), None);
    }
}
