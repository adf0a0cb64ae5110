//! Amounts of money, exact to 1e-15 dollars, and the plain ratios they are scaled by.
//! Nothing here rounds unless the method says which way.

use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use rust_decimal::Decimal;

use crate::number::{NumberError, decimal_text};
use crate::price::Level;

const RATIO_DECIMALS: u32 = 9;
const MONEY_DECIMALS: u32 = 15;

/// An amount of money: the exact product of price and quantity, in 1e-15 dollars.
///
/// One product needs at most 104 of 127 bits, so eight million of the largest possible positions
/// can be added up; past that a sum stays at the end of the range instead of wrapping.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub(crate) const fn of(self, amount: i128) -> i128 {
        const ONE: i128 = 1_000_000_000;
        let ratio = self.0 as i128;
        match amount.checked_mul(ratio) {
            Some(product) => product / ONE,
            // Too large as one product: whole billions and the rest, which have the same sign, so
            // that the sum of both is the rounded product again.
            None => {
                let rest = (amount % ONE).saturating_mul(ratio) / ONE;
                (amount / ONE).saturating_mul(ratio).saturating_add(rest)
            }
        }
    }

    /// The number read as dollars.
    #[must_use]
    pub const fn as_dollars(self) -> Level {
        Level::from_femtos((self.0 as i128).wrapping_mul(1_000_000))
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
    use super::*;
    use crate::price::Price;
    use proptest::prelude::*;

    #[test]
    fn a_percentage_of_a_four_decimal_price_is_exact() {
        let low = Level::from("372.1234".parse::<Price>().unwrap());
        let pct: Ratio = "0.1".parse().unwrap();
        assert_eq!(low.scaled_down(pct.percent()).to_string(), "0.3721234");
    }

    #[test]
    fn the_lowest_amount_reads_back_and_one_below_is_refused() {
        let lowest = Money::from_femtos(i128::MIN);
        assert_eq!(lowest.to_string().parse::<Money>(), Ok(lowest));
        let below = "-170141183460469231731687.303715884105729";
        assert!(below.parse::<Money>().is_err());
        assert!(below[1..].parse::<Money>().is_err());
    }

    #[test]
    fn a_share_of_a_huge_amount_is_exact_and_an_excess_stays_at_the_end() {
        let huge = Money::from_femtos(i128::MAX);
        assert_eq!(huge.scaled_down(Ratio::ONE), huge);
        let half: Ratio = "0.5".parse().unwrap();
        assert_eq!(huge.scaled_down(half).femtos(), i128::MAX / 2);
        let double: Ratio = "2".parse().unwrap();
        assert_eq!(huge.scaled_down(double), huge);
        assert_eq!((-huge).scaled_down(double).femtos(), i128::MIN);
    }

    proptest! {
        #[test]
        fn both_ways_to_scale_agree(amount: i64, billionths: i64) {
            // Whole billions times a ratio are exact, whichever way is taken.
            let ratio = Ratio::from_billionths(billionths);
            let amount = i128::from(amount).saturating_mul(1_000_000_000);
            let exact = amount.checked_div(1_000_000_000)
                .and_then(|whole| whole.checked_mul(i128::from(billionths)));
            prop_assert_eq!(Some(ratio.of(amount)), exact);
        }

        #[test]
        fn parsing_what_was_printed_gives_the_same_amount(femtos: i128) {
            let money = Money::from_femtos(femtos);
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }
    }
}
