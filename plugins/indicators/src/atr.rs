//! The average true range with Wilder's smoothing. The first bar has no true range, so the first
//! reading, the simple mean of n ranges, comes with bar n + 1.

use serde::{Deserialize, Serialize};
use trader_contract::{Bar, Price, Reading};

use crate::dollars::{dollars, finite};

/// Average true range, in dollars.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Atr {
    period: u32,
    ranges_seen: u32,
    seed_micros: i64,
    previous_close: Option<Price>,
    average: f64,
}

impl Atr {
    /// The average of `period` true ranges.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            period: period.max(1),
            ranges_seen: 0,
            seed_micros: 0,
            previous_close: None,
            average: 0.0,
        }
    }

    pub(crate) fn update(&mut self, bar: &Bar) {
        let Some(previous_close) = self.previous_close.replace(bar.close) else {
            return;
        };
        let top = bar.high.max(previous_close).micros();
        let bottom = bar.low.min(previous_close).micros();
        let range = top.saturating_sub(bottom);
        let period = f64::from(self.period);
        if self.ranges_seen == self.period {
            self.average += (dollars(range) - self.average) / period;
            return;
        }
        // At most 10000 ranges of at most 1e13 each.
        self.seed_micros = self.seed_micros.wrapping_add(range);
        self.ranges_seen = self.ranges_seen.saturating_add(1);
        if self.ranges_seen == self.period {
            self.average = dollars(self.seed_micros) / period;
        }
    }

    pub(crate) fn reading(&self) -> Option<Reading> {
        if self.ranges_seen < self.period {
            return None;
        }
        finite(self.average)
    }

    pub(crate) const fn warm_up(&self) -> u32 {
        self.period.saturating_add(1)
    }
}
