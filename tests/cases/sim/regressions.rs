//! Seeds that found something. Each runs as a test for ever.

use trader_tests::sim::plan::{Plan, Without};
use trader_tests::sim::run;

/// Seeds, and what each of them found when it was new.
const FOUND: [(u64, &str); 9] = [
    (
        3,
        "an exit refused every five seconds for hours, because its stop rested after all",
    ),
    (
        22,
        "a position left bare for seconds while the answer to its first stop was lost",
    ),
    (
        33,
        "a new entry while the target of the trade before was still at work",
    ),
    (
        38,
        "an id that was used again for another order after a crash",
    ),
    (60, "a position of the ledger that the broker did not have"),
    (64, "cash that differed for good after a lost fill"),
    (
        80,
        "an exit sent again and again until it opened a position",
    ),
    (
        81,
        "more positions than allowed, one of them of unknown fate",
    ),
    (144, "a close that took more than a minute to begin"),
];

#[test]
fn no_seed_that_ever_found_something_finds_it_again() {
    for (seed, found) in FOUND {
        let outcome = run(&Plan::of(seed, &Without::default()));
        assert_eq!(outcome.violation, None, "seed {seed} once found {found}");
    }
}
