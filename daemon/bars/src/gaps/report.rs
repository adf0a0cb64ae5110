//! What a survey found: sessions and windows that are missing, and how much is there.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use trader_contract::Timestamp;

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

    /// Counts a session with so many windows, and how many are there if the session is.
    pub(super) fn add(&mut self, windows: u32, windows_present: Option<u32>) {
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

impl Gaps {
    /// Notes a missing session, as part of the last range if that one is `adjacent`.
    pub(super) fn note_missing(&mut self, date: NaiveDate, adjacent: bool) {
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
