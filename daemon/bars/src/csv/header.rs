//! The columns of each kind of rows, and what another first line may be.

use super::field::unquoted;
use super::problem::excerpt;
use crate::series::{Kind, Resolution};

/// The header of bars.
pub(super) const BARS: &str = "timestamp,open,high,low,close,volume";
/// The header of bars of quotes.
pub(super) const QUOTES: &str = "timestamp,bid_open,bid_high,bid_low,bid_close,bid_size,\
                                 ask_open,ask_high,ask_low,ask_close,ask_size";
/// The header of trades.
pub(super) const TRADES: &str = "timestamp,price,size,exchange,sale_condition_hex,suspicious";
/// The header of single quotes.
pub(super) const QUOTE_TICKS: &str =
    "timestamp,side,price,size,exchange,quote_condition,suspicious";

/// Other files that people have beside their rows.
const OTHER_FILES: [(&str, &str); 3] = [
    ("ex_date,type,value", "corporate actions"),
    ("date,available_shares", "shares to borrow"),
    ("date,rate_pct", "interest rates"),
];

/// Why a first line is not the header that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It is that of another kind of rows.
    #[error("this file has {what}: use --timeframe {timeframes}")]
    OtherKind {
        /// Which kind, in words.
        what: &'static str,
        /// The timeframes that fit.
        timeframes: String,
    },
    /// It is that of a file without rows of a series.
    #[error("this file has {0}, not rows of a series")]
    OtherFile(&'static str),
    /// It is a row already.
    #[error("the file has no header line; put {expected:?} in front")]
    Missing {
        /// The header of the kind.
        expected: &'static str,
    },
    /// It is no line of text.
    #[error("the file begins with bytes that are no text; it is neither CSV nor gzipped CSV")]
    Binary,
    /// Its columns are separated by something else.
    #[error("the columns are separated by {separator}, not by commas; write the file with commas")]
    Separator {
        /// By what.
        separator: &'static str,
    },
    /// It names other columns.
    #[error(
        "{kind} data have the columns {expected:?}; the file's first line is {found:?}{difference}; \
         rename or reorder its columns"
    )]
    Columns {
        /// What was asked for.
        kind: Kind,
        /// The header of the kind.
        expected: &'static str,
        /// The file's.
        found: String,
        /// Which columns are missing or too many, in words.
        difference: String,
    },
}

/// The header of a kind.
#[must_use]
pub const fn header(kind: Kind) -> &'static str {
    match kind {
        Kind::Bars(_) => BARS,
        Kind::Quotes(_) => QUOTES,
        Kind::Trades => TRADES,
        Kind::QuoteTicks => QUOTE_TICKS,
    }
}

/// Checks the first line of a file.
pub(super) fn check(kind: Kind, line: &[u8]) -> Result<(), HeaderError> {
    let expected = header(kind);
    let text = String::from_utf8_lossy(line);
    let text = match unquoted(line) {
        Some(fields) if line.contains(&b'"') => {
            String::from_utf8_lossy(&fields.join(&b","[..])).into_owned()
        }
        _ => text.trim_end().to_owned(),
    };
    if text == expected {
        return Ok(());
    }
    if let Some(error) = of_other(kind, &text) {
        return Err(error);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(HeaderError::Missing { expected });
    }
    if line
        .iter()
        .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
    {
        return Err(HeaderError::Binary);
    }
    for (byte, separator) in [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")] {
        if !text.contains(',') && text.contains(byte) {
            return Err(HeaderError::Separator { separator });
        }
    }
    Err(HeaderError::Columns {
        kind,
        expected,
        found: excerpt(text.as_bytes()),
        difference: difference(expected, &text),
    })
}

/// Recognizes the header of another kind of rows or of another file.
fn of_other(kind: Kind, text: &str) -> Option<HeaderError> {
    let other_file = |(start, _): &&(&str, &str)| text.starts_with(start);
    if let Some((_, what)) = OTHER_FILES.iter().find(other_file) {
        return Some(HeaderError::OtherFile(what));
    }
    let with = |make: fn(Resolution) -> Kind| match kind.resolution() {
        Some(resolution) => make(resolution).name().to_owned(),
        None => {
            let [second, minute, hour, day] = Resolution::ALL.map(|r| make(r).name());
            format!("{second}, {minute}, {hour} or {day}")
        }
    };
    let (what, timeframes) = match text {
        BARS => ("bars", with(Kind::Bars)),
        QUOTES => ("quotes", with(Kind::Quotes)),
        TRADES => ("single trades", Kind::Trades.name().to_owned()),
        QUOTE_TICKS => ("single quotes", Kind::QuoteTicks.name().to_owned()),
        _ => return None,
    };
    Some(HeaderError::OtherKind { what, timeframes })
}

/// Names the columns that differ; nothing if only their order does.
fn difference(expected: &str, found: &str) -> String {
    let without = |all: &str, others: &str| {
        let absent = |column: &&str| !others.split(',').any(|other| other == *column);
        all.split(',').filter(absent).collect::<Vec<_>>().join(", ")
    };
    let missing = without(expected, found);
    let surplus = excerpt(without(found, expected).as_bytes());
    match (missing.is_empty(), surplus.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!(": {missing} missing"),
        (true, false) => format!(": {surplus} too many"),
        (false, false) => format!(": {missing} missing, {surplus} too many"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: &str, line: &str) -> String {
        match check(kind.parse().unwrap(), line.as_bytes()) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_header_of_another_kind_is_named() {
        assert_eq!(said("1min", BARS), "fine");
        assert_eq!(
            said(
                "1min",
                r#""timestamp","open","high","low","close","volume""#
            ),
            "fine"
        );
        assert_eq!(
            said("1min", QUOTES),
            "this file has quotes: use --timeframe quotes-1min"
        );
        assert_eq!(
            said("trades", BARS),
            "this file has bars: use --timeframe 1s, 1min, 1hour or 1day"
        );
        assert_eq!(
            said("quotes", TRADES),
            "this file has single trades: use --timeframe trades"
        );
        assert_eq!(
            said("1day", QUOTE_TICKS),
            "this file has single quotes: use --timeframe quotes"
        );
        assert!(said("1day", "ex_date,type,value,x").contains("corporate actions"));
    }

    #[test]
    fn a_header_that_fits_nothing_is_compared_column_by_column() {
        let vwap = "timestamp,open,high,low,close,vwap";
        assert!(said("1min", vwap).contains("volume missing, vwap too many"));
        assert!(said("1min", "2013-10-07T13:30:00Z,1,1,1,1,1").contains("no header line"));
        assert!(said("1min", "timestamp;open;high;low;close;volume").contains("semicolons"));
        assert!(said("1min", "\u{1}ELF;\u{2}\u{0}").contains("no text"));
        assert!(said("1min", "").contains("timestamp, open"));
    }
}
