//! The exponential moving average of the close, seeded with the simple mean of the first n.

use serde::{Deserialize, Serialize};
use trader_contract::{Price, Reading};

use crate::dollars::{dollars, finite};

/// Exponential moving average with weight `2 / (n + 1)`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ema {
    period: u32,
    seen: u32,
    seed_micros: i64,
    weight: f64,
    average: f64,
}

impl Ema {
    /// An average over `period` closes.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            period: period.max(1),
            seen: 0,
            seed_micros: 0,
            weight: 2.0 / (f64::from(period) + 1.0),
            average: 0.0,
        }
    }

    pub(crate) fn update(&mut self, close: Price) {
        if self.seen == self.period {
            self.average += self.weight * (dollars(close.micros()) - self.average);
            return;
        }
        // At most 10000 prices of at most 1e13 each.
        self.seed_micros = self.seed_micros.wrapping_add(close.micros());
        self.seen = self.seen.saturating_add(1);
        if self.seen == self.period {
            self.average = dollars(self.seed_micros) / f64::from(self.period);
        }
    }

    pub(crate) fn reading(&self) -> Option<Reading> {
        if self.seen < self.period {
            return None;
        }
        finite(self.average)
    }

    pub(crate) const fn warm_up(&self) -> u32 {
        self.period
    }
}
