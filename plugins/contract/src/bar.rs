//! Bars: open, high, low, close and volume of one window, stamped with its start.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::price::Price;
use crate::time::Timestamp;

/// Why a bar was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BarError {
    /// The high is below one of the other prices.
    #[error("high {high} is below open {open}, low {low} or close {close}")]
    High {
        /// The bar's open.
        open: Price,
        /// The bar's high.
        high: Price,
        /// The bar's low.
        low: Price,
        /// The bar's close.
        close: Price,
    },
    /// The low is above open or close.
    #[error("low {low} is above open {open} or close {close}")]
    Low {
        /// The bar's open.
        open: Price,
        /// The bar's low.
        low: Price,
        /// The bar's close.
        close: Price,
    },
}

/// One bar. `high` is the highest of the four prices and `low` the lowest: see [`Bar::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// When the window starts.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares traded.
    pub volume: u64,
}

impl Bar {
    /// Takes a bar whose prices agree with each other.
    ///
    /// # Errors
    /// The high is below, or the low above, one of the other prices.
    pub fn new(
        start: Timestamp,
        [open, high, low, close]: [Price; 4],
        volume: u64,
    ) -> Result<Self, BarError> {
        if high < open || high < low || high < close {
            return Err(BarError::High {
                open,
                high,
                low,
                close,
            });
        }
        if low > open || low > close {
            return Err(BarError::Low { open, low, close });
        }
        Ok(Self {
            start,
            open,
            high,
            low,
            close,
            volume,
        })
    }
}

/// The length of a bar in minutes of the session: 1 to 390.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Timeframe(u16);

impl Timeframe {
    /// One minute.
    pub const MINUTE: Self = Self(1);
    /// The longest window: a full regular session.
    pub const MAX_MINUTES: u16 = 390;

    /// Takes a number of minutes; `None` unless in 1..=390.
    #[must_use]
    pub const fn minutes(minutes: u16) -> Option<Self> {
        if minutes >= 1 && minutes <= Self::MAX_MINUTES {
            Some(Self(minutes))
        } else {
            None
        }
    }

    /// The length in minutes.
    #[must_use]
    pub const fn as_minutes(self) -> u16 {
        self.0
    }

    /// The length in nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        (self.0 as i64).wrapping_mul(Timestamp::MINUTE)
    }
}

impl TryFrom<u16> for Timeframe {
    type Error = String;
    fn try_from(minutes: u16) -> Result<Self, String> {
        Self::minutes(minutes)
            .ok_or_else(|| format!("a timeframe has 1 to 390 minutes, not {minutes}"))
    }
}

impl From<Timeframe> for u16 {
    fn from(timeframe: Timeframe) -> Self {
        timeframe.0
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}m", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_with_prices_that_contradict_each_other_is_refused() {
        let at = Timestamp::from_seconds(0);
        let price = |cents| Price::from_cents(cents).unwrap();
        let bar = |o, h, l, c| Bar::new(at, [price(o), price(h), price(l), price(c)], 1);
        assert!(bar(100, 110, 90, 105).is_ok());
        assert!(matches!(bar(100, 104, 90, 105), Err(BarError::High { .. })));
        assert!(matches!(bar(100, 110, 101, 105), Err(BarError::Low { .. })));
    }
}
