//! What a segment opens with: enough to make the engine that took what follows.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{Epoch, Symbol, Timestamp};
use trader_core::Snapshot;
use trader_core::book::Book;

/// The version of what an opening holds.
pub const FORMAT: u32 = 1;

/// The first frame of a segment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opening {
    /// [`FORMAT`], when it was written.
    pub format: u32,
    /// The session, a date in New York.
    pub session: NaiveDate,
    /// Its place among the session's segments, from 1.
    pub segment: u32,
    /// The engine's time.
    pub at: Timestamp,
    /// The daemon's mode.
    pub mode: Box<str>,
    /// The version of the program that recorded.
    pub version: Box<str>,
    /// SHA-256 of its file, in hexadecimal.
    pub binary: Box<str>,
    /// The configuration in force, without what may be a secret, as TOML.
    pub config: Box<str>,
    /// The configuration's fingerprint.
    pub config_hash: Box<str>,
    /// What the engine was told of the program: version and build.
    pub program: Box<str>,
    /// The account that may be traded with real money.
    pub live: Option<Box<str>>,
    /// The calendar's overrides, as their file had them.
    pub calendar: Option<Box<str>>,
    /// The store's generation.
    pub epoch: Epoch,
    /// The symbols, in the order of their ids.
    pub symbols: Vec<Symbol>,
    /// What the engine began with.
    pub begins: Beginning,
}

/// What an engine begins with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// The program started: the book as the journal left it. Its warm-up bars follow.
    Start {
        /// The book.
        book: Box<Book>,
        /// The number of the journal's next entry.
        next_seq: u64,
    },
    /// The program went on from the session before: everything that the engine knew.
    Running {
        /// What it knew.
        snapshot: Box<Snapshot>,
    },
    /// The segment before was full: the engine is the one that it left.
    Continues,
}

impl Opening {
    /// Whether a life of the program, or a session of it, begins here.
    #[must_use]
    pub const fn begins_a_life(&self) -> bool {
        !matches!(self.begins, Beginning::Continues)
    }
}
