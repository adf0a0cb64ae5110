//! What clients see, made from the engine and the journal's records. Pure functions: they ask no
//! clock, send nothing and never fail; a number that the wire cannot hold is rounded.

mod alerts;
mod authority;
mod days;
mod journal;
mod obstacles;
mod orders;
mod positions;
mod status;
mod strategies;
mod trades;
mod why;

pub use alerts::journal_alert;
pub use days::{day, day_summary};
pub use journal::journal_line;
pub use obstacles::obstacles;
pub use orders::{order, orders};
pub use positions::{positions, stop_order};
pub use status::{StatusFacts, status};
pub use strategies::{LastSignals, RouteFacts, StrategyFacts, strategies};
pub use trades::{exit_reason, trade, trade_edit};
pub use why::{Marked, why, why_bar};

#[cfg(test)]
pub(crate) mod stage;
#[cfg(test)]
pub(crate) mod tests;
