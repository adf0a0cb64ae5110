//! What the book keeps of entries that a person may override, and of the override that waits.

use serde::{Deserialize, Serialize};
use trader_contract::{Direction, EntryPrice, EntrySize, Intent, Level, Symbol, Timestamp};

use super::Book;
use crate::record::{Decision, IntentId, Origin, Override, Record};
use crate::risk::waiver::Waivable;

/// Refused entries that are remembered.
const REFUSED_KEPT: usize = 32;

/// An entry that a limit refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEntry {
    /// The intent.
    pub intent: IntentId,
    /// When it was refused.
    pub at: Timestamp,
    /// The route whose strategy wanted it.
    pub route: Box<str>,
    /// In which symbol.
    pub symbol: Symbol,
    /// Which way.
    pub direction: Direction,
    /// At which price.
    pub entry: EntryPrice,
    /// Where its stop was to rest.
    pub stop: Option<Level>,
    /// Where its target was to rest.
    pub target: Option<Level>,
    /// How large.
    pub size: EntrySize,
    /// After how many bars it would have been cancelled.
    pub expires_after_bars: Option<u16>,
}

/// An override that waits for its confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What was asked for.
    pub what: Override,
    /// How often a wrong code was given.
    pub misses: u8,
}

impl Book {
    /// Remembers an entry that a limit refused, if that limit can be overridden.
    pub(super) fn keep_refused(&mut self, at: Timestamp, record: &Record) {
        let Record::IntentTaken {
            id,
            origin: Origin::Strategy { route },
            symbol,
            intent:
                Intent::Enter {
                    direction,
                    entry,
                    stop,
                    target,
                    size,
                    expires_after_bars,
                    ..
                },
            decision: Decision::Refused { rule, .. },
            ..
        } = record
        else {
            return;
        };
        if Waivable::of_rule(rule).is_none() {
            return;
        }
        if self.refused.len() >= REFUSED_KEPT {
            self.refused.remove(0);
        }
        self.refused.push(RefusedEntry {
            intent: *id,
            at,
            route: route.clone(),
            symbol: *symbol,
            direction: *direction,
            entry: *entry,
            stop: *stop,
            target: *target,
            size: *size,
            expires_after_bars: *expires_after_bars,
        });
    }

    /// The records of overrides.
    pub(super) fn apply_override(&mut self, record: &Record) {
        match record {
            Record::OverrideAsked { asked } => {
                let what = asked.clone();
                self.asked = Some(Asked { what, misses: 0 });
            }
            Record::OverrideMissed { .. } => {
                if let Some(asked) = &mut self.asked {
                    asked.misses = asked.misses.saturating_add(1);
                }
            }
            Record::OverrideEnded { intent, end, .. } => {
                self.asked = None;
                if *end == crate::record::OverrideEnd::Used {
                    self.refused.retain(|refused| refused.intent != *intent);
                }
            }
            _ => {}
        }
    }
}
