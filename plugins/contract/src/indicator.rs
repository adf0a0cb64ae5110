//! What a strategy may ask the engine to compute for it, and how it reads the answers.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{NumberError, Price};

/// An indicator over the closes (or the bars) of a lane's timeframe. Periods count bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndicatorSpec {
    /// Simple moving average of the close; reads as an exact mean.
    Sma {
        /// Bars averaged, 1 to 10000.
        period: u32,
    },
    /// Exponential moving average of the close, seeded with the simple mean of the first `period`.
    Ema {
        /// Bars, 1 to 10000.
        period: u32,
    },
    /// Population standard deviation of the close, in dollars.
    StdDev {
        /// Bars, 2 to 10000.
        period: u32,
    },
    /// Average true range, Wilder's smoothing, in dollars.
    Atr {
        /// Bars, 1 to 10000.
        period: u32,
    },
    /// Relative strength index, Wilder's smoothing, 0 to 100.
    Rsi {
        /// Bars, 1 to 10000.
        period: u32,
    },
    /// Volume-weighted typical price since the session's open, in dollars.
    SessionVwap,
}

impl std::fmt::Display for IndicatorSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, period) = match self {
            Self::Sma { period } => ("sma", period),
            Self::Ema { period } => ("ema", period),
            Self::StdDev { period } => ("std_dev", period),
            Self::Atr { period } => ("atr", period),
            Self::Rsi { period } => ("rsi", period),
            Self::SessionVwap => return f.pad("session_vwap"),
        };
        f.pad(&format!("{name}({period})"))
    }
}

/// An exact mean of prices: a whole number of millionths of a dollar over a count. Written as the
/// fraction it is, `"3371240000/20"`.
#[derive(Debug, Clone, Copy)]
pub struct Mean {
    sum_micros: i128,
    count: i64,
}

impl Mean {
    /// Takes a sum of prices in millionths of a dollar and how many they are; `None` unless the
    /// count is positive.
    #[must_use]
    pub const fn new(sum_micros: i128, count: i64) -> Option<Self> {
        if count > 0 {
            Some(Self { sum_micros, count })
        } else {
            None
        }
    }

    /// The sum, in millionths of a dollar.
    #[must_use]
    pub const fn sum_micros(self) -> i128 {
        self.sum_micros
    }

    /// How many prices were summed.
    #[must_use]
    pub const fn count(self) -> i64 {
        self.count
    }

    /// The exact difference of two means; `None` where it does not fit 128 bits.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        if self.count == other.count {
            return Self::new(self.sum_micros.checked_sub(other.sum_micros)?, self.count);
        }
        let left = self.sum_micros.checked_mul(i128::from(other.count))?;
        let right = other.sum_micros.checked_mul(i128::from(self.count))?;
        Self::new(
            left.checked_sub(right)?,
            self.count.checked_mul(other.count)?,
        )
    }

    /// The mean in dollars, rounded to the nearest double. For reports and float formulas only.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a named rounding to the nearest double"
    )]
    pub fn to_dollars(self) -> f64 {
        self.sum_micros as f64 / self.count as f64 / 1e6
    }
}

impl std::fmt::Display for Mean {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}/{}", self.sum_micros, self.count))
    }
}

impl std::str::FromStr for Mean {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        text.split_once('/')
            .and_then(|(sum, count)| Self::new(sum.parse().ok()?, count.parse().ok()?))
            .ok_or_else(|| NumberError::Syntax(text.to_owned()))
    }
}

impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mean {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl From<Price> for Mean {
    fn from(price: Price) -> Self {
        Self {
            sum_micros: i128::from(price.micros()),
            count: 1,
        }
    }
}

impl Ord for Mean {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if self.count == other.count {
            return self.sum_micros.cmp(&other.sum_micros);
        }
        if let (Ok(a), Ok(b)) = (
            i64::try_from(self.sum_micros),
            i64::try_from(other.sum_micros),
        ) {
            // Two numbers of 64 bits: their product always fits.
            let left = i128::from(a).wrapping_mul(i128::from(other.count));
            let right = i128::from(b).wrapping_mul(i128::from(self.count));
            return left.cmp(&right);
        }
        self.cmp_wide(other)
    }
}

impl Mean {
    fn cmp_wide(&self, other: &Self) -> Ordering {
        let left = self.sum_micros.checked_mul(i128::from(other.count));
        let right = other.sum_micros.checked_mul(i128::from(self.count));
        match (left, right) {
            (Some(left), Some(right)) => left.cmp(&right),
            // Too large to cross-multiply: compare whole parts, then the remainders, whose products
            // are below the product of two counts and always fit.
            _ => {
                let parts = |mean: &Self| {
                    let count = i128::from(mean.count);
                    let whole = mean.sum_micros.checked_div_euclid(count).unwrap_or(0);
                    (
                        whole,
                        mean.sum_micros.checked_rem_euclid(count).unwrap_or(0),
                    )
                };
                let ((whole, rest), (other_whole, other_rest)) = (parts(self), parts(other));
                whole.cmp(&other_whole).then_with(|| {
                    rest.saturating_mul(i128::from(other.count))
                        .cmp(&other_rest.saturating_mul(i128::from(self.count)))
                })
            }
        }
    }
}

impl PartialOrd for Mean {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Mean {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Mean {}

/// What an indicator says after a bar.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// An exact average of prices.
    Mean(Mean),
    /// A value whose formula needs floating point; never NaN or infinite.
    Float(f64),
}

impl Reading {
    /// The reading as a double: dollars for averages of prices.
    #[must_use]
    pub fn to_float(self) -> f64 {
        match self {
            Self::Mean(mean) => mean.to_dollars(),
            Self::Float(value) => value,
        }
    }
}

/// One indicator of a lane: its reading at this bar and at the bar before. `None` until warm.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Slot {
    /// The reading with this bar.
    pub current: Option<Reading>,
    /// The reading with the bar before.
    pub previous: Option<Reading>,
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "small numbers; an overflow would panic"
    )]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn means_compare_as_the_fractions_they_are(a in -1_000_000_i64..1_000_000, n in 1_i64..500,
                                                   b in -1_000_000_i64..1_000_000, m in 1_i64..500) {
            let left = Mean::new(i128::from(a), n).unwrap();
            let right = Mean::new(i128::from(b), m).unwrap();
            prop_assert_eq!(left.cmp(&right), (a * m).cmp(&(b * n)));
            let difference = left.minus(right).unwrap();
            prop_assert_eq!(difference.sum_micros().signum(), i128::from((a * m - b * n).signum()));
            let json = serde_json::to_string(&left).unwrap();
            prop_assert_eq!(serde_json::from_str::<Mean>(&json).unwrap(), left);
            // The paths for numbers of more than 64 bits, and for those too large to cross-multiply,
            // give the same order.
            prop_assert_eq!(left.cmp_wide(&right), left.cmp(&right));
            let scale = 1_i128 << 90;
            let big_left = Mean::new(i128::from(a) * scale, n << 40).unwrap();
            let big_right = Mean::new(i128::from(b) * scale, m << 40).unwrap();
            prop_assert_eq!(big_left.cmp(&big_right), left.cmp(&right));
        }
    }
}
