//! The seed's own metrics, as far as they are kept in `metrics.json`.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::account::Trade;
use super::case::Case;
use super::replay::Replayed;
use super::rows::Cell;

const TRADING_DAYS: f64 = 252.0;
const PROFIT_FACTOR_MAX: f64 = 9999.99;

/// Every figure by its name.
#[must_use]
pub fn metrics(case: &Case, run: &Replayed) -> Vec<(&'static str, Cell)> {
    let capital = case.backtest.initial_capital;
    let trades = &run.account.trades;
    let profits: Vec<Decimal> = trades.iter().map(|trade| trade.profit).collect();
    let wins: Vec<Decimal> = profits
        .iter()
        .copied()
        .filter(|p| *p > Decimal::ZERO)
        .collect();
    let losses: Vec<Decimal> = profits
        .iter()
        .copied()
        .filter(|p| *p < Decimal::ZERO)
        .collect();
    let total: Decimal = profits.iter().sum();
    let gained = float(wins.iter().sum());
    let lost = -float(losses.iter().sum());
    let profit_factor = if lost > 0.0 {
        (gained / lost).min(PROFIT_FACTOR_MAX)
    } else if gained > 0.0 {
        PROFIT_FACTOR_MAX
    } else {
        0.0
    };
    let drawdown = max_drawdown(&run.curve);
    let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    vec![
        ("total_return", Cell::Exact(total)),
        (
            "total_return_pct",
            Cell::Rounded(quotient(total * Decimal::ONE_HUNDRED, capital)),
        ),
        ("total_trades", count(trades.len())),
        ("winning_trades", count(wins.len())),
        ("losing_trades", count(losses.len())),
        (
            "win_rate",
            Cell::Float(ratio(length(wins.len()), length(trades.len()))),
        ),
        ("profit_factor", Cell::Float(profit_factor)),
        ("sharpe_ratio", Cell::Float(sharpe(capital, &run.daily))),
        ("max_drawdown", Cell::Float(drawdown)),
        ("max_drawdown_pct", Cell::Float(drawdown * 100.0)),
        ("avg_win", Cell::Rounded(average(&wins))),
        ("avg_loss", Cell::Rounded(average(&losses))),
        (
            "largest_win",
            Cell::Exact(wins.iter().max().copied().unwrap_or_default()),
        ),
        (
            "largest_loss",
            Cell::Exact(losses.iter().min().copied().unwrap_or_default()),
        ),
        ("avg_trade_duration", Cell::Count(average_seconds(trades))),
        ("final_equity", Cell::Exact(run.account.equity())),
    ]
}

fn float(decimal: Decimal) -> f64 {
    decimal.to_f64().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "counts of trades and days")]
const fn length(count: usize) -> f64 {
    count as f64
}

fn count(count: usize) -> Cell {
    Cell::Count(i64::try_from(count).unwrap_or(i64::MAX))
}

fn quotient(a: Decimal, b: Decimal) -> Decimal {
    a.checked_div(b).unwrap_or_default()
}

fn average(profits: &[Decimal]) -> Decimal {
    quotient(profits.iter().sum(), Decimal::from(profits.len()))
}

fn average_seconds(trades: &[Trade]) -> i64 {
    let total: i64 = trades.iter().map(Trade::seconds).sum();
    i64::try_from(trades.len())
        .ok()
        .and_then(|trades| total.checked_div(trades))
        .unwrap_or(0)
}

/// Mean over sample deviation of the daily simple returns, the first against the capital, per year.
fn sharpe(capital: Decimal, daily: &[Decimal]) -> f64 {
    let mut before = float(capital);
    let mut returns = Vec::with_capacity(daily.len());
    for equity in daily {
        let equity = float(*equity);
        returns.push((equity - before) / before);
        before = equity;
    }
    if returns.len() < 2 {
        return 0.0;
    }
    let n = length(returns.len());
    let mean = returns.iter().sum::<f64>() / n;
    let variance = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
    if variance > 0.0 {
        mean / variance.sqrt() * TRADING_DAYS.sqrt()
    } else {
        0.0
    }
}

/// The deepest fall from an earlier point of the curve, as a positive share of that point.
fn max_drawdown(curve: &[Decimal]) -> f64 {
    let (mut peak, mut deepest) = (Decimal::MIN, 0.0_f64);
    for equity in curve {
        peak = peak.max(*equity);
        if peak > Decimal::ZERO {
            deepest = deepest.max(float(quotient(peak - *equity, peak)));
        }
    }
    deepest
}
