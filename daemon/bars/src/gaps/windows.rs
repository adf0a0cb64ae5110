//! The windows of regular trading in which the rows of a kind are looked for.

use trader_calendar::Session;
use trader_contract::Timestamp;

use super::report::MissingWindows;
use crate::series::{Kind, Resolution};

/// The windows of a session: their length and the start of the first, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    first: Timestamp,
    length: i64,
    /// How many there are.
    pub(super) count: u32,
}

impl Windows {
    /// The windows in which rows of a kind are looked for.
    pub(super) fn of(kind: Kind, session: &Session) -> Self {
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
    pub(super) fn index(&self, at: Timestamp) -> u32 {
        let past = at.since(self.first).max(0);
        u32::try_from(past.checked_div(self.length).unwrap_or_default()).unwrap_or(u32::MAX)
    }

    fn start(&self, index: u32) -> Timestamp {
        let past = self.length.saturating_mul(i64::from(index));
        self.first.plus_nanos(past)
    }

    /// The windows from `first` up to, not including, `end`.
    pub(super) fn range(&self, first: u32, end: u32) -> Option<MissingWindows> {
        (first < end).then(|| MissingWindows {
            first: self.start(first),
            last: self.start(end.saturating_sub(1)),
            windows: end.saturating_sub(first),
        })
    }
}
