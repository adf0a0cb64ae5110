//! The population standard deviation of the close. The variance comes from exact integer sums, so
//! that a price that stands still has a deviation of exactly zero and nothing cancels away.

use serde::{Deserialize, Serialize};
use trader_contract::{Price, Reading};

use crate::dollars::finite;
use crate::ring::Ring;

/// Population standard deviation of the last n closes, in dollars.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StdDev {
    ring: Ring,
    sum: i128,
    sum_of_squares: i128,
}

impl StdDev {
    /// The deviation of `period` closes.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            ring: Ring::new(period),
            sum: 0,
            sum_of_squares: 0,
        }
    }

    pub(crate) fn update(&mut self, close: Price) {
        let newest = i128::from(close.micros());
        let oldest = i128::from(self.ring.push(close.micros()));
        // 10000 squares of at most 1e26 each: 1e30 of 1.7e38.
        let square = |x: i128| x.wrapping_mul(x);
        self.sum = self.sum.wrapping_add(newest).wrapping_sub(oldest);
        self.sum_of_squares = self
            .sum_of_squares
            .wrapping_add(square(newest))
            .wrapping_sub(square(oldest));
    }

    /// `sqrt(n * sum of squares - square of the sum) / n`.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a named rounding to the nearest double"
    )]
    pub(crate) fn reading(&self) -> Option<Reading> {
        if !self.ring.is_full() {
            return None;
        }
        // At most 1e34 of 1.7e38 on either side.
        let scaled_variance = i128::from(self.ring.period())
            .wrapping_mul(self.sum_of_squares)
            .wrapping_sub(self.sum.wrapping_mul(self.sum));
        finite((scaled_variance as f64).sqrt() / f64::from(self.ring.period()) / 1e6)
    }

    pub(crate) const fn warm_up(&self) -> u32 {
        self.ring.period()
    }
}
