//! Decisions: the name of an intent, who asked for it, and what the gate made of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, Fact, IntentNo};

/// The name that follows a decision from signal to fill: session and intent number, `20110110-17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentId {
    /// The session as a number, `yyyymmdd`.
    pub session: u32,
    /// The intent within it.
    pub number: IntentNo,
}

impl std::fmt::Display for IntentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:08}-{}", self.session, self.number.0))
    }
}

impl From<ClientOrderId> for IntentId {
    fn from(id: ClientOrderId) -> Self {
        Self {
            session: id.session,
            number: id.intent,
        }
    }
}

/// Who or what asked for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A route's strategy.
    Strategy {
        /// The route's name.
        route: Box<str>,
    },
    /// A person, through the control socket.
    Operator {
        /// The peer's user id.
        uid: u32,
        /// The id of the call, given by the client.
        request: Box<str>,
    },
    /// The engine's own rules.
    Engine,
}

/// One check of the risk gate, with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateCheck {
    /// Which limit.
    pub limit: Cow<'static, str>,
    /// What the order would make of it.
    pub value: Fact,
    /// What is allowed.
    pub allowed: Fact,
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It passed the gate and is worked by this order, or changes what is worked.
    Accepted {
        /// The order, for entries.
        order: Option<ClientOrderId>,
        /// The checks it passed.
        checks: Vec<GateCheck>,
    },
    /// It was refused; nothing was sent.
    Refused {
        /// The rule that said no, `snake_case`.
        rule: Cow<'static, str>,
        /// In words, with numbers.
        detail: Box<str>,
    },
}
