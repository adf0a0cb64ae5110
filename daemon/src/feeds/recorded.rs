//! Recorded one-minute bars from `DIR/<SYM>.csv` or `DIR/<SYM>.csv.gz`, checked row by row. Gives
//! the regular-session bars of one date and of the sessions before it; pacing is the caller's.

use std::fs::File;
use std::io::{Read, Take};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use csv::{Reader, StringRecord};
use trader_calendar::{Calendar, CalendarError, new_york};
use trader_contract::{Bar, Price, Symbol, Timestamp};

/// The first line of a file.
pub const HEADER: [&str; 6] = ["timestamp", "open", "high", "low", "close", "volume"];

/// The most bytes read of one file, decompressed.
const BYTES_MAX: u64 = 1 << 30;

/// Why recorded bars cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There is no file for the symbol.
    #[error(
        "{} has no bars of {symbol}, neither {symbol}.csv nor {symbol}.csv.gz; it has: {available}",
        directory.display()
    )]
    NoFile {
        /// The symbol.
        symbol: Symbol,
        /// Where it was looked for.
        directory: PathBuf,
        /// The symbols that there are, or why they cannot be listed.
        available: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {reason}; check the file and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A row is wrong.
    #[error("{}:{line}: {reason}; correct the row or take it out", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// The file has no regular-session bar of the date.
    #[error("{} has no bars of {symbol} in the session of {date}; it has: {available}", path.display())]
    NoSession {
        /// The symbol.
        symbol: Symbol,
        /// The date that was asked for.
        date: NaiveDate,
        /// The file.
        path: PathBuf,
        /// The dates that there are, as ranges.
        available: String,
    },
    /// The exchange was closed.
    #[error("{date} is no trading day{}; choose another date", reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default())]
    Closed {
        /// The date that was asked for.
        date: NaiveDate,
        /// Why, if the calendar knows.
        reason: Option<String>,
    },
    /// The calendar does not cover a bar or the date.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

impl FeedError {
    /// Says that there is no session on `date`, with the calendar's reason.
    #[must_use]
    pub fn closed(date: NaiveDate, calendar: &Calendar) -> Self {
        Self::Closed {
            date,
            reason: calendar.reason(date).map(str::to_owned),
        }
    }
}

/// The bars of one symbol around one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBars {
    /// The symbol.
    pub symbol: Symbol,
    /// Regular-session bars of earlier sessions, oldest first, for warm-up. May be empty.
    pub history: Vec<Bar>,
    /// Regular-session bars of the date, oldest first.
    pub session: Vec<Bar>,
}

/// What a file has around one session.
struct Around {
    bars: RecordedBars,
    /// Whether it has bars of later sessions.
    goes_on: bool,
    /// What to say if that is not enough.
    missing: FeedError,
}

/// The regular-session bars of `symbols` for the session of `date` and those before it, in the order
/// of `symbols`. Every symbol has bars of the date.
///
/// # Errors
/// A symbol or a date without bars (the message says which there are), a file that cannot be read, a
/// wrong row (with file and line), a date on which the exchange was closed.
pub fn load(
    directory: &Path,
    symbols: &[Symbol],
    date: NaiveDate,
    calendar: &Calendar,
) -> Result<Vec<RecordedBars>, FeedError> {
    let all = look_around(directory, symbols, date, calendar)?;
    let whole = |one: Around| match one.bars.session.is_empty() {
        true => Err(one.missing),
        false => Ok(one.bars),
    };
    all.into_iter().map(whole).collect()
}

/// The same where a session without bars is a gap like any other, as it is in a backtest: a symbol
/// needs bars of the date or before it, and one of them bars of the date or after it.
///
/// # Errors
/// As [`load`].
pub fn load_with_gaps(
    directory: &Path,
    symbols: &[Symbol],
    date: NaiveDate,
    calendar: &Calendar,
) -> Result<Vec<RecordedBars>, FeedError> {
    let all = look_around(directory, symbols, date, calendar)?;
    let ended = all
        .iter()
        .all(|one| one.bars.session.is_empty() && !one.goes_on);
    let there = |one: Around| {
        let begun = !one.bars.history.is_empty() || !one.bars.session.is_empty();
        match begun && !ended {
            true => Ok(one.bars),
            false => Err(one.missing),
        }
    };
    all.into_iter().map(there).collect()
}

fn look_around(
    directory: &Path,
    symbols: &[Symbol],
    date: NaiveDate,
    calendar: &Calendar,
) -> Result<Vec<Around>, FeedError> {
    if calendar.session(date)?.is_none() {
        return Err(FeedError::closed(date, calendar));
    }
    symbols
        .iter()
        .map(|symbol| look_around_one(directory, *symbol, date, calendar))
        .collect()
}

/// The dates of the sessions that a symbol has bars of, in order.
///
/// # Errors
/// There is no file for the symbol, or it cannot be read or has a wrong row.
pub fn dates(
    directory: &Path,
    symbol: Symbol,
    calendar: &Calendar,
) -> Result<Vec<NaiveDate>, FeedError> {
    let path = file_of(directory, symbol)?;
    let bars = regular(read(&path)?, calendar)?;
    let mut dates: Vec<NaiveDate> = bars.iter().map(|(date, _)| *date).collect();
    dates.dedup();
    Ok(dates)
}

fn look_around_one(
    directory: &Path,
    symbol: Symbol,
    date: NaiveDate,
    calendar: &Calendar,
) -> Result<Around, FeedError> {
    let path = file_of(directory, symbol)?;
    let bars = regular(read(&path)?, calendar)?;
    let of = |wanted: fn(&NaiveDate, &NaiveDate) -> bool| {
        bars.iter()
            .filter(|(day, _)| wanted(day, &date))
            .map(|(_, bar)| *bar)
            .collect::<Vec<Bar>>()
    };
    let mut dates: Vec<NaiveDate> = bars.iter().map(|(date, _)| *date).collect();
    dates.dedup();
    Ok(Around {
        goes_on: dates.last().is_some_and(|last| *last > date),
        bars: RecordedBars {
            symbol,
            history: of(NaiveDate::lt),
            session: of(NaiveDate::eq),
        },
        missing: FeedError::NoSession {
            symbol,
            date,
            available: ranges(&dates, calendar),
            path,
        },
    })
}

/// Leaves out what lies outside regular trading, and names each bar's session.
fn regular(bars: Vec<Bar>, calendar: &Calendar) -> Result<Vec<(NaiveDate, Bar)>, FeedError> {
    let mut kept = Vec::with_capacity(bars.len());
    let mut current = None;
    for bar in bars {
        let date = new_york::date(bar.start);
        let session = match current {
            Some((day, session)) if day == date => session,
            _ => calendar.session(date)?,
        };
        current = Some((date, session));
        if session.is_some_and(|session| session.contains(bar.start)) {
            kept.push((date, bar));
        }
    }
    Ok(kept)
}

/// Dates in words: sessions that follow each other as `first to last`.
fn ranges(dates: &[NaiveDate], calendar: &Calendar) -> String {
    let mut runs: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for date in dates {
        let previous = calendar
            .previous_session(*date)
            .map(|session| session.date)
            .ok();
        match runs.last_mut() {
            Some((_, last)) if Some(*last) == previous => *last = *date,
            _ => runs.push((*date, *date)),
        }
    }
    let words: Vec<String> = runs
        .iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first} to {last}")
            }
        })
        .collect();
    if words.is_empty() {
        "no session at all".to_owned()
    } else {
        words.join(", ")
    }
}

/// The file with the bars of a symbol.
///
/// # Errors
/// There is none; the message says which symbols there are.
pub fn file_of(directory: &Path, symbol: Symbol) -> Result<PathBuf, FeedError> {
    [format!("{symbol}.csv"), format!("{symbol}.csv.gz")]
        .iter()
        .map(|name| directory.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| FeedError::NoFile {
            symbol,
            directory: directory.to_owned(),
            available: symbols_in(directory),
        })
}

fn symbols_in(directory: &Path) -> String {
    let listing = match std::fs::read_dir(directory) {
        Ok(listing) => listing,
        Err(error) => return format!("nothing that can be read ({error})"),
    };
    let mut symbols: Vec<String> = listing
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| {
            let stem = name
                .strip_suffix(".csv")
                .or_else(|| name.strip_suffix(".csv.gz"))?;
            Some(stem.to_owned())
        })
        .collect();
    symbols.sort();
    symbols.dedup();
    if symbols.is_empty() {
        "no files of bars".to_owned()
    } else {
        symbols.join(", ")
    }
}

/// Reads every bar of a file, outside regular trading too.
///
/// # Errors
/// The file cannot be read, or has a wrong row.
pub fn read(path: &Path) -> Result<Vec<Bar>, FeedError> {
    let unreadable = |reason: String| FeedError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let source: Box<dyn Read> = if packed {
        Box::new(flate2::read::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut rows = Reader::from_reader(source.take(BYTES_MAX));
    let header = rows
        .headers()
        .map_err(|error| unreadable(error.to_string()))?;
    if header.iter().ne(HEADER) {
        return Err(row_error(
            path,
            1,
            format!("the header must be {}", HEADER.join(",")),
        ));
    }
    let mut bars: Vec<Bar> = Vec::new();
    let mut row = StringRecord::new();
    while next(&mut rows, &mut row, path)? {
        let line = row.position().map_or(0, csv::Position::line);
        let bar = parse(&row).map_err(|reason| row_error(path, line, reason))?;
        if let Some(last) = bars.last()
            && last.start >= bar.start
        {
            let reason = format!(
                "{} does not come after {}, the row before",
                bar.start, last.start
            );
            return Err(row_error(path, line, reason));
        }
        bars.push(bar);
    }
    if rows.into_inner().limit() == 0 {
        return Err(unreadable(format!("it has more than {BYTES_MAX} bytes")));
    }
    Ok(bars)
}

fn next(
    rows: &mut Reader<Take<Box<dyn Read>>>,
    row: &mut StringRecord,
    path: &Path,
) -> Result<bool, FeedError> {
    rows.read_record(row).map_err(|error| {
        let line = error.position().map(csv::Position::line);
        match (error.kind(), line) {
            (csv::ErrorKind::UnequalLengths { len, .. }, Some(line)) => row_error(
                path,
                line,
                format!("it has {len} fields, not {}", HEADER.len()),
            ),
            (csv::ErrorKind::Utf8 { .. }, Some(line)) => {
                row_error(path, line, "it is no UTF-8".to_owned())
            }
            _ => FeedError::Unreadable {
                path: path.to_owned(),
                reason: error.to_string(),
            },
        }
    })
}

fn row_error(path: &Path, line: u64, reason: String) -> FeedError {
    FeedError::Row {
        path: path.to_owned(),
        line,
        reason,
    }
}

fn parse(row: &StringRecord) -> Result<Bar, String> {
    let field = |index: usize| row.get(index).unwrap_or_default();
    let start: Timestamp = field(0)
        .parse()
        .map_err(|_| format!("{:?} is no time like 2013-10-07T13:30:00Z", field(0)))?;
    if start.nanos().rem_euclid(Timestamp::MINUTE) != 0 {
        return Err(format!("{start} is not the start of a minute"));
    }
    let price = |index: usize| {
        field(index)
            .parse::<Price>()
            .map_err(|error| format!("{}: {error}", HEADER.get(index).unwrap_or(&"price")))
    };
    let prices = [price(1)?, price(2)?, price(3)?, price(4)?];
    let volume = field(5)
        .parse()
        .map_err(|_| format!("volume: {:?} is no whole number of shares", field(5)))?;
    Bar::new(start, prices, volume).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
