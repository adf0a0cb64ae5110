//! The day in figures: what is asked, and the screen at the end of the day.

use insta::assert_snapshot;
use serde_json::{Value, json};
use trader_rpc::{Failure, Role, sample};

use super::fake::Fake;
use super::program::run_at;

#[test]
fn the_day_fits_one_screen_with_its_trades_below() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["day", "2011-01-10"]);
    assert_snapshot!(run.text(), @"");
    assert_eq!(fake.calls("day"), [json!({ "date": "2011-01-10" })]);
    let asked = &fake.calls("trades")[0];
    assert_eq!(
        (&asked["from"], &asked["to"]),
        (&json!("2011-01-10"), &json!("2011-01-10"))
    );
}

#[test]
fn a_day_that_is_open_and_quiet_reads_so() {
    let mut day = sample::all().unwrap()["DaySummary"].clone();
    let none = json!({ "fills": 0, "cost": "0", "basis_points": null });
    for (field, value) in [
        ("open", json!(true)),
        ("equity_at_close", json!("99990")),
        ("alerts", json!(0)),
        ("residue", json!([])),
        ("unprotected_share_seconds", json!(0)),
        ("entry_slippage", none.clone()),
        ("stop_slippage", none),
        (
            "gaps",
            json!({ "minutes": 61, "symbols": 1, "missing": [] }),
        ),
        ("head", Value::Null),
    ] {
        day[field] = value;
    }
    let fake = Fake::with(Role::Read, move |name, _| match name {
        "day" => Some(Ok(day.clone())),
        "trades" => Some(Ok(json!([]))),
        _ => None,
    });
    let run = run_at(fake.runtime_dir(), &["day"]);
    assert_snapshot!(run.text(), @"");
    assert_eq!(fake.calls("day"), [json!({ "date": null })]);
}

#[test]
fn a_day_that_is_none_is_refused_with_what_to_do() {
    let fake = Fake::with(Role::Read, |name, _| {
        let failure = Failure::refused("there is no such day", "no session on it", "traderctl day");
        (name == "day").then_some(Err(failure))
    });
    let run = run_at(fake.runtime_dir(), &["day", "2011-01-09"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.contains("there is no such day"),
        "{}",
        run.stderr
    );
    assert_eq!(run_at(fake.runtime_dir(), &["day", "yesterday"]).code, 2);
}
