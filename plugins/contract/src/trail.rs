//! How far a trailing stop stays behind the best price. Which price that is, the broker keeps.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::money::Ratio;
use crate::price::{Level, Price};
use crate::side::Side;

/// How far a trailing stop stays behind the best price since it went to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trail {
    /// By this many dollars.
    Price(Price),
    /// By this many percent of the best price: 1 is one percent. At least [`Trail::PERCENT_MIN`].
    Percent(Ratio),
}

impl Trail {
    /// The closest that a trail in percent may be: 0.1.
    pub const PERCENT_MIN: Ratio = Ratio::from_billionths(100_000_000);

    /// Whether the distance is one that a broker takes.
    #[must_use]
    pub fn is_valid(self) -> bool {
        match self {
            Self::Price(_) => true,
            Self::Percent(percent) => percent >= Self::PERCENT_MIN,
        }
    }

    /// Whether both are in dollars or both in percent.
    #[must_use]
    pub const fn has_unit_of(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Price(_), Self::Price(_)) | (Self::Percent(_), Self::Percent(_))
        )
    }

    /// Where the stop of an order on `side` stands behind `best`, exact: below it for a sell, above
    /// it for a buy. No price where a sell trails by more than the whole price.
    #[must_use]
    pub fn behind(self, best: Price, side: Side) -> Level {
        let best = Level::from(best);
        let distance = match self {
            Self::Price(distance) => Level::from(distance),
            Self::Percent(percent) => best.scaled_down(percent.percent()),
        };
        match side {
            Side::Buy => best + distance,
            Side::Sell => best - distance,
        }
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Price(distance) => f.pad(&distance.to_string()),
            Self::Percent(percent) => f.pad(&format!("{percent}%")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_stands_behind_the_best_price_on_either_side() {
        let best: Price = "50.02".parse().unwrap();
        let dollars = Trail::Price("0.5".parse().unwrap());
        assert_eq!(dollars.behind(best, Side::Sell).to_string(), "49.52");
        assert_eq!(dollars.behind(best, Side::Buy).to_string(), "50.52");
        let percent = Trail::Percent("1.5".parse().unwrap());
        assert_eq!(percent.behind(best, Side::Sell).to_string(), "49.2697");
        assert_eq!(percent.behind(best, Side::Buy).to_string(), "50.7703");
        assert_eq!(
            (dollars.to_string(), percent.to_string()),
            ("0.5".into(), "1.5%".into())
        );
        assert!(!dollars.has_unit_of(percent) && percent.has_unit_of(percent));
    }

    #[test]
    fn a_trail_in_percent_is_a_tenth_of_one_or_more() {
        assert!(Trail::Percent("0.1".parse().unwrap()).is_valid());
        assert!(!Trail::Percent("0.099999999".parse().unwrap()).is_valid());
        assert!(!Trail::Percent("-1".parse().unwrap()).is_valid());
    }
}
