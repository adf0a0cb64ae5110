//! One trading session: the regular hours of one exchange day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;

/// The regular trading hours of one exchange day, from `open` up to, not including, `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The trading day, a date in New York.
    pub date: NaiveDate,
    /// When regular trading begins.
    pub open: Timestamp,
    /// When regular trading ends.
    pub close: Timestamp,
    /// Whether it closes earlier than usual.
    pub half_day: bool,
}

impl Session {
    /// Whole minutes of regular trading: 390, or 210 on a usual half day.
    #[must_use]
    pub const fn minutes(&self) -> i64 {
        self.close.since(self.open) / Timestamp::MINUTE
    }

    /// Whether `at` lies in regular trading; the close itself does not.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.open <= at && at < self.close
    }
}
