//! `traderd demo --bars`: recorded minutes through the whole shell, and what is said when they are
//! not there or not right.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::demo::{demo, text};

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

/// Minutes of `date` from its open in New York's winter, a price that swings and trends.
fn minutes(date: &str, count: u32) -> String {
    let mut rows = String::new();
    for minute in 0..count {
        let (hour, of_hour) = ((870 + minute) / 60, (870 + minute) % 60);
        let wave = (f64::from(minute) / 17.0).sin() * 0.8 + f64::from(minute % 7) * 0.03;
        let open = 100.0 + wave + f64::from(minute) * 0.004;
        let close = open + (f64::from(minute) / 5.0).cos() * 0.12;
        let (high, low) = (open.max(close) + 0.05, open.min(close) - 0.05);
        let row = writeln!(
            rows,
            "{date}T{hour:02}:{of_hour:02}:00Z,{open:.2},{high:.2},{low:.2},{close:.2},{}",
            20_000 + minute * 13
        );
        row.unwrap();
    }
    rows
}

fn write(folder: &Path, symbol: &str, rows: &str) {
    let path = folder.join(format!("{symbol}.csv"));
    std::fs::write(path, format!("{HEADER}{rows}")).unwrap();
}

fn play(folder: &Path, symbols: &str, date: &str) -> (Option<i32>, String, String) {
    let folder = folder.to_str().unwrap();
    let output = demo(&[
        "--bars",
        folder,
        "--symbols",
        symbols,
        "--date",
        date,
        "--pace",
        "max",
    ]);
    (
        output.status.code(),
        text(&output.stdout).to_owned(),
        text(&output.stderr).to_owned(),
    )
}

#[test]
fn made_up_files_are_played_to_a_flat_and_equal_end() {
    let folder = tempfile::tempdir().unwrap();
    let rows = ["2025-01-13", "2025-01-14", "2025-01-15"].map(|date| minutes(date, 390));
    write(folder.path(), "UPP", &rows.concat());
    write(folder.path(), "DWN", &rows.concat());
    let (code, out, error) = play(folder.path(), "UPP,DWN", "2025-01-15");
    assert_eq!(code, Some(0), "{error}\n{out}");
    assert!(out.contains("RECORDED DATA: session 2025-01-15"), "{out}");
    assert!(out.contains("\nDay 2025-01-15: "), "{out}");
    assert!(out.contains("\nCounts:  "), "{out}");
    assert!(out.ends_with(": flat, equal\n"), "{out}");
    assert!(!out.contains("Missing"), "{out}");
}

#[test]
fn a_half_day_ends_at_one_o_clock() {
    let folder = tempfile::tempdir().unwrap();
    // Rows of the afternoon lie outside the session and are not played.
    let rows = ["2024-11-26", "2024-11-27", "2024-11-29"].map(|date| minutes(date, 390));
    write(folder.path(), "HLF", &rows.concat());
    let (code, out, error) = play(folder.path(), "HLF", "2024-11-29");
    assert_eq!(code, Some(0), "{error}\n{out}");
    assert!(
        out.contains("\n13:00:00  session 2024-11-29 closed: "),
        "{out}"
    );
    assert!(out.ends_with(": flat, equal\n"), "{out}");
    let late = |line: &&str| line.starts_with("13:0") && !line.starts_with("13:00:0");
    assert_eq!(out.lines().find(late), None);
}

#[test]
fn a_session_with_holes_is_played_to_a_flat_and_equal_end() {
    let folder = tempfile::tempdir().unwrap();
    let whole = minutes("2025-01-15", 390);
    let holes: Vec<&str> = whole
        .lines()
        .enumerate()
        .filter(|(n, _)| n % 11 != 3 && !(120..171).contains(n) && *n < 380)
        .map(|(_, line)| line)
        .collect();
    write(
        folder.path(),
        "HOL",
        &(minutes("2025-01-14", 390) + &holes.join("\n") + "\n"),
    );
    let (code, out, error) = play(folder.path(), "HOL", "2025-01-15");
    assert_eq!(code, Some(0), "{error}\n{out}");
    assert!(out.ends_with(": flat, equal\n"), "{out}");
}

#[test]
fn what_is_missing_or_broken_is_named_and_nothing_is_played() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "GOOD", &minutes("2025-01-15", 390));
    write(
        folder.path(),
        "BAD",
        &(minutes("2025-01-15", 3) + "2025-01-15T14:33:00Z,100,99,98,100,5\n"),
    );
    write(folder.path(), "EMPTY", "");
    let rows = [
        (
            "GOOD",
            "2025-01-16",
            78,
            "has no bars of GOOD in the session of 2025-01-16; it has: 2025-01-15",
        ),
        (
            "GONE",
            "2025-01-15",
            78,
            "has no bars of GONE, neither GONE.csv nor GONE.csv.gz; it has: BAD",
        ),
        ("BAD", "2025-01-15", 78, "BAD.csv:5: "),
        ("EMPTY", "2025-01-15", 78, "EMPTY"),
        (
            "GOOD",
            "2025-01-18",
            78,
            "2025-01-18 is no trading day; choose another date",
        ),
    ];
    for (symbol, date, expected, words) in rows {
        let (code, out, error) = play(folder.path(), symbol, date);
        assert_eq!(code, Some(expected), "{symbol} {date}: {error}\n{out}");
        assert!(error.contains(words), "{symbol} {date}: {error}");
        assert!(!out.contains("Counts"), "{out}");
    }
}

#[test]
fn the_recorded_minutes_of_spy_are_played() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let given = std::env::var_os("TRADER_DATA").map_or_else(|| "../shared".into(), PathBuf::from);
    let bars = root.join(given).join("data/bars/1min");
    let found = ["SPY.csv", "SPY.csv.gz"]
        .iter()
        .find(|file| bars.join(file).is_file());
    if found.is_none() {
        println!("skipped: no SPY in {}; set TRADER_DATA", bars.display());
        return;
    }
    let (code, out, error) = play(&bars, "SPY", "2011-01-10");
    assert_eq!(code, Some(0), "{error}\n{out}");
    assert!(out.contains("\nDay 2011-01-10: "), "{out}");
    assert!(out.ends_with(": flat, equal\n"), "{out}");
}
