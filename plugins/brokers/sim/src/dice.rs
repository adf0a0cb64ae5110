//! Seeded chance whose state can be saved: a seed and how far its stream has been used.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use trader_contract::Ratio;

/// A stream of random numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Position", into = "Position")]
pub(crate) struct Dice {
    seed: u64,
    stream: ChaCha8Rng,
}

/// Where a stream stands.
#[derive(Serialize, Deserialize)]
struct Position {
    seed: u64,
    used_words: u64,
}

impl From<Position> for Dice {
    fn from(position: Position) -> Self {
        let mut dice = Self::new(position.seed);
        dice.stream.set_word_pos(u128::from(position.used_words));
        dice
    }
}

impl From<Dice> for Position {
    fn from(dice: Dice) -> Self {
        Self {
            seed: dice.seed,
            // One number takes two words: no simulation gets to 2^63 of them.
            used_words: u64::try_from(dice.stream.get_word_pos()).unwrap_or(u64::MAX),
        }
    }
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            stream: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// A number in `0..bound`: see [`below`].
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        below(&mut self.stream, bound)
    }

    /// True as often as `probability` says.
    pub(crate) fn happens(&mut self, probability: Ratio) -> bool {
        probability > Ratio::ZERO && self.below(Ratio::ONE.billionths()) < probability.billionths()
    }
}

/// A number in `0..bound`, all of them as good as equally likely; 0 for a bound below 1.
pub(crate) fn below(stream: &mut ChaCha8Rng, bound: i64) -> i64 {
    if bound <= 1 {
        return 0;
    }
    let wide = i128::from(stream.next_u64()).saturating_mul(i128::from(bound));
    i64::try_from(wide.wrapping_shr(64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restored_stream_goes_on_where_it_stood() {
        let mut dice = Dice::new(7);
        let first: Vec<i64> = (0..5).map(|_| dice.below(1_000)).collect();
        assert!(first.iter().all(|n| (0..1_000).contains(n)));
        let text = serde_json::to_string(&dice).unwrap();
        let mut again: Dice = serde_json::from_str(&text).unwrap();
        let rest: Vec<i64> = (0..5).map(|_| dice.below(1_000)).collect();
        let restored: Vec<i64> = (0..5).map(|_| again.below(1_000)).collect();
        assert_eq!(rest, restored);
        assert_ne!(first, rest);
    }

    #[test]
    fn what_is_impossible_never_happens_and_what_is_certain_always_does() {
        let mut dice = Dice::new(1);
        assert!((0..100).all(|_| !dice.happens(Ratio::ZERO)));
        assert!((0..100).all(|_| dice.happens(Ratio::ONE)));
        let half = Ratio::from_billionths(500_000_000);
        let hits = (0..10_000).filter(|_| dice.happens(half)).count();
        assert!((4_700..5_300).contains(&hits), "{hits}");
    }
}
