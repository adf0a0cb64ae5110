//! Rows outside regular trading: stored with a mark in extended hours, refused at night and on days
//! without a session, and never seen by a backtest.

use trader_rpc::{ImportResult, JobState};

use super::desk::{Desk, IDLE, With, spec};
use super::market;

/// A morning before the open and an evening after the close, in New York's winter.
const EXTENDED: [&str; 4] = [
    "2024-11-20T09:00:00Z,60.00,60.20,59.80,60.10,900\n",
    "2024-11-20T14:29:00Z,60.10,60.40,59.90,60.00,900\n",
    "2024-11-20T21:00:00Z,60.00,60.20,59.80,60.10,900\n",
    "2024-11-21T00:59:00Z,60.00,60.20,59.80,60.10,900\n",
];
const HEADER: &str = "timestamp,open,high,low,close,volume\n";

/// The minutes of a file with those of the extended hours in their places.
fn with_extended(rows: &str) -> String {
    let extended = EXTENDED.iter().map(|row| row.trim_end());
    let mut all: Vec<&str> = rows.lines().skip(1).chain(extended).collect();
    all.sort_unstable();
    all.iter()
        .fold(HEADER.to_owned(), |text, row| text + row + "\n")
}

#[test]
fn extended_hours_are_stored_with_a_mark_and_no_backtest_sees_them() {
    let desk = Desk::open(IDLE);
    let rows = market::minutes(11, 60, &market::DAYS);
    desk.import("REG", "1min", &rows);
    let job = desk.try_import("EXT", "1min", &with_extended(&rows), |_| {});
    assert_eq!(job.state, JobState::Done, "{:?}", job.message);
    let result: ImportResult = serde_json::from_slice(&desk.fetch(&job, "result.json")).unwrap();
    assert_eq!(result.extended_rows, 4);
    let all = rows.lines().skip(1).count() + 4;
    assert_eq!(result.rows, all as u64);

    let run = |symbol| {
        let asked = spec("2024-11-20", "2024-12-03").route("opening-range", &[symbol], "5min");
        desk.backtest(&asked)
    };
    let (regular, extended) = (run("REG"), run("EXT"));
    assert!(!regular.trades.is_empty());
    assert_eq!(regular.daily, extended.daily);
    assert_eq!(regular.metrics, extended.metrics);
    assert_eq!(regular.counts, extended.counts);
}

#[test]
fn what_is_wanted_of_regular_trading_only_is_refused_with_the_line() {
    let desk = Desk::open(IDLE);
    let rows = HEADER.to_owned() + EXTENDED[1];
    let job = desk.try_import("AAA", "1min", &rows, |spec| spec.regular_only = true);
    assert_eq!(job.state, JobState::Failed);
    let why = job.message.unwrap();
    for words in [
        "line 2",
        "2024-11-20T14:29:00Z is in extended hours",
        "leave --regular-only out, or take the rows out",
    ] {
        assert!(why.contains(words), "{words}: {why}");
    }
}

#[test]
fn nights_weekends_and_holidays_are_refused_whatever_is_asked() {
    let desk = Desk::open(IDLE);
    for at in [
        "2024-11-20T08:59:00Z",
        "2024-11-21T01:00:00Z",
        "2024-11-23T15:00:00Z",
        "2024-11-28T15:00:00Z",
    ] {
        let rows = format!("{HEADER}{at},60.00,60.20,59.80,60.10,900\n");
        let job = desk.try_import("AAA", "1min", &rows, |_| {});
        assert_eq!(job.state, JobState::Failed, "{at}");
        let why = job.message.unwrap();
        assert!(why.contains("line 2") && why.contains(at), "{why}");
    }
}
