//! Why a file was refused. Every message says what was found, where, and what to do.

use std::fmt;
use std::io;

use super::header::HeaderError;
use super::problem::Problem;
use crate::series::{Kind, Series};

/// Why a CSV file was refused. Nothing of a refused file is returned.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The input ended or failed for a reason of its own.
    #[error("the file cannot be read: {0}; nothing was taken from it")]
    Input(#[source] io::Error),
    /// It is some other format.
    #[error("the file is {0}, not CSV or gzipped CSV; unpack or convert it first")]
    NotText(&'static str),
    /// It is larger than such a file can be.
    #[error("the file has more than {0} bytes; check that it is the right one")]
    TooLarge(u64),
    /// The packed data end too early.
    #[error("the gzip file ends in the middle of its data; transfer it again")]
    GzipCutShort,
    /// The packed data are damaged, or something follows them.
    #[error("the gzip file is damaged ({0}); transfer it again, `gzip -t` tests it")]
    GzipCorrupt(String),
    /// There is not even a header.
    #[error("the file is empty; it needs a header line and rows")]
    Empty,
    /// There is a header and nothing else.
    #[error("the file has a header and no rows; there is nothing to store")]
    NoRows,
    /// The first line is not the header of this kind of rows.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Some rows are wrong.
    #[error(transparent)]
    Rows(#[from] Box<BadRows>),
    /// Every row is right, and yet they are spaced like those of a longer timeframe.
    #[error(
        "all {rows} rows are spaced by multiples of {spacing}, which is not how {} data look; {}",
        .series.kind, match .fits {
            Some(kind) => format!("these look like {kind}: use --timeframe {kind}"),
            None => "there is no such timeframe: get the bars in 1s, 1min, 1hour or 1day".to_owned(),
        }
    )]
    Spacing {
        /// What was asked for.
        series: Series,
        /// How many rows there are.
        rows: u64,
        /// The spacing in words, such as `5 minutes`.
        spacing: String,
        /// The kind that has this spacing, if one has.
        fits: Option<Kind>,
    },
    /// More rows than are taken at once.
    #[error("the file has more than {0} rows; split it, by years for instance")]
    TooManyRows(u64),
}

/// One row that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its line, counted from 1, the header's.
    pub line: u64,
    /// Its text, at most 120 characters of it.
    pub text: String,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// The rows for which a file was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRows {
    /// What was asked for.
    pub series: Series,
    /// The first of them, at most [`BadRows::LISTED_MAX`].
    pub first: Vec<BadRow>,
    /// How many there are in the whole file.
    pub total: u64,
    /// How many rows were looked at.
    pub rows: u64,
    /// What the rows look like instead, if their spacing tells: `1s`, `trades`.
    pub looks_like: Option<&'static str>,
}

impl BadRows {
    /// How many wrong rows are listed.
    pub const LISTED_MAX: usize = 5;
}

impl std::error::Error for BadRows {}

impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.first.split_first() else {
            return f.write_str("a row is wrong; check the file");
        };
        write!(f, "{first}; the row is {:?}; ", first.text)?;
        match self.looks_like {
            Some(kind) => write!(f, "this looks like {kind} data, not {}; ", self.series.kind)?,
            None => write!(f, "{}; ", first.problem.advice())?,
        }
        if others.is_empty() {
            return f.write_str("the file was refused whole");
        }
        write!(
            f,
            "{} of {} rows are wrong and the file was refused whole",
            self.total, self.rows
        )?;
        for row in others {
            write!(f, "; {row}")?;
        }
        let listed = u64::try_from(self.first.len()).unwrap_or(u64::MAX);
        match self.total.saturating_sub(listed) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
