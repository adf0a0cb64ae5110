//! `traderctl data`: files on their way out, and what the store says of itself.

use std::io::Read;
use std::process::Stdio;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use insta::assert_snapshot;
use serde_json::{Value, json};
use trader_rpc::Role;

use super::desk::Desk;
use super::fake::Fake;
use super::program::{command, run, run_at};

const ROWS: &str = "timestamp,open,high,low,close,volume\n2011-01-03T14:30:00Z,1,2,1,2,100\n";

/// A desk where an export is done as soon as it is submitted.
fn exporting(rows: &str) -> Arc<Desk> {
    let rows = rows.to_owned();
    Arc::new(Desk::default().in_parts_of(10).on_submit(move |desk, id| {
        desk.put(id, "rows.csv", rows.as_bytes());
        desk.change(id, &json!({ "state": "done" }));
    }))
}

const EXPORT: [&str; 9] = [
    "data",
    "export",
    "spy",
    "--timeframe",
    "1min",
    "--start-date",
    "2011-01-03",
    "--end-date",
    "2011-01-31",
];

#[test]
fn an_export_is_what_the_daemon_sends_and_its_copy_there_goes() {
    let desk = exporting(ROWS);
    let fake = Fake::with_desk(&desk);
    let run = run_at(
        fake.runtime_dir(),
        &[&EXPORT[..], &["--adjustment", "raw", "--regular-only"]].concat(),
    );
    assert_eq!((run.text(), run.stderr.as_str()), (ROWS, ""));
    assert_eq!(
        fake.calls("submit_job")[0]["work"],
        json!({ "export": { "symbol": "SPY", "data": "1min", "start_date": "2011-01-03",
                            "end_date": "2011-01-31", "adjustment": "raw", "regular_only": true } })
    );
    assert_eq!(fake.calls("delete_job").len(), 1);
}

#[test]
fn an_export_to_a_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (plain, packed) = (at("SPY.csv"), at("SPY.csv.gz"));
    for path in [&plain, &packed] {
        let fake = Fake::with_desk(&exporting(ROWS));
        let run = run_at(fake.runtime_dir(), &[&EXPORT[..], &["-o", path]].concat());
        assert_eq!(run.text(), format!("{path}: {} B of CSV\n", ROWS.len()));
    }
    assert_eq!(std::fs::read_to_string(&plain).unwrap(), ROWS);
    let mut text = String::new();
    let file = std::fs::File::open(&packed).unwrap();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, ROWS);

    // One byte on the way is wrong: what was there stays.
    let desk = Arc::new(Desk::default().on_submit(|desk, id| {
        desk.put(id, "rows.csv", ROWS.as_bytes());
        desk.spoil(id, "rows.csv");
        desk.change(id, &json!({ "state": "done" }));
    }));
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &[&EXPORT[..], &["-o", &plain]].concat());
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("did not arrive whole"),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read_to_string(&plain).unwrap(), ROWS);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_reader_of_an_export_that_leaves_early_is_no_error() {
    let fake = Fake::with_desk(&exporting(&ROWS.repeat(2_000)));
    let mut program = command(EXPORT)
        .arg("--socket")
        .arg(fake.runtime_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(program.stdout.take());
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

fn series(symbol: &str, data: &str) -> Value {
    json!({ "symbol": symbol, "data": data, "source": "SPY.csv.gz", "feed": "sip",
            "adjustment": "raw", "rows": 97_500, "extended_rows": 12, "first": "2011-01-03",
            "last": "2011-12-30", "bytes": 2_345_678, "files": [] })
}

#[test]
fn list_shows_series_with_their_range_and_source() {
    let fake = Fake::with(Role::Read, |method, _| {
        (method == "data").then(|| Ok(json!([series("SPY", "1min"), series("QQQ", "quotes-1min")])))
    });
    let run = run_at(fake.runtime_dir(), &["data", "list"]);
    assert_snapshot!(run.text(), @r"
    SYMBOL  DATA         FROM        TO            ROWS  EXTENDED    SIZE  FEED  SOURCE
    SPY     1min         2011-01-03  2011-12-30  97,500        12  2.3 MB  sip   SPY.csv.gz
    QQQ     quotes-1min  2011-01-03  2011-12-30  97,500        12  2.3 MB  sip   SPY.csv.gz
    ");
    let json = run_at(
        fake.runtime_dir(),
        &["data", "list", "spy", "--timeframe", "1min", "--json"],
    )
    .json();
    assert_eq!(json[0], series("SPY", "1min"));
    assert_eq!(
        fake.calls("data")[1],
        json!({ "symbol": "SPY", "data": "1min" })
    );
    let fake = Fake::with(Role::Read, |method, _| {
        (method == "data").then(|| Ok(json!([])))
    });
    assert!(
        run_at(fake.runtime_dir(), &["data", "list"])
            .text()
            .starts_with("nothing is stored")
    );
    let told = |args: &[&str]| run_at(fake.runtime_dir(), args).text().to_owned();
    assert!(told(&["data", "list", "spy"]).starts_with("nothing of SPY is stored"));
    assert!(
        told(&["data", "list", "spy", "--timeframe", "1s"])
            .starts_with("no 1s rows of SPY are stored")
    );
}

/// A daemon whose next job ends with this document.
fn finding(document: &Value) -> Fake {
    let document = document.to_string();
    Fake::with_desk(&Arc::new(
        Desk::default().on_submit(move |desk, id| desk.finish(id, &document)),
    ))
}

#[test]
fn verify_ends_with_1_if_something_is_wrong() {
    let fault = |what: &str| json!({ "place": "SPY/1min/2011.parquet", "what": what, "next": "import it again with --replace" });
    let found = |faults: Value, suspicious: Value| {
        finding(
            &json!({ "files": 12, "rows": 1_170_000, "faults": faults, "suspicious": suspicious }),
        )
    };
    let fake = found(
        json!([fault("its checksum is not the catalogue's")]),
        json!([fault("the close of 10:31 is 9 % off")]),
    );
    let run = run_at(fake.runtime_dir(), &["data", "verify", "spy"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_snapshot!(run.stdout, @r"
    FAULT  SPY/1min/2011.parquet: its checksum is not the catalogue's
      next: import it again with --replace
    SUSPICIOUS  SPY/1min/2011.parquet: the close of 10:31 is 9 % off
      next: import it again with --replace
    12 files, 1,170,000 rows: 1 wrong, 1 suspicious
    ");
    assert_eq!(
        fake.calls("submit_job")[0]["work"]["verify"]["symbol"],
        "SPY"
    );
    // Watching the same job from elsewhere ends the same way.
    assert_eq!(run_at(fake.runtime_dir(), &["jobs", "watch", "1"]).code, 1);
    let run = run_at(fake.runtime_dir(), &["data", "verify", "--json"]);
    assert_eq!(run.code, 1);
    assert_eq!(
        serde_json::from_str::<Value>(&run.stdout).unwrap()["rows"],
        1_170_000
    );
    let run = run_at(
        found(json!([]), json!([])).runtime_dir(),
        &["data", "verify"],
    );
    assert_eq!(run.text(), "12 files, 1,170,000 rows: all is well\n");
    let run = run_at(
        found(json!([]), json!([fault("a bad print")])).runtime_dir(),
        &["data", "verify"],
    );
    assert!(
        run.text().ends_with("no faults, 1 suspicious\n"),
        "{}",
        run.stdout
    );
}

/// Sessions that lack a minute each, the first of them every other minute for half an hour.
fn incomplete() -> Vec<Value> {
    let days = NaiveDate::from_ymd_opt(2011, 1, 4).unwrap().iter_days();
    let weekdays = days.filter(|day| day.weekday().num_days_from_monday() < 5);
    let many = weekdays.take(24).map(|day| {
        let minute = format!("{day}T15:05:00Z");
        json!({ "date": day, "missing": 1, "ranges": [[minute, minute]] })
    });
    let mut incomplete: Vec<Value> = many.collect();
    let minutes = (30..59)
        .step_by(2)
        .zip((31..60).step_by(2))
        .map(|(from, to)| {
            json!([
                format!("2011-01-04T14:{from}:00Z"),
                format!("2011-01-04T14:{to}:00Z")
            ])
        });
    incomplete[0]["missing"] = json!(30);
    incomplete[0]["ranges"] = minutes.collect();
    incomplete
}

#[test]
fn gaps_are_listed_by_session_and_are_no_failure() {
    let incomplete = incomplete();
    let fake = finding(&json!({ "series": [
        { "symbol": "SPY", "data": "1min", "first": "2011-01-03", "last": "2011-02-11", "sessions": 29,
          "expected": 11_310, "present": 9_307, "missing_sessions": [["2011-01-03", "2011-01-03"], ["2011-02-08", "2011-02-11"]],
          "incomplete": incomplete },
        { "symbol": "QQQ", "data": "1day", "first": "2011-01-03", "last": "2011-01-31", "sessions": 20,
          "expected": 20, "present": 20, "missing_sessions": [], "incomplete": [] },
    ] }));
    let args = [
        "data",
        "gaps",
        "spy",
        "--start-date",
        "2011-01-03",
        "--end-date",
        "2011-01-31",
    ];
    let run = run_at(fake.runtime_dir(), &args);
    assert!(
        run.text().lines().all(|line| line.len() <= 80),
        "{}",
        run.stdout
    );
    assert_snapshot!(run.text(), @r"
    SPY 1min  2011-01-03 to 2011-02-11, 29 sessions, 9,307 of 11,310 rows (82.29%)
      Mon 2011-01-03: no rows
      Tue 2011-02-08 to Fri 2011-02-11: no rows
      Tue 2011-01-04    30 missing: 09:30 to 09:31, 09:32 to 09:33, 09:34 to 09:35,
                                    09:36 to 09:37, 09:38 to 09:39, 09:40 to 09:41,
                                    09:42 to 09:43, 09:44 to 09:45, 09:46 to 09:47,
                                    09:48 to 09:49, 09:50 to 09:51, 09:52 to 09:53,
                                    09:54 to 09:55, 09:56 to 09:57, 09:58 to 09:59
      Wed 2011-01-05     1 missing: 10:05
      Thu 2011-01-06     1 missing: 10:05
      Fri 2011-01-07     1 missing: 10:05
      Mon 2011-01-10     1 missing: 10:05
      Tue 2011-01-11     1 missing: 10:05
      Wed 2011-01-12     1 missing: 10:05
      Thu 2011-01-13     1 missing: 10:05
      Fri 2011-01-14     1 missing: 10:05
      Mon 2011-01-17     1 missing: 10:05
      Tue 2011-01-18     1 missing: 10:05
      Wed 2011-01-19     1 missing: 10:05
      Thu 2011-01-20     1 missing: 10:05
      Fri 2011-01-21     1 missing: 10:05
      Mon 2011-01-24     1 missing: 10:05
      Tue 2011-01-25     1 missing: 10:05
      Wed 2011-01-26     1 missing: 10:05
      Thu 2011-01-27     1 missing: 10:05
      Fri 2011-01-28     1 missing: 10:05
      Mon 2011-01-31     1 missing: 10:05
      and 4 more incomplete sessions; --all lists them

    QQQ 1day  2011-01-03 to 2011-01-31, 20 sessions, 20 of 20 rows (100.00%)
      nothing is missing
    ");
    assert_eq!(
        fake.calls("submit_job")[0]["work"]["gaps"],
        json!({ "symbol": "SPY", "data": null, "start_date": "2011-01-03", "end_date": "2011-01-31" })
    );
    let run = run_at(fake.runtime_dir(), &["data", "gaps", "--all"]);
    assert!(run.text().contains("2011-02-04") && !run.stdout.contains("--all"));
    assert_eq!(
        run_at(fake.runtime_dir(), &["data", "gaps", "--json"]).json()["series"][1]["present"],
        20
    );
}

#[test]
fn remove_does_nothing_without_a_terminal_or_yes() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["data", "remove", "spy"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("traderctl data remove SPY --yes"),
        "{}",
        run.stderr
    );
    assert!(fake.calls("remove_data").is_empty());
    let fake = Fake::with(Role::Control, |method, params| {
        (method == "remove_data").then(|| {
            Ok(json!({ "request_id": params["request_id"], "message": "SPY 1min is removed", "repeated": false }))
        })
    });
    let args = [
        "data",
        "remove",
        "spy",
        "--timeframe",
        "1min",
        "--yes",
        "--request-id",
        "r-1",
    ];
    let run = run_at(fake.runtime_dir(), &args);
    assert!(
        run.text().ends_with("SPY 1min is removed\n"),
        "{}",
        run.stdout
    );
    assert_eq!(
        fake.calls("remove_data"),
        [json!({ "request_id": "r-1", "symbol": "SPY", "data": "1min", "year": null })]
    );
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for args in [
        &["data"][..],
        &["data", "import", "--timeframe", "1min"],
        &["data", "import", "SPY.csv"],
        &["data", "import", "SPY.csv", "--timeframe", "2min"],
        &[
            "data",
            "import",
            "SPY.csv",
            "--timeframe",
            "1min",
            "--symbol",
            "not one",
        ],
        &["data", "export", "SPY"],
        &[
            "data",
            "export",
            "SPY",
            "--timeframe",
            "1min",
            "--start-date",
            "2011-02-01",
            "--end-date",
            "2011-01-01",
        ],
        &[
            "data",
            "gaps",
            "--start-date",
            "2011-02-01",
            "--end-date",
            "2011-01-01",
        ],
        &["data", "remove"],
        &["jobs"],
        &["jobs", "watch"],
    ] {
        let run = run(args);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{args:?} {}",
            run.stderr
        );
    }
}
