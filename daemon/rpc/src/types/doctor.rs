//! Whether everything around the daemon is as trading needs it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::status::Mode;

/// What came of looking at everything around the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Whether a running daemon looked at itself; else it was looked at from beside it.
    pub running: bool,
    /// What the configuration trades with.
    pub mode: Mode,
    /// One check after the other.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// Whether something has to be put right.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.checks
            .iter()
            .any(|check| check.outcome == Outcome::Bad)
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What: `keys`, `account`, `clock` and so on.
    pub name: String,
    /// How it is.
    pub outcome: Outcome,
    /// What was found, in words.
    pub finding: String,
    /// What to do about it; `null` where there is nothing.
    pub next: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Good,
    /// It was not looked at, or does not matter here; the finding says why.
    LeftOut,
    /// It works, and somebody should know of it.
    Warning,
    /// It has to be put right.
    Bad,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "good",
            Self::LeftOut => "left out",
            Self::Warning => "warning",
            Self::Bad => "BAD",
        })
    }
}
