//! Buy and sell, long and short, and the arithmetic that lets one code path serve both.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::price::{Level, Price};
use crate::quantity::{NetQty, Qty};

/// The side of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Takes shares.
    Buy,
    /// Gives shares, its own or borrowed.
    Sell,
}

/// The side of a position or of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Earns when the price rises.
    Long,
    /// Earns when the price falls.
    Short,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// What a fill of `qty` on this side adds to a net position.
    #[must_use]
    pub fn signed(self, qty: Qty) -> NetQty {
        let net = NetQty::from_nanos(qty.nanos()).unwrap_or(NetQty::ZERO);
        match self {
            Self::Buy => net,
            Self::Sell => -net,
        }
    }
}

impl Direction {
    /// Its name, as it stands in the configuration and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }

    /// The direction of a net position; `None` when flat.
    #[must_use]
    pub const fn of(net: NetQty) -> Option<Self> {
        match net.nanos() {
            0 => None,
            1.. => Some(Self::Long),
            _ => Some(Self::Short),
        }
    }

    /// The other direction.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }

    /// The side that opens a position in this direction.
    #[must_use]
    pub const fn entry_side(self) -> Side {
        match self {
            Self::Long => Side::Buy,
            Self::Short => Side::Sell,
        }
    }

    /// The side that closes a position in this direction.
    #[must_use]
    pub const fn exit_side(self) -> Side {
        self.entry_side().opposite()
    }

    /// Whether `a` is a better price than `b` for someone holding this direction.
    #[must_use]
    pub const fn is_better(self, a: Level, b: Level) -> bool {
        match self {
            Self::Long => a.femtos() > b.femtos(),
            Self::Short => a.femtos() < b.femtos(),
        }
    }

    /// How far `to` lies from `from` in the earning direction; negative where it lies against it.
    #[must_use]
    pub fn gain(self, from: Level, to: Level) -> Level {
        match self {
            Self::Long => to - from,
            Self::Short => from - to,
        }
    }

    /// `from` moved by `distance` in the earning direction.
    #[must_use]
    pub fn advance(self, from: Level, distance: Level) -> Level {
        match self {
            Self::Long => from + distance,
            Self::Short => from - distance,
        }
    }

    /// Rounds a protective stop to the tick, away from the position, so that it is never tighter
    /// than planned.
    #[must_use]
    pub fn round_stop(self, level: Level, tick_micros: i64) -> Option<Price> {
        match self {
            Self::Long => level.floor_to(tick_micros),
            Self::Short => level.ceil_to(tick_micros),
        }
    }

    /// Rounds a breakout trigger to the tick, away from the market, so that a touch short of the
    /// level does not fire it.
    #[must_use]
    pub fn round_trigger(self, level: Level, tick_micros: i64) -> Option<Price> {
        match self {
            Self::Long => level.ceil_to(tick_micros),
            Self::Short => level.floor_to(tick_micros),
        }
    }

    /// Rounds a limit to the tick, against the position, so that it never pays more than planned.
    #[must_use]
    pub fn round_entry_limit(self, level: Level, tick_micros: i64) -> Option<Price> {
        self.round_stop(level, tick_micros)
    }

    /// Rounds a profit target to the tick, so that it never earns less than planned.
    #[must_use]
    pub fn round_target(self, level: Level, tick_micros: i64) -> Option<Price> {
        self.round_trigger(level, tick_micros)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_mirrored_between_the_sides() {
        let level: Level = "10.005".parse().unwrap();
        let cent = 10_000;
        assert_eq!(
            Direction::Long.round_stop(level, cent).unwrap().to_string(),
            "10"
        );
        assert_eq!(
            Direction::Short
                .round_stop(level, cent)
                .unwrap()
                .to_string(),
            "10.01"
        );
        assert_eq!(
            Direction::Long
                .round_trigger(level, cent)
                .unwrap()
                .to_string(),
            "10.01"
        );
        assert_eq!(
            Direction::Short
                .round_trigger(level, cent)
                .unwrap()
                .to_string(),
            "10"
        );
    }
}
