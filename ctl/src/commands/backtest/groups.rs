//! The trades of a result taken apart: a table for each way to do it.

use trader_rpc::{Breakdown, TradeGroup};

use super::figures::WIDE;
use crate::output::{Output, Style};
use crate::screen::{Screen, cut};
use crate::show;
use crate::table::{Column, Plain, printable};

/// The tables; those of one row tell nothing new and are left out unless `all` are wanted.
pub(super) fn tables(
    breakdown: &Breakdown,
    all: bool,
    screen: Screen,
    output: &Output,
) -> Vec<String> {
    let ways: [(&[Column; 8], &[TradeGroup]); 7] = [
        (&columns("SYMBOL"), &breakdown.symbol),
        (&columns("ROUTE"), &breakdown.route),
        (&columns("SIDE"), &breakdown.side),
        (&columns("EXIT"), &breakdown.exit),
        (&columns("WEEKDAY"), &breakdown.weekday),
        (&columns("HOUR (ET)"), &breakdown.hour),
        (&columns("MONTH"), &breakdown.month),
    ];
    let least = if all { 1 } else { 2 };
    let shown = ways.iter().filter(|(_, groups)| groups.len() >= least);
    shown
        .map(|(columns, groups)| table(*columns, groups, screen, output))
        .collect()
}

const fn columns(key: &'static str) -> [Column; 8] {
    [
        Column::Left(key),
        Column::Right("TRADES"),
        Column::Right("WON"),
        Column::Right("PROFIT"),
        Column::Right("FACTOR"),
        Column::Right("A TRADE"),
        Column::Right("R"),
        Column::Right("HELD"),
    ]
}

fn table(columns: &[Column], groups: &[TradeGroup], screen: Screen, output: &Output) -> String {
    let wide = screen.width >= WIDE;
    // What the narrow table has room for.
    let shown = if wide {
        columns
    } else {
        columns.get(..7).unwrap_or(columns)
    };
    let mut table = Plain::new(output, shown);
    for group in groups {
        let metrics = &group.metrics;
        let key = key(&group.key);
        let mut cells = vec![
            if wide { key } else { cut(&key, 16) },
            show::whole(metrics.trades.into()),
            show::percent(metrics.win_rate),
            show::gain(metrics.profit),
            show::ratio(metrics.profit_factor),
            show::dollars_or_dash(metrics.expectancy),
            show::ratio(metrics.expectancy_r),
            show::duration_or_dash(metrics.average_holding_seconds),
        ];
        cells.truncate(shown.len());
        if metrics.profit.is_sign_negative() && !metrics.profit.is_zero() {
            table.styled_row(cells, Style::Caution);
        } else {
            table.row(cells);
        }
    }
    table.write("no trades")
}

/// `09` is an hour; `stop_loss` is written with a blank.
fn key(key: &str) -> String {
    let key = printable(key);
    if key.len() == 2 && key.chars().all(|c| c.is_ascii_digit()) {
        format!("{key}:00")
    } else {
        key
    }
}
