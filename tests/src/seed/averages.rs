//! The seed's averages: running sums of doubles, drifting as its own do, handed to the strategy as
//! the exact fractions that doubles are.

use std::collections::VecDeque;

use trader_contract::{Mean, Price};

/// A simple moving average in the seed's arithmetic.
#[derive(Debug, Clone)]
pub struct SeedAverage {
    period: usize,
    window: VecDeque<f64>,
    sum: f64,
}

impl SeedAverage {
    /// An average over `period` closes.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self {
            period: usize::try_from(period).unwrap_or(usize::MAX),
            window: VecDeque::new(),
            sum: 0.0,
        }
    }

    /// Subtracts the oldest close, then adds the new one. The order shows in the last digits.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the seed takes the nearest double of the decimal; so does this for any price below 9e9"
    )]
    pub fn update(&mut self, close: Price) {
        let close = close.micros() as f64 / 1e6;
        if self.window.len() >= self.period
            && let Some(oldest) = self.window.pop_front()
        {
            self.sum -= oldest;
        }
        self.sum += close;
        self.window.push_back(close);
    }

    /// The average; `None` until the window is full.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window has at most ten thousand closes"
    )]
    pub fn value(&self) -> Option<f64> {
        (self.window.len() >= self.period).then(|| self.sum / self.period as f64)
    }
}

/// One count for all means, a power of two, so that comparing them multiplies nothing.
const COUNT_BITS: i32 = 52;

/// A positive double in dollars as the exact fraction that it is; `None` below about two cents,
/// where its last digit is finer than the count.
#[must_use]
pub fn exact_mean(dollars: f64) -> Option<Mean> {
    if !dollars.is_finite() || dollars <= 0.0 {
        return None;
    }
    let bits = dollars.to_bits();
    let exponent = i32::try_from(bits >> 52).ok()?.checked_sub(1075)?;
    let mantissa = i128::from((bits & ((1 << 52) - 1)) | (1 << 52));
    let micros = mantissa.checked_mul(1_000_000)?;
    let shift = exponent.checked_add(COUNT_BITS)?;
    let sum = if shift >= 0 {
        micros.checked_mul(1_i128.checked_shl(u32::try_from(shift).ok()?)?)?
    } else {
        let divisor = 1_i128.checked_shl(shift.unsigned_abs())?;
        if micros.checked_rem(divisor)? != 0 {
            return None;
        }
        micros.checked_div(divisor)?
    };
    Mean::new(sum, 1 << COUNT_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_averages_become_the_exact_fractions_that_doubles_are() {
        let mean = |dollars| exact_mean(dollars).unwrap();
        assert_eq!(mean(0.5), Mean::new(500_000, 1).unwrap());
        assert_eq!(mean(127.25), Mean::new(127_250_000, 1).unwrap());
        // The double nearest to 0.1 lies above it, the one nearest to 0.3 below.
        assert!(mean(0.1) > Mean::new(100_000, 1).unwrap());
        assert!(mean(0.3) < Mean::new(300_000, 1).unwrap());
        assert!(mean(127.409_500_000_000_02) > mean(127.4095));
        assert_eq!(exact_mean(f64::NAN), None);
        assert_eq!(exact_mean(0.001), None);
    }
}
