//! Compares what a run gave with a golden file, cell by cell: decimals exact, doubles to 1e-9.

use std::fmt;
use std::path::Path;

use rust_decimal::Decimal;

use super::error::SeedError;
use super::input::open_csv;
use super::rows::{Cell, Table};

/// Doubles may differ by this share of the expected one.
const TOLERANCE: f64 = 1e-9;

/// How many mismatches of one file are worth reading.
pub const MISMATCHES_SHOWN: usize = 8;

/// One difference.
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// The case.
    pub case: String,
    /// The file within it.
    pub file: String,
    /// The row, counted from 1 without the header; 0 for the file as a whole.
    pub row: usize,
    /// The column.
    pub column: String,
    /// What the file says.
    pub expected: String,
    /// What the run gave.
    pub got: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} row {} {}: expected {}, got {}",
            self.case, self.file, self.row, self.column, self.expected, self.got
        )
    }
}

/// Compares a table with its golden file and adds what differs to `found`.
///
/// # Errors
/// The file cannot be read.
pub fn table(
    case: &str,
    folder: &Path,
    got: &Table,
    found: &mut Vec<Mismatch>,
) -> Result<(), SeedError> {
    let path = folder.join(got.file);
    let mut reader = open_csv(&path)?;
    let broken = |error: csv::Error| SeedError::Content {
        path: path.clone(),
        what: error.to_string(),
    };
    let mismatch = |row, column: &str, expected: String, got_text: String| Mismatch {
        case: case.to_owned(),
        file: got.file.to_owned(),
        row,
        column: column.to_owned(),
        expected,
        got: got_text,
    };
    let header: Vec<String> = reader
        .headers()
        .map_err(broken)?
        .iter()
        .map(str::to_owned)
        .collect();
    if header != got.columns {
        let columns = format!("{:?}", got.columns);
        found.push(mismatch(0, "columns", format!("{header:?}"), columns));
        return Ok(());
    }
    let (mut rows, mut shown) = (0_usize, 0_usize);
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let cells = got.rows.get(rows).map(Vec::as_slice).unwrap_or_default();
        rows = rows.saturating_add(1);
        for ((column, expected), cell) in header.iter().zip(&record).zip(cells) {
            if !agrees(cell, expected) && shown < MISMATCHES_SHOWN {
                shown = shown.saturating_add(1);
                found.push(mismatch(rows, column, expected.to_owned(), text(cell)));
            }
        }
    }
    if rows != got.rows.len() {
        let count = got.rows.len().to_string();
        found.push(mismatch(0, "rows", rows.to_string(), count));
    }
    Ok(())
}

/// Compares one value with the text that a golden file has for it.
#[must_use]
pub fn agrees(got: &Cell, expected: &str) -> bool {
    let decimal = |text: &str| {
        text.parse::<Decimal>()
            .or_else(|_| Decimal::from_scientific(text))
            .ok()
    };
    match got {
        Cell::Empty => expected.is_empty(),
        Cell::Word(word) => *word == expected,
        Cell::Text(text) => text == expected,
        Cell::Time(at) => expected.parse() == Ok(*at),
        Cell::Count(count) => expected.parse() == Ok(*count),
        Cell::Exact(exact) => decimal(expected) == Some(*exact),
        Cell::From(exact) => expected
            .strip_prefix("from ")
            .is_some_and(|text| decimal(text) == Some(*exact)),
        Cell::Rounded(rounded) => {
            let text = rounded.to_string();
            close(text.parse().ok(), expected.parse().ok())
        }
        Cell::Float(float) => close(Some(*float), expected.parse().ok()),
        Cell::NotAnyOf(others) => !others.contains(&expected),
    }
}

fn close(got: Option<f64>, expected: Option<f64>) -> bool {
    match (got, expected) {
        (Some(got), Some(expected)) => (got - expected).abs() <= TOLERANCE * expected.abs(),
        _ => false,
    }
}

/// A cell as a report shows it.
#[must_use]
pub fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "nothing".to_owned(),
        Cell::Word(word) => (*word).to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Time(at) => at.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Exact(decimal) | Cell::Rounded(decimal) => decimal.to_string(),
        Cell::Float(float) => float.to_string(),
        Cell::From(decimal) => format!("from {decimal}"),
        Cell::NotAnyOf(others) => format!("none of {others:?}"),
    }
}
