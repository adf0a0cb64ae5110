//! The trades and curves of a result as files for a spreadsheet: a heading, a row each, times in
//! UTC, numbers as the result has them.

use std::fs;
use std::io;
use std::path::Path;

use rust_decimal::Decimal;
use trader_rpc::{BacktestDay, BacktestResult, BacktestTrade, EquityPoint};

use crate::csv::quoted;
use crate::exit::Failed;

const TRADES: &str = "number,intent,route,strategy,symbol,direction,qty,entered_at,entry_average,\
                      exited_at,exit_average,initial_stop,exit_reason,profit,fees,mae,mfe";
const EQUITY: &str = "at,equity,drawdown";
const DAILY: &str = "date,equity,change,trades,fees,buy_and_hold";

/// Writes `trades.csv`, `equity.csv` and `daily.csv` into a folder, each whole or not at all.
///
/// # Errors
/// One cannot be written.
pub(super) fn write(result: &BacktestResult, folder: &Path) -> Result<(), Failed> {
    let files = [
        ("trades.csv", table(TRADES, result.trades.iter().map(trade))),
        ("equity.csv", table(EQUITY, result.equity.iter().map(point))),
        ("daily.csv", table(DAILY, result.daily.iter().map(day))),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        let beside = folder.join(format!(".{name}.new"));
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, &path))
            .map_err(|error| not_written(&path, &error))?;
    }
    Ok(())
}

/// A file or folder that was to be written and was not.
pub(super) fn not_written(path: &Path, error: &io::Error) -> Failed {
    Failed::refused(
        format!("{} was not written", path.display()),
        error.to_string(),
        "name a folder that you may write to with --csv",
    )
}

fn table(heading: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("{heading}\n");
    for row in rows {
        let fields: Vec<String> = row.iter().map(|field| quoted(field)).collect();
        text.push_str(&fields.join(","));
        text.push('\n');
    }
    text
}

fn trade(trade: &BacktestTrade) -> Vec<String> {
    vec![
        trade.number.to_string(),
        trade.intent.clone(),
        trade.route.clone(),
        trade.strategy.clone(),
        trade.symbol.to_string(),
        trade.direction.to_string(),
        trade.qty.to_string(),
        trade.entered_at.to_string(),
        trade.entry_average.to_string(),
        trade.exited_at.to_string(),
        trade.exit_average.to_string(),
        trade
            .initial_stop
            .as_ref()
            .map_or_else(String::new, Decimal::to_string),
        trade.exit_reason.to_string(),
        trade.profit.to_string(),
        trade.fees.to_string(),
        trade.mae.to_string(),
        trade.mfe.to_string(),
    ]
}

fn point(point: &EquityPoint) -> Vec<String> {
    vec![
        point.at.to_string(),
        point.equity.to_string(),
        point.drawdown.to_string(),
    ]
}

fn day(day: &BacktestDay) -> Vec<String> {
    vec![
        day.date.to_string(),
        day.equity.to_string(),
        day.change.to_string(),
        day.trades.to_string(),
        day.fees.to_string(),
        day.buy_and_hold.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_quotation_marks_has_them() {
        let row = vec![
            "plain".to_owned(),
            "a, b".to_owned(),
            "say \"so\"".to_owned(),
        ];
        assert_eq!(
            table("x,y,z", std::iter::once(row)),
            "x,y,z\nplain,\"a, b\",\"say \"\"so\"\"\"\n"
        );
    }
}
