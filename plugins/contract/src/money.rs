//! Exact fixed-point numbers: prices, strategy levels, quantities, money and ratios.
//! Nothing here rounds unless the method's name says which way.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a number was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a plain decimal number.
    #[error("{0:?} is not a plain decimal number")]
    Syntax(String),
    /// The value has more decimals than the type holds; it is refused, not rounded.
    #[error("{value} has more than {decimals} decimals")]
    Precision {
        /// What was given.
        value: String,
        /// How many decimals the type holds.
        decimals: u32,
    },
    /// The value lies outside the type's range.
    #[error("{value} is outside {range}")]
    Range {
        /// What was given.
        value: String,
        /// The range in words.
        range: &'static str,
    },
}

const PRICE_DECIMALS: u32 = 6;
const QTY_DECIMALS: u32 = 9;
const RATIO_DECIMALS: u32 = 9;
const MONEY_DECIMALS: u32 = 15;

/// Reads a plain decimal (`-12.5`, no exponent) as an integer scaled by `10^decimals`.
fn parse_scaled(text: &str, decimals: u32) -> Result<i128, NumberError> {
    let syntax = || NumberError::Syntax(text.to_owned());
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
        return Err(syntax());
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::try_from(decimals)
        .ok()
        .and_then(|d| d.checked_sub(fraction.len()))
        .ok_or_else(|| NumberError::Precision {
            value: text.to_owned(),
            decimals,
        })?;
    let range = || NumberError::Range {
        value: text.to_owned(),
        range: "the numbers that fit",
    };
    let mut value: i128 = 0;
    for byte in whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', missing))
    {
        let digit = i128::from(byte.wrapping_sub(b'0'));
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(digit))
            .ok_or_else(range)?;
    }
    Ok(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

/// Writes a scaled integer as a plain decimal without trailing zeros.
fn write_scaled(f: &mut fmt::Formatter<'_>, value: i128, decimals: u32) -> fmt::Result {
    let unit = 10_u128.checked_pow(decimals).unwrap_or(1);
    let magnitude = value.unsigned_abs();
    let whole = magnitude.checked_div(unit).unwrap_or(0);
    let fraction = magnitude.checked_rem(unit).unwrap_or(0);
    let mut text = String::new();
    if value < 0 {
        text.push('-');
    }
    text.push_str(&whole.to_string());
    if fraction != 0 {
        let width = usize::try_from(decimals).unwrap_or(0);
        let digits = format!("{fraction:0width$}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    f.pad(&text)
}

macro_rules! decimal_text {
    ($type:ident, $decimals:expr, $from:expr) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_scaled(f, i128::from(self.0), $decimals)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
        impl FromStr for $type {
            type Err = NumberError;
            fn from_str(text: &str) -> Result<Self, NumberError> {
                let scaled = parse_scaled(text, $decimals)?;
                $from(scaled).ok_or_else(|| NumberError::Range {
                    value: text.to_owned(),
                    range: $type::RANGE,
                })
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl $type {
            /// The same number as a decimal; `None` where it has more digits than a decimal holds.
            #[must_use]
            pub fn to_decimal(self) -> Option<Decimal> {
                Decimal::try_from_i128_with_scale(i128::from(self.0), $decimals)
                    .ok()
                    .map(|d| d.normalize())
            }
        }
    };
}

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
        Money((self.0 as i128).wrapping_mul(qty.0 as i128))
    }

    /// The signed value of a net position at this price, exact.
    #[must_use]
    pub const fn times_net(self, net: NetQty) -> Money {
        Money((self.0 as i128).wrapping_mul(net.0 as i128))
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

decimal_text!(Level, MONEY_DECIMALS, |scaled| Some(Level(scaled)));

/// A number of shares without a sign, in billionths of a share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Qty(i64);

impl Qty {
    /// What [`Qty::from_nanos`] accepts, in words.
    pub const RANGE: &'static str = "the quantities from 0 to 1000000000 shares";
    /// No shares.
    pub const ZERO: Self = Self(0);
    /// One share in billionths.
    pub const NANOS_PER_SHARE: i64 = 1_000_000_000;
    /// The largest quantity: a billion shares.
    pub const MAX_NANOS: i64 = 1_000_000_000_000_000_000;

    /// Takes billionths of a share; `None` unless in 0..=[`Self::MAX_NANOS`].
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Option<Self> {
        if nanos >= 0 && nanos <= Self::MAX_NANOS {
            Some(Self(nanos))
        } else {
            None
        }
    }

    /// Takes whole shares; `None` above a billion.
    #[must_use]
    pub const fn shares(shares: u32) -> Option<Self> {
        Self::from_nanos((shares as i64).saturating_mul(Self::NANOS_PER_SHARE))
    }

    /// The quantity in billionths of a share.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The whole shares in it; a fraction is left out.
    #[must_use]
    pub const fn whole_shares(self) -> i64 {
        self.0 / Self::NANOS_PER_SHARE
    }

    /// Whether it is a whole number of shares.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 % Self::NANOS_PER_SHARE == 0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` past the largest quantity.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Self::from_nanos(sum),
            None => None,
        }
    }

    /// What is left after taking `other` away; `None` where `other` is more.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        Self::from_nanos(self.0.wrapping_sub(other.0))
    }
}

decimal_text!(Qty, QTY_DECIMALS, |scaled| i64::try_from(scaled)
    .ok()
    .and_then(Qty::from_nanos));

/// A net position in billionths of a share: positive is long, negative is short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetQty(i64);

impl NetQty {
    /// What fits, in words.
    pub const RANGE: &'static str = "the positions from -1000000000 to 1000000000 shares";
    /// Flat.
    pub const ZERO: Self = Self(0);

    /// Takes billionths of a share; `None` beyond a billion shares either way.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Option<Self> {
        if nanos >= -Qty::MAX_NANOS && nanos <= Qty::MAX_NANOS {
            Some(Self(nanos))
        } else {
            None
        }
    }

    /// The position in billionths of a share.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The size without the sign.
    #[must_use]
    pub const fn magnitude(self) -> Qty {
        Qty(self.0.saturating_abs())
    }

    /// Whether there is no position.
    #[must_use]
    pub const fn is_flat(self) -> bool {
        self.0 == 0
    }

    /// The sum; `None` beyond a billion shares.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Self::from_nanos(sum),
            None => None,
        }
    }
}

impl Neg for NetQty {
    type Output = Self;
    fn neg(self) -> Self {
        // The range is symmetrical, so the negation always fits.
        Self(self.0.wrapping_neg())
    }
}

decimal_text!(NetQty, QTY_DECIMALS, |scaled| i64::try_from(scaled)
    .ok()
    .and_then(NetQty::from_nanos));

/// An amount of money: the exact product of price and quantity, in 1e-15 dollars.
///
/// One product needs at most 104 of 127 bits, so eight million of the largest possible positions
/// can be added up; past that a sum stays at the end of the range instead of wrapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

impl Money {
    /// What fits, in words.
    pub const RANGE: &'static str = "the amounts that fit 128 bits at 15 decimals";
    /// No money.
    pub const ZERO: Self = Self(0);
    /// One dollar in 1e-15 dollars.
    pub const FEMTOS_PER_DOLLAR: i128 = 1_000_000_000_000_000;

    /// Takes an amount in 1e-15 dollars.
    #[must_use]
    pub const fn from_femtos(femtos: i128) -> Self {
        Self(femtos)
    }

    /// Takes whole dollars.
    #[must_use]
    pub const fn dollars(dollars: i64) -> Self {
        Self((dollars as i128).wrapping_mul(Self::FEMTOS_PER_DOLLAR))
    }

    /// The amount in 1e-15 dollars.
    #[must_use]
    pub const fn femtos(self) -> i128 {
        self.0
    }

    /// The amount in millionths of a dollar; `None` where that would need rounding or overflows.
    #[must_use]
    pub fn exact_micros(self) -> Option<i64> {
        const PER_MICRO: i128 = 1_000_000_000;
        if self.0.checked_rem(PER_MICRO)? != 0 {
            return None;
        }
        i64::try_from(self.0.checked_div(PER_MICRO)?).ok()
    }

    /// Takes millionths of a dollar.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self((micros as i128).wrapping_mul(1_000_000_000))
    }

    /// `self * ratio`, rounded toward zero past the fifteenth decimal.
    #[must_use]
    pub const fn scaled_down(self, ratio: Ratio) -> Self {
        Self(ratio.of(self.0))
    }

    /// The amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Takes a decimal with at most fifteen decimals.
    ///
    /// # Errors
    /// More decimals than fifteen, or a number that does not fit.
    pub fn from_decimal(decimal: Decimal) -> Result<Self, NumberError> {
        decimal.normalize().to_string().parse()
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}
impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
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

decimal_text!(Money, MONEY_DECIMALS, |scaled| Some(Money(scaled)));

/// A plain number with nine decimals: a share of something, a percentage, a multiple.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(i64);

impl Ratio {
    /// What fits, in words.
    pub const RANGE: &'static str = "the numbers from -9223372036 to 9223372036";
    /// The number one.
    pub const ONE: Self = Self(1_000_000_000);
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Takes billionths.
    #[must_use]
    pub const fn from_billionths(billionths: i64) -> Self {
        Self(billionths)
    }

    /// The number in billionths.
    #[must_use]
    pub const fn billionths(self) -> i64 {
        self.0
    }

    /// This many of `amount`, rounded toward zero; stays at the end of the range past 128 bits.
    const fn of(self, amount: i128) -> i128 {
        const ONE: i128 = 1_000_000_000;
        amount.saturating_mul(self.0 as i128) / ONE
    }

    /// The number read as dollars.
    #[must_use]
    pub const fn as_dollars(self) -> Level {
        Level((self.0 as i128).wrapping_mul(1_000_000))
    }

    /// A hundredth of it, for settings given in percent; digits past the ninth decimal are cut off.
    #[must_use]
    pub const fn percent(self) -> Self {
        Self(self.0 / 100)
    }
}

decimal_text!(Ratio, RATIO_DECIMALS, |scaled| i64::try_from(scaled)
    .ok()
    .map(Ratio));

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "small numbers; an overflow would panic"
    )]

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
    fn a_level_rounds_to_the_tick_in_the_named_direction() {
        let level: Level = "49.16079".parse().unwrap();
        assert_eq!(level.floor_to(10_000).unwrap().to_string(), "49.16");
        assert_eq!(level.ceil_to(10_000).unwrap().to_string(), "49.17");
        let exact: Level = "49.16".parse().unwrap();
        assert_eq!(exact.floor_to(10_000), exact.ceil_to(10_000));
    }

    #[test]
    fn a_percentage_of_a_four_decimal_price_is_exact() {
        let low = Level::from("372.1234".parse::<Price>().unwrap());
        let pct: Ratio = "0.1".parse().unwrap();
        assert_eq!(low.scaled_down(pct.percent()).to_string(), "0.3721234");
    }

    proptest! {
        #[test]
        fn parsing_what_was_printed_gives_the_same_number(micros in 1..=Price::MAX_MICROS, femtos: i64) {
            let price = Price::from_micros(micros).unwrap();
            prop_assert_eq!(price.to_string().parse::<Price>().unwrap(), price);
            let money = Money::from_femtos(i128::from(femtos));
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn a_value_is_the_exact_product(micros in 1..=Price::MAX_MICROS, shares in 0_u32..1_000_000_000) {
            let value = Price::from_micros(micros).unwrap().times(Qty::shares(shares).unwrap());
            prop_assert_eq!(value.femtos(), i128::from(micros) * i128::from(shares) * 1_000_000_000);
        }
    }
}
