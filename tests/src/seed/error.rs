//! Why a golden case could not be run at all. A result that differs is no error but a mismatch.

use std::path::PathBuf;

/// Why a golden case could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file is missing or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {what}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A number of the run does not fit the type that production uses for it.
    #[error("{what} = {value} does not fit")]
    Number {
        /// What it is.
        what: &'static str,
        /// The number.
        value: String,
    },
    /// The exchange calendar has no answer.
    #[error("{0}")]
    Calendar(#[from] trader_calendar::CalendarError),
    /// The strategy refuses the case's settings.
    #[error("{0}")]
    Settings(#[from] trader_contract::SettingError),
    /// The settings make no sense together.
    #[error("{0}")]
    Build(#[from] trader_contract::BuildError),
}

impl SeedError {
    /// A number that does not fit.
    pub(crate) fn number(what: &'static str, value: impl ToString) -> Self {
        Self::Number {
            what,
            value: value.to_string(),
        }
    }
}
