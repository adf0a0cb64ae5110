//! What a tracer keeps of a lane at a bar: what its strategy saw, which conditions it looked at, what
//! would have kept an entry out, and what came of it. Plain values; nothing is computed here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use trader_contract::{Condition, Direction, Symbol, Timeframe, Timestamp};

use crate::record::{IntentId, Seen};

/// A lane at one finished bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// When the bar was taken.
    pub at: Timestamp,
    /// The lane's route.
    pub route: Box<str>,
    /// The strategy behind it.
    pub strategy: Box<str>,
    /// The lane's symbol.
    pub symbol: Symbol,
    /// The length of its bars.
    pub timeframe: Timeframe,
    /// The bar, and the indicators with it.
    pub seen: Seen,
    /// How many minutes of the bar's window came; `None` where bars come whole.
    pub minutes: Option<u16>,
    /// Whether the strategy was asked.
    pub asked: Asked,
    /// The side of the position that the lane had.
    pub position: Option<Direction>,
    /// The side of the entry that waited, with its age in bars.
    pub waiting: Option<(Direction, u16)>,
    /// The sides on which the engine would have taken no entry, whatever the strategy wanted. Not looked
    /// at while the lane itself has a position or an entry.
    pub shut: Vec<Shut>,
    /// The conditions that the strategy looked at, in its order.
    pub conditions: Vec<Condition>,
    /// The decisions that came of the bar.
    pub intents: Vec<IntentId>,
}

/// Whether a strategy was asked about a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// It was.
    Yes,
    /// Its lane was still warming up.
    WarmingUp {
        /// Bars seen.
        have: u32,
        /// Bars needed.
        need: u32,
    },
    /// The bar ended the wait of an entry instead.
    EntryExpired,
}

/// A side on which no entry would have been taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shut {
    /// Which.
    pub direction: Direction,
    /// The rule that would have said no.
    pub rule: Cow<'static, str>,
    /// In words.
    pub detail: Box<str>,
}
