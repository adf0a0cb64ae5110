//! What a watcher hears: log lines and entries of the journal, each with a number.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, Symbol, Timestamp};

use super::job::Job;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Steps inside a step.
    Trace,
    /// Steps.
    Debug,
    /// What happens.
    Info,
    /// What should not happen.
    Warn,
    /// What needs somebody.
    Error,
}

impl LogLevel {
    /// Every level, the least first.
    pub const ALL: [Self; 5] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for LogLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| format!("{text:?} is not a level: trace, debug, info, warn or error"))
    }
}

/// One line of the daemon's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Counted from 1 since the daemon started.
    pub seq: u64,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// The part of the program that wrote it.
    pub target: String,
    /// What it says.
    pub message: String,
    /// The fields beside it: `symbol`, `order_id`, `intent`, `route` and others.
    pub fields: BTreeMap<String, String>,
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// Its number in the journal.
    pub seq: u64,
    /// The engine's time of it.
    pub at: Timestamp,
    /// What kind, `snake_case`.
    pub kind: String,
    /// The symbol it is about.
    pub symbol: Option<Symbol>,
    /// The order it is about.
    pub order: Option<ClientOrderId>,
    /// The intent it belongs to.
    pub intent: Option<String>,
    /// What happened, in one line.
    pub text: String,
}

/// What to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStream {
    /// Log lines.
    Log,
    /// Entries of the journal.
    Journal,
    /// Jobs, whenever something about one changes.
    Jobs,
}

/// One thing heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A log line.
    Log(LogLine),
    /// An entry of the journal.
    Journal(JournalLine),
    /// A job as it is now.
    Job {
        /// Counted from 1 since the daemon started.
        seq: u64,
        /// The job.
        job: Box<Job>,
    },
    /// Some were missed, because they are no longer kept or the reader was too slow.
    Missed {
        /// The number after which they are missing.
        after_seq: u64,
        /// The number of the next one that will come.
        next_seq: u64,
    },
}

impl Event {
    /// Where to go on after it: the `after_seq` of the next subscription.
    #[must_use]
    pub const fn resume_after(&self) -> u64 {
        match self {
            Self::Log(line) => line.seq,
            Self::Journal(line) => line.seq,
            Self::Job { seq, .. } => *seq,
            Self::Missed { next_seq, .. } => next_seq.saturating_sub(1),
        }
    }
}
