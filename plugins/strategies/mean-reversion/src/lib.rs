//! Mean reversion: buys what has fallen far below its average, sells short what has risen far above
//! it, and leaves at the average. An example of a strategy that reads indicators, exact and floating;
//! what carries its intents out is the engine.
//!
//! **Signal.** The close lies `entry_z` standard deviations or more from the average of the last
//! `period` closes: below it for a long entry, above it for a short one.
//!
//! **Entry.** At the market, or as a limit at the close for `entry_expiry_bars` bars. After a trade a
//! side stays disarmed until the close has been nearer to the average than `entry_z`, so that a stop
//! in a falling market is not followed by the next entry into it.
//!
//! **Exit.** At the market once a close reaches the average; before that the stop, `stop_atr`
//! average true ranges from the close of the signal.

mod parameters;
mod strategy;

#[cfg(test)]
mod tests;

pub use parameters::{EntryKind, PARAMETERS, Parameters};
pub use strategy::MeanReversion;

use trader_contract::StrategyPlugin;

/// The plugin, for the host's list.
pub const PLUGIN: StrategyPlugin = StrategyPlugin {
    name: "mean-reversion",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Fades closes far from their moving average, and leaves at the average.",
    parameters: PARAMETERS,
    build: strategy::build,
};
