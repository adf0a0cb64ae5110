//! Who may trade what: kills, the arming of a live account, and symbols that are not to be entered.

use serde::{Deserialize, Serialize};
use trader_contract::{NetQty, Symbol, Timestamp};

/// What a kill is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole account.
    All,
    /// One symbol, whatever trades it.
    Symbol(Symbol),
    /// One route by its name, or every route of a strategy by its name.
    Strategy(Box<str>),
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.pad("everything"),
            Self::Symbol(symbol) => f.pad(symbol.as_str()),
            Self::Strategy(name) => f.pad(name),
        }
    }
}

/// The leave to trade a live account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arming {
    /// The account's number.
    pub account: Box<str>,
    /// The fingerprint of the configuration that it was given for.
    pub config: Box<str>,
    /// The program that it was given for: version and build.
    pub program: Box<str>,
    /// It ends here.
    pub until: Timestamp,
}

/// Why a symbol is not entered, until somebody or something says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// The broker has an order or a position in it that this store did not make.
    Foreign,
    /// Its owner looks after it: no order of ours, whatever the broker holds.
    Ignored {
        /// What the broker held when that was said.
        net: NetQty,
    },
    /// The broker has an order under an id of ours that is not what was sent.
    Contradicted,
    /// Its price has jumped over the night without a split that would explain it.
    Jumped,
    /// A position in it could not be closed by the end of a session.
    Residue,
}

impl Block {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Ignored { .. } => "ignored",
            Self::Contradicted => "contradicted",
            Self::Jumped => "jumped",
            Self::Residue => "residue",
        }
    }
}
