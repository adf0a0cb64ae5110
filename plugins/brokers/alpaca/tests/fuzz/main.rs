//! Bad input by the hundred thousand: samples mutated, cut, joined and shuffled, through every reader of
//! the wire and both protocol machines. Bounded by a count, drawn from a seed, and each case can be run
//! alone: a failure prints how.
//!
//! `TRADER_FUZZ_CASES` is the count (1,000 where nothing is said), `TRADER_FUZZ_SEED` where it begins.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test that does not get that far has failed, counts here are small, and seeds are printed"
)]

mod dice;
mod feed;
mod keys;
mod machine;
mod mutate;
mod refusals;
#[path = "../../src/wire/samples/texts.rs"]
mod texts;
mod wire;

use dice::Dice;

/// Cases where nothing is said.
const CASES: u64 = 1_000;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.trim().parse().unwrap())
}

/// Says how to run a case alone, where it fails.
struct Case<'a> {
    test: &'a str,
    seed: u64,
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!(
                "\nto run this case alone: TRADER_FUZZ_SEED={} TRADER_FUZZ_CASES=1 cargo test -p \
                 trader-broker-alpaca --test fuzz {}\n",
                self.seed, self.test
            );
        }
    }
}

/// Runs the cases of a test: one of `share` as many as are asked for, since some take longer.
fn fuzz(test: &str, share: u64, mut case: impl FnMut(&mut Dice)) {
    let first = setting("TRADER_FUZZ_SEED", 1);
    let cases = setting("TRADER_FUZZ_CASES", CASES).div_ceil(share);
    println!("{test}: {cases} cases from seed {first}");
    for number in 0..cases {
        let seed = first.wrapping_add(number);
        let _told = Case { test, seed };
        case(&mut Dice::new(seed));
    }
}
