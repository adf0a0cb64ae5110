//! What a reader of a result should know before trusting it.

use std::collections::BTreeMap;

use trader_backtest::Outcome;
use trader_contract::{Bar, Symbol};
use trader_rpc::{Adjustment, BacktestSpec};

use super::bars::Bars;

/// The symbols that had too few bars before the first session to begin warm.
pub(super) fn short_history(
    symbols: &[Symbol],
    history: &[Vec<Bar>],
    needs: &BTreeMap<Symbol, usize>,
) -> Vec<String> {
    symbols
        .iter()
        .zip(history)
        .map(|(symbol, rows)| (symbol, rows, needs.get(symbol).copied().unwrap_or(0)))
        .filter(|(_, rows, need)| rows.len() < *need)
        .map(|(symbol, rows, need)| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_told_what_its_own_routes_need_and_nothing_if_they_need_nothing() {
        let [first, second]: [Symbol; 2] = ["AAA", "BBB"].map(|name| name.parse().unwrap());
        let needs = BTreeMap::from([(first, 0), (second, 100)]);
        let told = short_history(&[first, second], &[Vec::new(), Vec::new()], &needs);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("BBB: 0 of the 100 bars"), "{told:?}");
    }
}
