//! What the daemon consumed under faults, deaths and restarts gives the same commands in fresh engines.

use trader_tests::sim::plan::{Plan, Without};
use trader_tests::sim::run_and_replay;

#[test]
fn every_life_of_a_faulted_run_is_replayed_alike() {
    let (mut lives, mut commands) = (0, 0);
    for seed in 1..=4 {
        let plan = Plan::of(seed, &Without::default());
        let (outcome, replayed) = run_and_replay(&plan);
        assert_eq!(outcome.violation, None, "seed {seed}");
        let replayed = replayed.unwrap();
        assert_eq!(replayed.first, None, "seed {seed}");
        lives += replayed.lives;
        commands += replayed.commands;
    }
    assert!(lives > 12, "{lives} lives and segments in 4 runs");
    assert!(commands > 2_000, "{commands} commands in 4 runs");
}
