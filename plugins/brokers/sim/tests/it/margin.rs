//! Margin by date: pattern day traders before 2026-06-04, intraday margin since.

use trader_broker_sim::{Margin, MarginRegime, SimConfig};
use trader_contract::{Money, Timestamp};

use crate::scenario::plain;

fn on(date: &str) -> Timestamp {
    format!("{date}T13:30:00Z").parse().unwrap()
}

fn by_date(dollars: i64) -> SimConfig {
    SimConfig {
        margin: Some(Margin::ByDate),
        cash: Money::dollars(dollars),
        ..plain()
    }
}

/// So many round trips of one share, each in two minutes.
fn round_trips(from: u32, count: u32) -> String {
    (from..)
        .take(usize::try_from(count).unwrap())
        .map(|n| format!("e{n} buy 1\nbar 10 10 10 10\nx{n} sell 1\nbar 10 10 10 10\n"))
        .collect()
}

/// What was refused, and every `bill`.
#[track_caller]
fn refused(date: &str, config: SimConfig, script: &str, expect: &[&str]) {
    let said = crate::scenario::run_from(on(date), config, script);
    let told: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("not taken") || line.starts_with("fees"))
        .collect();
    assert_eq!(told, expect, "{said}");
}

const PATTERN: &str = "40310100 trade denied due to pattern day trading protection";
const POWER: &str = "40310000 insufficient buying power";

#[test]
fn the_rules_change_on_the_fourth_of_june_2026() {
    let regime = |date: &str| MarginRegime::on(date.parse().unwrap());
    assert_eq!(regime("2011-01-10"), MarginRegime::Legacy4210);
    assert_eq!(regime("2026-06-03"), MarginRegime::Legacy4210);
    assert_eq!(regime("2026-06-04"), MarginRegime::Intraday2026);
}

#[test]
fn a_fourth_day_trade_is_refused_at_its_opening_and_closing_never_is() {
    let script = format!(
        "open\nbar 10 10 10 10\n{}bill\ne4 buy 1\nbar 10 10 10 10\n",
        round_trips(1, 3)
    );
    refused(
        "2026-06-03",
        by_date(24_999),
        &script,
        &[
            "fees 0 accrued 0 day trades 3",
            &format!("420 e4 not taken: {PATTERN}"),
        ],
    );
    refused(
        "2026-06-04",
        by_date(24_999),
        &script,
        &["fees 0 accrued 0 day trades 3"],
    );
    refused(
        "2026-06-03",
        by_date(25_001),
        &script,
        &["fees 0 accrued 0 day trades 3"],
    );
}

#[test]
fn what_could_become_a_day_trade_counts_as_one() {
    // Two made, one open in A: an opening order in B could make the fourth, more of A could not.
    let script = format!(
        "open\nbar 10 10 10 10\n{}e3 buy 1\nbar 10 10 10 10\ne4 buy 1 limit 9 B\ne5 buy 1\nx3 sell 2\nbar 10 10 10 10\nbill",
        round_trips(1, 2)
    );
    refused(
        "2026-06-03",
        by_date(10_000),
        &script,
        &[
            &format!("360 e4 not taken: {PATTERN}"),
            "fees 0 accrued 0 day trades 3",
        ],
    );
}

#[test]
fn an_opening_order_that_waits_could_become_a_day_trade_too() {
    let script = format!(
        "open\nbar 10 10 10 10\n{}e3 buy 1 limit 9 B\ne4 buy 1\ncancel e3\ne4 buy 1\n",
        round_trips(1, 2)
    );
    refused(
        "2026-06-03",
        by_date(10_000),
        &script,
        &[&format!("300 e4 not taken: {PATTERN}")],
    );
}

#[test]
fn day_trades_are_forgotten_after_five_sessions() {
    let night = "close\nnext day\nopen\nbar 10 10 10 10\n";
    let script = format!(
        "open\nbar 10 10 10 10\n{}{}bill\ne4 buy 1\n{night}bill\ne4 buy 1\n",
        round_trips(1, 3),
        night.repeat(4)
    );
    let said = crate::scenario::run_from(on("2026-03-02"), by_date(10_000), &script);
    let told: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("e4 not") || line.contains("e4 new") || line.contains("fees"))
        .map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '))
        .collect();
    assert_eq!(
        told,
        [
            "fees 0 accrued 0 day trades 3",
            &format!("e4 not taken: {PATTERN}"),
            "fees 0 accrued 0 day trades 0",
            "e4 new (1)"
        ]
    );
}

#[test]
fn a_position_held_overnight_is_no_day_trade() {
    refused(
        "2026-03-02",
        by_date(10_000),
        "open
         bar 10 10 10 10
         e1 buy 2
         bar 10 10 10 10
         close
         next day
         open
         x1 sell 1
         bar 10 10 10 10
         bill
         e2 buy 1
         bar 10 10 10 10
         x2 sell 1
         x3 sell 1
         bar 10 10 10 10
         bill",
        &[
            "fees 0 accrued 0 day trades 0",
            "fees 0 accrued 0 day trades 1",
        ],
    );
}

#[test]
fn before_the_change_only_a_pattern_day_trader_holds_four_times_the_equity() {
    let large = "e9 buy 11000 limit 10\n";
    let script = format!("open\nbar 10 10 10 10\n{large}{}{large}", round_trips(1, 4));
    refused(
        "2026-06-03",
        by_date(50_000),
        &script,
        &[&format!("60 e9 not taken: {POWER}")],
    );
}

#[test]
fn since_the_change_four_times_the_equity_is_there_from_two_thousand_dollars_on() {
    let script = "open
         bar 10 10 10 10
         e1 buy 801 limit 10
         e1 buy 800 limit 10
         e2 buy 1 limit 10";
    refused(
        "2026-06-04",
        by_date(2_000),
        script,
        &[
            &format!("60 e1 not taken: {POWER}"),
            &format!("60 e2 not taken: {POWER}"),
        ],
    );
}

#[test]
fn overnight_is_twice_the_equity_in_both() {
    for date in ["2026-06-03", "2026-06-04"] {
        refused(
            date,
            by_date(50_000),
            "open
             bar 10 10 10 10
             close
             e1 buy 10001 limit 10
             e1 buy 10000 limit 10",
            &[&format!("60 e1 not taken: {POWER}")],
        );
    }
}

#[test]
fn below_two_thousand_dollars_there_is_no_leverage_and_no_shorting() {
    for date in ["2011-01-10", "2026-06-04"] {
        refused(
            date,
            by_date(1_999),
            "open
             bar 10 10 10 10
             e1 sell 1
             e1 buy 200 limit 10
             e1 buy 199 limit 10",
            &[
                "60 e1 not taken: 40310000 account is not allowed to short",
                &format!("60 e1 not taken: {POWER}"),
            ],
        );
    }
}

#[test]
fn day_trades_survive_a_restart() {
    let script = format!(
        "open\nbar 10 10 10 10\n{}restart\nbill\ne4 buy 1",
        round_trips(1, 3)
    );
    refused(
        "2026-06-03",
        by_date(10_000),
        &script,
        &[
            "fees 0 accrued 0 day trades 3",
            &format!("420 e4 not taken: {PATTERN}"),
        ],
    );
}
