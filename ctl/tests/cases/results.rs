//! Backtests that there are: listed, compared, deleted.

use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::desk::Desk;
use super::fake::Fake;
use super::program::run_at;
use super::report::{run_in, with_result};
use super::tried;

#[test]
fn list_names_what_ran_and_what_came_of_it() {
    let (desk, fake) = with_result(&tried::document());
    let mut short = tried::work();
    short["backtest"]["routes"] = json!([]);
    short["backtest"]["label"] = Value::Null;
    desk.add(
        &short,
        &json!({ "state": "failed", "message": "SPY has no 1day bars" }),
    );
    short["backtest"]["configured_routes"] = json!([]);
    desk.add(&short, &json!({ "state": "running", "message": null }));
    desk.add(&json!({ "verify": {} }), &json!({}));
    let run = run_at(fake.runtime_dir(), &["backtest", "list"]);
    assert_snapshot!(run.text(), @r"
    ID  STATE    FROM        TO          LABEL      WHAT                             OUTCOME               SET
     3  running  2011-01-01  2011-01-31             from a file                                            broker.slippage=0.02
     2  failed   2011-01-01  2011-01-31             velez-slow                       SPY has no 1day bars  broker.slippage=0.02
     1  done     2011-01-01  2011-01-31  first try  velez 5min SPY,AAPL; velez-slow  +3.46 %, 38 trades    sma_fast=10 broker.slippage=0.02
    ");
    let json = run_at(
        fake.runtime_dir(),
        &["backtest", "list", "--json", "--limit", "9"],
    )
    .json();
    assert_eq!(json.as_array().unwrap().len(), 3);
    assert_eq!(fake.calls("jobs")[1]["limit"], 9);
    let narrow = run_in(
        fake.runtime_dir(),
        &[("COLUMNS", "80")],
        &["backtest", "list"],
    );
    assert!(
        narrow.text().lines().all(|line| line.chars().count() <= 80),
        "{}",
        narrow.stdout
    );
    let fake = Fake::with_desk(&Arc::new(Desk::default()));
    assert!(
        run_at(fake.runtime_dir(), &["backtest", "list"])
            .text()
            .starts_with("no backtests")
    );
}

#[test]
fn compare_tells_what_differs_first() {
    let (desk, fake) = with_result(&tried::document());
    let mut other = serde_json::to_value(tried::result()).unwrap();
    other["inputs"]["settings"] = json!(
        "[broker]\nslippage = \"0.05\"\n[[route]]\nname = \"velez\"\nsymbols = [\"SPY\", \"AAPL\", \"QQQ\", \"IWM\"]\n[route.settings]\nsma_fast = 5\n"
    );
    other["inputs"]["spec"]["seed"] = json!(2);
    other["inputs"]["spec"]["label"] = Value::Null;
    other["metrics"]["curve"]["total_return"] = json!(-0.0123);
    let second = desk.add(&tried::work(), &json!({}));
    desk.finish(second, &other.to_string());
    let run = run_at(fake.runtime_dir(), &["backtest", "compare", "1", "2"]);
    assert!(
        run.text().lines().all(|line| line.chars().count() <= 80),
        "{}",
        run.stdout
    );
    assert_snapshot!("compare", run.text());
    let run = run_at(
        fake.runtime_dir(),
        &["backtest", "compare", "2", "1", "--json"],
    );
    let json = run.json();
    assert_eq!(json["warning"], Value::Null);
    assert_eq!(
        json["differences"][0],
        json!({ "key": "broker.slippage", "values": ["0.05", "0.02"] })
    );
    assert_eq!(json["backtests"][1]["label"], "first try");
}

#[test]
fn compare_warns_where_the_bars_differ() {
    let mut changed = serde_json::to_value(tried::result()).unwrap();
    changed["inputs"]["data"][0]["files"][0]["sha256"] = json!("cd".repeat(32));
    let mut shorter = changed.clone();
    shorter["inputs"]["spec"]["end_date"] = json!("2011-01-15");
    for (other, words) in [
        (changed, "the stored bars changed"),
        (shorter, "different symbols, days"),
    ] {
        let (desk, fake) = with_result(&tried::document());
        let second = desk.add(&tried::work(), &json!({}));
        desk.finish(second, &other.to_string());
        let run = run_at(fake.runtime_dir(), &["backtest", "compare", "1", "2"]);
        assert!(
            run.text().starts_with("WARNING: ") && run.stdout.contains(words),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn many_backtests_are_compared_in_blocks_that_fit() {
    let (desk, fake) = with_result(&tried::document());
    for _ in 0..5 {
        let id = desk.add(&tried::work(), &json!({}));
        desk.finish(id, &tried::document());
    }
    let run = run_at(
        fake.runtime_dir(),
        &["backtest", "compare", "1", "2", "3", "4", "5", "6"],
    );
    assert!(
        run.text().lines().all(|line| line.chars().count() <= 80),
        "{}",
        run.stdout
    );
    assert_eq!(run.stdout.matches("DIFFERENT INPUTS\nnone\n").count(), 2);
    assert!(run.stdout.contains("#6"));
}

#[test]
fn other_jobs_have_no_report() {
    let (desk, fake) = with_result(&tried::document());
    desk.add(&json!({ "verify": {} }), &json!({ "state": "done" }));
    for args in [
        &["backtest", "show", "2"][..],
        &["backtest", "compare", "1", "2"],
    ] {
        let run = run_at(fake.runtime_dir(), args);
        assert_eq!(run.code, 1);
        let why = "it is no backtest, but: verify everything";
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn delete_takes_several_and_only_backtests() {
    let (desk, fake) = with_result(&tried::document());
    desk.add(&tried::work(), &json!({ "state": "failed" }));
    desk.add(&json!({ "verify": {} }), &json!({ "state": "done" }));
    let run = run_at(fake.runtime_dir(), &["backtest", "delete", "1", "3"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr
            .contains("it is no backtest, but: verify everything"),
        "{}",
        run.stderr
    );
    assert!(
        fake.calls("delete_job").is_empty(),
        "nothing is gone if one cannot go"
    );
    let run = run_at(fake.runtime_dir(), &["backtest", "delete", "1", "2"]);
    assert_eq!(run.text(), "job 1 is deleted\njob 2 is deleted\n");
    let run = run_at(fake.runtime_dir(), &["backtest", "show", "1"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("there is no job 1"), "{}", run.stderr);
}

#[test]
fn show_of_one_that_is_not_done_says_how_it_stands() {
    let desk = Arc::new(Desk::default());
    desk.add(&tried::work(), &json!({ "state": "running" }));
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &["backtest", "show", "1"]);
    assert_eq!(run.code, 1);
    assert_snapshot!(run.stderr, @r"
    error: backtest 1 is not over
      why:  it waits or is at work
      next: traderctl jobs watch 1
    ");
}
