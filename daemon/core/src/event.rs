//! What can come into the engine. Each event arrives with the time it was stamped with at the door;
//! inside, time is that stamp.

use std::sync::Arc;

use trader_contract::{Bar, BrokerEvent, ClientOrderId, Quote, Symbol, SymbolId};

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The first event of a run: ask the broker what it holds before anything is sent.
    Start,
    /// A finished one-minute bar, or a row that is a bar of its own: see [`crate::Market`].
    Bar {
        /// The symbol.
        symbol: SymbolId,
        /// The bar.
        bar: Bar,
    },
    /// Bars of the past, oldest first, for warming up. No order comes of them.
    History {
        /// The symbol.
        symbol: SymbolId,
        /// The bars.
        bars: Arc<[Bar]>,
    },
    /// The best bid and offer changed.
    Quote {
        /// The symbol.
        symbol: SymbolId,
        /// The quote.
        quote: Quote,
    },
    /// The broker said something.
    Broker(BrokerEvent),
    /// The time that [`crate::Engine::next_timer`] named has come.
    Timer,
    /// The journal takes nothing more: entries stop, protecting and reducing go on from memory.
    JournalFailed {
        /// What the store said.
        why: Box<str>,
    },
    /// A person asked for something.
    Operator {
        /// What.
        command: OperatorCommand,
        /// The peer's user id.
        uid: u32,
        /// The id of the call, given by the client.
        request: Box<str>,
    },
}

/// What an operator may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorCommand {
    /// No new entries; protecting and reducing go on.
    Pause,
    /// Entries again.
    Resume,
    /// Close the position in a symbol and cancel its waiting entry.
    Close(Symbol),
    /// Cancel one order.
    Cancel(ClientOrderId),
    /// Pause, cancel every entry, close every position, and confirm with the broker.
    Flatten,
    /// Get ready to end: no entries, then close positions or make sure that their stops rest.
    Stop {
        /// Close the positions first.
        flatten: bool,
    },
}
