//! Which minutes of the session the market data has brought: one look at a bar's start, and at the
//! session's end what was lacking.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_calendar::Session;
use trader_contract::Timestamp;

use super::Engine;
use crate::config::{Market, Rows};
use crate::record::{DataGaps, MissingMinutes};

/// The minutes of one symbol and one session, counted as they come. After a restart those of the
/// history that the engine is warmed up with count, too.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Minutes {
    /// The session's open.
    open: Timestamp,
    /// When the newest started.
    newest: Timestamp,
    count: u32,
}

impl Default for Minutes {
    fn default() -> Self {
        Self {
            open: Timestamp::MIN,
            newest: Timestamp::MIN,
            count: 0,
        }
    }
}

impl Minutes {
    /// Counts a minute of the session that opened at `open`, unless it or a later one has come.
    #[inline]
    pub(super) fn take(&mut self, open: Timestamp, start: Timestamp) {
        if self.open != open {
            *self = Self {
                open,
                ..Self::default()
            };
        }
        if start > self.newest {
            self.newest = start;
            self.count = self.count.saturating_add(1);
        }
    }

    /// How many of the session's first `expected` minutes have come.
    fn of_first(self, open: Timestamp, expected: u32) -> u32 {
        if self.open != open {
            return 0;
        }
        let end = open.plus_minutes(i64::from(expected));
        // Only the minute that ends now can lie behind those.
        self.count.saturating_sub(u32::from(self.newest >= end))
    }
}

impl Engine {
    /// What the market data lacked so far in the session of this date, if that is the one we are in.
    pub(super) fn gaps(&self, date: NaiveDate) -> Option<DataGaps> {
        let in_minutes = matches!(
            self.market,
            Market::Sessions {
                rows: Rows::Minutes,
                ..
            }
        );
        let session = self
            .schedule
            .session
            .filter(|s| in_minutes && s.date == date)?;
        let expected = minutes_before(session, self.now);
        let watched = self.symbols.iter().filter(|state| !state.lanes.is_empty());
        let missing = watched.clone().filter_map(|state| {
            let come = state.minutes.of_first(session.open, expected);
            let minutes = expected.checked_sub(come).filter(|minutes| *minutes > 0)?;
            Some(MissingMinutes {
                symbol: state.instrument.symbol,
                minutes,
            })
        });
        Some(DataGaps {
            minutes: expected,
            symbols: u32::try_from(watched.clone().count()).unwrap_or(u32::MAX),
            missing: missing.collect(),
        })
    }
}

/// Minutes of the session that were over before `now`.
fn minutes_before(session: Session, now: Timestamp) -> u32 {
    let until = now.min(session.close).plus_nanos(-1);
    let minutes = until.since(session.open).checked_div(Timestamp::MINUTE);
    minutes
        .and_then(|m| u32::try_from(m.max(0)).ok())
        .unwrap_or(0)
}
