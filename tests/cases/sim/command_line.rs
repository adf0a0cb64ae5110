//! The commands of `trader-sim`: each ends with a line that a program can read.

use std::process::{Command, Output};

use serde_json::Value;
use trader_tests::sim::plan::{Plan, Without};

#[expect(clippy::unwrap_used, reason = "it is part of every test here")]
fn sim(arguments: &[&str]) -> (Output, Value) {
    let program = env!("CARGO_BIN_EXE_trader-sim");
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let last = text.lines().last().unwrap_or_default();
    let result = last.strip_prefix("RESULT ").map(serde_json::from_str);
    (output, result.transpose().unwrap().unwrap_or_default())
}

#[test]
fn the_result_of_many_seeds_does_not_depend_on_the_number_of_threads() {
    let untimed = |mut result: Value| {
        result
            .as_object_mut()
            .unwrap()
            .remove("sessions_per_second");
        result
    };
    let (one, first) = sim(&["run", "--seeds", "4", "--threads", "1"]);
    let (two, second) = sim(&["run", "--seeds", "4", "--threads", "2"]);
    assert!(one.status.success() && two.status.success());
    assert_eq!((&first["seeds"], &first["failed"]), (&4.into(), &0.into()));
    assert!(first["checks"]["INV-1"].as_u64().unwrap() > 0);
    assert_eq!(untimed(first), untimed(second));
}

#[test]
fn a_replay_gives_the_same_bytes_each_time_and_the_hash_of_its_run() {
    let (first, result) = sim(&["replay", "2"]);
    let (second, _) = sim(&["replay", "2"]);
    assert_eq!(first.stdout, second.stdout);
    assert!(first.stdout.len() > 100_000);
    let (_, many) = sim(&["run", "--seeds", "1", "--first", "2"]);
    assert_eq!(result["hash"], many["hash"]);
}

#[test]
fn a_day_with_twice_the_messages_breaks_no_bound() {
    let (output, result) = sim(&["stress", "--times", "2", "--seeds", "2"]);
    assert!(output.status.success(), "{result}");
    assert_eq!(result["failed"], 0);
    for of in ["messages", "peak_in_a_minute"] {
        let count = |at: usize| result[of][at].as_u64().unwrap();
        assert!(count(0) > 0 && count(1) >= 2 * count(0), "{of}: {result}");
    }
    assert!(result["checks"]["INV-23"].as_u64().unwrap() > 0);
}

#[test]
fn a_plan_in_a_file_runs_as_its_seed_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    Plan::of(2, &Without::default()).write(&file).unwrap();
    let (_, seeded) = sim(&["replay", "2"]);
    let (from_file, result) = sim(&["replay", "--plan", file.to_str().unwrap()]);
    assert!(from_file.status.success());
    assert_eq!(seeded, result);
}

#[test]
fn what_holds_cannot_be_made_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    let (output, _) = sim(&["shrink", "2", "--out", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("seed 2 does not fail"), "{words}");
    assert!(!file.exists());
}

#[test]
fn what_there_is_not_cannot_be_left_out() {
    let (output, _) = sim(&["run", "--without", "rain"]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("there is no kind of fault rain"));
}
