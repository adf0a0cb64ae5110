//! What the store needs of a row, whatever its kind; and the checks of rows before they are stored.

use std::fmt::Write as _;

use trader_contract::{Bar, Timestamp};

use crate::rows::{QuoteBar, QuoteSide, QuoteTick, Rows, SideBar, TradeTick};
use crate::series::Kind;

/// Runs the same code on the rows of any kind.
macro_rules! with_rows {
    ($rows:expr, $list:ident => $body:expr) => {
        match $rows {
            $crate::rows::Rows::Bars($list) => $body,
            $crate::rows::Rows::Quotes($list) => $body,
            $crate::rows::Rows::Trades($list) => $body,
            $crate::rows::Rows::QuoteTicks($list) => $body,
        }
    };
}
pub(crate) use with_rows;

/// A row of any kind.
pub(crate) trait Row: Clone + PartialEq {
    /// Its time.
    fn at(&self) -> Timestamp;
    /// Its content without the time, for a message.
    fn describe(&self) -> String;
    /// What keeps it out of the store.
    fn fault(&self) -> Option<String>;
}

/// The largest whole number that a column holds.
const COUNT_MAX: u64 = i64::MAX.unsigned_abs();

fn count_fault(name: &str, count: u64) -> Option<String> {
    (count > COUNT_MAX).then(|| format!("{name} {count} is above {COUNT_MAX}"))
}

fn time_fault(at: Timestamp) -> Option<String> {
    let whole = at.nanos().checked_rem(1000) == Some(0);
    (!whole).then(|| format!("time {at} is finer than a microsecond"))
}

impl Row for Bar {
    fn at(&self) -> Timestamp {
        self.start
    }

    fn describe(&self) -> String {
        format!(
            "open {} high {} low {} close {} volume {}",
            self.open, self.high, self.low, self.close, self.volume
        )
    }

    fn fault(&self) -> Option<String> {
        let prices = [self.open, self.high, self.low, self.close];
        let bar = Self::new(self.start, prices, self.volume);
        let prices_fault = bar.err().map(|error| error.to_string());
        prices_fault
            .or_else(|| count_fault("volume", self.volume))
            .or_else(|| time_fault(self.start))
    }
}

fn side_text(name: &str, side: Option<&SideBar>) -> String {
    match side {
        None => format!("no {name}"),
        Some(side) => format!(
            "{name} open {} high {} low {} close {} size {}",
            side.open, side.high, side.low, side.close, side.size
        ),
    }
}

fn side_fault(start: Timestamp, name: &str, side: &SideBar) -> Option<String> {
    let prices = [side.open, side.high, side.low, side.close];
    let bar = Bar::new(start, prices, side.size);
    bar.err()
        .map(|error| format!("{name}: {error}"))
        .or_else(|| count_fault(&format!("{name} size"), side.size))
}

impl Row for QuoteBar {
    fn at(&self) -> Timestamp {
        self.start
    }

    fn describe(&self) -> String {
        let bid = side_text("bid", self.bid.as_ref());
        let ask = side_text("ask", self.ask.as_ref());
        format!("{bid}, {ask}")
    }

    fn fault(&self) -> Option<String> {
        let sides = [("bid", self.bid), ("ask", self.ask)];
        let side = |(name, side): (&str, Option<SideBar>)| side_fault(self.start, name, &side?);
        sides
            .into_iter()
            .find_map(side)
            .or_else(|| time_fault(self.start))
    }
}

fn tick_end(exchange: &str, condition: &str, suspicious: bool) -> String {
    let mut text = format!(" exchange {exchange:?} condition {condition:?}");
    if suspicious {
        // Writing to a string cannot fail.
        let _ = text.write_str(" suspicious");
    }
    text
}

impl Row for TradeTick {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn describe(&self) -> String {
        let end = tick_end(&self.exchange, &self.condition, self.suspicious);
        format!("price {} size {}{end}", self.price, self.size)
    }

    fn fault(&self) -> Option<String> {
        count_fault("size", self.size).or_else(|| time_fault(self.at))
    }
}

impl Row for QuoteTick {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn describe(&self) -> String {
        let end = tick_end(&self.exchange, &self.condition, self.suspicious);
        let side = match self.side {
            QuoteSide::Bid => "bid",
            QuoteSide::Ask => "ask",
        };
        format!("{side} price {} size {}{end}", self.price, self.size)
    }

    fn fault(&self) -> Option<String> {
        count_fault("size", self.size).or_else(|| time_fault(self.at))
    }
}

/// A row that cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {number} at {at}: {why}")]
pub struct UnfitRow {
    /// Its place, counted from 1.
    pub number: usize,
    /// Its time.
    pub at: Timestamp,
    /// What is wrong.
    pub why: String,
}

/// Whether the rows are of the kind.
pub(crate) const fn fits(rows: &Rows, kind: Kind) -> bool {
    matches!(
        (rows, kind),
        (Rows::Bars(_), Kind::Bars(_))
            | (Rows::Quotes(_), Kind::Quotes(_))
            | (Rows::Trades(_), Kind::Trades)
            | (Rows::QuoteTicks(_), Kind::QuoteTicks)
    )
}

/// Whether a time may occur more than once.
pub(crate) const fn repeats(kind: Kind) -> bool {
    matches!(kind, Kind::Trades | Kind::QuoteTicks)
}

/// The first row that is out of order or invalid by itself.
///
/// # Errors
/// That row.
pub(crate) fn check(rows: &Rows, kind: Kind) -> Result<(), UnfitRow> {
    with_rows!(rows, list => check_list(list, repeats(kind)))
}

fn check_list<T: Row>(rows: &[T], repeats: bool) -> Result<(), UnfitRow> {
    let mut previous: Option<Timestamp> = None;
    for (index, row) in rows.iter().enumerate() {
        let at = row.at();
        let order = match previous {
            Some(before) if at < before => Some(format!("it comes after {before}")),
            Some(before) if at == before && !repeats => Some("this time occurs twice".to_owned()),
            _ => None,
        };
        if let Some(why) = order.or_else(|| row.fault()) {
            let number = index.saturating_add(1);
            return Err(UnfitRow { number, at, why });
        }
        previous = Some(at);
    }
    Ok(())
}

/// Asks of each row's time whether it lies in extended hours: what [`crate::store::MarkExtended`]
/// is made of. The question comes in order of time.
///
/// # Errors
/// The first row that has no answer, with the reason given.
pub fn mark_each(
    rows: &Rows,
    mut is_extended: impl FnMut(Timestamp) -> Result<bool, String>,
) -> Result<Vec<bool>, UnfitRow> {
    with_rows!(rows, list => {
        let mark = |(index, row): (usize, _)| {
            let at = Row::at(row);
            let number = index.saturating_add(1);
            is_extended(at).map_err(|why| UnfitRow { number, at, why })
        };
        list.iter().enumerate().map(mark).collect()
    })
}

/// The times of the first and the last row.
pub(crate) fn span(rows: &Rows) -> Option<(Timestamp, Timestamp)> {
    with_rows!(rows, list => Some((list.first()?.at(), list.last()?.at())))
}

impl Rows {
    /// Makes room for more.
    pub(crate) fn reserve(&mut self, more: u64) {
        // A count is only what a catalogue says: beyond this, room is made as the rows come.
        const MOST: u64 = 1 << 24;
        let more = usize::try_from(more.min(MOST)).unwrap_or(0);
        with_rows!(self, list => list.reserve(more));
    }
}

impl From<Vec<Bar>> for Rows {
    fn from(rows: Vec<Bar>) -> Self {
        Self::Bars(rows)
    }
}

impl From<Vec<QuoteBar>> for Rows {
    fn from(rows: Vec<QuoteBar>) -> Self {
        Self::Quotes(rows)
    }
}

impl From<Vec<TradeTick>> for Rows {
    fn from(rows: Vec<TradeTick>) -> Self {
        Self::Trades(rows)
    }
}

impl From<Vec<QuoteTick>> for Rows {
    fn from(rows: Vec<QuoteTick>) -> Self {
        Self::QuoteTicks(rows)
    }
}
