//! Reads a file: its header, then row after row, each checked by itself and against the one before.

use std::io::Read;

use trader_calendar::Calendar;
use trader_contract::Timestamp;

use super::error::{BadRow, BadRows, CsvError};
use super::field::Times;
use super::header;
use super::input::{LINE_MAX, Line, Lines};
use super::problem::{Problem, excerpt};
use super::row::Row;
use super::shape::Shape;
use crate::hours::{Closed, Hours, HoursCursor};
use crate::rows::Rows;
use crate::series::{Kind, Resolution, Series};

/// How often progress is told, in lines.
const PROGRESS_LINES: u64 = 8192;

/// What to do with rows in extended hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedHours {
    /// They are taken, and counted apart.
    Taken,
    /// The file is refused.
    Refused,
}

/// What a file is checked against.
#[derive(Debug, Clone)]
pub struct Rules {
    /// When the exchange is open.
    pub calendar: Calendar,
    /// Whether rows may lie in extended hours.
    pub extended_hours: ExtendedHours,
    /// The most rows taken from a file; more are refused before they fill the memory.
    pub rows_max: u64,
}

impl Rules {
    /// The most rows of a file, unless told otherwise: fifty years of minutes with extended hours
    /// have half as many.
    pub const ROWS_MAX: u64 = 25_000_000;

    /// Takes extended hours and up to [`Self::ROWS_MAX`] rows.
    #[must_use]
    pub const fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            extended_hours: ExtendedHours::Taken,
            rows_max: Self::ROWS_MAX,
        }
    }
}

/// How far a file has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes of the input, as it came: of a gzip file, packed ones.
    pub bytes: u64,
    /// Rows, wrong ones included.
    pub rows: u64,
}

/// How many rows a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// In regular sessions.
    pub regular: u64,
    /// In extended hours.
    pub extended: u64,
    /// Bytes of the input, as it came.
    pub bytes: u64,
}

/// The rows of a file, all of them checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRows {
    /// The rows, in order; at least one.
    pub rows: Rows,
    /// How many of which.
    pub counts: Counts,
}

/// Reads a file, plain or gzip, as rows of `series`. `progress` hears from time to time how far it
/// got, and at the end.
///
/// # Errors
/// [`CsvError`]: the first wrong row refuses the file whole; the others are counted.
pub fn read(
    reader: impl Read,
    series: Series,
    rules: &Rules,
    progress: &mut dyn FnMut(Progress),
) -> Result<ReadRows, CsvError> {
    let mut lines = Lines::new(reader)?;
    match lines.next()? {
        None => return Err(CsvError::Empty),
        Some(line) => header::check(series.kind, line.text)?,
    }
    let mut checks = Checks::new(series, rules);
    let rows = match series.kind {
        Kind::Bars(_) => Rows::Bars(all(&mut lines, &mut checks, progress)?),
        Kind::Quotes(_) => Rows::Quotes(all(&mut lines, &mut checks, progress)?),
        Kind::Trades => Rows::Trades(all(&mut lines, &mut checks, progress)?),
        Kind::QuoteTicks => Rows::QuoteTicks(all(&mut lines, &mut checks, progress)?),
    };
    progress(Progress {
        bytes: lines.bytes(),
        rows: checks.rows,
    });
    let counts = checks.finish(lines.bytes())?;
    Ok(ReadRows { rows, counts })
}

/// Reads the lines after the header. Once a row is wrong, rows are still checked, not kept.
fn all<T: Row>(
    lines: &mut Lines<impl Read>,
    checks: &mut Checks<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<T>, CsvError> {
    let mut rows = Vec::new();
    let mut empty_line = None;
    while let Some(line) = lines.next()? {
        let number = line.number;
        if line.text.is_empty() {
            // Fine at the end of the file, and nowhere else.
            empty_line.get_or_insert(number);
            continue;
        }
        if let Some(number) = empty_line.take() {
            checks.refuse(number, b"", Problem::EmptyLine);
        }
        if let Some(row) = checks.take(line)?
            && checks.total == 0
        {
            rows.push(row);
        } else {
            rows = Vec::new();
        }
        if number.checked_rem(PROGRESS_LINES) == Some(0) {
            let rows = checks.rows;
            progress(Progress {
                bytes: lines.bytes(),
                rows,
            });
        }
    }
    Ok(rows)
}

/// What is remembered from row to row.
struct Checks<'a> {
    series: Series,
    rules: &'a Rules,
    times: Times,
    hours: HoursCursor,
    shape: Shape,
    /// The time of the row before, wrong or not, and its line.
    previous: Option<(Timestamp, u64)>,
    rows: u64,
    counts: Counts,
    first: Vec<BadRow>,
    total: u64,
}

impl<'a> Checks<'a> {
    fn new(series: Series, rules: &'a Rules) -> Self {
        Self {
            series,
            rules,
            times: Times::default(),
            hours: HoursCursor::new(rules.calendar.clone(), series.kind),
            shape: Shape::default(),
            previous: None,
            rows: 0,
            counts: Counts::default(),
            first: Vec::new(),
            total: 0,
        }
    }

    /// The row of a line, or a note of what is wrong with it.
    fn take<T: Row>(&mut self, line: Line<'_>) -> Result<Option<T>, CsvError> {
        self.rows = self.rows.saturating_add(1);
        if self.rows > self.rules.rows_max {
            return Err(CsvError::TooManyRows(self.rules.rows_max));
        }
        match self.row(line) {
            Ok(row) => Ok(Some(row)),
            Err(problem) => {
                self.refuse(line.number, line.text, problem);
                Ok(None)
            }
        }
    }

    fn row<T: Row>(&mut self, line: Line<'_>) -> Result<T, Problem> {
        if line.too_long {
            return Err(Problem::TooLong(LINE_MAX));
        }
        let row = T::read(line.text, &mut self.times)?;
        self.follows(row.at(), line.number, T::SHARES_TIMES)?;
        match self.hours.hours(row.at())? {
            Hours::Regular => self.counts.regular = self.counts.regular.saturating_add(1),
            Hours::Extended => match self.rules.extended_hours {
                ExtendedHours::Taken => {
                    self.counts.extended = self.counts.extended.saturating_add(1);
                }
                ExtendedHours::Refused => return Err(Problem::Extended(row.at())),
            },
        }
        Ok(row)
    }

    /// Whether a row may come after the one before, and starts where rows of its length do. A row
    /// that goes back counts as the one before the next: one stray row is one error, not thousands.
    fn follows(&mut self, at: Timestamp, line: u64, may_repeat: bool) -> Result<(), Problem> {
        let before = self.previous.replace((at, line));
        if let Some((previous, _)) = before {
            self.shape.add(at.since(previous));
        }
        if let Some(resolution) = self.series.kind.resolution()
            && resolution != Resolution::Day
            && at.nanos().checked_rem(resolution.nanos()) != Some(0)
        {
            return Err(Problem::Unaligned { at, resolution });
        }
        match before {
            Some((previous, previous_line)) if at < previous => Err(Problem::Backwards {
                at,
                previous,
                previous_line,
            }),
            Some((previous, first_line)) if at == previous && !may_repeat => {
                Err(Problem::Duplicate { at, first_line })
            }
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, line: u64, text: &[u8], problem: Problem) {
        self.total = self.total.saturating_add(1);
        if self.first.len() < BadRows::LISTED_MAX {
            self.first.push(BadRow {
                line,
                text: excerpt(text),
                problem,
            });
        }
    }

    fn finish(self, bytes: u64) -> Result<Counts, CsvError> {
        if let Some(first) = self.first.first() {
            let guess = self.shape.looks_like(self.series.kind);
            let looks_like = guess.filter(|guess| match &first.problem {
                Problem::Unaligned { .. } | Problem::Closed(Closed::NotMidnight { .. }) => true,
                // Rows of days are stamped with a time of night.
                Problem::Closed(_) => guess.ends_with(Resolution::Day.name()),
                _ => false,
            });
            return Err(CsvError::Rows(Box::new(BadRows {
                series: self.series,
                first: self.first,
                total: self.total,
                rows: self.rows,
                looks_like,
            })));
        }
        if self.rows == 0 {
            return Err(CsvError::NoRows);
        }
        self.shape.check(self.series, self.rows)?;
        Ok(Counts {
            bytes,
            ..self.counts
        })
    }
}
