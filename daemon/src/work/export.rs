//! An export: stored rows in their canonical CSV form.

use trader_bars::csv;
use trader_bars::hours::{Hours, HoursCursor};
use trader_bars::{Kind, Range, Rows, Series};
use trader_calendar::Calendar;
use trader_contract::Timestamp;
use trader_rpc::{ErrorDetail, ExportSpec};

use super::selection::open;
use super::{Outcome, Reporter, trouble};
use crate::jobs::stream::Order;

const WHAT: &str = "nothing was exported";
const FILE: &str = "rows.csv";

/// Writes it.
///
/// # Errors
/// There are no such rows, or they cannot be read.
pub(super) fn run(
    order: &Order,
    spec: &ExportSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    if spec.data == super::actions::NAME {
        return actions(order, spec, reporter);
    }
    let kind: Kind = spec
        .data
        .parse()
        .map_err(|error| trouble(WHAT, error, "name one of them"))?;
    let series = Series {
        symbol: spec.symbol,
        kind,
    };
    let range = Range {
        from: spec.start_date,
        to: spec.end_date,
    };
    reporter.progress("reading", 0, 0, "rows");
    let (store, _) = open(&order.bars, WHAT)?;
    let mut rows = store
        .read(series, range)
        .map_err(|error| trouble(WHAT, error, "traderctl data list tells what is stored"))?;
    if let Some(adjustment) = spec.adjustment {
        super::actions::adjust(&store, series, &mut rows, adjustment, spec.end_date)?;
    }
    if spec.regular_only {
        keep_regular(&mut rows, kind, &order.calendar()?);
    }
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    reporter.progress("writing", 0, count, "rows");
    let mut text = Vec::new();
    csv::write(&mut text, kind, &rows)
        .map_err(|error| trouble(WHAT, error, "this is a bug: please report it"))?;
    drop(rows);
    reporter.file(FILE, &text);
    reporter.progress("writing", count, count, "rows");
    Ok(Outcome::said(format!("{count} rows of {series}")))
}

fn actions(
    order: &Order,
    spec: &ExportSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let (store, _) = open(&order.bars, WHAT)?;
    let next = "traderctl data list tells what is stored";
    let content = store
        .read_actions(spec.symbol)
        .map_err(|error| trouble(WHAT, error, next))?
        .ok_or_else(|| {
            let why = format!("no splits and dividends of {} are stored", spec.symbol);
            trouble(WHAT, why, next)
        })?;
    reporter.file(FILE, &content);
    Ok(Outcome::said(format!(
        "the splits and dividends of {}, as they were imported",
        spec.symbol
    )))
}

fn keep_regular(rows: &mut Rows, kind: Kind, calendar: &Calendar) {
    let mut cursor = HoursCursor::new(calendar.clone(), kind);
    let mut regular = |at: Timestamp| cursor.hours(at) == Ok(Hours::Regular);
    match rows {
        Rows::Bars(rows) => rows.retain(|row| regular(row.start)),
        Rows::Quotes(rows) => rows.retain(|row| regular(row.start)),
        Rows::Trades(rows) => rows.retain(|row| regular(row.at)),
        Rows::QuoteTicks(rows) => rows.retain(|row| regular(row.at)),
    }
}
