//! How long to wait before the next try: longer each time, up to a limit, and never for as long as
//! others who lost the same connection. The chance is seeded, so that a run can be repeated.

/// A source of chance that is seeded: the same seed gives the same row of numbers.
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Takes a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number (splitmix64).
    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without `bound`; 0 where that is nothing.
    pub fn below(&mut self, bound: i64) -> i64 {
        let drawn = i64::try_from(self.next() >> 1).unwrap_or_default();
        drawn.checked_rem(bound.max(1)).unwrap_or_default()
    }
}

/// Waits that double.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: i64,
    longest: i64,
    next: i64,
    dice: Dice,
}

impl Backoff {
    /// The first wait and the longest, in nanoseconds.
    #[must_use]
    pub const fn new(first: i64, longest: i64, seed: u64) -> Self {
        Self {
            first,
            longest,
            next: first,
            dice: Dice::new(seed),
        }
    }

    /// How long to wait now: at least the wait's first half, the rest by chance.
    pub fn wait(&mut self) -> i64 {
        self.wait_at_least(0)
    }

    /// The same, where the other side wants more.
    pub fn wait_at_least(&mut self, least: i64) -> i64 {
        let whole = self.next.max(least);
        self.next = whole.saturating_mul(2).min(self.longest.max(least));
        let jitter = self.dice.below(whole.div_euclid(2).saturating_add(1));
        whole.saturating_sub(jitter).max(least)
    }

    /// It worked: the next wait is the first one again.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_anew_after_a_success() {
        let mut backoff = Backoff::new(1_000, 60_000, 7);
        for whole in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            let wait = backoff.wait();
            assert!(wait * 2 >= whole && wait <= whole, "{wait} of {whole}");
        }
        backoff.reset();
        assert!(backoff.wait() <= 1_000);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_shorter_than_what_the_other_side_wants(seed: u64, least in 0_i64..1_000_000) {
            let mut backoff = Backoff::new(1_000, 60_000, seed);
            for _ in 0..10 {
                prop_assert!(backoff.wait_at_least(least) >= least);
            }
        }

        #[test]
        fn two_with_one_seed_wait_alike(seed: u64) {
            let (mut one, mut two) = (Backoff::new(9, 999, seed), Backoff::new(9, 999, seed));
            for _ in 0..20 {
                prop_assert_eq!(one.wait(), two.wait());
            }
        }
    }
}
