//! Figures of a curve of daily equity. The moments are made in `statistics`, the falls in
//! `daily_drawdown`; conventions and sources stand in the module above.

use chrono::NaiveDate;
use trader_rpc::CurveMetrics;

use super::daily_drawdown::DailyDrawdown;
use super::statistics::{Moments, downside_deviation, finite, mean, ratio, twentieth};

const SESSIONS_PER_YEAR: f64 = 252.0;
const DAYS_PER_YEAR: f64 = 365.25;
/// The standard normal distribution has a twentieth of its mass below this.
const NORMAL_QUANTILE: f64 = -1.644_853_626_951_472_7;
/// The mean of that twentieth, without its sign: the density at the quantile over a twentieth.
const NORMAL_TAIL_MEAN: f64 = 2.062_712_807_507_426;

/// The figures of a curve: one row a day, the first the starting value.
///
/// | input | what becomes of it |
/// |---|---|
/// | no point, an equity that is no number, a start of zero or less | no figure at all |
/// | equity of zero or less before the last day | there is no return after it, so no figure made of returns; total and annual return and drawdown remain |
/// | last equity below zero | total return below -1, annual return none, drawdown -1 |
/// | no return | total return and drawdown are zero |
/// | one return | no deviation, hence no Sharpe and no normal VaR; no Sortino either, as one return is no sample |
/// | no deviation beyond rounding | volatility zero; no Sharpe, skewness or kurtosis |
/// | no losing day | no Sortino, no profit factor |
/// | no drawdown | no Calmar |
#[must_use]
pub fn curve(points: &[(NaiveDate, f64)]) -> CurveMetrics {
    let mut figures = CurveMetrics::default();
    let (Some(&(first_day, first)), Some(&(last_day, last))) = (points.first(), points.last())
    else {
        return figures;
    };
    if first <= 0.0 || points.iter().any(|(_, equity)| !equity.is_finite()) {
        return figures;
    }
    if let Some(returns) = daily_returns(points) {
        of_returns(&mut figures, &returns);
    }
    let sessions = points.len().saturating_sub(1) as f64;
    let days = last_day.signed_duration_since(first_day).num_days() as f64;
    figures.total_return = finite(last / first - 1.0);
    figures.annual_return = growth(last / first, SESSIONS_PER_YEAR / sessions);
    figures.annual_return_calendar = growth(last / first, DAYS_PER_YEAR / days);
    of_falls(&mut figures, &DailyDrawdown::of(points));
    figures
}

/// Simple returns; `None` where one would start from zero or less, or is past all numbers.
fn daily_returns(points: &[(NaiveDate, f64)]) -> Option<Vec<f64>> {
    let later = points.iter().skip(1);
    let pairs = points.iter().zip(later);
    pairs
        .map(|(&(_, before), &(_, after))| {
            (before > 0.0)
                .then(|| after / before - 1.0)
                .and_then(finite)
        })
        .collect()
}

/// The growth of a year that multiplies by `factor` so many `times`; `None` where debt remains.
fn growth(factor: f64, times: f64) -> Option<f64> {
    if factor < 0.0 || !times.is_finite() {
        return None;
    }
    finite(factor.powf(times) - 1.0)
}

fn of_returns(figures: &mut CurveMetrics, returns: &[f64]) {
    let Some(moments) = Moments::of(returns) else {
        return;
    };
    let year = SESSIONS_PER_YEAR.sqrt();
    figures.returns = u32::try_from(returns.len()).unwrap_or(u32::MAX);
    if let Some(deviation) = moments.sample_deviation() {
        figures.volatility = finite(deviation * year);
        figures.sharpe = ratio(moments.mean * year, deviation);
        figures.sortino =
            downside_deviation(returns).and_then(|downside| ratio(moments.mean * year, downside));
        figures.var_95_normal = finite(moments.mean + NORMAL_QUANTILE * deviation);
        figures.cvar_95_normal = finite(moments.mean - NORMAL_TAIL_MEAN * deviation);
    }
    figures.skew = moments.skew();
    figures.excess_kurtosis = moments.excess_kurtosis();
    let mut sorted = returns.to_vec();
    sorted.sort_by(f64::total_cmp);
    figures.worst_day = sorted.first().copied();
    figures.best_day = sorted.last().copied();
    if let Some((quantile, below)) = twentieth(&sorted) {
        figures.var_95 = Some(quantile);
        // The mean of equal numbers can be a rounding above them.
        let tail = sorted
            .get(below)
            .and_then(|tail| mean(tail.iter().copied()));
        figures.cvar_95 = tail.map(|tail| tail.min(quantile));
    }
    of_signs(figures, returns);
}

/// Days with a gain against days with a loss; days without either do not count.
fn of_signs(figures: &mut CurveMetrics, returns: &[f64]) {
    let (mut winning, mut gained, mut losing, mut lost) = (0.0, 0.0, 0.0, 0.0);
    for change in returns {
        if *change > 0.0 {
            (winning, gained) = (winning + 1.0, gained + change);
        } else if *change < 0.0 {
            (losing, lost) = (losing + 1.0, lost - change);
        }
    }
    figures.daily_win_rate = ratio(winning, winning + losing);
    figures.daily_profit_factor = ratio(gained, lost);
}

fn of_falls(figures: &mut CurveMetrics, falls: &DailyDrawdown) {
    figures.max_drawdown = Some(falls.deepest);
    figures.max_drawdown_from = falls.from;
    figures.max_drawdown_at = falls.at;
    figures.max_drawdown_until = falls.until;
    figures.longest_drawdown_sessions = falls.longest_sessions;
    figures.longest_drawdown_days = falls.longest_days;
    figures.ulcer_index = falls.ulcer_index;
    figures.calmar = figures
        .annual_return
        .and_then(|annual| ratio(annual, falls.deepest.abs()));
}
