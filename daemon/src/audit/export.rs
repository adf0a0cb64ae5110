//! A year of the account's records: read at one moment of a journal that was checked before.

use std::path::Path;

use chrono::{Datelike, NaiveDate, NaiveTime};
use trader_calendar::new_york;
use trader_contract::Timestamp;
use trader_core::record::DaySummary;
use trader_store::{
    ClosedTrade, Fill, FillFilter, Head, MAX_ROWS, Order, OrderFilter, Page, Reader, StoreError,
    TradeFilter,
};

use super::accounts::accounts;
use super::tables::{self, Records};

/// Files with their contents, and what they are in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The files by name.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// What was written.
    pub message: String,
}

/// Why a year was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal is not what was written.
    #[error("{place}: {what}; {next}")]
    Tampered {
        /// Where.
        place: String,
        /// What does not fit.
        what: String,
        /// What to do.
        next: String,
    },
    /// No such year.
    #[error("{0} is no year that can be exported; name one from 1970 to 2200")]
    Year(i32),
}

/// Checks the journal of the store at `path` and reads the records of a year from it.
///
/// # Errors
/// The store cannot be read, or its journal is not what was written.
pub fn export(
    path: &Path,
    year: i32,
    told: &mut dyn FnMut(u64, u64),
) -> Result<Export, ExportError> {
    let (from, until) = bounds(year).ok_or(ExportError::Year(year))?;
    let checked = super::verify(path, None, told)?;
    if let Some(fault) = checked.faults.into_iter().next() {
        return Err(ExportError::Tampered {
            place: fault.place,
            what: fault.what,
            next: fault.next,
        });
    }
    let mut reader = Reader::open(path)?;
    let found = reader.consistently(|reader| {
        let head = reader.info()?.head;
        let trades = trades(reader, from, until)?;
        Ok(Found {
            head,
            orders: orders(reader, from, until)?,
            fills: fills(reader, Some(from), until)?,
            earlier: earlier(reader, &trades, from)?,
            days: days(reader, year)?,
            trades,
        })
    })?;
    let (accounts, before, open) = accounts(found.trades, &found.fills, &found.earlier);
    let records = Records {
        year,
        head: found.head,
        orders: found.orders,
        fills: found.fills,
        accounts,
        before,
        open,
        days: found.days,
    };
    Ok(Export {
        message: format!(
            "{year}: {} orders, {} fills, {} trades, as of journal row {}",
            records.orders.len(),
            records.fills.len(),
            records.accounts.len(),
            records.head.seq
        ),
        files: tables::files(&records),
    })
}

struct Found {
    head: Head,
    orders: Vec<Order>,
    fills: Vec<Fill>,
    earlier: Vec<Fill>,
    trades: Vec<ClosedTrade>,
    days: Vec<DaySummary>,
}

/// From the first moment of a year in New York to the first of the next.
fn bounds(year: i32) -> Option<(Timestamp, Timestamp)> {
    let begin = |year| {
        let midnight = NaiveDate::from_ymd_opt(year, 1, 1)?.and_time(NaiveTime::MIN);
        new_york::timestamp(midnight)
    };
    Some((begin(year)?, begin(year.checked_add(1)?)?))
}

/// Reads page by page, and gives the oldest first.
fn all<T>(
    mut page: impl FnMut(Page) -> Result<Vec<T>, StoreError>,
    number: impl Fn(&T) -> u64,
    enough: impl Fn(&T) -> bool,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    let mut next = Page::newest(MAX_ROWS);
    loop {
        let rows = page(next)?;
        let last = rows.last().map(|last| (number(last), enough(last)));
        found.extend(rows);
        match last {
            Some((number, false)) => next = next.before(number),
            Some((_, true)) | None => break,
        }
    }
    found.reverse();
    Ok(found)
}

/// Orders that were planned in the time.
fn orders(
    reader: &mut Reader,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Order>, StoreError> {
    let filter = OrderFilter::default();
    let mut orders = all(
        |page| reader.orders(&filter, page),
        |order| order.seq,
        |order| order.planned_at < from,
    )?;
    orders.retain(|order| order.planned_at >= from && order.planned_at < until);
    Ok(orders)
}

fn fills(
    reader: &mut Reader,
    from: Option<Timestamp>,
    until: Timestamp,
) -> Result<Vec<Fill>, StoreError> {
    let filter = FillFilter {
        from,
        until: Some(until),
        ..FillFilter::default()
    };
    all(
        |page| reader.fills(&filter, page),
        |fill| fill.seq,
        |_| false,
    )
}

fn trades(
    reader: &mut Reader,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<ClosedTrade>, StoreError> {
    let filter = TradeFilter {
        from: Some(from),
        until: Some(until),
        ..TradeFilter::default()
    };
    all(
        |page| reader.trades(&filter, page),
        |trade| trade.id,
        |_| false,
    )
}

/// What trades that were entered before the time were entered with.
fn earlier(
    reader: &mut Reader,
    trades: &[ClosedTrade],
    from: Timestamp,
) -> Result<Vec<Fill>, StoreError> {
    let mut earlier = Vec::new();
    for closed in trades.iter().filter(|t| t.trade.entered_at < from) {
        let of_trade = OrderFilter {
            intent: Some(closed.trade.intent),
            ..OrderFilter::default()
        };
        let orders = all(|page| reader.orders(&of_trade, page), |o| o.seq, |_| false)?;
        for order in orders {
            let filter = FillFilter {
                until: Some(from),
                order: Some(order.client_id),
                ..FillFilter::default()
            };
            earlier.extend(all(
                |page| reader.fills(&filter, page),
                |f| f.seq,
                |_| false,
            )?);
        }
    }
    Ok(earlier)
}

fn days(reader: &mut Reader, year: i32) -> Result<Vec<DaySummary>, StoreError> {
    let days = reader.days(
        NaiveDate::from_ymd_opt(year, 1, 1),
        NaiveDate::from_ymd_opt(year, 12, 31),
        MAX_ROWS,
    )?;
    Ok(days
        .into_iter()
        .map(|closed| closed.summary)
        .filter(|day| day.date.year() == year)
        .collect())
}
