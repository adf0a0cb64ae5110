//! Chance from a seed: small, fast, and forked by purpose, so that one draw more here changes nothing
//! there.

/// A stream of numbers that follows from its seed alone.
#[derive(Debug, Clone)]
pub struct Draw(u64);

impl Draw {
    /// The stream of a seed for a purpose.
    #[must_use]
    pub fn of(seed: u64, purpose: &str) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in purpose.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Self(mix(state))
    }

    /// The stream of a number within a seed, for things that come one after the other.
    #[must_use]
    pub const fn at(seed: u64, number: u64) -> Self {
        Self(mix(
            seed ^ mix(number.wrapping_add(0x51_7c_c1_b7_27_22_0a_95))
        ))
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both of them possible.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        let step = self.below(width.saturating_add(1));
        low.saturating_add(i64::try_from(step).unwrap_or(0))
    }

    /// True once in `one_in` times.
    pub fn once_in(&mut self, one_in: u64) -> bool {
        self.below(one_in.max(1)) == 0
    }

    /// A coin.
    pub fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// One of these; `None` of nothing.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let count = u64::try_from(of.len()).unwrap_or(0);
        let index = usize::try_from(self.below(count)).unwrap_or(0);
        of.get(index).copied()
    }

    /// The index of one of these weights, as likely as it is heavy.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < *weight {
                return index;
            }
            left -= weight;
        }
        0
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_in_their_range_and_reach_both_ends() {
        let mut draw = Draw::of(7, "test");
        let drawn: Vec<i64> = (0..200).map(|_| draw.between(-2, 2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.pick::<u8>(&[]), None);
    }

    #[test]
    fn a_stream_follows_from_seed_and_purpose() {
        assert_eq!(Draw::of(1, "a").next(), Draw::of(1, "a").next());
        assert_ne!(Draw::of(1, "a").next(), Draw::of(1, "b").next());
        assert_ne!(Draw::of(1, "a").next(), Draw::of(2, "a").next());
        assert_ne!(Draw::at(1, 1).next(), Draw::at(1, 2).next());
    }
}
