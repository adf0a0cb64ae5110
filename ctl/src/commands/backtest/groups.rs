//! The trades of a result taken apart: a table for each way to do it.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trader_rpc::{Breakdown, TradeGroup, TradeMetrics};

use super::figures::WIDE;
use crate::output::{Output, Style};
use crate::screen::{Screen, cut};
use crate::show;
use crate::table::{Column, Plain, printable};

/// So many months fit; of more the years are shown.
const MONTHS: usize = 24;

/// The tables; those of one row tell nothing new and are left out unless `all` are wanted, and many
/// months are summed up to years.
pub(super) fn tables(
    breakdown: &Breakdown,
    all: bool,
    screen: Screen,
    output: &Output,
) -> Vec<String> {
    let years = (!all && breakdown.month.len() > MONTHS).then(|| by_year(&breakdown.month));
    let (time, times) = match &years {
        Some(years) => ("YEAR", years.as_slice()),
        None => ("MONTH", breakdown.month.as_slice()),
    };
    let ways: [(&[Column; 8], &[TradeGroup]); 7] = [
        (&columns("SYMBOL"), &breakdown.symbol),
        (&columns("ROUTE"), &breakdown.route),
        (&columns("SIDE"), &breakdown.side),
        (&columns("EXIT"), &breakdown.exit),
        (&columns("WEEKDAY"), &breakdown.weekday),
        (&columns("HOUR (ET)"), &breakdown.hour),
        (&columns(time), times),
    ];
    let least = if all { 1 } else { 2 };
    let shown = ways.iter().filter(|(_, groups)| groups.len() >= least);
    shown
        .map(|(columns, groups)| table(*columns, groups, screen, output))
        .collect()
}

/// The months of each year as one row: what can be summed, and shares and averages of the sums. What
/// a trade risked cannot be had from sums.
fn by_year(months: &[TradeGroup]) -> Vec<TradeGroup> {
    let year = |month: &TradeGroup| month.key.get(..4).unwrap_or_default().to_owned();
    months
        .chunk_by(|a, b| year(a) == year(b))
        .filter_map(|months| {
            Some(TradeGroup {
                key: year(months.first()?),
                metrics: sum(months),
            })
        })
        .collect()
}

fn sum(months: &[TradeGroup]) -> TradeMetrics {
    let mut sum = TradeMetrics::default();
    let mut held = 0.0;
    for TradeGroup { metrics, .. } in months {
        sum.trades = sum.trades.saturating_add(metrics.trades);
        sum.winners = sum.winners.saturating_add(metrics.winners);
        sum.losers = sum.losers.saturating_add(metrics.losers);
        sum.profit += metrics.profit;
        sum.gross_profit += metrics.gross_profit;
        sum.gross_loss += metrics.gross_loss;
        sum.fees += metrics.fees;
        held += metrics.average_holding_seconds.unwrap_or(0.0) * f64::from(metrics.trades);
    }
    let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
    let float = |money: Decimal| money.to_f64().unwrap_or(f64::NAN);
    let trades = f64::from(sum.trades);
    sum.win_rate = ratio(f64::from(sum.winners), trades);
    sum.profit_factor = ratio(float(sum.gross_profit), -float(sum.gross_loss));
    sum.expectancy = ratio(float(sum.profit), trades);
    sum.average_holding_seconds = ratio(held, trades);
    sum
}

/// The place of the column with multiples of the risk.
const RISK: usize = 6;
/// The place of the column with the time held.
const HELD: usize = 7;

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
    let risk_known = groups.iter().any(|g| g.metrics.expectancy_r.is_some());
    // The last column is one that the narrow table has no room for.
    let keep = |place: usize| (risk_known || place != RISK) && (wide || place != HELD);
    let shown: Vec<Column> = (0..)
        .zip(columns)
        .filter(|(place, _)| keep(*place))
        .map(|(_, c)| *c)
        .collect();
    let mut table = Plain::new(output, &shown);
    for group in groups {
        let metrics = &group.metrics;
        let key = key(&group.key);
        let cells = [
            if wide { key } else { cut(&key, 16) },
            show::whole(metrics.trades.into()),
            show::percent(metrics.win_rate),
            show::gain(metrics.profit),
            show::ratio(metrics.profit_factor),
            show::dollars_or_dash(metrics.expectancy),
            show::ratio(metrics.expectancy_r),
            show::duration_or_dash(metrics.average_holding_seconds),
        ];
        let cells = (0..)
            .zip(cells)
            .filter(|(place, _)| keep(*place))
            .map(|(_, cell)| cell)
            .collect();
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
