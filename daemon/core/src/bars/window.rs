//! Where windows lie in a session: pure arithmetic on points in time.

use serde::{Deserialize, Serialize};
use trader_contract::{Timeframe, Timestamp};

/// The official session of one day: from its open up to, not including, its close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionWindow {
    /// When the session opens.
    pub open: Timestamp,
    /// When it closes; earlier on half days.
    pub close: Timestamp,
}

impl SessionWindow {
    /// Whether a bar that starts at `at` belongs to the session.
    #[inline]
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.open <= at && at < self.close
    }
}

/// Start and end of the window of `timeframe` that `at` lies in, the end cut at the close.
pub(crate) fn window_around(
    session: SessionWindow,
    timeframe: Timeframe,
    at: Timestamp,
) -> (Timestamp, Timestamp) {
    let length = timeframe.nanos();
    let into = at
        .since(session.open)
        .checked_rem_euclid(length)
        .unwrap_or(0);
    let start = at.plus_nanos(into.saturating_neg());
    (start, start.plus_nanos(length).min(session.close))
}
