//! What a person should know: whether trading is on, and alerts.

use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

/// Whether new exposure is allowed. Durable, and what each state allows:
///
/// | state | new entries | waiting entries | stops, exits, cancels | left by |
/// |---|---|---|---|---|
/// | active | as the gate allows | stay | yes | |
/// | reducing | none | cancelled | yes | a person's resume |
/// | halted by a breaker | none | cancelled | yes | the next session, a person's resume |
/// | halted | none | cancelled | yes | a person's resume |
/// | killed | none | cancelled, in the step of the kill | yes | a person's arm; then holds what held beneath |
///
/// Nothing but the state is lost on a restart: it is part of the book. A breaker that trips beside a
/// stronger state is kept with the day. Kills of one symbol or strategy stand beside it, and so do a
/// live account that is not armed and routes that are only observed: all refuse entries likewise and
/// cancel the waiting ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "why")]
pub enum TradingState {
    /// Entries are allowed.
    Active,
    /// An operator paused entries; protecting and reducing go on.
    #[serde(alias = "paused")]
    Reducing,
    /// A breaker stopped entries until the next session; protecting and reducing go on.
    Tripped(Box<str>),
    /// Something is wrong: no entries until an operator resumes; protecting and reducing go on.
    Halted(Box<str>),
    /// The broker has not been heard since the start: no entries until it is, and then they are allowed
    /// again by themselves.
    Unheard,
    /// Halted until a person arms again.
    Killed(Box<str>),
}

impl std::fmt::Display for TradingState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Active => f.pad("active"),
            Self::Reducing => f.pad("reducing"),
            Self::Tripped(_) | Self::Halted(_) | Self::Unheard => f.pad("halted"),
            Self::Killed(_) => f.pad("killed"),
        }
    }
}

impl TradingState {
    /// Why entries are halted or killed, in words; `None` where they are not.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Active | Self::Reducing => None,
            Self::Tripped(why) | Self::Halted(why) | Self::Killed(why) => Some(why),
            Self::Unheard => Some("the broker has not been heard since the start"),
        }
    }
}

/// How much an alert matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Look at it today.
    Warning,
    /// Look at it now.
    Critical,
}

/// Something a person should know, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// How much it matters.
    pub severity: Severity,
    /// What kind, `snake_case`.
    pub kind: Box<str>,
    /// The symbol it is about.
    pub symbol: Option<Symbol>,
    /// What happened and why.
    pub message: Box<str>,
    /// What to do next.
    pub action: Box<str>,
    /// Whether it stands until its cause has gone; others are said once.
    #[serde(default, skip_serializing_if = "is_false")]
    pub standing: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is that of serde"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}
