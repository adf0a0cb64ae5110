//! Where the process dies: at which call to the store or the broker, and on which side of it.

use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;

/// A call of the daemon to what outlives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A commit of the store.
    Commit,
    /// A request to the broker.
    Send,
}

/// On which side of a call it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing of the call happens.
    Before,
    /// All of it happens or nothing, and nobody hears which.
    During,
    /// It happens, and the daemon does not live to hear of it.
    After,
}

impl Phase {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Before, Self::During, Self::After];

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name, as it is counted.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::During => "during",
            Self::After => "after",
        }
    }
}

/// The moment of a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Between two events, at this time.
    At(Timestamp),
    /// At the n-th call of a kind from a time on, counted from 1; of either kind for `None`.
    Call {
        /// From when on calls count.
        from: Timestamp,
        /// Which calls count.
        of: Option<Call>,
        /// Which one of them.
        nth: u32,
    },
    /// At the n-th call of the whole run, counted from 1.
    Number(u64),
}

/// One death, with those that follow while the daemon recovers from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// When.
    pub when: When,
    /// On which side of the call.
    pub phase: Phase,
    /// Whether what is caught in the middle happens.
    pub acts: bool,
    /// How long the daemon stays down, in nanoseconds.
    pub down: i64,
    /// The deaths of the lives that follow, one each.
    pub nested: Vec<Nested>,
}

/// A death while the daemon recovers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nested {
    /// At the n-th call of that life, counted from 1.
    pub nth: u32,
    /// On which side of it.
    pub phase: Phase,
    /// Whether what is caught in the middle happens.
    pub acts: bool,
    /// How long the daemon stays down, in nanoseconds.
    pub down: i64,
}

impl Crash {
    /// A death between two events.
    #[must_use]
    pub const fn between_events(at: Timestamp, down: i64) -> Self {
        Self {
            when: When::At(at),
            phase: Phase::Before,
            acts: false,
            down,
            nested: Vec::new(),
        }
    }

    /// A death at the n-th call of the whole run, for going through all of them.
    #[must_use]
    pub const fn at_call(number: u64, phase: Phase, acts: bool) -> Self {
        Self {
            when: When::Number(number),
            phase,
            acts,
            down: 2 * Timestamp::SECOND,
            nested: Vec::new(),
        }
    }
}
