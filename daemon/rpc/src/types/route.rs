//! Routes: symbols bound to a strategy with settings, and what each symbol's lane is doing.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, Direction, Symbol, Timestamp};

use super::order::OrderStatus;

/// What a route is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteState {
    /// Every lane is warm.
    Active,
    /// At least one lane still warms up.
    Warming,
    /// It may not enter; positions are looked after.
    Paused,
    /// Its strategy failed; positions are looked after.
    Failed,
}

impl fmt::Display for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Warming => "warming",
            Self::Paused => "paused",
            Self::Failed => "failed",
        })
    }
}

/// The sides that a route may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Long and short.
    Both,
    /// Long only.
    Long,
    /// Short only.
    Short,
}

impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Both => "both",
            Self::Long => "long",
            Self::Short => "short",
        })
    }
}

/// How far a lane's indicators are warm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmUp {
    /// Bars seen, at most `need`.
    pub have: u32,
    /// Bars needed.
    pub need: u32,
}

impl WarmUp {
    /// Whether the lane can trade.
    #[must_use]
    pub const fn is_warm(self) -> bool {
        self.have >= self.need
    }
}

/// An entry that waits to be filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The entry order.
    pub order: ClientOrderId,
    /// Long or short.
    pub direction: Direction,
    /// Where the order is.
    pub state: OrderStatus,
}

/// What a strategy last saw in a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The bar it was seen on: its start.
    pub at: Timestamp,
    /// The rule that fired, `snake_case`.
    pub rule: String,
    /// What became of it, in words.
    pub outcome: String,
}

/// One symbol of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The symbol.
    pub symbol: Symbol,
    /// How far its indicators are warm.
    pub warm_up: WarmUp,
    /// Shares held for the route; negative is short, zero is flat.
    pub position: Decimal,
    /// An entry that waits.
    pub pending: Option<Pending>,
    /// What the strategy last saw.
    pub last_signal: Option<Signal>,
}

/// Symbols bound to a strategy with settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Its name.
    pub route: String,
    /// The strategy.
    pub strategy: String,
    /// The strategy's version.
    pub version: String,
    /// Its symbols.
    pub symbols: Vec<Symbol>,
    /// The length of its bars in minutes.
    pub timeframe_minutes: u16,
    /// The sides that it may enter.
    pub sides: Sides,
    /// Every setting with its value as text.
    pub settings: BTreeMap<String, String>,
    /// What it is doing.
    pub state: RouteState,
    /// Why, unless it is active.
    pub why: Option<String>,
    /// What each symbol is doing, in the order of `symbols`.
    pub lanes: Vec<Lane>,
}
