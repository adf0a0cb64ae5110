//! What a series lacks, held against the exchange calendar: whole sessions, and windows of regular
//! trading within sessions. Pure: it is told the starts of the rows.
//!
//! Rows are looked for in the windows of their length: one session for days, the clock hours that
//! overlap its regular hours, its minutes. Seconds and ticks are looked for in minutes, since most
//! seconds pass without a trade. A window without a row is missing, though for a thin symbol it may
//! be that nothing happened in it. Half days have fewer windows.

mod report;
mod windows;

pub use report::{Completeness, Gaps, MissingSessions, MissingWindows, SessionGaps};

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use trader_calendar::{Calendar, CalendarError, Session};
use trader_contract::Timestamp;

use crate::hours::{Hours, HoursCursor};
use crate::rows::Rows;
use crate::series::Kind;
use windows::Windows;

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
