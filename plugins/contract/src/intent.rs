//! What a strategy wants: one decision to trade, with its reason as data.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::indicator::Mean;
use crate::side::Direction;
use crate::{Level, Money, Qty, Ratio};

/// One number or word that a decision rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A price or a distance.
    Level(Level),
    /// An amount.
    Money(Money),
    /// An exact average.
    Mean(Mean),
    /// A percentage, a multiple or another plain number.
    Ratio(Ratio),
    /// A value computed in floating point.
    Float(f64),
    /// A count.
    Count(i64),
    /// A word.
    Word(Cow<'static, str>),
}

impl Fact {
    /// The same, but a float that is no number as a word, since no record could hold it.
    #[must_use]
    pub fn storable(self) -> Self {
        match self {
            Self::Float(value) if !value.is_finite() => Self::Word(value.to_string().into()),
            fact => fact,
        }
    }
}

impl std::fmt::Display for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Level(level) => level.fmt(f),
            Self::Money(money) => money.fmt(f),
            Self::Mean(mean) => write!(f, "{:.6}", mean.to_dollars()),
            Self::Ratio(ratio) => ratio.fmt(f),
            Self::Float(value) => write!(f, "{value:.6}"),
            Self::Count(count) => count.fmt(f),
            Self::Word(word) => f.pad(word),
        }
    }
}

/// Why something was decided: the rule's name and the numbers it looked at, in the rule's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule, as `snake_case`.
    pub rule: Cow<'static, str>,
    /// What it looked at.
    pub facts: Vec<(Cow<'static, str>, Fact)>,
}

impl Reason {
    /// Names the rule.
    #[must_use]
    pub const fn new(rule: &'static str) -> Self {
        Self {
            rule: Cow::Borrowed(rule),
            facts: Vec::new(),
        }
    }

    /// Adds one fact. A float that is no number is kept as a word, since no record could hold it.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: Fact) -> Self {
        self.facts.push((Cow::Borrowed(name), fact.storable()));
        self
    }
}

/// How a position is opened. Levels are exact; the order manager rounds them to the tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryPrice {
    /// At once, at the market.
    Market,
    /// At this level or better.
    Limit(Level),
    /// At the market, once the price trades through this level (a breakout).
    Stop(Level),
    /// Once the price trades through `trigger`, at `limit` or better.
    StopLimit {
        /// Where the order wakes.
        trigger: Level,
        /// The worst price it takes.
        limit: Level,
    },
}

/// How many shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntrySize {
    /// What the route's risk per trade allows for the distance to the stop.
    ByRisk,
    /// This many.
    Shares(Qty),
}

/// One decision to trade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Open a position.
    Enter {
        /// Long or short.
        direction: Direction,
        /// How to get in.
        entry: EntryPrice,
        /// Where the protective stop rests; without one only routes that opt out are served.
        stop: Option<Level>,
        /// Where to take the profit.
        target: Option<Level>,
        /// How many.
        size: EntrySize,
        /// Cancel the entry at the n-th later bar of the lane if it has not filled; 1 or more.
        expires_after_bars: Option<u16>,
        /// Why.
        reason: Reason,
    },
    /// Cancel the entry that is still waiting.
    CancelEntry {
        /// Why.
        reason: Reason,
    },
    /// Rest the protective stop elsewhere.
    MoveStop {
        /// The new level.
        stop: Level,
        /// Why.
        reason: Reason,
    },
    /// Close the position at the market.
    Exit {
        /// Why.
        reason: Reason,
    },
}

impl Intent {
    /// Why it was decided.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        match self {
            Self::Enter { reason, .. }
            | Self::CancelEntry { reason }
            | Self::MoveStop { reason, .. }
            | Self::Exit { reason } => reason,
        }
    }
}
