//! Where the cases lie, and the tests over them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use trader_tests::seed::case::Case;
use trader_tests::seed::golden::{cases, check};

/// A path from the environment, relative ones from the workspace root; and whether it was set.
fn folder(variable: &str, default: &str) -> (PathBuf, bool) {
    let set = std::env::var_os(variable);
    let given = set.clone().unwrap_or_else(|| default.into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    (root.join(given), set.is_some())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/golden")
}

/// Where the bars of a case lie: the first of `shared` that has its first file, else the first.
fn bars_root<'a>(folder: &Path, shared: &'a [PathBuf]) -> &'a Path {
    let file = Case::read(folder)
        .ok()
        .and_then(|case| case.data_files.first().cloned());
    let has_it = |root: &&PathBuf| file.as_ref().is_some_and(|file| root.join(file).is_file());
    shared.iter().find(has_it).unwrap_or(&shared[0])
}

/// Checks every case in `root`; fails with everything that differs.
fn reproduce_all(root: &Path, shared: &[PathBuf]) {
    let folders = cases(root).unwrap();
    assert!(
        !folders.is_empty(),
        "there is no case in {}",
        root.display()
    );
    let mut report = String::new();
    for folder in folders {
        match check(&folder, bars_root(&folder, shared)) {
            Ok(checked) => {
                println!(
                    "golden {}: {} bars, {} candles, {} trades, {} mismatches",
                    checked.name,
                    checked.bars,
                    checked.candles,
                    checked.trades,
                    checked.mismatches.len()
                );
                for mismatch in checked.mismatches {
                    report.push_str(&format!("{mismatch}\n"));
                }
            }
            Err(error) => report.push_str(&format!("{}: {error}\n", folder.display())),
        }
    }
    assert!(report.is_empty(), "golden cases differ:\n{report}");
}

#[test]
fn golden_cases_in_the_repository_are_reproduced() {
    reproduce_all(&repository(), &[repository()]);
}

#[test]
fn golden_cases_beside_the_repository_are_reproduced() {
    let (root, was_set) = folder("TRADER_GOLDEN", "../shared/golden/velez");
    let (shared, _) = folder("TRADER_DATA", "../shared");
    if !root.is_dir() && !was_set {
        // Straight to the stream: what print macros write is hidden when a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: there is no {}; set TRADER_GOLDEN and TRADER_DATA",
            root.display()
        );
        return;
    }
    // The files of a case are named from the shared folder: the one given, or the one that holds
    // what was given.
    let roots = [shared.clone(), shared.join(".."), root.join("../..")];
    reproduce_all(&root, &roots);
}

#[test]
fn golden_comparison_names_the_one_cell_that_differs() {
    let original = repository().join("syn_10m_sparse");
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&original).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let trades = copy.path().join("trades.csv");
    let text = std::fs::read_to_string(&trades).unwrap();
    assert!(
        text.contains(",112.70718,"),
        "the first trade's stop is not there"
    );
    std::fs::write(&trades, text.replacen(",112.70718,", ",112.70719,", 1)).unwrap();
    let checked = check(copy.path(), &repository()).unwrap();
    let found: Vec<String> = checked.mismatches.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["syn_10m_sparse trades.csv row 1 initial_stop: expected 112.70719, got 112.70718"]
    );
}
