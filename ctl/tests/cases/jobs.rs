//! `traderctl jobs`: what waits, what is at work, and what became of it.

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::desk::{Desk, Step};
use super::fake::Fake;
use super::program::run_at;
use super::report::{run_in, with_result};
use super::tried;

fn running() -> Value {
    json!({ "state": "running", "ahead": null, "started_at": "2026-11-20T14:00:01Z", "progress": {
        "phase": "running", "done": 1_500_000, "total": 7_800_000, "unit": "bars",
        "per_second": 5.24e6, "seconds_left": 1.2 } })
}

fn busy() -> (Arc<Desk>, Fake) {
    let (desk, fake) = with_result(&tried::document());
    desk.add(&tried::work(), &running());
    desk.add(&json!({ "verify": {} }), &json!({ "ahead": 1 }));
    let message = json!({ "state": "failed", "message": "line 17: high 1.20 is below close 1.30; \
        correct the file and import it again", "uid": 1001, "ended_at": "2026-11-20T15:30:00Z",
        "started_at": "2026-11-20T14:00:01Z" });
    desk.add(
        &json!({ "gaps": { "symbol": "SPY", "data": "1min" } }),
        &message,
    );
    (desk, fake)
}

#[test]
fn list_shows_the_open_ones_unless_all_are_asked_for() {
    let (_, fake) = busy();
    assert_snapshot!(run_at(fake.runtime_dir(), &["jobs", "list"]).text(), @r"
    ID  KIND      STATE    SUBMITTED (ET)       WHAT                                    HOW FAR
     3  verify    queued   2026-11-20 09:00:00  verify everything everything            1 job before it
     2  backtest  running  2026-11-20 09:00:00  backtest from 2011-01-01 to 2011-01-31  running  1,500,000 of 7,800,000 bars  19%  5.2 M bars/s  1 s left
    ");
    assert_snapshot!(run_at(fake.runtime_dir(), &["jobs", "list", "--all"]).text(), @r"
    ID  KIND      STATE    SUBMITTED (ET)       WHAT                                    HOW FAR
     4  gaps      failed   2026-11-20 09:00:00  gaps SPY 1min                           line 17: high 1.20 is below close 1.30; correct the file and import it again
     3  verify    queued   2026-11-20 09:00:00  verify everything everything            1 job before it
     2  backtest  running  2026-11-20 09:00:00  backtest from 2011-01-01 to 2011-01-31  running  1,500,000 of 7,800,000 bars  19%  5.2 M bars/s  1 s left
     1  backtest  done     2026-11-20 09:00:00  backtest from 2011-01-01 to 2011-01-31  +3.46 %, 38 trades
    ");
    let run = run_in(
        fake.runtime_dir(),
        &[("COLUMNS", "80")],
        &["jobs", "list", "--all"],
    );
    assert!(
        run.text().lines().all(|line| line.chars().count() <= 80),
        "{}",
        run.stdout
    );
    let json = run_at(fake.runtime_dir(), &["jobs", "list", "--json"]).json();
    assert_eq!(json.as_array().unwrap().len(), 2);
    let fake = Fake::with_desk(&Arc::new(Desk::default()));
    assert!(
        run_at(fake.runtime_dir(), &["jobs", "list"])
            .text()
            .starts_with("no jobs wait")
    );
}

#[test]
fn show_tells_all_about_one() {
    let (_, fake) = busy();
    let shown = |id| {
        run_at(fake.runtime_dir(), &["jobs", "show", id])
            .text()
            .to_owned()
    };
    assert_snapshot!(shown("1"), @r"
    Job        1, backtest, done
    What       backtest from 2011-01-01 to 2011-01-31
    Outcome    +3.46 %, 38 trades
    Submitted  2026-11-20 09:00:00 ET by uid 1000
    Started    2026-11-20 09:00:01 ET
    Ended      2026-11-20 09:00:04 ET, after 3 s
    Memory     41 MB at most
    Request    request-1
    File       result.json, 50 kB, 04ab4ec45577
    ");
    assert_snapshot!(shown("2"), @r"
    Job        2, backtest, running
    What       backtest from 2011-01-01 to 2011-01-31
    How far    running 1,500,000 of 7,800,000 bars 19% 5.2 M bars/s 1 s left
    Submitted  2026-11-20 09:00:00 ET by uid 1000
    Started    2026-11-20 09:00:01 ET
    Request    request-2
    ");
    assert_snapshot!(shown("4"), @r"
    Job        4, gaps, failed
    What       gaps SPY 1min
    Outcome    line 17: high 1.20 is below close 1.30; correct the file and import
               it again
    Submitted  2026-11-20 09:00:00 ET by uid 1001
    Started    2026-11-20 09:00:01 ET
    Ended      2026-11-20 10:30:00 ET, after 1 h 29 min
    Request    request-4
    ");
    let json = run_at(fake.runtime_dir(), &["jobs", "show", "3", "--json"]).json();
    assert_eq!(json["ahead"], 1);
    let run = run_at(fake.runtime_dir(), &["jobs", "show", "9"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("there is no job 9"), "{}", run.stderr);
}

#[test]
fn watch_of_a_backtest_ends_with_its_report() {
    let (_, fake) = with_result(&tried::document());
    let run = run_at(fake.runtime_dir(), &["jobs", "watch", "1", "--no-chart"]);
    assert!(
        run.text().starts_with("Backtest 1: first try\n"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("EQUITY"));
}

#[test]
fn watch_tells_each_change_as_json_once() {
    let desk = Arc::new(
        Desk::default()
            .then(vec![Step::Change(1, running()), Step::Missed, Step::Cut])
            .then(vec![Step::Change(
                1,
                json!({ "state": "done", "progress": null }),
            )]),
    );
    desk.add(&json!({ "verify": {} }), &json!({ "ahead": 2 }));
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &["jobs", "watch", "1", "--json"]);
    let states = run.text().lines().map(|line| {
        serde_json::from_str::<Value>(line).unwrap()["state"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(states.collect::<Vec<_>>(), ["queued", "running", "done"]);
    assert_eq!(run.stderr, "");
}

#[test]
fn watch_of_a_failed_one_ends_with_1() {
    let (_, fake) = busy();
    let run = run_at(fake.runtime_dir(), &["jobs", "watch", "4"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert_snapshot!(run.stderr, @r"
    job 4 failed: gaps SPY 1min
    error: gaps 4 failed
      why:  line 17: high 1.20 is below close 1.30; correct the file and import it again
      next: traderctl jobs show 4 has the rest
    ");
}

#[test]
fn watch_of_an_export_tells_what_it_made() {
    let desk = Arc::new(Desk::default());
    let id = desk.add(
        &json!({ "export": { "symbol": "SPY", "data": "1min" } }),
        &json!({}),
    );
    desk.put(id, "rows.csv", b"t\n");
    desk.change(id, &json!({ "state": "done" }));
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &["jobs", "watch", "1"]);
    assert!(run.text().contains("rows.csv, 2 B"), "{}", run.stdout);
}

#[test]
fn cancel_and_delete_carry_a_request_id_and_tell_what_came_of_it() {
    let (_, fake) = busy();
    let run = run_at(
        fake.runtime_dir(),
        &["jobs", "cancel", "2", "--request-id", "c-1"],
    );
    assert_eq!(
        run.text(),
        "job 2 is cancelled: backtest from 2011-01-01 to 2011-01-31\n"
    );
    assert_eq!(
        fake.calls("cancel_job"),
        [json!({ "request_id": "c-1", "id": 2 })]
    );
    let json = run_at(fake.runtime_dir(), &["jobs", "cancel", "2", "--json"]).json();
    assert_eq!(json["state"], "cancelled");
    let run = run_at(fake.runtime_dir(), &["jobs", "delete", "2"]);
    assert!(run.text().ends_with("job 2 is deleted\n"), "{}", run.stdout);
    assert_eq!(fake.calls("delete_job")[0]["id"], 2);
}
