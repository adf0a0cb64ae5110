//! What a reader of a result should know before trusting it.

use trader_backtest::Outcome;
use trader_contract::{Bar, Symbol};
use trader_rpc::{Adjustment, BacktestSpec};

use super::bars::Bars;

/// The symbols that had too few bars before the first session to begin warm.
pub(super) fn short_history(symbols: &[Symbol], history: &[Vec<Bar>], need: usize) -> Vec<String> {
    symbols
        .iter()
        .zip(history)
        .filter(|(_, rows)| rows.len() < need)
        .map(|(symbol, rows)| {
            format!(
                "{symbol}: {} of the {need} bars that warm it up are stored before the first session; \
                 it trades once it is warm",
                rows.len()
            )
        })
        .collect()
}

/// All of them.
pub(super) fn of(
    bars: &Bars<'_>,
    outcome: &Outcome,
    mut warnings: Vec<String>,
    spec: &BacktestSpec,
) -> Vec<String> {
    warnings.extend(bars.missing());
    if spec.adjustment == Adjustment::Raw {
        warnings.extend(bars.splits_inside(spec.start_date, spec.end_date));
    }
    if !outcome.open.is_empty() {
        warnings.push(format!(
            "{} positions are still open at the end; they count at the last close",
            outcome.open.len()
        ));
    }
    for (kind, (number, first)) in &outcome.alerts {
        warnings.push(format!(
            "{number} times the engine would have alerted: {kind}; first at {first}"
        ));
    }
    if outcome.trades.is_empty() && outcome.open.is_empty() {
        warnings.push(match outcome.refusals.values().sum::<u64>() {
            0 => "there was no trade: the strategy saw no signal".to_owned(),
            refused => format!("there was no trade: all {refused} intents were refused"),
        });
    }
    warnings
}
