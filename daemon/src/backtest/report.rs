//! The document of a finished backtest, put together from the run's outcome. Figures are
//! `trader-backtest`'s; here is only what stands where.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trader_backtest::metrics::{self, Held};
use trader_backtest::{ClosedTrade, Outcome, StillOpen};
use trader_contract::Money;
use trader_core::record::ExitReason;
use trader_rpc::{
    BacktestCounts, BacktestDay, BacktestInputs, BacktestPosition, BacktestResult, BacktestTrade,
    Metrics, convert,
};

/// The version of the document's form.
const FORMAT: u32 = 1;
/// Sessions in a year, for the turnover.
const SESSIONS_A_YEAR: f64 = 252.0;

/// Puts the document together.
pub(crate) fn document(
    inputs: BacktestInputs,
    outcome: &Outcome,
    warnings: Vec<String>,
) -> BacktestResult {
    let trades: Vec<BacktestTrade> = (1..).zip(&outcome.trades).map(trade).collect();
    let days = days(outcome);
    let held: Vec<Held<'_>> = outcome
        .symbols
        .iter()
        .filter_map(|symbol| {
            Some(Held {
                first_open: symbol.first_open?,
                closes: &symbol.closes,
            })
        })
        .collect();
    let (held_daily, buy_and_hold) = metrics::buy_and_hold(outcome.initial_equity, &days, &held);
    let daily = daily(outcome, &days, &held_daily);
    let points: Vec<_> = daily
        .iter()
        .map(|day| (day.date, day.equity.to_f64().unwrap_or(0.0)))
        .collect();
    let figures = Metrics {
        initial_equity: convert::money(outcome.initial_equity),
        final_equity: convert::money(outcome.final_equity),
        curve: metrics::curve(&points),
        trades: metrics::trades(&trades),
        max_drawdown_intraday: outcome.max_drawdown,
        exposure: share(outcome.held_minutes, outcome.session_minutes),
        turnover: turnover(outcome, &points),
        traded_value: convert::money(outcome.traded_value),
        fees: convert::money(outcome.fees),
    };
    BacktestResult {
        format: FORMAT,
        inputs,
        metrics: figures,
        buy_and_hold,
        breakdown: metrics::breakdown(&trades),
        counts: counts(outcome),
        warnings,
        trades,
        open_positions: outcome.open.iter().map(position).collect(),
        daily,
        equity: outcome.equity.clone(),
    }
}

fn trade((number, closed): (u32, &ClosedTrade)) -> BacktestTrade {
    let trade = &closed.trade;
    BacktestTrade {
        number,
        intent: trade.intent.to_string(),
        route: trade.route.to_string(),
        strategy: trade.strategy.to_string(),
        symbol: trade.symbol,
        direction: trade.direction,
        qty: convert::qty(trade.qty),
        entered_at: trade.entered_at,
        entry_average: convert::mean(trade.entry_average),
        exited_at: trade.exited_at,
        exit_average: convert::mean(trade.exit_average),
        initial_stop: trade.initial_stop.map(convert::price),
        exit_reason: exit_reason(trade.exit_reason),
        profit: convert::money(trade.profit),
        fees: convert::money(trade.fees),
        mae: convert::money(closed.mae),
        mfe: convert::money(closed.mfe),
    }
}

const fn exit_reason(reason: ExitReason) -> trader_rpc::ExitReason {
    use trader_rpc::ExitReason as Wire;
    match reason {
        ExitReason::StopLoss => Wire::StopLoss,
        ExitReason::Target => Wire::Target,
        ExitReason::Strategy => Wire::Strategy,
        ExitReason::EndOfDay => Wire::EndOfDay,
        ExitReason::Operator => Wire::Operator,
        ExitReason::Unprotected => Wire::Unprotected,
        ExitReason::Foreign => Wire::Foreign,
    }
}

fn position(open: &StillOpen) -> BacktestPosition {
    let holding = &open.holding;
    let average = holding.entry_average().map_or(Decimal::ZERO, convert::mean);
    let profit = open
        .last
        .map_or(Money::ZERO, |last| holding.profit_at(last));
    BacktestPosition {
        route: holding.route.to_string(),
        symbol: holding.symbol,
        qty: convert::net_qty(holding.net),
        entry_average: average,
        last: open.last.map_or(average, convert::price),
        profit: convert::money(profit),
    }
}

/// The day before the first session, which has the starting value, and every session.
fn days(outcome: &Outcome) -> Vec<NaiveDate> {
    let eve = outcome.dates.first().and_then(|date| date.pred_opt());
    eve.into_iter()
        .chain(outcome.dates.iter().copied())
        .collect()
}

/// Day by day. What is booked after the last close belongs to the last session.
fn daily(outcome: &Outcome, days: &[NaiveDate], held: &[Decimal]) -> Vec<BacktestDay> {
    let mut summaries = outcome.days.iter().peekable();
    let mut before = outcome.initial_equity;
    let last = days.last();
    let day = |(date, held): (&NaiveDate, &Decimal)| {
        let summary = summaries.next_if(|summary| summary.date == *date);
        let equity = if last == Some(date) {
            outcome.final_equity
        } else {
            summary.map_or(before, |day| day.equity_at_close)
        };
        let change = ratio(equity - before, before);
        before = equity;
        BacktestDay {
            date: *date,
            equity: convert::money(equity),
            change,
            trades: summary.map_or(0, |day| day.trades),
            fees: convert::money(summary.map_or(Money::ZERO, |day| day.fees)),
            buy_and_hold: *held,
        }
    };
    days.iter().zip(held).map(day).collect()
}

fn counts(outcome: &Outcome) -> BacktestCounts {
    BacktestCounts {
        sessions: u32::try_from(outcome.dates.len()).unwrap_or(u32::MAX),
        bars: outcome.rows,
        entries: outcome.entries,
        orders: outcome.orders,
        fills: outcome.fills,
        refusals: outcome.refusals.clone(),
        alerts: outcome
            .alerts
            .iter()
            .map(|(kind, (number, _))| (kind.clone(), *number))
            .collect(),
        unprotected_share_seconds: outcome
            .days
            .iter()
            .map(|day| day.unprotected_share_seconds)
            .fold(0, u64::saturating_add),
    }
}

/// The value of all fills over the mean of daily equity, a year.
fn turnover(outcome: &Outcome, points: &[(NaiveDate, f64)]) -> Option<f64> {
    let sessions = count(outcome.dates.len());
    let mean = points.iter().map(|(_, equity)| equity).sum::<f64>() / count(points.len());
    let traded = convert::money(outcome.traded_value).to_f64()?;
    let turnover = traded / mean * SESSIONS_A_YEAR / sessions;
    turnover.is_finite().then_some(turnover)
}

fn ratio(part: Money, whole: Money) -> f64 {
    let [part, whole] = [part, whole].map(|m| convert::money(m).to_f64().unwrap_or(0.0));
    let ratio = part / whole;
    if ratio.is_finite() { ratio } else { 0.0 }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of minutes, far below 2^53"
)]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of sessions, far below 2^53"
)]
const fn count(n: usize) -> f64 {
    n as f64
}
