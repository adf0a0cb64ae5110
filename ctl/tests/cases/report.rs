//! The report of a backtest: wide, narrow, without dots, as JSON and as files.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of a test; an overflow would fail it"
)]

use std::path::Path;
use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::desk::Desk;
use super::fake::Fake;
use super::program::{Run, command, run_at};
use super::tried;

/// A daemon with one backtest that is done.
pub(crate) fn with_result(document: &str) -> (Arc<Desk>, Fake) {
    let desk = Arc::new(Desk::default());
    let message = json!({ "message": "+3.46 %, 38 trades", "peak_memory_mb": 41,
                          "started_at": "2026-11-20T14:00:01Z", "ended_at": "2026-11-20T14:00:04Z" });
    let id = desk.add(&tried::work(), &message);
    desk.finish(id, document);
    let fake = Fake::with_desk(&desk);
    (desk, fake)
}

/// Runs with an environment.
pub(crate) fn run_in(socket: &Path, environment: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = command(["--socket"]);
    command
        .arg(socket)
        .args(args)
        .envs(environment.iter().copied());
    command.output().unwrap().into()
}

const UTF8: (&str, &str) = ("LANG", "C.UTF-8");

#[test]
fn the_report_fits_80_columns() {
    let (_, fake) = with_result(&tried::document());
    let run = run_in(fake.runtime_dir(), &[UTF8], &["backtest", "show", "1"]);
    assert!(
        run.text().lines().all(|line| line.chars().count() <= 80),
        "{}",
        run.stdout
    );
    assert_snapshot!("report_80", run.text());
}

#[test]
fn a_wide_terminal_has_three_columns_and_all_tables() {
    let (_, fake) = with_result(&tried::document());
    let args = ["backtest", "show", "1", "--all"];
    let run = run_in(fake.runtime_dir(), &[UTF8, ("COLUMNS", "132")], &args);
    assert!(
        run.text().lines().all(|line| line.chars().count() <= 132),
        "{}",
        run.stdout
    );
    assert_snapshot!("report_wide", run.text());
}

#[test]
fn without_utf_8_the_report_is_ascii_and_colour_marks_what_matters() {
    let (_, fake) = with_result(&tried::document());
    let run = run_at(fake.runtime_dir(), &["backtest", "show", "1"]);
    assert!(run.text().is_ascii());
    let chart: Vec<&str> = run
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("EQUITY"))
        .collect();
    assert_snapshot!(chart[..15].join("\n"));
    let args = ["backtest", "show", "1", "--colour", "always", "--no-chart"];
    let run = run_at(fake.runtime_dir(), &args);
    assert!(!run.stdout.contains("EQUITY"));
    for coloured in [
        "\u{1b}[33mWARNING\u{1b}[0m",
        "\u{1b}[1mTRADES\u{1b}[0m",
        "\u{1b}[32mTotal return",
    ] {
        assert!(
            run.stdout.contains(coloured),
            "{coloured:?}: {}",
            run.stdout
        );
    }
}

#[test]
fn a_result_without_trades_is_all_dashes() {
    let mut result = serde_json::to_value(tried::result()).unwrap();
    let nothing = json!({ "trades": 0, "winners": 0, "losers": 0, "win_rate": null, "profit": "0",
        "gross_profit": "0", "gross_loss": "0", "profit_factor": null, "expectancy": null,
        "expectancy_r": null, "average_win": null, "average_loss": null, "payoff": null,
        "largest_win": null, "largest_loss": null, "longest_winning_streak": 0,
        "longest_losing_streak": 0, "fees": "0", "average_holding_seconds": null,
        "median_holding_seconds": null, "longest_holding_seconds": null, "average_mae": null,
        "average_mfe": null });
    let curve = result["metrics"]["curve"].as_object_mut().unwrap();
    for (name, value) in curve {
        *value = if value.is_u64() {
            json!(0)
        } else {
            Value::Null
        };
        assert_ne!(name, "");
    }
    result["metrics"]["trades"] = nothing;
    result["metrics"]["final_equity"] = json!("100000");
    for (name, value) in result["breakdown"].as_object_mut().unwrap() {
        *value = json!([]);
        assert_ne!(name, "");
    }
    for list in ["trades", "warnings", "open_positions", "daily", "equity"] {
        result[list] = json!([]);
    }
    result["counts"]["refusals"] = json!({});
    result["counts"]["alerts"] = json!({});
    let (_, fake) = with_result(&result.to_string());
    assert_snapshot!(run_at(fake.runtime_dir(), &["backtest", "show", "1"]).text());
}

#[test]
fn json_is_the_stored_document_byte_for_byte() {
    // Blanks and the end of the line are as somebody else would write them.
    let document = format!(
        "{}  \n",
        serde_json::to_string_pretty(&tried::result()).unwrap()
    );
    let desk = Arc::new(Desk::default().in_parts_of(1_000));
    let id = desk.add(&tried::work(), &json!({}));
    desk.finish(id, &document);
    let fake = Fake::with_desk(&desk);
    let run = run_at(fake.runtime_dir(), &["backtest", "show", "1", "--json"]);
    assert_eq!(run.text(), document);
    assert_eq!(run.stderr, "");
    assert_eq!(fake.calls("job_file").len(), document.len().div_ceil(1_000));
    for part in ["metrics", "trades", "equity", "inputs"] {
        assert!(!run.json()[part].is_null(), "{part}");
    }
}

#[test]
fn csv_files_have_every_trade_and_every_point() {
    let (_, fake) = with_result(&tried::document());
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    let args = [
        "backtest",
        "show",
        "1",
        "--json",
        "--csv",
        out.to_str().unwrap(),
    ];
    assert_eq!(run_at(fake.runtime_dir(), &args).text(), tried::document());
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let (trades, result) = (read("trades.csv"), tried::result());
    assert_eq!(trades.lines().count(), result.trades.len() + 1);
    assert_snapshot!(trades.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    number,intent,route,strategy,symbol,direction,qty,entered_at,entry_average,exited_at,exit_average,initial_stop,exit_reason,profit,fees,mae,mfe
    1,20110103-1,velez,velez,AAPL,long,100,2011-01-03T16:41:00Z,127.15,2011-01-03T17:45:00Z,128.4253,126.40,target,127.53,0.37,-50.50,80.25
    2,20110103-2,velez,velez,SPY,long,100,2011-01-03T15:34:00Z,127.15,2011-01-03T16:34:00Z,130.3264,,target,317.64,0.37,-50.50,80.25
    ");
    assert_eq!(read("equity.csv").lines().count(), result.equity.len() + 1);
    let daily = read("daily.csv");
    assert_eq!(daily.lines().nth(1), Some("2010-12-31,100000,0,0,0,100000"));
    assert_eq!(
        std::fs::read_dir(&out).unwrap().count(),
        3,
        "nothing else is left there"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_told_before_the_work_begins() {
    let (_, fake) = with_result(&tried::document());
    let args = ["backtest", "show", "1", "--csv", "/proc/no/such"];
    let run = run_at(fake.runtime_dir(), &args);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.contains("/proc/no/such was not written"),
        "{}",
        run.stderr
    );
    assert!(fake.calls("jobs").is_empty());
}

#[test]
fn a_damaged_or_unknown_result_is_not_shown() {
    let (desk, fake) = with_result(&tried::document());
    desk.spoil(1, "result.json");
    let run = run_at(fake.runtime_dir(), &["backtest", "show", "1", "--json"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.contains("did not arrive whole"),
        "{}",
        run.stderr
    );
    let mut result = serde_json::to_value(tried::result()).unwrap();
    result["format"] = json!(2);
    for (document, words) in [
        (result.to_string(), "another form"),
        ("[]".to_owned(), "cannot be read"),
    ] {
        let (_, fake) = with_result(&document);
        let run = run_at(fake.runtime_dir(), &["backtest", "show", "1"]);
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

/// A result whose trades came in so many months from January 2011 on.
fn of_months(count: u32) -> String {
    let mut result = tried::result();
    let month = result.breakdown.month[0].clone();
    result.breakdown.month = (0..count)
        .map(|n| {
            let mut one = month.clone();
            one.key = format!("{}-{:02}", 2011 + n / 12, 1 + n % 12);
            let (won, lost) = (n % 5, 1 + n % 3);
            let metrics = &mut one.metrics;
            metrics.trades = won + lost + 1;
            (metrics.winners, metrics.losers) = (won, lost);
            metrics.gross_profit = (won * 120).into();
            metrics.gross_loss = -rust_decimal::Decimal::from(lost * 80);
            metrics.profit = metrics.gross_profit + metrics.gross_loss;
            metrics.average_holding_seconds = Some(f64::from(n) * 60.0);
            one
        })
        .collect();
    serde_json::to_string(&result).unwrap()
}

/// The report's last tables but one: what came when.
fn when(document: &str, args: &[&str]) -> String {
    let (_, fake) = with_result(document);
    let run = run_in(fake.runtime_dir(), &[("COLUMNS", "132")], args);
    let blocks: Vec<&str> = run.text().split("\n\n").collect();
    let of_time = |block: &&&str| block.starts_with("MONTH") || block.starts_with("YEAR");
    (*blocks.iter().find(of_time).unwrap()).to_owned()
}

#[test]
fn many_months_are_summed_up_to_years_unless_all_are_wanted() {
    let show = ["backtest", "show", "1"];
    let two_years = when(&of_months(24), &show);
    assert!(two_years.starts_with("MONTH") && two_years.lines().count() == 25);
    assert_snapshot!("report_years", when(&of_months(27), &show));
    let all = when(&of_months(27), &["backtest", "show", "1", "--all"]);
    assert!(
        all.starts_with("MONTH") && all.lines().count() == 28,
        "{all}"
    );
}
