//! What surrounds trading: `[calendar]`, `[log]` and `[rpc]`.

use std::path::PathBuf;

use serde::Serialize;
use trader_calendar::{Calendar, CalendarError};

use super::section::{Section, choice};

/// The exchange calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarSettings {
    /// A file with closures and early closes that the built-in table does not know.
    pub overrides: Option<PathBuf>,
}

/// Why the calendar of a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalendarFileError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; name a readable file, or leave the key out", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that the calendar refuses.
    #[error("{}: {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CalendarError,
    },
}

impl CalendarSettings {
    /// The exchange calendar with the overrides of the file.
    ///
    /// # Errors
    /// The file cannot be read, or says something that the calendar refuses.
    pub fn calendar(&self) -> Result<Calendar, CalendarFileError> {
        let shipped = Calendar::nyse();
        let Some(path) = &self.overrides else {
            return Ok(shipped);
        };
        let text =
            std::fs::read_to_string(path).map_err(|source| CalendarFileError::Unreadable {
                path: path.clone(),
                source,
            })?;
        shipped
            .with_overrides(&text)
            .map_err(|source| CalendarFileError::Refused {
                path: path.clone(),
                source,
            })
    }

    pub(super) fn read(mut section: Section<'_>) -> Self {
        let calendar = Self {
            overrides: section
                .text("overrides")
                .map(|(_, text)| PathBuf::from(text)),
        };
        section.finish();
        calendar
    }
}

choice! {
    /// How much is logged.
    LogLevel {
        /// What failed.
        Error = "error",
        /// And what a person should look at.
        Warn = "warn",
        /// And what happened.
        Info = "info",
        /// And how.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

choice! {
    /// Where the log goes, in which form.
    LogFormat {
        /// The journal where there is one, else text.
        Auto = "auto",
        /// The journal, with fields.
        Journal = "journal",
        /// Lines on stderr.
        Text = "text",
        /// JSON lines on stderr.
        Json = "json",
        /// Nowhere but in memory, for `traderctl logs`.
        Memory = "memory",
    }
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogSettings {
    /// How much is logged.
    pub level: LogLevel,
    /// Where, in which form.
    pub format: LogFormat,
    /// Recent events kept in memory for `traderctl logs`: 100 to 100000.
    pub keep_events: u32,
    /// Minutes between two entries with the head of the journal: 0 to 1440; 0 for none.
    pub journal_head_minutes: u32,
}

impl LogSettings {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let log = Self {
            level: section.word("level", LogLevel::Info),
            format: section.word("format", LogFormat::Auto),
            keep_events: section.integer("keep_events", 2_000, 100..=100_000),
            journal_head_minutes: section.integer("journal_head_minutes", 5, 0..=1_440),
        };
        section.finish();
        log
    }
}

/// The limits of the RPC sockets, each counted per socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RpcSettings {
    /// Clients at one time: 2 to 256.
    pub max_connections: u32,
    /// Requests of one client in a second, on average: 1 to 1000.
    pub requests_per_second: u32,
    /// Requests of one client at once: 1 to 2000.
    pub request_burst: u32,
    /// Milliseconds that a client may take for its upgrade request: 100 to 60000.
    pub header_timeout_ms: u32,
    /// Milliseconds until a call that the engine has not answered fails: 100 to 60000.
    pub call_timeout_ms: u32,
    /// Journal entries kept for subscribers that are behind; older ones are told as missed: 16 to
    /// 65536.
    pub event_buffer: u32,
}

impl RpcSettings {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let rpc = Self {
            max_connections: section.integer("max_connections", 32, 2..=256),
            requests_per_second: section.integer("requests_per_second", 50, 1..=1_000),
            request_burst: section.integer("request_burst", 100, 1..=2_000),
            header_timeout_ms: section.integer("header_timeout_ms", 5_000, 100..=60_000),
            call_timeout_ms: section.integer("call_timeout_ms", 5_000, 100..=60_000),
            event_buffer: section.integer("event_buffer", 1_024, 16..=65_536),
        };
        section.finish();
        rpc
    }
}
