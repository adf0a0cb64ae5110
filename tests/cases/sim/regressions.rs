//! Plans that found something, made as small as they still found it. Each runs as a test for ever: a
//! seed draws another plan with every change of the generator, a plan in a file stays what it is.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use trader_core::risk::limits::Limits;
use trader_tests::sim::plan::{Plan, Without};
use trader_tests::sim::run;

/// The plans, one file each; a file's name says what was found.
#[expect(clippy::unwrap_used, reason = "it is part of a test")]
fn found() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/plans");
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

#[test]
fn no_plan_that_ever_found_something_finds_it_again() {
    for path in found() {
        let plan = Plan::read(&path).unwrap();
        let outcome = run(&plan);
        assert_eq!(outcome.violation, None, "{}", path.display());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_plan_is_the_same_after_it_was_written_and_read(seed: u64) {
        let whole = Plan::of(seed, &Without::default());
        let quiet = Plan::quiet_day(seed).unwrap();
        for plan in [whole, quiet] {
            let text = plan.to_text().unwrap();
            prop_assert_eq!(Plan::from_text(&text), Ok(plan));
        }
    }
}

#[test]
fn a_limit_that_is_younger_than_a_plan_does_not_bind_it() {
    let plan = Plan::of(1, &Without::default());
    let text = plan.to_text().unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let limits = value["limits"].as_object_mut().unwrap();
    limits.remove("open_positions").unwrap();
    let mut older = plan;
    older.limits.open_positions = Limits::unbounded().open_positions;
    assert_eq!(Plan::from_text(&value.to_string()), Ok(older));
}

#[test]
fn what_is_no_plan_of_this_version_is_refused_with_the_name_of_what_is_wrong() {
    let plan = Plan::of(1, &Without::default());
    let text = plan.to_text().unwrap();
    let renamed = text.replace("\"heal_at\"", "\"healed_at\"");
    let error = Plan::from_text(&renamed).unwrap_err();
    assert!(error.contains("unknown field `healed_at`"), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), renamed).unwrap();
    let error = Plan::read(file.path()).unwrap_err();
    assert!(error.contains("is no plan"), "{error}");
}
