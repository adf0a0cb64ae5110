//! The Velez strategy: tight averages, a strong candle, a breakout entry, a stop that trails the
//! pullbacks. Where orders go, how many shares they have and when they expire is the engine's work.
//!
//! **Signal** (long; short is the mirror image). All of: the candle is green; its body is at least
//! `strong_body_pct` of its range; the fast average is above the slow one; they lie closer than
//! `tightness_pct` of the close; their distance is larger than one candle ago.
//!
//! **Entry.** A stop order `entry_offset_ticks` above the candle's high, for `entry_expiry_bars`
//! candles. The protective stop lies below the candle's low by `stop_buffer_pct` of it, at least by
//! `stop_buffer_min`. While an entry waits or a position is held, no signal is looked for.
//!
//! **Trailing.** A red candle starts a pullback, whose low is followed; two green candles end it,
//! and the stop goes to that low. The strategy is then *trailing*, until the next red candle starts
//! the next pullback. Dojis (bodies below `doji_body_pct`) change nothing. The stop only ever moves
//! towards profit. Two rules of the original can be had back: `stop_may_loosen`, and
//! `red_ends_trailing_only`, which needs a second red candle to start the next pullback.
//!
//! **Exit.** While trailing, `run_bars_max` strong candles in a row close the position at the market.

mod candle;
mod parameters;
mod signal;
mod strategy;
mod trail;

#[cfg(test)]
mod mirror_tests;

pub use candle::{body_at_least, body_pct};
pub use parameters::{PARAMETERS, Parameters, Sides};
pub use signal::{Averages, FailedCondition, entry_level, planned_stop, signal};
pub use strategy::Velez;
pub use trail::{Trail, TrailState};

use trader_contract::StrategyPlugin;

/// The plugin, for the host's list.
pub const PLUGIN: StrategyPlugin = StrategyPlugin {
    name: "velez",
    version: env!("CARGO_PKG_VERSION"),
    summary: "Breakout of a strong candle while two moving averages are close and part.",
    parameters: PARAMETERS,
    build: strategy::build,
};
