//! Prices of a share: what a venue takes ([`Price`]) and what a strategy computed ([`Level`]).
//! Rounding to a tick says in its name which way.

use std::ops::{Add, Sub};

use crate::money::{Money, Ratio};
use crate::number::decimal_text;
use crate::quantity::{NetQty, Qty};

const PRICE_DECIMALS: u32 = 6;
const LEVEL_DECIMALS: u32 = 15;

/// A price of one share, in millionths of a dollar; always positive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

impl Price {
    /// What [`Price::from_micros`] accepts, in words.
    pub const RANGE: &'static str = "the prices from 0.000001 to 10000000";
    /// The highest price: ten million dollars.
    pub const MAX_MICROS: i64 = 10_000_000_000_000;

    /// Takes a price in millionths of a dollar; `None` unless it is in 1..=[`Self::MAX_MICROS`].
    #[must_use]
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros >= 1 && micros <= Self::MAX_MICROS {
            Some(Self(micros))
        } else {
            None
        }
    }

    /// Takes whole cents; `None` outside the range.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Option<Self> {
        match cents.checked_mul(10_000) {
            Some(micros) => Self::from_micros(micros),
            None => None,
        }
    }

    /// The price in millionths of a dollar.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The value of `qty` shares at this price, exact.
    #[must_use]
    pub const fn times(self, qty: Qty) -> Money {
        // 44 bits times 60 bits: cannot overflow.
        Money::from_femtos((self.0 as i128).wrapping_mul(qty.nanos() as i128))
    }

    /// The signed value of a net position at this price, exact.
    #[must_use]
    pub const fn times_net(self, net: NetQty) -> Money {
        Money::from_femtos((self.0 as i128).wrapping_mul(net.nanos() as i128))
    }

    /// This price moved by `micros` millionths; `None` outside the range.
    #[must_use]
    pub const fn offset(self, micros: i64) -> Option<Self> {
        match self.0.checked_add(micros) {
            Some(moved) => Self::from_micros(moved),
            None => None,
        }
    }
}

decimal_text!(Price, PRICE_DECIMALS, |scaled| i64::try_from(scaled)
    .ok()
    .and_then(Price::from_micros));

/// An exact price that a strategy computed, in 1e-15 dollars, before the order manager rounds it to
/// the symbol's tick. May be any number, so that a distance is one too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(i128);

impl Level {
    /// What fits, in words.
    pub const RANGE: &'static str = "the levels that fit 128 bits at 15 decimals";
    /// No distance at all.
    pub const ZERO: Self = Self(0);
    const PER_MICRO: i128 = 1_000_000_000;

    /// Takes a level in 1e-15 dollars.
    #[must_use]
    pub const fn from_femtos(femtos: i128) -> Self {
        Self(femtos)
    }

    /// The level in 1e-15 dollars.
    #[must_use]
    pub const fn femtos(self) -> i128 {
        self.0
    }

    /// `self * ratio`, rounded toward zero past the fifteenth decimal. Exact for any price with six
    /// decimals times any ratio with nine.
    #[must_use]
    pub const fn scaled_down(self, ratio: Ratio) -> Self {
        Self(ratio.of(self.0))
    }

    /// The distance without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Rounds down to a multiple of `tick_micros`; `None` if that is no valid price.
    #[must_use]
    pub fn floor_to(self, tick_micros: i64) -> Option<Price> {
        let tick = i128::from(tick_micros).checked_mul(Self::PER_MICRO)?;
        let ticks = self.0.checked_div_euclid(tick)?;
        let micros = ticks.checked_mul(i128::from(tick_micros))?;
        Price::from_micros(i64::try_from(micros).ok()?)
    }

    /// Rounds up to a multiple of `tick_micros`; `None` if that is no valid price.
    #[must_use]
    pub fn ceil_to(self, tick_micros: i64) -> Option<Price> {
        let tick = i128::from(tick_micros).checked_mul(Self::PER_MICRO)?;
        let ticks = self.0.checked_div_euclid(tick)?;
        let exact = self.0.checked_rem_euclid(tick)? == 0;
        let ticks = if exact { ticks } else { ticks.checked_add(1)? };
        let micros = ticks.checked_mul(i128::from(tick_micros))?;
        Price::from_micros(i64::try_from(micros).ok()?)
    }
}

impl From<Price> for Level {
    fn from(price: Price) -> Self {
        Self(i128::from(price.0).wrapping_mul(Self::PER_MICRO))
    }
}

impl Add for Level {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl Sub for Level {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

decimal_text!(Level, LEVEL_DECIMALS, |scaled| Some(Level(scaled)));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_price_refuses_what_it_cannot_hold() {
        assert_eq!("168.81".parse::<Price>().unwrap().micros(), 168_810_000);
        assert_eq!("0.000001".parse::<Price>().unwrap().micros(), 1);
        for bad in [
            "0",
            "-1",
            "10000000.000001",
            "1.0000001",
            "1e3",
            "",
            ".",
            "1.",
            "+1",
            "NaN",
        ] {
            assert!(bad.parse::<Price>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_number_is_padded_like_one_and_never_cut_short() {
        let price: Price = "168.81".parse().unwrap();
        assert_eq!(
            format!("{price:8}|{price:<8}|{price:08}"),
            "  168.81|168.81  |00168.81"
        );
        assert_eq!(format!("{price:.2}"), "168.81");
        let level: Level = "-0.05".parse().unwrap();
        assert_eq!(
            format!("{level:7}|{level:07}|{level:.0}"),
            "  -0.05|-000.05|-0.05"
        );
    }

    #[test]
    fn a_level_rounds_to_the_tick_in_the_named_direction() {
        let level: Level = "49.16079".parse().unwrap();
        assert_eq!(level.floor_to(10_000).unwrap().to_string(), "49.16");
        assert_eq!(level.ceil_to(10_000).unwrap().to_string(), "49.17");
        let exact: Level = "49.16".parse().unwrap();
        assert_eq!(exact.floor_to(10_000), exact.ceil_to(10_000));
    }

    proptest! {
        #[test]
        fn parsing_what_was_printed_gives_the_same_price(micros in 1..=Price::MAX_MICROS) {
            let price = Price::from_micros(micros).unwrap();
            prop_assert_eq!(price.to_string().parse::<Price>().unwrap(), price);
            let bytes = postcard::to_stdvec(&price).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Price>(&bytes).unwrap(), price);
            // What cannot be a price is none in that form either.
            let bytes = postcard::to_stdvec(&micros.saturating_neg()).unwrap();
            prop_assert!(postcard::from_bytes::<Price>(&bytes).is_err());
        }

        #[test]
        fn a_value_is_the_exact_product(micros in 1..=Price::MAX_MICROS, shares in 0_u32..1_000_000_000) {
            let value = Price::from_micros(micros).unwrap().times(Qty::shares(shares).unwrap());
            let product = i128::from(micros)
                .checked_mul(i128::from(shares))
                .and_then(|whole| whole.checked_mul(1_000_000_000));
            prop_assert_eq!(Some(value.femtos()), product);
        }
    }
}
