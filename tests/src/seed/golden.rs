//! Finds the golden cases and holds each run against all of its files.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use trader_contract::Timestamp;

use super::case::Case;
use super::compare::{self, Mismatch, agrees, text};
use super::error::SeedError;
use super::input::bars;
use super::metrics::metrics;
use super::replay::{Replayed, replay};

const STALE_PATCH: &str = "skip_stale_market_orders";

/// The outcome of one case.
#[derive(Debug)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// One-minute bars fed.
    pub bars: usize,
    /// Candles compared.
    pub candles: usize,
    /// Trades compared.
    pub trades: usize,
    /// What differs.
    pub mismatches: Vec<Mismatch>,
}

/// The folders of all cases in `root`, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn cases(root: &Path) -> Result<Vec<PathBuf>, SeedError> {
    let unreadable = |source| SeedError::Read {
        path: root.to_owned(),
        source,
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root).map_err(unreadable)? {
        let folder = entry.map_err(unreadable)?.path();
        if folder.join("config.json").is_file() {
            folders.push(folder);
        }
    }
    folders.sort();
    Ok(folders)
}

/// Runs the case in `folder` on the bars under `shared` and compares everything.
///
/// # Errors
/// The case cannot be run, or a golden file cannot be read.
pub fn check(folder: &Path, shared: &Path) -> Result<Checked, SeedError> {
    let case = Case::read(folder)?;
    let feeds = bars(&case, shared)?;
    let run = replay(&case, &feeds)?;
    let mut mismatches = Vec::new();
    if feeds.len() != case.bars_fed {
        mismatches.push(Mismatch {
            case: case.name.clone(),
            file: "config.json".to_owned(),
            row: 0,
            column: "bars_fed".to_owned(),
            expected: case.bars_fed.to_string(),
            got: feeds.len().to_string(),
        });
    }
    for table in run.tables.all() {
        compare::table(&case.name, folder, table, &mut mismatches)?;
    }
    check_metrics(&case, folder, &run, &mut mismatches)?;
    check_stale_exit(&case, folder, &run, &mut mismatches)?;
    Ok(Checked {
        name: case.name,
        bars: feeds.len(),
        candles: run.tables.candles.rows.len(),
        trades: run.tables.trades.rows.len(),
        mismatches,
    })
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, SeedError> {
    let text = std::fs::read_to_string(path).map_err(|source| SeedError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|error| SeedError::Content {
        path: path.to_owned(),
        what: error.to_string(),
    })
}

fn check_metrics(
    case: &Case,
    folder: &Path,
    run: &Replayed,
    found: &mut Vec<Mismatch>,
) -> Result<(), SeedError> {
    let golden: serde_json::Map<String, Value> = read_json(&folder.join("metrics.json"))?;
    let mut got = metrics(case, run);
    let mut note = |column: &str, expected: String, got: String| {
        found.push(Mismatch {
            case: case.name.clone(),
            file: "metrics.json".to_owned(),
            row: 0,
            column: column.to_owned(),
            expected,
            got,
        });
    };
    for (name, value) in &golden {
        let expected = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match got.iter().position(|(known, _)| known == name) {
            Some(place) => {
                let (_, cell) = got.swap_remove(place);
                if !agrees(&cell, &expected) {
                    note(name, expected, text(&cell));
                }
            }
            None => note(name, expected, "no such metric".to_owned()),
        }
    }
    for (name, cell) in got {
        note(name, "no such metric".to_owned(), text(&cell));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Crash {
    at_bar: Timestamp,
    symbol: String,
    trades_before_crash: usize,
}

/// Where a stop and a queued market exit first met in one bar, the seed died or was patched.
fn check_stale_exit(
    case: &Case,
    folder: &Path,
    run: &Replayed,
    found: &mut Vec<Mismatch>,
) -> Result<(), SeedError> {
    let path = folder.join("unpatched_seed_crash.json");
    let describe = |at: Timestamp, symbol: &str, trades: usize| {
        format!("{symbol} at {at} after {trades} trades")
    };
    let expected = if path.is_file() {
        let crash: Crash = read_json(&path)?;
        describe(crash.at_bar, &crash.symbol, crash.trades_before_crash)
    } else {
        "never".to_owned()
    };
    let got = run.stale_exit.as_ref().map_or_else(
        || "never".to_owned(),
        |stale| {
            let symbol = case.symbols.get(stale.symbol).map_or("?", String::as_str);
            describe(stale.at, symbol, stale.trades)
        },
    );
    let patched = case.seed_patches.iter().any(|patch| patch == STALE_PATCH);
    // A patched run need not have needed its patch; an unpatched one that would, never ended.
    if (path.is_file() || !patched) && expected != got {
        found.push(Mismatch {
            case: case.name.clone(),
            file: "unpatched_seed_crash.json".to_owned(),
            row: 0,
            column: "at_bar".to_owned(),
            expected,
            got,
        });
    }
    Ok(())
}
