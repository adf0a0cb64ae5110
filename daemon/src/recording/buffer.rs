//! What the engine's thread writes down: slots of one size for bars, everything else behind them. A
//! buffer is filled, handed to the writer, and comes back empty, so that a bar allocates nothing.

use trader_contract::{Bar, SymbolId, Timestamp};
use trader_core::{Command, Commands, Event};
use trader_recording::{EncodeError, Encoder};

/// Slots of a buffer: few, so that the writer begins early and what goes round stays in the cache.
pub(super) const SLOTS: usize = 1_024;

/// One thing, in the order in which it happened.
#[derive(Debug)]
enum Slot {
    /// The engine takes a bar.
    Bar(Timestamp, SymbolId, Bar),
    /// It takes the next of the other events.
    Event(Timestamp),
    /// So many commands came of the event before.
    Commands(usize),
}

/// A part of a recording on its way to the writer.
#[derive(Debug)]
pub(super) struct Buffer {
    slots: Vec<Slot>,
    events: Vec<Event>,
    commands: Vec<Command>,
}

impl Buffer {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::with_capacity(SLOTS),
            events: Vec::new(),
            commands: Vec::new(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.slots.len() >= SLOTS
    }

    /// The engine takes an event.
    #[inline]
    pub(super) fn event(&mut self, at: Timestamp, event: &Event) {
        if let Event::Bar { symbol, bar } = event {
            self.slots.push(Slot::Bar(at, *symbol, *bar));
        } else {
            self.events.push(event.clone());
            self.slots.push(Slot::Event(at));
        }
    }

    /// These commands came of the event before; they are taken out.
    pub(super) fn commands(&mut self, commands: &mut Commands) {
        let before = self.commands.len();
        self.commands.extend(commands.drain());
        let count = self.commands.len().saturating_sub(before);
        self.slots.push(Slot::Commands(count));
    }

    /// Writes everything down, and empties it.
    ///
    /// # Errors
    /// Something cannot be written down; it is empty all the same.
    pub(super) fn encode(&mut self, into: &mut Encoder) -> Result<(), EncodeError> {
        let mut outcome = Ok(());
        let mut events = self.events.drain(..);
        let mut rest = self.commands.as_slice();
        for slot in self.slots.drain(..) {
            if outcome.is_err() {
                break;
            }
            outcome = match slot {
                Slot::Bar(at, symbol, bar) => {
                    into.bar(at, symbol, &bar);
                    Ok(())
                }
                Slot::Event(at) => match events.next() {
                    Some(event) => into.event(at, &event),
                    None => Ok(()),
                },
                Slot::Commands(count) => {
                    let (these, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                    rest = others;
                    into.commands(these)
                }
            };
        }
        drop(events);
        self.clear();
        outcome
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.events.clear();
        self.commands.clear();
    }
}
