//! Who may trade what: kills, the arming of a live account, symbols that are not entered, and the
//! alerts of the journal.

use std::fmt;

use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

use super::status::Severity;

/// What a kill or an arming is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole account.
    #[default]
    All,
    /// One symbol, whatever trades it.
    Symbol(Symbol),
    /// One route by its name, or every route of a strategy by its name.
    Strategy(String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.pad("everything"),
            Self::Symbol(symbol) => f.pad(symbol.as_str()),
            Self::Strategy(name) => f.pad(name),
        }
    }
}

/// A kill that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// What is killed.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
    /// Who said so, in words.
    pub by: String,
}

/// A symbol that is not entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedSymbol {
    /// The symbol.
    pub symbol: Symbol,
    /// What kind of block, `snake_case`.
    pub kind: String,
    /// Since when.
    pub since: Timestamp,
    /// Why, in words.
    pub why: String,
}

/// The leave to trade a live account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmedAccount {
    /// The account's number.
    pub account: String,
    /// It ends here, or earlier with a kill or with another configuration or program.
    pub until: Timestamp,
    /// Whether it is for the configuration and the program that run.
    pub valid: bool,
}

/// Something that stops entries now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// What kind, `snake_case`.
    pub kind: String,
    /// The symbol that it is about; `null` if it is about more.
    pub symbol: Option<Symbol>,
    /// The route that it is about; `null` if it is about more.
    pub route: Option<String>,
    /// Since when; `null` where nobody noted it.
    pub since: Option<Timestamp>,
    /// Why, in words.
    pub why: String,
    /// What to do next.
    pub next: String,
}

/// An alert as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalAlert {
    /// Its number: that of its journal entry.
    pub number: u64,
    /// When it was raised.
    pub at: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// What kind, `snake_case`.
    pub kind: String,
    /// The symbol it is about.
    pub symbol: Option<Symbol>,
    /// What happened and why.
    pub message: String,
    /// What to do next.
    pub action: String,
    /// Whether its cause stands; most alerts are said once.
    pub standing: bool,
    /// When a person said to have seen it.
    pub acknowledged_at: Option<Timestamp>,
    /// The user id of that person.
    pub acknowledged_by: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_word_or_names_one_thing() {
        for (scope, text) in [
            (Scope::All, "\"all\""),
            (
                Scope::Symbol("SPY".parse().unwrap()),
                "{\"symbol\":\"SPY\"}",
            ),
            (
                Scope::Strategy("velez".to_owned()),
                "{\"strategy\":\"velez\"}",
            ),
        ] {
            assert_eq!(serde_json::to_string(&scope).unwrap(), text);
            assert_eq!(serde_json::from_str::<Scope>(text).unwrap(), scope);
        }
        for bad in ["\"everything\"", "{\"symbol\":\"spy\"}", "{}", "null"] {
            assert!(serde_json::from_str::<Scope>(bad).is_err(), "{bad}");
        }
    }
}
