//! The simple moving average of the close, as an exact mean: an integer running sum never drifts.

use serde::{Deserialize, Serialize};
use trader_contract::{Mean, Price, Reading};

use crate::ring::Ring;

/// Simple moving average of the last n closes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sma {
    ring: Ring,
    sum_micros: i64,
}

impl Sma {
    /// An average over `period` closes.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            ring: Ring::new(period),
            sum_micros: 0,
        }
    }

    #[inline]
    pub(crate) fn update(&mut self, close: Price) {
        let oldest = self.ring.push(close.micros());
        // At most 10000 prices of at most 1e13 each: 1e17 of 9.2e18.
        self.sum_micros = self
            .sum_micros
            .wrapping_add(close.micros().wrapping_sub(oldest));
    }

    #[inline]
    pub(crate) fn reading(&self) -> Option<Reading> {
        if !self.ring.is_full() {
            return None;
        }
        Mean::new(i128::from(self.sum_micros), i64::from(self.ring.period())).map(Reading::Mean)
    }

    pub(crate) const fn warm_up(&self) -> u32 {
        self.ring.period()
    }
}
