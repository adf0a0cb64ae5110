//! `traderd bench`: `tick-to-order` from a message to the order it leads to, `start` how soon the program is ready, `recording` what a session's recording costs,
//! `backtest` from the bar store to the stored result, and `engine`, how many bars a second the production
//! engine, gate and simulated broker take on one core, beside a bare loop that does the same arithmetic and
//! nothing else.

#[cfg(feature = "backtest")]
pub mod backtest;
mod edges;
mod floor;
pub(crate) mod recording;
mod rows;
mod run;
mod sma_cross;
mod stage;
pub(crate) mod start;
#[cfg(feature = "broker-alpaca")]
pub(crate) mod tick;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region};

use crate::clock;
pub use rows::RowsError;

/// Rows without `--bars`.
pub const BARS: usize = 1_000_000;
/// Engine and floor are timed alternately, the best round of each counts: as many rounds as make up
/// this many rows, but from 5 to 200.
const ROWS_TIMED: usize = 10_000_000;

/// What to measure.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Rows from this file instead of a seeded random walk.
    pub csv: Option<PathBuf>,
    /// How many rows; a file is repeated or cut to it. Without it the whole file, or [`BARS`].
    pub bars: Option<usize>,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Rows through the engine in one round.
    pub bars: usize,
    /// Best round of the engine.
    pub bars_per_second: f64,
    /// Best round of the bare loop.
    pub floor_bars_per_second: f64,
    /// How many times slower the engine is than the bare loop.
    pub times_the_floor: f64,
    /// Orders sent in one round.
    pub orders: u64,
    /// Orders that the gate looked at in one round.
    pub gate_checks: u64,
    /// Executions in one round.
    pub fills: u64,
    /// Closed trades in one round.
    pub trades: u64,
    /// Equity at the end of a round, in dollars.
    pub final_equity: String,
    /// Allocations on bars that no order came of, divided by all bars.
    pub allocations_per_bar: f64,
    /// Allocations of the whole round, orders included, divided by all bars.
    pub allocations_per_bar_with_orders: f64,
    /// The largest resident size of the process so far, in MB.
    pub peak_rss_mb: f64,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "SMA 20/200 cross over {} rows, 100 shares at market, on one core",
            self.bars
        )?;
        writeln!(
            f,
            "engine  {:.1} million bars/s; bare loop {:.1} million bars/s: {:.1} times as fast",
            self.bars_per_second / 1e6,
            self.floor_bars_per_second / 1e6,
            self.times_the_floor,
        )?;
        writeln!(
            f,
            "{} orders, all through the gate ({} checks), {} fills, {} trades, equity {}",
            self.orders, self.gate_checks, self.fills, self.trades, self.final_equity,
        )?;
        write!(
            f,
            "{} allocations per bar without an order, {:.3} with orders; peak resident {:.0} MB",
            self.allocations_per_bar, self.allocations_per_bar_with_orders, self.peak_rss_mb,
        )
    }
}

/// Measures the engine.
///
/// # Errors
/// The file cannot be read or holds no usable rows.
pub fn engine(options: &Options) -> Result<Report, RowsError> {
    let rows = rows::load(options)?;
    let mut best = (Duration::MAX, Duration::MAX);
    let mut outcome = run::Outcome::default();
    let mut allocations = 0;
    let rounds = ROWS_TIMED
        .checked_div(rows.len())
        .unwrap_or(1)
        .clamp(5, 200);
    for _ in 0..rounds {
        let begun = clock::elapsed();
        let expected = floor::cross(&rows);
        best.1 = best.1.min(clock::elapsed().saturating_sub(begun));
        let mut round = run::Round::new();
        let region = Region::new(&INSTRUMENTED_SYSTEM);
        let begun = clock::elapsed();
        outcome = round.drive(&rows);
        best.0 = best.0.min(clock::elapsed().saturating_sub(begun));
        allocations = region.change().allocations;
        std::hint::black_box(expected);
    }
    let quiet = run::Round::new().count_quiet_allocations(&rows);
    let per_second = |time: Duration| as_float(rows.len()) / time.as_secs_f64().max(1e-9);
    Ok(Report {
        bars: rows.len(),
        bars_per_second: per_second(best.0).round(),
        floor_bars_per_second: per_second(best.1).round(),
        times_the_floor: best.0.as_secs_f64() / best.1.as_secs_f64().max(1e-12),
        orders: outcome.orders,
        gate_checks: outcome.gate_checks,
        fills: outcome.fills,
        trades: outcome.trades,
        final_equity: outcome.equity.to_string(),
        allocations_per_bar: as_float(quiet) / as_float(rows.len()),
        allocations_per_bar_with_orders: as_float(allocations) / as_float(rows.len()),
        peak_rss_mb: crate::work::peak_memory_mb().map_or(0.0, f64::from),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts far below 2^53, for a report"
)]
const fn as_float(count: usize) -> f64 {
    count as f64
}
