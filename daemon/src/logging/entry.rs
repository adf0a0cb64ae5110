//! One event of the log as data: time, level, target, message and fields.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use trader_contract::Timestamp;

/// The longest message or field, in bytes; the rest is cut off.
const TEXT_BYTES_MAX: usize = 4_096;

/// One event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// Which part of the program speaks.
    pub target: &'static str,
    /// What happened.
    pub message: String,
    /// What it is about: `symbol`, `order_id`, `intent`, `route` and others.
    pub fields: BTreeMap<&'static str, String>,
}

impl Entry {
    /// Takes down an event.
    pub(super) fn of(event: &Event<'_>, at: Timestamp) -> Self {
        let metadata = event.metadata();
        let mut entry = Self {
            at,
            level: *metadata.level(),
            target: metadata.target(),
            message: String::new(),
            fields: BTreeMap::new(),
        };
        event.record(&mut entry);
        entry
    }

    /// Says how many lines were lost.
    pub(super) fn about_dropped(count: u64, at: Timestamp) -> Self {
        Self {
            at,
            level: Level::WARN,
            target: "traderd::logging",
            message: "log lines were lost: the log was not read fast enough; the daemon's own \
                      journal lacks none"
                .to_owned(),
            fields: BTreeMap::from([
                ("lost_since_start", count.to_string()),
                ("message_id", super::message_id::of("log", "dropped")),
            ]),
        }
    }

    fn put(&mut self, field: &Field, mut text: String) {
        if text.len() > TEXT_BYTES_MAX {
            let end = text.floor_char_boundary(TEXT_BYTES_MAX);
            text.truncate(end);
            text.push('…');
        }
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name(), text);
        }
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Writing to a string does not fail; a Debug that does leaves what it wrote.
        let _ = write!(text, "{value:?}");
        self.put(field, text);
    }
}
