//! Decisions: the name of an intent, who asked for it, and what the gate made of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use trader_contract::{
    Bar, ClientOrderId, Fact, IndicatorSpec, IntentNo, Level, Money, Price, Qty, Slot,
};

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

/// What a strategy was shown when it decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The finished bar.
    pub bar: Bar,
    /// The indicators that it declared, in its order, with this bar and with the one before.
    pub readings: Vec<(IndicatorSpec, Slot)>,
}

/// One bound on the size of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeBound {
    /// Which.
    pub bound: Cow<'static, str>,
    /// The shares that it leaves room for; negative for a debt.
    pub shares: i64,
    /// The amount that there is, for bounds on amounts.
    pub amount: Option<Money>,
    /// What one share takes of it.
    pub per_share: Option<Level>,
}

/// How an entry was sized, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizing {
    /// Cash plus positions at the market.
    pub equity: Money,
    /// Where the position is expected to open.
    pub opens_at: Level,
    /// Where it is given up.
    pub stop: Option<Price>,
    /// What a share may lose against its order, at the entry and again at the stop.
    pub slippage: Level,
    /// Every bound, in the order in which it was looked at. None where the strategy named the size.
    pub bounds: Vec<SizeBound>,
    /// The bound that decided; `asked_for` where the strategy named the size.
    pub decided_by: Cow<'static, str>,
    /// The shares that came of it.
    pub shares: Qty,
}

impl Sizing {
    /// Adds a bound: its shares, and the amount with what one share takes of it.
    pub(crate) fn bound(
        &mut self,
        bound: &'static str,
        shares: i128,
        amounts: Option<(Money, Level)>,
    ) {
        self.bounds.push(SizeBound {
            bound: Cow::Borrowed(bound),
            shares: i64::try_from(shares).unwrap_or(i64::MAX),
            amount: amounts.map(|(amount, _)| amount),
            per_share: amounts.map(|(_, per_share)| per_share),
        });
    }

    /// The shares that came of it: the first bound that leaves room for no more has decided.
    pub(crate) fn decide(&mut self, shares: Qty) {
        self.shares = shares;
        let least = self.bounds.iter().min_by_key(|bound| bound.shares);
        if let Some(least) = least {
            self.decided_by = least.bound.clone();
        }
    }
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
    /// Whether it was passed.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub holds: bool,
}

const fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is that of serde"
)]
const fn is_yes(value: &bool) -> bool {
    *value
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
        /// How it was sized, for entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sizing: Option<Box<Sizing>>,
    },
    /// It was refused; nothing was sent.
    Refused {
        /// The rule that said no, `snake_case`.
        rule: Cow<'static, str>,
        /// In words, with numbers.
        detail: Box<str>,
        /// The checks that were made, the last of them the one that was not passed if it has numbers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checks: Vec<GateCheck>,
        /// How it was sized, as far as it came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sizing: Option<Box<Sizing>>,
    },
}
