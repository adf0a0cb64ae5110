//! `traderctl backtest`: what is sent, and how it is watched to its end.

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::Arc;

use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::desk::{Desk, Step};
use super::fake::Fake;
use super::program::{command, run, run_at};
use super::tried;

const SMALL: [&str; 9] = [
    "backtest",
    "--strategy",
    "velez",
    "--symbols",
    "spy,AAPL",
    "--start-date",
    "2011-01-01",
    "--end-date",
    "2011-01-31",
];

/// A desk where a backtest is done as soon as it is submitted.
fn at_once() -> Arc<Desk> {
    Arc::new(Desk::default().on_submit(|desk, id| desk.finish(id, &tried::document())))
}

#[test]
fn it_is_submitted_watched_and_reported() {
    let desk = at_once();
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &SMALL);
    assert!(
        run.text().starts_with("Backtest 1: first try\n"),
        "{}",
        run.stdout
    );
    assert_eq!(
        run.stderr,
        "job 1: backtest from 2011-01-01 to 2011-01-31\n"
    );
    let sent = &fake.calls("submit_job")[0];
    assert_eq!(
        sent["work"],
        json!({ "backtest": {
            "start_date": "2011-01-01", "end_date": "2011-01-31",
            "routes": [{ "name": null, "strategy": "velez", "symbols": ["SPY", "AAPL"],
                         "timeframe": "1min", "sides": null, "settings": {} }],
            "configured_routes": [], "config": null, "settings": {}, "seed": 1, "data": null,
            "adjustment": "split", "label": null,
        } })
    );
}

#[test]
fn every_option_reaches_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part.toml");
    std::fs::write(&part, "[risk]\nmax_open_positions = 2\n").unwrap();
    let fake = Fake::with_desk(&at_once());
    let more = "--timeframe|5min|--set|sma_fast=10|--set|stop_buffer_pct = 0.5|--sides|both|--route|\
                velez-spy|--route|velez-qqq|--initial-capital|25000.00|--slippage|0.02|--half-spread|\
                0.01|--fee-per-share|0.005|--fee-per-order|1|--regulatory-fees|--fill-profile|plain|\
                --margin|by_date|--borrow-rate|0.03|--end-of-day|hold|--option|risk.risk_per_trade=0.01|\
                --seed|7|--data|1hour|--adjustment|all|--label| second try |--detach|--request-id|\
                night-1|--file";
    let more: Vec<&str> = more.split('|').collect();
    let args = [&SMALL[..], &more, &[part.to_str().unwrap()]].concat();
    let run = run_at(fake.runtime_dir(), &args);
    assert_snapshot!(run.text(), @r"
    job 1: backtest from 2011-01-01 to 2011-01-31
      watch:  traderctl jobs watch 1
      cancel: traderctl jobs cancel 1
    ");
    assert_eq!(
        fake.calls("submit_job"),
        [json!({ "request_id": "night-1", "work": { "backtest": {
            "start_date": "2011-01-01", "end_date": "2011-01-31",
            "routes": [{ "name": null, "strategy": "velez", "symbols": ["SPY", "AAPL"],
                         "timeframe": "5min", "sides": "both",
                         "settings": { "sma_fast": "10", "stop_buffer_pct": "0.5" } }],
            "configured_routes": ["velez-spy", "velez-qqq"],
            "config": "[risk]\nmax_open_positions = 2\n",
            "settings": {
                "account.initial_cash": "25000", "broker.slippage": "0.02",
                "broker.half_spread": "0.01", "broker.fee_per_share": "0.005",
                "broker.fee_per_order": "1", "broker.regulatory_fees": "true",
                "broker.profile": "plain", "broker.margin": "by_date",
                "broker.borrow_rate": "0.03", "session.end_of_day": "hold",
                "risk.risk_per_trade": "0.01",
            },
            "seed": 7, "data": "1hour", "adjustment": "all", "label": "second try",
        } } })]
    );
}

#[test]
fn detached_json_is_the_job_and_watched_json_is_the_document() {
    let fake = Fake::with_desk(&at_once());
    let job = run_at(
        fake.runtime_dir(),
        &[&SMALL[..], &["--detach", "--json"]].concat(),
    );
    assert_eq!(
        (&job.json()["id"], &job.json()["state"]),
        (&json!(1), &json!("queued"))
    );
    let result = run_at(fake.runtime_dir(), &[&SMALL[..], &["--json"]].concat());
    assert_eq!(
        (result.text(), result.stderr.as_str()),
        (tried::document().as_str(), "")
    );
}

#[test]
fn a_failed_cancelled_or_interrupted_job_ends_with_1_and_its_reason() {
    let fail = |state: &'static str, message: Value| {
        let fields = json!({ "state": state, "message": message });
        let desk = Arc::new(Desk::default().then(vec![
            Step::Change(1, json!({ "state": "running" })),
            Step::Change(1, fields),
        ]));
        let fake = Fake::with_desk(&desk);
        let run = run_at(fake.runtime_dir(), &[&SMALL[..], &["--json"]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (1, ""));
        let error: Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(error["exit_code"], 1);
        format!(
            "{}: {}\n{}",
            error["error"]["what"], error["error"]["why"], error["error"]["next"]
        )
    };
    let message =
        "SPY has no 1min bars from 2011-01-01 to 2011-01-31; there are 2012-01-03 to 2012-12-31";
    assert_snapshot!(fail("failed", json!(message)), @r#"
    "backtest 1 failed": "SPY has no 1min bars from 2011-01-01 to 2011-01-31; there are 2012-01-03 to 2012-12-31"
    "traderctl jobs show 1 has the rest"
    "#);
    assert_snapshot!(fail("cancelled", Value::Null), @r#"
    "backtest 1 was cancelled": "somebody ended it"
    "submit it again"
    "#);
    assert_snapshot!(fail("interrupted", Value::Null), @r#"
    "backtest 1 was interrupted": "the daemon ended while it was at work"
    "submit it again"
    "#);
}

#[test]
fn a_refused_submission_reaches_the_person_whole() {
    let fake = Fake::with(trader_rpc::Role::Read, |_, _| None);
    let run = run_at(fake.runtime_dir(), &SMALL);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("it needs the role control"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_broken_connection_is_made_anew_and_watching_goes_on() {
    let document = tried::document();
    let desk = Arc::new(
        Desk::default()
            .on_submit(move |desk, id| {
                desk.put(id, "result.json", document.as_bytes());
            })
            .then(vec![
                Step::Change(1, json!({ "state": "running" })),
                Step::Cut,
            ])
            // What happened meanwhile is asked for, not waited for.
            .then(vec![
                Step::Missed,
                Step::Quietly(1, json!({ "state": "done" })),
                Step::Missed,
            ]),
    );
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &[&SMALL[..], &["--json"]].concat());
    assert_eq!(run.text(), tried::document());
    assert_eq!(fake.calls("submit_job").len(), 1);
}

#[test]
fn without_patience_a_broken_connection_ends_with_3_and_says_that_the_job_goes_on() {
    let desk = Arc::new(Desk::default().then(vec![Step::Cut]));
    let fake = Fake::with_desk(&desk);
    let run = run_at(
        fake.runtime_dir(),
        &[&SMALL[..], &["--reconnect", "0"]].concat(),
    );
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(
        run.stderr.contains("job 1 cannot be watched any longer"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("traderctl jobs watch 1"),
        "{}",
        run.stderr
    );
}

/// Runs against a job that never ends, until the daemon has been asked about it.
fn watching(fake: &Fake, args: &[&str]) -> Child {
    let mut command = command(["--socket"]);
    command.arg(fake.runtime_dir()).args(args);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while fake.calls("jobs").is_empty() {
        std::thread::yield_now();
    }
    child
}

/// What Ctrl-C makes of it: exit code, stdout, stderr.
fn interrupted(mut child: Child) -> (Option<i32>, String, String) {
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    (child.wait().unwrap().code(), out, err)
}

#[test]
fn ctrl_c_leaves_the_job_to_the_daemon() {
    let fake = Fake::with_desk(&Arc::new(Desk::default()));
    let (code, out, err) = interrupted(watching(&fake, &SMALL));
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_snapshot!(err, @r"
    job 1: backtest from 2011-01-01 to 2011-01-31

    detached; job 1 goes on
      watch:  traderctl jobs watch 1
      cancel: traderctl jobs cancel 1
    ");
    assert!(fake.calls("cancel_job").is_empty());

    let fake = Fake::with_desk(&Arc::new(Desk::default()));
    let (code, out, err) = interrupted(watching(&fake, &[&SMALL[..], &["--json"]].concat()));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let job: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&job["id"], &job["state"]), (&json!(1), &json!("queued")));
}

#[test]
fn a_wrong_command_line_ends_with_2_before_anybody_is_asked() {
    let with = |more: &[&'static str]| [&SMALL[..], more].concat();
    for args in [
        vec!["backtest"],
        SMALL[..7].to_vec(),
        with(&["--timeframe", "5m"]),
        with(&["--timeframe", "391min"]),
        with(&["--set", "sma_fast"]),
        with(&["--set", "a=1", "--set", "a=2"]),
        with(&["--option", "risk_per_trade=1"]),
        with(&["--option", "broker.slippage=1", "--slippage", "2"]),
        with(&["--slippage", "-1"]),
        with(&["--initial-capital", "much"]),
        with(&["--sides", "up"]),
        with(&["--margin", "free"]),
        with(&["--adjustment", "some"]),
        with(&["--data", "2min"]),
        with(&["--label", "  "]),
        with(&["--file", "/no/such/file.toml"]),
        with(&["--detach", "--csv", "x"]),
        vec![
            "backtest",
            "--start-date",
            "2011-01-01",
            "--end-date",
            "2011-01-31",
        ],
        vec![
            "backtest",
            "--symbols",
            "SPY",
            "--start-date",
            "2011-01-01",
            "--end-date",
            "2011-01-31",
        ],
        vec![
            "backtest",
            "--route",
            "a",
            "--start-date",
            "2011-02-01",
            "--end-date",
            "2011-01-31",
        ],
        vec![
            "backtest",
            "--route",
            "a",
            "--set",
            "a=1",
            "--start-date",
            "2011-01-01",
            "--end-date",
            "2011-01-31",
        ],
        vec!["backtest", "compare", "1"],
        vec!["backtest", "show"],
        vec!["backtest", "show", "one"],
    ] {
        let run = run(&args);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{args:?} {}",
            run.stderr
        );
        assert_ne!(run.stderr, "", "{args:?}");
    }
}
