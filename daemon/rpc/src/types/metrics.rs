//! Performance figures of a backtest. Shares of something are plain numbers (0.05 is 5 %), money is
//! decimal dollars. A figure that the data do not define is `null`: conventions and sources stand in
//! `daemon/backtest/src/metrics`.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Figures of a curve of daily equity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CurveMetrics {
    /// Daily returns that the figures rest on.
    pub returns: u32,
    /// Last equity over the first, less one.
    pub total_return: Option<f64>,
    /// Growth a year, by 252 sessions a year.
    pub annual_return: Option<f64>,
    /// Growth a year, by 365.25 days a year.
    pub annual_return_calendar: Option<f64>,
    /// Sample deviation of daily returns times the root of 252.
    pub volatility: Option<f64>,
    /// Mean over sample deviation of daily returns times the root of 252; no risk-free rate.
    pub sharpe: Option<f64>,
    /// Mean over downside deviation of daily returns times the root of 252.
    pub sortino: Option<f64>,
    /// Annual return over the depth of the deepest drawdown.
    pub calmar: Option<f64>,
    /// The deepest fall from a peak, negative.
    pub max_drawdown: Option<f64>,
    /// When that fall began: the peak's day.
    pub max_drawdown_from: Option<NaiveDate>,
    /// When it was deepest.
    pub max_drawdown_at: Option<NaiveDate>,
    /// When the peak was reached again; `null` if it was not.
    pub max_drawdown_until: Option<NaiveDate>,
    /// The most sessions in a row below a peak.
    pub longest_drawdown_sessions: u32,
    /// The most days from a peak until it was reached again, or until the end.
    pub longest_drawdown_days: u32,
    /// Root of the mean square of drawdowns over all points.
    pub ulcer_index: Option<f64>,
    /// The 5 % quantile of daily returns, by linear interpolation.
    pub var_95: Option<f64>,
    /// Mean of the daily returns at or below it.
    pub cvar_95: Option<f64>,
    /// The same quantile of a normal distribution with their mean and sample deviation.
    pub var_95_normal: Option<f64>,
    /// The mean below that quantile.
    pub cvar_95_normal: Option<f64>,
    /// Share of positive among non-zero daily returns.
    pub daily_win_rate: Option<f64>,
    /// Sum of positive over sum of negative daily returns, without sign.
    pub daily_profit_factor: Option<f64>,
    /// Skewness of daily returns, of the population.
    pub skew: Option<f64>,
    /// Kurtosis of daily returns less three, of the population.
    pub excess_kurtosis: Option<f64>,
    /// The best daily return.
    pub best_day: Option<f64>,
    /// The worst daily return.
    pub worst_day: Option<f64>,
}

/// Figures of a set of closed trades.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TradeMetrics {
    /// How many.
    pub trades: u32,
    /// With a profit.
    pub winners: u32,
    /// With a loss; those at exactly zero are neither.
    pub losers: u32,
    /// Winners over all.
    pub win_rate: Option<f64>,
    /// Profit of all, after fees.
    pub profit: Decimal,
    /// Profit of the winners.
    pub gross_profit: Decimal,
    /// Loss of the losers, negative.
    pub gross_loss: Decimal,
    /// Gross profit over gross loss; `null` without a loser.
    pub profit_factor: Option<f64>,
    /// Profit of a trade on average, in dollars.
    pub expectancy: Option<f64>,
    /// Profit of a trade on average, in multiples of what it risked at its first stop.
    pub expectancy_r: Option<f64>,
    /// Profit of a winner on average, in dollars.
    pub average_win: Option<f64>,
    /// Loss of a loser on average, in dollars, negative.
    pub average_loss: Option<f64>,
    /// Average win over average loss, without sign.
    pub payoff: Option<f64>,
    /// The largest profit.
    pub largest_win: Option<Decimal>,
    /// The largest loss, negative.
    pub largest_loss: Option<Decimal>,
    /// The most winners in a row.
    pub longest_winning_streak: u32,
    /// The most losers in a row.
    pub longest_losing_streak: u32,
    /// What the broker charged.
    pub fees: Decimal,
    /// Time from the first fill to the last, in seconds, on average.
    pub average_holding_seconds: Option<f64>,
    /// The middle one of these times.
    pub median_holding_seconds: Option<f64>,
    /// The longest of them.
    pub longest_holding_seconds: Option<f64>,
    /// How far trades went against us at worst, in dollars, on average; not positive.
    pub average_mae: Option<f64>,
    /// How far they went our way at best, in dollars, on average; not negative.
    pub average_mfe: Option<f64>,
}

/// Trades that share something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradeGroup {
    /// What they share: a ticker, a route, `long`, `monday`, `09`, `2011-01`.
    pub key: String,
    /// Their figures.
    pub metrics: TradeMetrics,
}

/// The trades taken apart. Days and hours are New York's, of the first entry fill; months too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Breakdown {
    /// By ticker.
    pub symbol: Vec<TradeGroup>,
    /// By route.
    pub route: Vec<TradeGroup>,
    /// By direction: `long`, `short`.
    pub side: Vec<TradeGroup>,
    /// By weekday, Monday first.
    pub weekday: Vec<TradeGroup>,
    /// By hour of the day.
    pub hour: Vec<TradeGroup>,
    /// By month.
    pub month: Vec<TradeGroup>,
    /// By the reason of the exit.
    pub exit: Vec<TradeGroup>,
}

/// All figures of a backtest.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// Equity before the first session.
    pub initial_equity: Decimal,
    /// Equity after the last one.
    pub final_equity: Decimal,
    /// Of the daily curve.
    pub curve: CurveMetrics,
    /// Of the trades.
    pub trades: TradeMetrics,
    /// The deepest fall of equity from a peak, seen at every minute; not positive.
    pub max_drawdown_intraday: Option<f64>,
    /// Share of all session minutes in which something was held.
    pub exposure: Option<f64>,
    /// The value of all fills over the mean of daily equity, a year.
    pub turnover: Option<f64>,
    /// The value of all fills, in dollars.
    pub traded_value: Decimal,
    /// What the broker charged, borrow cost included.
    pub fees: Decimal,
}

/// The same money in the same symbols, bought at the first bar's open in equal parts and held to the
/// last bar's close, without costs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BuyAndHold {
    /// Equity after the last session.
    pub final_equity: Decimal,
    /// Of its daily curve.
    pub curve: CurveMetrics,
}
