//! The deepest fall of equity from its highest point so far, exact, one value at a time.

use trader_contract::Money;

/// Follows equity and remembers its deepest fall as a share of the peak before it.
///
/// A value costs a comparison or two. Only a new low below a peak can be the deepest fall; the two
/// falls are then compared exactly, as products of whole numbers, so that the answer does not hang on
/// rounding or on the order of equal falls. Equity below zero counts as zero: all is lost, not more.
#[derive(Debug, Clone)]
pub struct Drawdown {
    latest: u128,
    peak: u128,
    /// The lowest since the peak.
    trough: u128,
    deepest: Fall,
}

/// A fall from `peak` by `depth`.
#[derive(Debug, Clone, Copy)]
struct Fall {
    depth: u128,
    peak: u128,
}

impl Fall {
    fn is_deeper_than(self, other: Self) -> bool {
        product(self.depth, other.peak) > product(other.depth, self.peak)
    }

    /// The fall as a share, not positive; `None` from a peak of zero.
    fn share(self) -> Option<f64> {
        (self.peak > 0).then(|| 0.0 - self.depth as f64 / self.peak as f64)
    }
}

impl Drawdown {
    /// Begins with the starting value.
    #[must_use]
    pub fn new(start: Money) -> Self {
        let start = above_zero(start);
        Self {
            latest: start,
            peak: start,
            trough: start,
            deepest: Fall { depth: 0, peak: 1 },
        }
    }

    /// Takes the next value.
    pub fn on_equity(&mut self, equity: Money) {
        let equity = above_zero(equity);
        self.latest = equity;
        if equity >= self.peak {
            (self.peak, self.trough) = (equity, equity);
        } else if equity < self.trough {
            self.trough = equity;
            let fall = self.fall();
            if fall.is_deeper_than(self.deepest) {
                self.deepest = fall;
            }
        }
    }

    /// The deepest fall, from -1 to 0; `None` if equity was never above zero.
    #[must_use]
    pub fn deepest(&self) -> Option<f64> {
        self.deepest.share().filter(|_| self.peak > 0)
    }

    /// The fall from the highest value so far to the latest one, from -1 to 0; zero if equity was
    /// never above zero.
    #[must_use]
    pub fn current(&self) -> f64 {
        self.fall().share().unwrap_or(0.0)
    }

    fn fall(&self) -> Fall {
        Fall {
            depth: self.peak.saturating_sub(self.latest),
            peak: self.peak,
        }
    }
}

fn above_zero(equity: Money) -> u128 {
    u128::try_from(equity.femtos()).unwrap_or(0)
}

/// The product as its upper and lower 128 bits, which compare as the product does. Equity of a million
/// dollars has 70 bits, so that the product of two would not fit into 128.
fn product(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> 64, a & HALF);
    let (b_high, b_low) = (b >> 64, b & HALF);
    // None of these can wrap: a product of halves leaves room for two more halves.
    let low = a_low.wrapping_mul(b_low);
    let one = a_high.wrapping_mul(b_low).wrapping_add(low >> 64);
    let other = a_low.wrapping_mul(b_high).wrapping_add(one & HALF);
    let high = a_high.wrapping_mul(b_high);
    let upper = high.wrapping_add(one >> 64).wrapping_add(other >> 64);
    (upper, (other << 64) | (low & HALF))
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "numbers are bounded where they are drawn; an overflow would panic and fail the test"
    )]

    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    fn follow(start: i64, later: &[i64]) -> Drawdown {
        let mut drawdown = Drawdown::new(Money::dollars(start));
        for dollars in later {
            drawdown.on_equity(Money::dollars(*dollars));
        }
        drawdown
    }

    /// Equal to the bit: a zero without a sign, too.
    fn same(found: f64, expected: f64) {
        assert_eq!(
            found.to_bits(),
            expected.to_bits(),
            "{found} is not {expected}"
        );
    }

    #[test]
    fn the_deepest_fall_is_a_share_of_the_peak_before_it() {
        // 20 of 100 is deeper than 30 of 200, though it is less money.
        let drawdown = follow(100, &[80, 100, 200, 170, 180]);
        assert_eq!(drawdown.deepest(), Some(-0.2));
        same(drawdown.current(), -0.1);
        assert_eq!(follow(100, &[90, 200, 160]).deepest(), Some(-0.2));
    }

    #[test]
    fn equity_that_never_falls_has_none() {
        let drawdown = follow(100, &[100, 101]);
        same(drawdown.deepest().unwrap(), 0.0);
        same(drawdown.current(), 0.0);
    }

    #[test]
    fn more_than_all_cannot_be_lost() {
        let drawdown = follow(100, &[-50, 20]);
        assert_eq!(drawdown.deepest(), Some(-1.0));
        same(drawdown.current(), -0.8);
        assert_eq!(follow(0, &[-50]).deepest(), None);
        same(follow(0, &[-50]).current(), 0.0);
        assert_eq!(follow(-50, &[100, 75]).deepest(), Some(-0.25));
    }

    #[test]
    fn falls_that_differ_past_the_digits_of_a_float_are_told_apart() {
        // A femto in a trillion dollars: 27 digits.
        let peak = Money::dollars(1_000_000_000_000).femtos().unsigned_abs();
        let half = Fall {
            depth: peak / 2,
            peak,
        };
        let more = Fall {
            depth: peak / 2 + 1,
            peak,
        };
        assert!(more.is_deeper_than(half) && !half.is_deeper_than(more));
        assert!(!half.is_deeper_than(Fall { depth: 1, peak: 2 }));
    }

    /// Compares `a / b` with `c / d` by the expansion of both into continued fractions.
    fn by_continued_fractions(a: u128, b: u128, c: u128, d: u128) -> Ordering {
        match (a / b).cmp(&(c / d)) {
            Ordering::Equal => match (a % b, c % d) {
                (0, 0) => Ordering::Equal,
                (0, _) => Ordering::Less,
                (_, 0) => Ordering::Greater,
                (left, right) => by_continued_fractions(d, right, b, left),
            },
            unequal => unequal,
        }
    }

    proptest! {
        #[test]
        fn products_compare_as_fractions_do(a: u128, b in 1_u128.., c: u128, d in 1_u128..) {
            let compared = product(a, d).cmp(&product(c, b));
            prop_assert_eq!(compared, by_continued_fractions(a, b, c, d));
            prop_assert_eq!(product(a, d), product(d, a));
        }

        #[test]
        fn a_product_of_halves_is_the_plain_one(a: u64, b: u64) {
            prop_assert_eq!(product(a.into(), b.into()), (0, u128::from(a) * u128::from(b)));
        }

        #[test]
        fn the_deepest_of_all_pairs_is_found(values in prop::collection::vec(1_i64..1_000, 1..40)) {
            let mut deepest = 0.0_f64;
            for (place, peak) in values.iter().enumerate() {
                for later in &values[place..] {
                    deepest = deepest.min(*later as f64 / *peak as f64 - 1.0);
                }
            }
            let found = follow(values[0], &values[1..]);
            prop_assert!((found.deepest().unwrap() - deepest).abs() < 1e-15);
            prop_assert!(found.current() >= found.deepest().unwrap());
        }
    }
}
