//! Holds back lines that say the same again and again, so that a client or a library that misbehaves
//! neither fills the log nor pushes out what matters. What the engine did, and every error, always passes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tracing::Level;
use trader_contract::Timestamp;

use super::Entry;
use crate::journal_log;

/// Lines of one text that pass in [`WINDOW`].
const LINES: u32 = 200;
/// Nanoseconds after which they are counted anew.
const WINDOW: i64 = 30 * Timestamp::SECOND;
/// Texts that are counted at one time; more of them pass uncounted.
const TEXTS: usize = 256;

/// Counts lines by their text, which has no values in it.
#[derive(Debug, Default)]
pub(super) struct Brake(Mutex<BTreeMap<(&'static str, String), Count>>);

#[derive(Debug)]
struct Count {
    since: Timestamp,
    lines: u32,
    held_back: u64,
}

impl Brake {
    /// Whether a line is to be written; the first one of its text after some were held back says how
    /// many were.
    pub(super) fn lets_pass(&self, entry: &mut Entry) -> bool {
        if entry.target == journal_log::TARGET || entry.level == Level::ERROR {
            return true;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (entry.target, entry.message.clone());
        let now = entry.at;
        if !counts.contains_key(&key) {
            if counts.len() >= TEXTS {
                counts.retain(|_, count| now.since(count.since) < WINDOW);
            }
            if counts.len() >= TEXTS {
                return true;
            }
        }
        let count = counts.entry(key).or_insert(Count {
            since: now,
            lines: 0,
            held_back: 0,
        });
        if now.since(count.since) >= WINDOW {
            count.since = now;
            count.lines = 0;
        }
        if count.lines >= LINES {
            count.held_back = count.held_back.saturating_add(1);
            return false;
        }
        count.lines = count.lines.saturating_add(1);
        if count.held_back > 0 {
            let held_back = std::mem::take(&mut count.held_back);
            entry.fields.insert("held_back", held_back.to_string());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(target: &'static str, level: Level, message: &str, seconds: i64) -> Entry {
        Entry {
            at: Timestamp::from_seconds(seconds),
            level,
            target,
            message: message.to_owned(),
            fields: BTreeMap::new(),
        }
    }

    fn passed(brake: &Brake, line: &Entry) -> usize {
        (0..1_000)
            .filter(|_| brake.lets_pass(&mut line.clone()))
            .count()
    }

    #[test]
    fn what_repeats_is_held_back_and_counted_and_what_else_is_said_passes() {
        let brake = Brake::default();
        let noise = entry("traderd::server", Level::WARN, "call refused", 0);
        assert_eq!(passed(&brake, &noise), 200);
        let other = entry("traderd::server", Level::WARN, "another", 1);
        assert!(brake.lets_pass(&mut other.clone()));
        let mut later = entry("traderd::server", Level::WARN, "call refused", 30);
        assert!(brake.lets_pass(&mut later));
        assert_eq!(later.fields["held_back"], "800");
        let mut next = entry("traderd::server", Level::WARN, "call refused", 30);
        assert!(brake.lets_pass(&mut next));
        assert!(next.fields.is_empty());
    }

    #[test]
    fn orders_and_errors_are_never_held_back() {
        let brake = Brake::default();
        let order = entry(journal_log::TARGET, Level::INFO, "order sent", 0);
        assert_eq!(passed(&brake, &order), 1_000);
        let error = entry("traderd::server", Level::ERROR, "broken", 0);
        assert_eq!(passed(&brake, &error), 1_000);
    }

    #[test]
    fn many_texts_do_not_fill_the_memory() {
        let brake = Brake::default();
        for number in 0..1_000 {
            let mut line = entry("x", Level::WARN, &number.to_string(), 0);
            assert!(brake.lets_pass(&mut line));
        }
        assert_eq!(brake.0.lock().unwrap().len(), TEXTS);
        let mut later = entry("x", Level::WARN, "new", 60);
        assert!(brake.lets_pass(&mut later));
        assert_eq!(brake.0.lock().unwrap().len(), 1);
    }
}
