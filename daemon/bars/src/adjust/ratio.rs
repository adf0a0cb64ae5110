//! Positive fractions, exact as long as they are of a reasonable size, and the decimals that they
//! are made of. What is rounded is rounded once, where a price or a volume comes out.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The largest numerator and denominator, in bits: a price in millionths times a numerator stays
/// far inside 128.
const BITS_MAX: u32 = 80;
/// What operands are cut down to whose product would not fit.
const BITS_SHORT: u32 = 62;

/// A positive number as a file prints it: at most ten decimals, and below a million. Writes itself
/// as it was read, zeros at the end included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    mantissa: u64,
    decimals: u32,
}

/// A text is no such number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no positive plain decimal below 1000000 with at most 10 decimals")]
pub struct DecimalError(pub String);

impl FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let wrong = || DecimalError(text.chars().take(40).collect());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let sized = (1..=6).contains(&whole.len()) && fraction.len() <= 10;
        if !sized || !plain(whole) || !plain(fraction) || text.ends_with('.') {
            return Err(wrong());
        }
        let mantissa: u64 = format!("{whole}{fraction}").parse().map_err(|_| wrong())?;
        if mantissa == 0 {
            return Err(wrong());
        }
        Ok(Self {
            mantissa,
            decimals: u32::try_from(fraction.len()).map_err(|_| wrong())?,
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::try_from(self.decimals).unwrap_or(0);
        let digits = format!(
            "{:0width$}",
            self.mantissa,
            width = decimals.saturating_add(1)
        );
        let point = digits.len().saturating_sub(decimals);
        match digits.split_at_checked(point) {
            Some((whole, fraction)) if !fraction.is_empty() => {
                f.pad(&format!("{whole}.{fraction}"))
            }
            _ => f.pad(&digits),
        }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ratio {
    numerator: u128,
    denominator: u128,
}

impl From<Decimal> for Ratio {
    fn from(decimal: Decimal) -> Self {
        let unit = 10_u128.saturating_pow(decimal.decimals);
        Self::reduced(u128::from(decimal.mantissa), unit)
    }
}

impl Ratio {
    /// One.
    pub(super) const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// One divided by it.
    pub(super) const fn inverse(self) -> Self {
        Self {
            numerator: self.denominator,
            denominator: self.numerator,
        }
    }

    /// What is left of one after taking it away; `None` unless it is below one.
    pub(super) fn complement(self) -> Option<Self> {
        let left = self.denominator.checked_sub(self.numerator)?;
        (left > 0).then(|| Self::reduced(left, self.denominator))
    }

    /// The product: exact while numerator and denominator stay within 80 bits, else cut to 62 bits,
    /// a relative error below 1e-12 for factors between a millionth and a million.
    pub(super) fn times(self, other: Self) -> Self {
        // Reduced across first, products are in lowest terms and as small as they can be.
        let left = Self::reduced(self.numerator, other.denominator);
        let right = Self::reduced(other.numerator, self.denominator);
        let product = |a: u128, b: u128| a.checked_mul(b);
        let whole = product(left.numerator, right.numerator)
            .zip(product(left.denominator, right.denominator));
        if let Some((numerator, denominator)) = whole {
            return Self {
                numerator,
                denominator,
            }
            .cut(BITS_MAX, BITS_SHORT);
        }
        let (a, b) = (
            self.cut(BITS_SHORT, BITS_SHORT),
            other.cut(BITS_SHORT, BITS_SHORT),
        );
        Self {
            numerator: a.numerator.saturating_mul(b.numerator),
            denominator: a.denominator.saturating_mul(b.denominator),
        }
        .cut(BITS_MAX, BITS_SHORT)
    }

    /// `value` times the fraction, rounded to the nearest whole number, halves to the even one.
    /// `None` past 128 bits.
    pub(super) fn of(self, value: u64) -> Option<u128> {
        let product = u128::from(value).checked_mul(self.numerator)?;
        let below = product.checked_div(self.denominator)?;
        let rest = product.checked_rem(self.denominator)?;
        let up = match rest.checked_mul(2)?.cmp(&self.denominator) {
            Ordering::Less => 0,
            Ordering::Equal => below & 1,
            Ordering::Greater => 1,
        };
        below.checked_add(up)
    }

    /// The nearest floating-point number, for comparisons that need no more.
    #[expect(
        clippy::cast_precision_loss,
        reason = "it is for comparisons with a tolerance"
    )]
    pub(super) fn nearly(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    fn reduced(numerator: u128, denominator: u128) -> Self {
        let (mut a, mut b) = (numerator, denominator);
        while let Some(rest) = a.checked_rem(b) {
            (a, b) = (b, rest);
        }
        Self {
            numerator: numerator.checked_div(a).unwrap_or(numerator),
            denominator: denominator.checked_div(a).unwrap_or(denominator),
        }
    }

    /// Takes low bits away from both if either has more than `most`, until neither has more than
    /// `bits`.
    fn cut(self, most: u32, bits: u32) -> Self {
        let longest = |ratio: &Self| {
            let either = ratio.numerator | ratio.denominator;
            u128::BITS.saturating_sub(either.leading_zeros())
        };
        if longest(&self) <= most {
            return self;
        }
        let surplus = longest(&self).saturating_sub(bits);
        let shorter = |value: u128| value.checked_shr(surplus).unwrap_or(0).max(1);
        Self::reduced(shorter(self.numerator), shorter(self.denominator))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(text: &str) -> Ratio {
        text.parse::<Decimal>().unwrap().into()
    }

    #[test]
    fn a_decimal_writes_itself_as_it_was_read() {
        for text in [
            "0.8613657",
            "0.03571430",
            "101",
            "2.6500",
            "1",
            "0.0000000001",
            "999999.5",
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "0",
            "0.00",
            "-1",
            "1.",
            ".5",
            "1e3",
            "NaN",
            "1000000",
            "0.12345678901",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn fractions_are_exact_and_halves_round_to_the_even_number() {
        let seventh = ratio("7").inverse();
        assert_eq!(seventh.times(ratio("7")), Ratio::ONE);
        assert_eq!(seventh.times(ratio("4").inverse()).of(28), Some(1));
        assert_eq!(ratio("0.5").of(1), Some(0));
        assert_eq!(ratio("0.5").of(2), Some(1));
        assert_eq!(ratio("0.5").of(3), Some(2));
        assert_eq!(ratio("0.5000000001").of(1), Some(1));
        assert_eq!(ratio("0.4999999999").of(1), Some(0));
        assert_eq!(ratio("0.25").complement(), Some(ratio("0.75")));
        assert_eq!(ratio("1").complement(), None);
        assert_eq!(ratio("1.5").complement(), None);
    }

    proptest! {
        #[test]
        fn long_products_keep_fifteen_digits(
            mantissas in proptest::collection::vec(900_000_000_u64..1_000_000_000, 1..150),
        ) {
            let mut product = Ratio::ONE;
            let mut wanted = 1.0;
            for mantissa in mantissas {
                product = product.times(ratio(&format!("0.{mantissa}")));
                wanted *= mantissa as f64 / 1e9;
            }
            prop_assert!((product.nearly() / wanted - 1.0).abs() < 1e-12);
        }

        #[test]
        fn rounding_keeps_the_order(a in any::<u32>(), b in any::<u32>(), by in 1_u64..10_000_000) {
            let factor = ratio(&format!("0.{by:010}"));
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(factor.of(u64::from(low)) <= factor.of(u64::from(high)));
        }
    }
}
