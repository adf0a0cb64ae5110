//! The strategy side of the plugin contract: what a strategy declares, sees and answers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::bar::Bar;
use crate::condition::{Comparison, Conditions};
use crate::indicator::{IndicatorSpec, Mean, Reading, Slot};
use crate::intent::{Fact, Intent};
use crate::money::Money;
use crate::price::Price;
use crate::quantity::Qty;
use crate::report::Execution;
use crate::settings::{Parameter, Settings};
use crate::side::Direction;
use crate::symbol::Symbol;
use crate::time::Timestamp;

/// The session that the current bar belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionView {
    /// Its date in New York.
    pub date: NaiveDate,
    /// When it opens.
    pub open: Timestamp,
    /// When it closes; earlier on half days.
    pub close: Timestamp,
}

/// The position of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionView {
    /// Long or short.
    pub direction: Direction,
    /// Shares held.
    pub qty: Qty,
    /// Exact average of the entry fills.
    pub entry_average: Mean,
    /// Where the protective stop is meant to rest.
    pub stop: Option<Price>,
    /// Time of the first entry fill.
    pub entered_at: Timestamp,
    /// Whether an exit is under way.
    pub exiting: bool,
}

/// The entry of a lane that has not filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingView {
    /// Long or short.
    pub direction: Direction,
    /// Bars since it was placed.
    pub age_bars: u16,
}

/// What a strategy may look at while it decides. Everything is as of the end of the bar.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// When the bar ended.
    pub now: Timestamp,
    /// The session, on routes that know one.
    pub session: Option<SessionView>,
    /// The lane's position.
    pub position: Option<PositionView>,
    /// The lane's waiting entry.
    pub pending: Option<PendingView>,
    /// The indicators that the strategy declared, in its order.
    pub indicators: &'a [Slot],
}

impl Context<'_> {
    /// The reading of the n-th declared indicator; `None` until it is warm.
    #[must_use]
    pub fn reading(&self, index: usize) -> Option<Reading> {
        self.indicators.get(index)?.current
    }

    /// The reading of the n-th declared indicator one bar ago.
    #[must_use]
    pub fn previous(&self, index: usize) -> Option<Reading> {
        self.indicators.get(index)?.previous
    }

    /// The n-th declared indicator as an exact mean; `None` until it is warm or if it is none.
    #[must_use]
    pub fn mean(&self, index: usize) -> Option<Mean> {
        match self.reading(index)? {
            Reading::Mean(mean) => Some(mean),
            Reading::Float(_) => None,
        }
    }

    /// The same, one bar ago.
    #[must_use]
    pub fn previous_mean(&self, index: usize) -> Option<Mean> {
        match self.previous(index)? {
            Reading::Mean(mean) => Some(mean),
            Reading::Float(_) => None,
        }
    }
}

/// Where a strategy puts what it wants, and states its conditions; emptied and reused by the host.
#[derive(Debug, Default)]
pub struct Intents {
    wanted: Vec<Intent>,
    conditions: Conditions,
}

impl Intents {
    /// Adds a decision.
    pub fn push(&mut self, intent: Intent) {
        self.wanted.push(intent);
    }

    /// Takes the decisions out, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Intent> {
        self.wanted.drain(..)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Where the strategy states the conditions that it looks at, so that somebody can ask which one
    /// was not met.
    pub const fn conditions(&mut self) -> &mut Conditions {
        &mut self.conditions
    }

    /// States one: see [`Conditions::check`].
    #[inline]
    pub fn check(
        &mut self,
        name: &'static str,
        holds: bool,
        numbers: impl FnOnce() -> (Fact, Comparison, Fact),
    ) -> bool {
        self.conditions.check(name, holds, numbers)
    }
}

/// A trade that has ended, from flat to flat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeSummary {
    /// What was traded.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// Shares entered.
    pub qty: Qty,
    /// Profit or loss after fees, exact.
    pub profit: Money,
    /// First entry fill.
    pub entered_at: Timestamp,
    /// Last exit fill.
    pub exited_at: Timestamp,
}

/// A trading strategy: deterministic, without I/O, clock or randomness. One instance serves one
/// symbol of one route.
pub trait Strategy: Send {
    /// Looks at a finished bar and pushes what it wants. Called once all indicators are warm, for
    /// every bar of the lane, with or without a position.
    fn on_bar(&mut self, context: &Context<'_>, bar: &Bar, intents: &mut Intents);

    /// Hears of an execution of the lane's entry or exit orders.
    fn on_fill(&mut self, _context: &Context<'_>, _fill: &Execution, _intents: &mut Intents) {}

    /// Hears that the position is flat again.
    fn on_position_closed(&mut self, _trade: &TradeSummary) {}

    /// Its state as JSON; what [`Strategy::restore`] takes after a restart.
    fn save(&self) -> String;

    /// Takes up a state that [`Strategy::save`] gave.
    ///
    /// # Errors
    /// The text is no state of this strategy; nothing changes then.
    fn restore(&mut self, saved: &str) -> Result<(), String>;
}

/// Settings that pass one by one but make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(pub String);

/// A strategy ready to run, with what it needs from the engine.
pub struct Built {
    /// The strategy.
    pub strategy: Box<dyn Strategy>,
    /// Indicators, in the order in which it reads them.
    pub indicators: Vec<IndicatorSpec>,
    /// Bars that must have passed before the first call, beyond what the indicators need.
    pub warm_up_bars: u32,
}

/// What a strategy plugin says of itself. A plugin crate exports one as `PLUGIN`.
#[derive(Debug, Clone, Copy)]
pub struct StrategyPlugin {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Its version, part of every recorded decision.
    pub version: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Makes an instance for one symbol.
    pub build: fn(&Settings) -> Result<Built, BuildError>,
}
