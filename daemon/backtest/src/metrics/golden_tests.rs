//! Figures against independently made ones of three curves and two lists of trades, and against what
//! two widely used libraries say of the same curves.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "counts; an overflow would panic and fail the test"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;
use trader_contract::{Money, Price};
use trader_rpc::{CurveMetrics, TradeMetrics};

use super::sample::trade;
use super::{Held, buy_and_hold, curve, trades};

const CASES: [&str; 3] = [
    "spy_buy_hold_2015_2020",
    "velez_spy_2011_01_5m",
    "velez_syn_default_25k",
];
/// The largest error relative to the expected value that is taken as equal.
const TOLERANCE: f64 = 1e-9;

/// The folder of the golden figures, unless it is absent here.
fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let velez = std::env::var("TRADER_GOLDEN").unwrap_or_else(|_| "../shared/golden/velez".into());
    let folder = root.join(velez).join("../metrics");
    if folder.is_dir() {
        return Some(folder);
    }
    // Straight to the stream: what print macros write is hidden when a test passes.
    let text = format!(
        "SKIPPED: there is no {}; set TRADER_GOLDEN\n",
        folder.display()
    );
    let _ = std::io::stderr().write_all(text.as_bytes());
    None
}

/// The rows of a table without its heading.
fn rows(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(ToOwned::to_owned).collect()
}

fn points(folder: &Path, case: &str) -> Vec<(NaiveDate, f64)> {
    let split = |row: &String| {
        let (day, equity) = row.split_once(',').unwrap();
        (day.parse().unwrap(), equity.parse().unwrap())
    };
    rows(&folder.join(format!("{case}.equity.csv")))
        .iter()
        .map(split)
        .collect()
}

/// Compares one block of a file; each value in it must be known here.
struct Comparison<'a> {
    case: &'a str,
    block: &'a str,
    values: &'a Value,
    compared: usize,
    worst: (f64, String),
}

impl Comparison<'_> {
    fn run(&mut self, ours: &[(&str, Option<f64>)], left_out: &[&str]) {
        for (name, found) in ours {
            let name = format!("{}.{}.{name}", self.case, self.block);
            let expected = self.values[name.rsplit('.').next().unwrap()]
                .as_f64()
                .unwrap();
            let found = found.unwrap_or_else(|| panic!("{name} is missing"));
            let error = (found - expected).abs() / expected.abs();
            assert!(error <= TOLERANCE, "{name}: {found} is not {expected}");
            self.compared += 1;
            if error > self.worst.0 {
                self.worst = (error, name);
            }
        }
        let known =
            |key: &&String| ours.iter().any(|o| o.0 == *key) || left_out.contains(&key.as_str());
        let unknown: Vec<&String> = self
            .values
            .as_object()
            .unwrap()
            .keys()
            .filter(|k| !known(k))
            .collect();
        assert!(unknown.is_empty(), "nobody compares {unknown:?}");
    }
}

fn reference(of: &CurveMetrics) -> Vec<(&'static str, Option<f64>)> {
    let calendar = of.annual_return_calendar.zip(of.max_drawdown);
    vec![
        ("total_return", of.total_return),
        ("cagr_252_periods", of.annual_return),
        ("cagr_calendar_365_25", of.annual_return_calendar),
        ("volatility_annual", of.volatility),
        ("sharpe", of.sharpe),
        ("sortino", of.sortino),
        ("max_drawdown", of.max_drawdown),
        ("calmar_252", of.calmar),
        (
            "calmar_calendar",
            calendar.map(|(annual, fall)| annual / fall.abs()),
        ),
        ("ulcer_index_population", of.ulcer_index),
        (
            "longest_drawdown_samples",
            Some(f64::from(of.longest_drawdown_sessions)),
        ),
        ("var_95_historical", of.var_95),
        ("cvar_95_historical", of.cvar_95),
        ("var_95_normal", of.var_95_normal),
        ("cvar_95_normal", of.cvar_95_normal),
        ("win_rate_periods", of.daily_win_rate),
        ("profit_factor_periods", of.daily_profit_factor),
        ("skew_population", of.skew),
        ("excess_kurtosis_population", of.excess_kurtosis),
        ("best_period", of.best_day),
        ("worst_period", of.worst_day),
    ]
}

/// What quantstats gives, its corrections for small samples applied to ours.
fn quantstats(of: &CurveMetrics) -> Vec<(&'static str, Option<f64>)> {
    let n = f64::from(of.returns);
    // It leaves out the first point, and divides by one less than the rest.
    let ulcer = of.ulcer_index.map(|u| u * ((n + 1.0) / (n - 1.0)).sqrt());
    let skew = of.skew.map(|g| g * (n * (n - 1.0)).sqrt() / (n - 2.0));
    let kurtosis = of
        .excess_kurtosis
        .map(|g| ((n + 1.0) * g + 6.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0)));
    vec![
        ("total_return", of.total_return),
        ("cagr", of.annual_return),
        ("volatility", of.volatility),
        ("sharpe", of.sharpe),
        ("sortino", of.sortino),
        ("calmar", of.calmar),
        ("max_drawdown", of.max_drawdown),
        ("profit_factor", of.daily_profit_factor),
        ("win_rate", of.daily_win_rate),
        ("value_at_risk_95", of.var_95_normal),
        ("cvar_95", of.cvar_95_normal),
        ("ulcer_index", ulcer),
        ("skew", skew),
        ("kurtosis", kurtosis),
        ("omega", of.daily_profit_factor),
    ]
}

fn empyrical(of: &CurveMetrics) -> Vec<(&'static str, Option<f64>)> {
    // Sharpe times volatility is the mean over the downside deviation's multiple of it.
    let downside = of.sharpe.unwrap() * of.volatility.unwrap() / of.sortino.unwrap();
    vec![
        ("total_return", of.total_return),
        ("cagr", of.annual_return),
        ("annual_volatility", of.volatility),
        ("sharpe_ratio", of.sharpe),
        ("sortino_ratio", of.sortino),
        ("calmar_ratio", of.calmar),
        ("max_drawdown", of.max_drawdown),
        ("value_at_risk_5pct", of.var_95),
        ("conditional_value_at_risk_5pct", of.cvar_95),
        ("downside_risk", Some(downside)),
        ("omega_ratio", of.daily_profit_factor),
    ]
}

fn closed(of: &TradeMetrics) -> Vec<(&'static str, Option<f64>)> {
    vec![
        ("count", Some(f64::from(of.trades))),
        ("win_rate", of.win_rate),
        ("profit_factor", of.profit_factor),
        ("expectancy", of.expectancy),
        ("avg_win", of.average_win),
        ("avg_loss", of.average_loss),
        ("payoff_ratio", of.payoff),
        ("largest_win", of.largest_win.and_then(|win| win.to_f64())),
        (
            "largest_loss",
            of.largest_loss.and_then(|loss| loss.to_f64()),
        ),
        ("gross_profit", of.gross_profit.to_f64()),
        ("gross_loss", of.gross_loss.to_f64()),
        (
            "max_consecutive_losses",
            Some(f64::from(of.longest_losing_streak)),
        ),
        (
            "max_consecutive_wins",
            Some(f64::from(of.longest_winning_streak)),
        ),
    ]
}

#[test]
fn every_figure_equals_the_independent_one() {
    let Some(folder) = folder() else { return };
    let (mut compared, mut worst) = (0, (0.0, String::new()));
    for case in CASES {
        let text = std::fs::read_to_string(folder.join(format!("{case}.json"))).unwrap();
        let golden: Value = serde_json::from_str(&text).unwrap();
        let figures = curve(&points(&folder, case));
        assert_eq!(
            u64::from(figures.returns),
            golden["returns"].as_u64().unwrap()
        );
        let mut compare = |block: &str, ours: &[(&str, Option<f64>)], left_out: &[&str]| {
            let values = &golden[block];
            let mut one = Comparison {
                case,
                block,
                values,
                compared: 0,
                worst: (0.0, String::new()),
            };
            one.run(ours, left_out);
            compared += one.compared;
            if one.worst.0 > worst.0 {
                worst = one.worst;
            }
        };
        compare("reference", &reference(&figures), &[]);
        compare("quantstats", &quantstats(&figures), &["tail_ratio"]);
        compare(
            "empyrical",
            &empyrical(&figures),
            &["stability", "tail_ratio"],
        );
        let profits = folder.join(format!("{case}.trade_pnls.csv"));
        if profits.is_file() {
            let all: Vec<_> = rows(&profits).iter().map(|profit| trade(profit)).collect();
            compare("trades", &closed(&trades(&all)), &[]);
        }
    }
    assert_eq!(compared, 167);
    println!(
        "{compared} golden figures; worst relative error {:.1e}, {}",
        worst.0, worst.1
    );
}

#[test]
fn the_bought_and_held_index_is_the_independent_curve() {
    let Some(folder) = folder() else { return };
    let points = points(&folder, CASES[0]);
    // A share at a hundredth of the curve, which has four decimals: exact as a price.
    let closes: Vec<(NaiveDate, Price)> = rows(&folder.join(format!("{}.equity.csv", CASES[0])))
        .iter()
        .zip(&points)
        .map(|(row, (day, _))| {
            let equity: Money = row.split_once(',').unwrap().1.parse().unwrap();
            (
                *day,
                Price::from_micros(equity.exact_micros().unwrap() / 100).unwrap(),
            )
        })
        .collect();
    let held = Held {
        first_open: Price::from_cents(100_000).unwrap(),
        closes: &closes[1..],
    };
    let days: Vec<NaiveDate> = points.iter().map(|(day, _)| *day).collect();
    let (daily, line) = buy_and_hold(Money::dollars(100_000), &days, &[held]);
    let ours: Vec<f64> = daily.iter().map(|value| value.to_f64().unwrap()).collect();
    let theirs: Vec<f64> = points.iter().map(|(_, equity)| *equity).collect();
    assert_eq!(ours, theirs);
    assert_eq!(line.curve, curve(&points));
    assert_eq!(line.final_equity.to_string(), "181998.7344");
}
