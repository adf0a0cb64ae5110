//! What can come into the engine. Each event arrives with the time it was stamped with at the door;
//! inside, time is that stamp.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{
    Bar, BrokerEvent, ClientOrderId, FeedEvent, Price, Quote, Symbol, SymbolId, Timestamp,
};

use crate::record::{IntentId, Scope};

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// The feed of market data said something of itself.
    Feed(FeedEvent),
    /// The broker said something.
    Broker(BrokerEvent),
    /// How far our clock is ahead of the broker's, half of the round trip taken off.
    Skew {
        /// Nanoseconds; negative where ours is behind.
        nanos: i64,
    },
    /// A company has split its shares, or drawn them together: who held `old` holds `new` from now
    /// on. Comes before the open of the day from which it holds; where it comes at a start, before the
    /// broker was heard, the bars of the past are in prices of the new shares.
    Split {
        /// The symbol.
        symbol: Symbol,
        /// Shares after it; at least 1.
        new: u32,
        /// Shares before it; at least 1.
        old: u32,
    },
    /// The time that [`crate::Engine::next_timer`] named has come.
    Timer,
    /// The journal takes nothing more: entries stop, protecting and reducing go on from memory.
    JournalFailed {
        /// What the store said.
        why: Box<str>,
        /// Positions whose adoption was in what it did not take, by the entry that stands for each.
        #[serde(default)]
        lost: Box<[ClientOrderId]>,
    },
    /// What was about to leave was not what the book says, and was not sent.
    AuditFailed {
        /// What differed.
        why: Box<str>,
    },
    /// The session's recording was given up, or goes on again. Nothing of trading depends on it; a person
    /// is told.
    Recording {
        /// Why it was given up; `None` when it goes on.
        failed: Option<Box<str>>,
    },
    /// The broker's calendar was compared with ours. The narrower hours hold, until it is compared again.
    Calendar {
        /// The days of which the broker says otherwise; none where both agree.
        differing: Box<[BrokerDay]>,
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

/// What the broker's calendar says of a day of which ours says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerDay {
    /// The day, a date in New York.
    pub date: NaiveDate,
    /// When it opens and when it closes; `None` where it is closed.
    pub hours: Option<(Timestamp, Timestamp)>,
}

/// What an operator may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// No new positions until somebody arms again, over restarts too; waiting entries are cancelled.
    /// Stops stay.
    Kill {
        /// What it is about.
        scope: Scope,
        /// Close the positions too.
        flatten: bool,
    },
    /// Lift a kill; in live mode, and with everything in scope, allow this account under this
    /// configuration.
    Arm {
        /// What it is about.
        scope: Scope,
        /// The account's number, where the caller names one: it must be the broker's.
        account: Option<Box<str>>,
    },
    /// Take the leave to trade live back.
    Disarm,
    /// Compare with the broker now.
    Reconcile,
    /// Take a position at the broker that this store did not make under protection, and close it with
    /// the day.
    Adopt {
        /// The symbol.
        symbol: Symbol,
        /// Where its stop is to rest; where none is named, as far away as the configuration says.
        stop: Option<Price>,
    },
    /// Leave what this store did not make in a symbol to its owner, and say no more of it.
    Ignore(Symbol),
    /// Show what would leave if a refused entry were sent all the same, and wait for a confirmation.
    Override {
        /// The refused intent.
        intent: IntentId,
        /// How long a confirmation is waited for, in nanoseconds; at most five minutes.
        within_nanos: i64,
    },
    /// Send it, once.
    ConfirmOverride {
        /// The refused intent.
        intent: IntentId,
        /// The code of what was shown.
        code: Box<str>,
    },
    /// A person has seen an alert.
    AckAlert {
        /// Its number: that of its journal entry.
        number: u64,
    },
    /// Get ready to end: no entries, then close positions or make sure that their stops rest.
    Stop {
        /// Close the positions first.
        flatten: bool,
    },
}
