//! Opening-range breakout: the first minutes of a session set a range, and whichever side breaks is
//! traded. An example of a strategy that keeps its own memory of the day and needs no indicators;
//! what carries its intents out is the engine.
//!
//! **Range.** High and low of the bars that start in the first `range_minutes` after the open. It
//! counts only if the bar at the open was seen: a range of unknown parts is none.
//!
//! **Entry.** While the price lies inside the range, a stop order waits `entry_offset_ticks` beyond
//! the side that is nearer to the last close. When the other side comes nearer, the entry is
//! cancelled and moves over with the next bar. Each side is traded once a day, and nothing is
//! entered once `entry_minutes` have passed since the open.
//!
//! **Exit.** The stop lies `stop_fraction` of the range behind the side that broke (1 is the other
//! side), the target `target_multiple` times that risk beyond the entry; 0 goes without a target.

mod parameters;
mod strategy;

#[cfg(test)]
mod tests;

pub use parameters::{PARAMETERS, Parameters};
pub use strategy::OpeningRange;

use trader_contract::StrategyPlugin;

/// The plugin, for the host's list.
pub const PLUGIN: StrategyPlugin = StrategyPlugin {
    name: "opening-range",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Breakout of the range of a session's first minutes, once a side and day.",
    parameters: PARAMETERS,
    build: strategy::build,
};
