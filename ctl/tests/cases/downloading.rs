//! `traderctl data download`: what it asks for, and what it tells of what came.

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::json;

use super::desk::Desk;
use super::fake::Fake;
use super::program::run_at;

/// A desk where a download is done as soon as it is submitted.
fn downloading() -> Desk {
    Desk::default().on_submit(|desk, id| {
        let symbol = |name: &str, sessions: u64, new: u64, notes: &[&str]| {
            json!({ "symbol": name, "sessions": sessions, "new": new, "already": 3, "replaced": 0,
                    "left_out": 2, "actions": sessions.min(1), "notes": notes })
        };
        let result = json!({
            "data": "1min", "source": "alpaca", "feed": "sip", "first": "2024-01-02",
            "last": "2024-06-28", "pages": 9, "symbols": [
                symbol("AAPL", 124, 104_370, &["1 of Alpaca's spin_offs not taken: the store knows splits and dividends in cash"]),
                symbol("MSFT", 0, 0, &[]),
            ],
        });
        desk.finish(id, &result.to_string());
    })
}

const COMMAND: [&str; 10] = [
    "data",
    "download",
    "--symbols",
    "aapl,MSFT",
    "--start-date",
    "2024-01-02",
    "--end-date",
    "2024-06-28",
    "--timeframe",
    "1min",
];

#[test]
fn a_download_is_a_job_and_its_result_is_told_by_symbol() {
    let desk = Arc::new(downloading());
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &COMMAND);
    assert_snapshot!(run.text(), @r"
    AAPL 1min 2024-01-02 to 2024-06-28: 104,370 new bars of 124 sessions, 3 stored already, 2 left out, since nothing trades at their time, 1 new split or dividend
      1 of Alpaca's spin_offs not taken: the store knows splits and dividends in cash
    MSFT 1min 2024-01-02 to 2024-06-28: all of it was stored already
    ");
    let work = fake.calls("submit_job")[0]["work"]["download"].clone();
    assert_eq!(
        work,
        json!({ "symbols": ["AAPL", "MSFT"], "data": "1min", "start_date": "2024-01-02",
                "end_date": "2024-06-28", "feed": "sip", "replace": false })
    );
    let open = [
        &COMMAND[..6],
        &COMMAND[8..],
        &["--feed", "iex", "--replace"],
    ]
    .concat();
    run_at(fake.runtime_dir(), &open).text();
    let work = fake.calls("submit_job")[1]["work"]["download"].clone();
    assert_eq!(
        (&work["end_date"], &work["feed"]),
        (&json!(null), &json!("iex"))
    );
    assert_eq!(work["replace"], true);
}

#[test]
fn what_cannot_be_downloaded_is_no_command() {
    let fake = Fake::start();
    for (at, word) in [(9, "1hour"), (5, "2024-02-30"), (3, "not a symbol")] {
        let mut command = COMMAND;
        command[at] = word;
        let run = run_at(fake.runtime_dir(), &command);
        assert_eq!(run.code, 2, "{}", run.stderr);
    }
}
