//! Rows taken apart into columns and put together again, checked.

use parquet::data_type::ByteArray;
use trader_contract::{Bar, Price, Timestamp};

use crate::rows::{QuoteBar, QuoteSide, QuoteTick, SideBar, TradeTick};

/// The values of one column of one group of rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Column {
    /// Every row has one.
    Int(Vec<i64>),
    /// `present` has a 1 for each row with a value, else a 0; `values` only those that are there.
    MaybeInt { values: Vec<i64>, present: Vec<i16> },
    /// Yes or no for every row.
    Flag(Vec<bool>),
    /// A text for every row.
    Text(Vec<ByteArray>),
}

/// Rows that can be taken apart and put together.
pub(super) trait Columnar: Sized {
    /// One column for each field of the layout but the last.
    fn take_apart(rows: &[Self]) -> Vec<Column>;

    /// Appends the rows that the columns hold. The order of the columns is the layout's.
    ///
    /// # Errors
    /// Why a row is none.
    fn put_together(columns: Vec<Column>, rows: &mut Vec<Self>) -> Result<(), String>;
}

/// All columns of the rows, the mark of extended hours last.
pub(super) fn split<T: Columnar>(rows: &[T], extended: &[bool]) -> Vec<Column> {
    let mut columns = T::take_apart(rows);
    columns.push(Column::Flag(extended.to_vec()));
    columns
}

/// What the library and the layout have promised already.
fn wrong_columns() -> String {
    "its columns are not those of the layout".to_owned()
}

/// Takes exactly the columns that a pattern names.
macro_rules! take {
    ($columns:expr, [$($pattern:pat),+ $(,)?]) => {
        let Ok([$($pattern),+]) = <[Column; _]>::try_from($columns) else {
            return Err(wrong_columns());
        };
    };
}

fn ints<T>(rows: &[T], value: impl Fn(&T) -> i64) -> Column {
    Column::Int(rows.iter().map(value).collect())
}

fn times<T>(rows: &[T], at: impl Fn(&T) -> Timestamp) -> Column {
    // Rows that are finer than a microsecond were refused before.
    ints(rows, |row| at(row).nanos().wrapping_div(1000))
}

fn counts<T>(rows: &[T], count: impl Fn(&T) -> u64) -> Column {
    // ImportCounts above the largest i64 were refused before.
    ints(rows, |row| count(row).cast_signed())
}

fn flags<T>(rows: &[T], flag: impl Fn(&T) -> bool) -> Column {
    Column::Flag(rows.iter().map(flag).collect())
}

fn texts<T>(rows: &[T], text: impl Fn(&T) -> &str) -> Column {
    Column::Text(rows.iter().map(|row| ByteArray::from(text(row))).collect())
}

fn time(micros: i64) -> Result<Timestamp, String> {
    let nanos = micros.checked_mul(1000);
    nanos
        .map(Timestamp::from_nanos)
        .ok_or_else(|| format!("{micros} microseconds since 1970 is no time"))
}

fn price(micros: i64) -> Result<Price, String> {
    Price::from_micros(micros)
        .ok_or_else(|| format!("{micros} millionths is not in {}", Price::RANGE))
}

fn count(value: i64) -> Result<u64, String> {
    u64::try_from(value).map_err(|_| format!("{value} is no number of shares"))
}

fn text(value: &ByteArray) -> Result<&str, String> {
    value.as_utf8().map_err(|error| error.to_string())
}

/// Columns of a group must be equally long; a short one would cut rows off in silence.
fn same_lengths(lengths: &[usize]) -> Result<(), String> {
    if lengths.windows(2).all(|pair| pair.first() == pair.last()) {
        Ok(())
    } else {
        Err(format!("its columns have different lengths: {lengths:?}"))
    }
}

impl Columnar for Bar {
    fn take_apart(rows: &[Self]) -> Vec<Column> {
        vec![
            times(rows, |bar| bar.start),
            ints(rows, |bar| bar.open.micros()),
            ints(rows, |bar| bar.high.micros()),
            ints(rows, |bar| bar.low.micros()),
            ints(rows, |bar| bar.close.micros()),
            counts(rows, |bar| bar.volume),
        ]
    }

    fn put_together(columns: Vec<Column>, rows: &mut Vec<Self>) -> Result<(), String> {
        take!(
            columns,
            [
                Column::Int(at),
                Column::Int(open),
                Column::Int(high),
                Column::Int(low),
                Column::Int(close),
                Column::Int(volume),
            ]
        );
        same_lengths(&[
            at.len(),
            open.len(),
            high.len(),
            low.len(),
            close.len(),
            volume.len(),
        ])?;
        let prices = open.iter().zip(&high).zip(low.iter().zip(&close));
        for ((at, volume), ((open, high), (low, close))) in at.iter().zip(&volume).zip(prices) {
            let prices = [price(*open)?, price(*high)?, price(*low)?, price(*close)?];
            let bar = Self::new(time(*at)?, prices, count(*volume)?);
            rows.push(bar.map_err(|error| error.to_string())?);
        }
        Ok(())
    }
}

/// One value of a side, for the rows that have that side.
fn sides(
    rows: &[QuoteBar],
    side: fn(&QuoteBar) -> Option<SideBar>,
    value: fn(SideBar) -> i64,
) -> Column {
    Column::MaybeInt {
        values: rows.iter().filter_map(side).map(value).collect(),
        present: rows.iter().map(|row| side(row).is_some().into()).collect(),
    }
}

/// The five columns of a side.
fn side_columns(rows: &[QuoteBar], side: fn(&QuoteBar) -> Option<SideBar>) -> [Column; 5] {
    [
        sides(rows, side, |s| s.open.micros()),
        sides(rows, side, |s| s.high.micros()),
        sides(rows, side, |s| s.low.micros()),
        sides(rows, side, |s| s.close.micros()),
        sides(rows, side, |s| s.size.cast_signed()),
    ]
}

/// The sides that five columns hold, and which rows have one.
fn put_sides(columns: Vec<Column>) -> Result<Vec<Option<SideBar>>, String> {
    let mut values = Vec::new();
    let mut presence: Option<Vec<i16>> = None;
    for column in columns {
        let Column::MaybeInt {
            values: list,
            present,
        } = column
        else {
            return Err(wrong_columns());
        };
        match &presence {
            Some(first) if *first != present => {
                return Err("a side of a quote is there only in part".to_owned());
            }
            Some(_) => {}
            None => presence = Some(present),
        }
        values.push(list);
    }
    let Ok([open, high, low, close, size]) = <[Vec<i64>; 5]>::try_from(values) else {
        return Err(wrong_columns());
    };
    let present = presence.unwrap_or_default();
    let there = present.iter().filter(|level| **level == 1).count();
    same_lengths(&[
        there,
        open.len(),
        high.len(),
        low.len(),
        close.len(),
        size.len(),
    ])?;
    let prices = open.iter().zip(&high).zip(low.iter().zip(&close));
    let mut all = prices.zip(&size);
    let mut sides = Vec::with_capacity(present.len());
    for level in present {
        sides.push(match all.next_if_present(level) {
            None => None,
            Some((((open, high), (low, close)), size)) => {
                let prices = [price(*open)?, price(*high)?, price(*low)?, price(*close)?];
                let checked = Bar::new(Timestamp::from_nanos(0), prices, count(*size)?);
                let bar = checked.map_err(|error| error.to_string())?;
                Some(SideBar {
                    open: bar.open,
                    high: bar.high,
                    low: bar.low,
                    close: bar.close,
                    size: bar.volume,
                })
            }
        });
    }
    Ok(sides)
}

/// The next value where the level says that there is one.
trait NextIfPresent: Iterator {
    fn next_if_present(&mut self, level: i16) -> Option<Self::Item> {
        (level == 1).then(|| self.next()).flatten()
    }
}

impl<I: Iterator> NextIfPresent for I {}

impl Columnar for QuoteBar {
    fn take_apart(rows: &[Self]) -> Vec<Column> {
        let mut columns = vec![times(rows, |row| row.start)];
        columns.extend(side_columns(rows, |row| row.bid));
        columns.extend(side_columns(rows, |row| row.ask));
        columns
    }

    fn put_together(mut columns: Vec<Column>, rows: &mut Vec<Self>) -> Result<(), String> {
        if columns.len() != 11 {
            return Err(wrong_columns());
        }
        let ask = put_sides(columns.split_off(6))?;
        let bid = put_sides(columns.split_off(1))?;
        take!(columns, [Column::Int(at)]);
        same_lengths(&[at.len(), bid.len(), ask.len()])?;
        for (at, (bid, ask)) in at.iter().zip(bid.into_iter().zip(ask)) {
            let start = time(*at)?;
            rows.push(Self { start, bid, ask });
        }
        Ok(())
    }
}

impl Columnar for TradeTick {
    fn take_apart(rows: &[Self]) -> Vec<Column> {
        vec![
            times(rows, |tick| tick.at),
            ints(rows, |tick| tick.price.micros()),
            counts(rows, |tick| tick.size),
            texts(rows, |tick| &tick.exchange),
            texts(rows, |tick| &tick.condition),
            flags(rows, |tick| tick.suspicious),
        ]
    }

    fn put_together(columns: Vec<Column>, rows: &mut Vec<Self>) -> Result<(), String> {
        take!(
            columns,
            [
                Column::Int(at),
                Column::Int(prices),
                Column::Int(sizes),
                Column::Text(exchanges),
                Column::Text(conditions),
                Column::Flag(marks),
            ]
        );
        let lengths = [at.len(), prices.len(), sizes.len()];
        same_lengths(&lengths)?;
        same_lengths(&[at.len(), exchanges.len(), conditions.len(), marks.len()])?;
        let numbers = at.iter().zip(&prices).zip(&sizes);
        let texts = exchanges.iter().zip(&conditions).zip(marks);
        for (((at, micros), size), ((exchange, condition), suspicious)) in numbers.zip(texts) {
            rows.push(Self {
                at: time(*at)?,
                price: price(*micros)?,
                size: count(*size)?,
                exchange: text(exchange)?.into(),
                condition: text(condition)?.into(),
                suspicious,
            });
        }
        Ok(())
    }
}

const fn side_name(side: QuoteSide) -> &'static str {
    match side {
        QuoteSide::Bid => "bid",
        QuoteSide::Ask => "ask",
    }
}

fn side(name: &ByteArray) -> Result<QuoteSide, String> {
    match text(name)? {
        "bid" => Ok(QuoteSide::Bid),
        "ask" => Ok(QuoteSide::Ask),
        other => Err(format!("{other:?} is no side of a quote")),
    }
}

impl Columnar for QuoteTick {
    fn take_apart(rows: &[Self]) -> Vec<Column> {
        vec![
            times(rows, |tick| tick.at),
            texts(rows, |tick| side_name(tick.side)),
            ints(rows, |tick| tick.price.micros()),
            counts(rows, |tick| tick.size),
            texts(rows, |tick| &tick.exchange),
            texts(rows, |tick| &tick.condition),
            flags(rows, |tick| tick.suspicious),
        ]
    }

    fn put_together(mut columns: Vec<Column>, rows: &mut Vec<Self>) -> Result<(), String> {
        if columns.len() != 7 {
            return Err(wrong_columns());
        }
        let Column::Text(sides) = columns.remove(1) else {
            return Err(wrong_columns());
        };
        // Without the side, a quote has the columns of a trade.
        let mut ticks = Vec::new();
        TradeTick::put_together(columns, &mut ticks)?;
        same_lengths(&[ticks.len(), sides.len()])?;
        for (tick, name) in ticks.into_iter().zip(&sides) {
            rows.push(Self {
                at: tick.at,
                side: side(name)?,
                price: tick.price,
                size: tick.size,
                exchange: tick.exchange,
                condition: tick.condition,
                suspicious: tick.suspicious,
            });
        }
        Ok(())
    }
}
