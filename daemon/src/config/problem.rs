//! What is wrong with a configuration, where it stands, and the list that collects it.

use std::fmt;
use std::sync::Arc;

/// A place in a file. Lines and columns count from 1; columns count characters. Line 0 is no line:
/// what was said on a command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The layer's number, so that problems are listed in the order in which files are read.
    pub layer: usize,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The file as it was named.
    pub file: Arc<str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

/// One thing that is wrong, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands; `None` for what no file says.
    pub place: Option<Place>,
    /// The path of the key, `risk.risk_per_trade`; empty where it is about the whole.
    pub key: String,
    /// What is wrong, why, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a configuration, in the order of its files. Never empty as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(
        &mut self,
        place: Option<Place>,
        key: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.0.push(Problem {
            place,
            key: key.into(),
            message: message.into(),
        });
    }

    /// Finds the places of those that have none: of the key, or of the table in which it is not said.
    pub(super) fn locate(&mut self, place_of: impl Fn(&str) -> Option<Place>) {
        for problem in &mut self.0 {
            if problem.place.is_none() {
                problem.place = place_of(&problem.key);
            }
        }
    }

    /// The problems.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// `value` if nothing is wrong, else everything that is, sorted by place.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by(|a, b| a.place.cmp(&b.place));
        Err(self)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 problem in the configuration"),
            count => write!(f, "{count} problems in the configuration"),
        }
    }
}

impl std::error::Error for Problems {}
