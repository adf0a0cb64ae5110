//! The volume-weighted typical price since the session's open, from exact integer sums.

use serde::{Deserialize, Serialize};
use trader_contract::{Bar, Reading};

use crate::dollars::finite;

/// Volume-weighted average of `(high + low + close) / 3`, in dollars; starts anew each session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SessionVwap {
    /// Sum of three times the typical price times the volume, in micros times shares.
    weighted: i128,
    volume: i128,
}

impl SessionVwap {
    pub(crate) fn update(&mut self, bar: &Bar, new_session: bool) {
        if new_session {
            *self = Self::default();
        }
        let typical_times_three = i128::from(bar.high.micros())
            .saturating_add(i128::from(bar.low.micros()))
            .saturating_add(i128::from(bar.close.micros()));
        let volume = i128::from(bar.volume);
        self.weighted = self
            .weighted
            .saturating_add(typical_times_three.saturating_mul(volume));
        self.volume = self.volume.saturating_add(volume);
    }

    /// `None` while nothing has traded in the session: an average over no shares is no number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a named rounding to the nearest double"
    )]
    pub(crate) fn reading(&self) -> Option<Reading> {
        if self.volume == 0 {
            return None;
        }
        finite(self.weighted as f64 / self.volume as f64 / 3e6)
    }
}
