//! What can be wrong with a question to the calendar or with its overrides.

use chrono::{NaiveDate, NaiveDateTime};

/// Why the calendar gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The table ends before, or begins after, the date. Guessing would trade on a holiday.
    #[error(
        "{date} is outside the years {first_year} to {last_year} that the exchange calendar covers; \
         update the package, or list the year in the calendar overrides"
    )]
    NotCovered {
        /// The date in question, in New York.
        date: NaiveDate,
        /// First year covered.
        first_year: i32,
        /// Last year covered.
        last_year: i32,
    },
    /// A line of the overrides was refused; none of them applies.
    #[error("calendar overrides, line {line}: {problem}")]
    Override {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it and what to do about it.
        problem: String,
    },
    /// New York's clocks skip this time of day on this date.
    #[error("the clocks in New York never show {0}")]
    NoSuchTime(NaiveDateTime),
}
