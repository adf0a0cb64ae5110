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
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA
    Mon 2011-01-10, closed

    Equity     $100,000.00 to $100,234.50 (+$234.50)
    Cash       $100,234.50
    Trades     3: 2 won, 1 lost; +$234.50 realised, fees $2.00
    Orders     9, 7 fills; 4 signals refused by the risk gate
    Slippage   entries +$12.50 (2.08 bp) in 4 fills, stops -$1.20 (-0.94 bp) in 1 fill
    Stops      120 share-seconds without a stop
    Alerts     2; traderctl alerts list --all shows them
    Data       missing of 389 minutes: THIN 31
    Not flat   QQQ
    Journal    1234:9f2c51d0a7e39f2c51d0a7e39f2c51d0a7e39f2c51d0a7e39f2c51d0a7e39f2c

    CLOSED (ET)          SYMBOL  SIDE   SHARES   ENTRY    EXIT    STOP    PROFIT   FEES  WHY     ROUTE              INTENT       TAGS         NOTE
    2011-01-10 09:41:30  SPY     short     100  127.50  125.49  128.10  +$200.00  $1.00  target  opening-range-spy  20110110-12  setup,trend  held through the pullback, as planned
    1 trade, +$200.00
    ");
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
    assert_snapshot!(run.text(), @"
    SIMULATED  SYNTHETIC DATA
    Mon 2011-01-10, open, so far

    Equity     $100,000.00 to $99,990.00 (-$10.00)
    Cash       $100,234.50
    Trades     3: 2 won, 1 lost; +$234.50 realised, fees $2.00
    Orders     9, 7 fills; 4 signals refused by the risk gate
    Slippage   entries none, stops none
    Stops      every share had its stop all the time
    Alerts     none
    Data       61 minutes of 1 symbol, none missing

    no trades
    ");
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
