//! What can be wrong with one row, and what to do about it.

use trader_contract::{BarError, NumberError, Timestamp};

use super::field::{SHARES_MAX, TEXT_MAX};
use crate::hours::Closed;
use crate::series::Resolution;

/// The longest piece of a file that a message quotes, in characters.
const EXCERPT_MAX: usize = 120;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not the number of fields that the header promises.
    #[error("it has {found} fields instead of {expected}")]
    FieldCount {
        /// As many as columns.
        expected: usize,
        /// As many as commas and one.
        found: usize,
    },
    /// Nothing between two rows.
    #[error("the line is empty, and more rows follow")]
    EmptyLine,
    /// More bytes than any row needs.
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    /// Quotes that do not enclose whole fields.
    #[error("its quotes do not enclose whole fields")]
    Quotes,
    /// Not a point in time.
    #[error("timestamp {0:?} is no RFC 3339 time such as 2013-10-07T13:30:00Z")]
    Time(String),
    /// Finer than what is stored.
    #[error("timestamp {0} is finer than a millisecond")]
    TooFine(Timestamp),
    /// A field that must not be empty is.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// Not a price.
    #[error("{column}: {why}")]
    Price {
        /// Which column.
        column: &'static str,
        /// Why it is none.
        why: NumberError,
    },
    /// Not a number of shares.
    #[error("{column} {text:?} is no whole number of shares from 0 to {SHARES_MAX}")]
    Shares {
        /// Which column.
        column: &'static str,
        /// What stands there.
        text: String,
    },
    /// Neither `0` nor `1`.
    #[error("{column} {text:?} is neither 0 nor 1")]
    Flag {
        /// Which column.
        column: &'static str,
        /// What stands there.
        text: String,
    },
    /// Not a short text.
    #[error("{column} {text:?} is no text of at most {TEXT_MAX} printable ASCII characters")]
    Text {
        /// Which column.
        column: &'static str,
        /// What stands there.
        text: String,
    },
    /// Neither bid nor ask.
    #[error("side {0:?} is neither bid nor ask")]
    Side(String),
    /// Some of a side's four prices are there, or it has a size without any.
    #[error("the {0} is there in part; a side has four prices and a size, or nothing and size 0")]
    HalfSide(&'static str),
    /// Neither of the sides is there.
    #[error("it holds neither a bid nor an ask")]
    NoSide,
    /// The prices contradict each other; in a row of quotes, those of one side.
    #[error("{}{why}", side.map_or_else(String::new, |side| format!("{side}: ")))]
    Prices {
        /// Bid or ask.
        side: Option<&'static str>,
        /// Which of them.
        why: BarError,
    },
    /// The same start as the row before.
    #[error("{at} is there twice, first in line {first_line}")]
    Duplicate {
        /// The time.
        at: Timestamp,
        /// The line of the row before.
        first_line: u64,
    },
    /// An earlier time than that of the row before.
    #[error("{at} goes back behind {previous} in line {previous_line}")]
    Backwards {
        /// The time.
        at: Timestamp,
        /// The time of the row before.
        previous: Timestamp,
        /// Its line.
        previous_line: u64,
    },
    /// It does not start where rows of its length start.
    #[error("{at} is no start of a {resolution} row")]
    Unaligned {
        /// The time.
        at: Timestamp,
        /// The length asked for.
        resolution: Resolution,
    },
    /// Nothing trades then.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// In extended hours, where those are not wanted.
    #[error("{0} is in extended hours")]
    Extended(Timestamp),
}

impl Problem {
    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::FieldCount { .. } | Self::TooLong(_) | Self::Quotes | Self::EmptyLine => {
                "check that the file was written and transferred completely, and correct the line"
            }
            Self::Time(_) => "write times in UTC, or with their offset from it",
            Self::TooFine(_) => "round the times of ticks to milliseconds",
            Self::Empty(_) | Self::Price { .. } | Self::Shares { .. } => {
                "correct the number, or take the row out if nothing was traded"
            }
            Self::Flag { .. } | Self::Text { .. } | Self::Side(_) => "correct the field",
            Self::HalfSide(_) => "complete the side, or empty it",
            Self::NoSide => "take the row out: where nothing was quoted there is no row",
            Self::Prices { .. } => "ask the source for the row again, or take it out",
            Self::Duplicate { .. } => "keep one of the rows",
            Self::Backwards { .. } => "sort the file by time",
            Self::Unaligned { .. } => "give the timeframe that the file has",
            Self::Closed(closed) => match closed {
                Closed::NotMidnight { .. } => {
                    "stamp the rows of days with midnight in New York, in UTC"
                }
                Closed::NotCovered(_) => "take the row out, or extend the calendar",
                Closed::Weekend { .. } | Closed::Holiday { .. } | Closed::Night { .. } => {
                    "check that the times are UTC and the starts of the rows; else take the row out"
                }
            },
            Self::Extended(_) => "leave --regular-only out, or take the rows out",
        }
    }
}

/// A piece of a file, short enough to quote in a message.
pub(super) fn excerpt(text: &[u8]) -> String {
    let enough = EXCERPT_MAX.saturating_mul(4);
    let cut = text.get(..enough).unwrap_or(text);
    let whole = String::from_utf8_lossy(cut);
    let mut short: String = whole
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(EXCERPT_MAX)
        .collect();
    if cut.len() < text.len() || whole.chars().nth(EXCERPT_MAX).is_some() {
        short.push('…');
    }
    short
}
