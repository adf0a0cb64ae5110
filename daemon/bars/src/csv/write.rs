//! Writes rows in the canonical form of the module above.

use std::io::{self, Write};

use trader_contract::{Bar, Price, Timestamp};

use super::header::header;
use crate::rows::{QuoteBar, QuoteSide, QuoteTick, Rows, SideBar, TradeTick};
use crate::series::Kind;

/// How much is gathered before it is handed on, in bytes.
const BATCH: usize = 64 * 1024;
const DAY: i64 = 24 * 60 * Timestamp::MINUTE;
const MILLI: i64 = 1_000_000;
const SECOND: u64 = Timestamp::SECOND.unsigned_abs();

/// Writes rows of one kind, the header first, in as many parts as suits.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    inner: W,
    batch: Vec<u8>,
    dates: Dates,
}

/// Remembers the date last written, since rows of a day follow each other.
#[derive(Debug, Default)]
struct Dates {
    midnight: Option<i64>,
    text: String,
}

impl<W: Write> CsvWriter<W> {
    /// Begins with the header of a kind.
    #[must_use]
    pub fn new(inner: W, kind: Kind) -> Self {
        let mut batch = Vec::with_capacity(BATCH.saturating_add(1024));
        batch.extend_from_slice(header(kind).as_bytes());
        batch.push(b'\n');
        Self {
            inner,
            batch,
            dates: Dates::default(),
        }
    }

    /// Writes rows; they must be of the kind whose header was written.
    ///
    /// # Errors
    /// What the writer below says.
    pub fn rows(&mut self, rows: &Rows) -> io::Result<()> {
        match rows {
            Rows::Bars(rows) => rows.iter().try_for_each(|row| self.bar(row)),
            Rows::Quotes(rows) => rows.iter().try_for_each(|row| self.quote(row)),
            Rows::Trades(rows) => rows.iter().try_for_each(|row| self.trade(row)),
            Rows::QuoteTicks(rows) => rows.iter().try_for_each(|row| self.quote_tick(row)),
        }
    }

    /// Hands on what is left and gives the writer back.
    ///
    /// # Errors
    /// What the writer below says.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&self.batch)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn bar(&mut self, row: &Bar) -> io::Result<()> {
        self.dates.start(&mut self.batch, row.start);
        for value in [row.open, row.high, row.low, row.close] {
            self.batch.push(b',');
            price(&mut self.batch, value);
        }
        self.batch.push(b',');
        digits(&mut self.batch, row.volume, 1);
        self.end_row()
    }

    fn quote(&mut self, row: &QuoteBar) -> io::Result<()> {
        self.dates.start(&mut self.batch, row.start);
        side(&mut self.batch, row.bid.as_ref());
        side(&mut self.batch, row.ask.as_ref());
        self.end_row()
    }

    fn trade(&mut self, row: &TradeTick) -> io::Result<()> {
        self.dates.tick(&mut self.batch, row.at);
        self.batch.push(b',');
        price(&mut self.batch, row.price);
        self.batch.push(b',');
        digits(&mut self.batch, row.size, 1);
        self.source(&row.exchange, &row.condition, row.suspicious);
        self.end_row()
    }

    fn quote_tick(&mut self, row: &QuoteTick) -> io::Result<()> {
        self.dates.tick(&mut self.batch, row.at);
        self.batch.extend_from_slice(match row.side {
            QuoteSide::Bid => b",bid,",
            QuoteSide::Ask => b",ask,",
        });
        price(&mut self.batch, row.price);
        self.batch.push(b',');
        digits(&mut self.batch, row.size, 1);
        self.source(&row.exchange, &row.condition, row.suspicious);
        self.end_row()
    }

    fn source(&mut self, exchange: &str, condition: &str, suspicious: bool) {
        text(&mut self.batch, exchange);
        text(&mut self.batch, condition);
        self.batch
            .extend_from_slice(if suspicious { b",1" } else { b",0" });
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.batch.push(b'\n');
        if self.batch.len() >= BATCH {
            self.inner.write_all(&self.batch)?;
            self.batch.clear();
        }
        Ok(())
    }
}

/// Writes a whole file: the header of `kind` and its rows.
///
/// # Errors
/// What the writer says.
pub fn write(writer: impl Write, kind: Kind, rows: &Rows) -> io::Result<()> {
    let mut csv = CsvWriter::new(writer, kind);
    csv.rows(rows)?;
    csv.finish().map(|_| ())
}

impl Dates {
    /// The start of a bar, in whole seconds; what else it may be is written in full.
    fn start(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        if at.nanos().checked_rem(Timestamp::SECOND) != Some(0) {
            out.extend_from_slice(at.to_string().as_bytes());
            return;
        }
        self.seconds(out, at);
        out.push(b'Z');
    }

    /// The time of a tick, in milliseconds; what else it may be is written in full.
    fn tick(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        let nanos = at.nanos().rem_euclid(Timestamp::SECOND);
        if nanos.checked_rem(MILLI) != Some(0) {
            out.extend_from_slice(at.to_string().as_bytes());
            return;
        }
        self.seconds(out, at);
        out.push(b'.');
        let millis = nanos.checked_div(MILLI).unwrap_or_default();
        digits(out, millis.unsigned_abs(), 3);
        out.push(b'Z');
    }

    fn seconds(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        let of_day = at.nanos().rem_euclid(DAY);
        let midnight = at.nanos().saturating_sub(of_day);
        if self.midnight != Some(midnight) {
            let date = Timestamp::from_nanos(midnight).to_utc().date_naive();
            self.text = date.to_string();
            self.midnight = Some(midnight);
        }
        out.extend_from_slice(self.text.as_bytes());
        let second = of_day.unsigned_abs() / SECOND;
        let minute = second / 60;
        for (mark, value) in [
            (b'T', minute / 60),
            (b':', minute % 60),
            (b':', second % 60),
        ] {
            out.push(mark);
            digits(out, value, 2);
        }
    }
}

fn side(out: &mut Vec<u8>, side: Option<&SideBar>) {
    let Some(side) = side else {
        out.extend_from_slice(b",,,,,0");
        return;
    };
    for value in [side.open, side.high, side.low, side.close] {
        out.push(b',');
        price(out, value);
    }
    out.push(b',');
    digits(out, side.size, 1);
}

/// Two decimals, or as many more as it needs.
fn price(out: &mut Vec<u8>, price: Price) {
    let micros = price.micros().unsigned_abs();
    digits(out, micros / 1_000_000, 1);
    out.push(b'.');
    let mut fraction = micros % 1_000_000;
    let mut width = 6;
    while width > 2 && fraction.is_multiple_of(10) {
        fraction /= 10;
        width = usize::saturating_sub(width, 1);
    }
    digits(out, fraction, width);
}

/// A whole number, with zeros in front up to a width.
fn digits(out: &mut Vec<u8>, value: u64, width: usize) {
    let begin = out.len();
    let mut rest = value;
    while rest > 0 || out.len().saturating_sub(begin) < width {
        let digit = u8::try_from(rest % 10).unwrap_or(0);
        out.push(b'0'.saturating_add(digit));
        rest /= 10;
    }
    if let Some(written) = out.get_mut(begin..) {
        written.reverse();
    }
}

/// A comma and a text, in quotes where it needs them.
fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b',');
    if !text.contains(['"', ',']) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
