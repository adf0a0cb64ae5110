//! The stored series that a job looks at, and the hours of their rows.

use chrono::{Datelike, NaiveDate};
use trader_bars::catalogue::{FileEntry, SeriesEntry};
use trader_bars::hours::{Hours, HoursCursor};
use trader_bars::{Catalogue, Kind, Range, Rows, Series, Store, UnfitRow, mark_each};
use trader_calendar::Calendar;
use trader_contract::Timestamp;
use trader_rpc::{ErrorDetail, SeriesFilter};

use super::trouble;

/// Opens the store of an order.
pub(super) fn open(root: &std::path::Path, what: &str) -> Result<(Store, Catalogue), ErrorDetail> {
    let unreadable = |error| trouble(what, error, "traderctl data verify looks at all of it");
    let store = Store::open(root).map_err(unreadable)?;
    let catalogue = store.catalogue().map_err(unreadable)?;
    Ok((store, catalogue))
}

/// The series that a filter means, with what the catalogue says of them.
pub(super) fn series<'a>(
    catalogue: &'a Catalogue,
    filter: &SeriesFilter,
    what: &str,
) -> Result<Vec<(Series, &'a SeriesEntry)>, ErrorDetail> {
    let wanted = |series: &Series| {
        filter.symbol.is_none_or(|symbol| series.symbol == symbol)
            && filter
                .data
                .as_ref()
                .is_none_or(|data| series.kind.name() == data)
    };
    let found: Vec<_> = catalogue
        .all()
        .filter(|(series, _)| wanted(series))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let known: Vec<String> = catalogue
        .all()
        .take(20)
        .map(|(series, _)| series.to_string())
        .collect();
    let why = match known.as_slice() {
        [] => "the store has no rows".to_owned(),
        known => format!("no such series is stored; there is {}", known.join(", ")),
    };
    Err(trouble(
        what,
        why,
        "import it, or name one of those that there are",
    ))
}

/// The days of one file that a filter means; `None` if there are none.
pub(super) fn days(file: &FileEntry, filter: &SeriesFilter) -> Option<Range> {
    let first = NaiveDate::from_ymd_opt(file.year, 1, 1)?;
    let last = NaiveDate::from_ymd_opt(file.year, 12, 31)?;
    let range = Range {
        from: Some(filter.start_date.map_or(first, |date| date.max(first))),
        to: Some(filter.end_date.map_or(last, |date| date.min(last))),
    };
    let meets = filter
        .start_date
        .is_none_or(|date| date.year() <= file.year)
        && filter.end_date.is_none_or(|date| date.year() >= file.year);
    (meets && !range.is_backwards()).then_some(range)
}

/// The times of rows.
pub(super) fn times(rows: &Rows) -> Box<dyn Iterator<Item = Timestamp> + '_> {
    match rows {
        Rows::Bars(rows) => Box::new(rows.iter().map(|row| row.start)),
        Rows::Quotes(rows) => Box::new(rows.iter().map(|row| row.start)),
        Rows::Trades(rows) => Box::new(rows.iter().map(|row| row.at)),
        Rows::QuoteTicks(rows) => Box::new(rows.iter().map(|row| row.at)),
    }
}

/// Tells of each row whether it lies outside of regular trading, as the store asks for it.
pub(super) fn mark(calendar: Calendar) -> impl Fn(Kind, &Rows) -> Result<Vec<bool>, UnfitRow> {
    move |kind, rows| {
        let mut cursor = HoursCursor::new(calendar.clone(), kind);
        mark_each(rows, |at| {
            let hours = cursor.hours(at).map_err(|closed| closed.to_string())?;
            Ok(hours == Hours::Extended)
        })
    }
}

/// A result as the document of the job.
pub(super) fn document(result: &impl serde::Serialize) -> Result<Vec<u8>, ErrorDetail> {
    let mut text = serde_json::to_vec_pretty(result).map_err(|error| {
        trouble(
            "the result cannot be written",
            error,
            "please report this bug",
        )
    })?;
    text.push(b'\n');
    Ok(text)
}
