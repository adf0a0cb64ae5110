//! Backtests: the production engine over stored bars in virtual time, and what came of it in figures.
//! Reads no disk and no clock: bars are handed in, the outcome is handed out.

pub mod metrics;
mod observer;
mod run;
mod tape;

pub use observer::{ClosedTrade, Outcome, StillOpen, SymbolDays};
pub use run::{RunError, Setup, run};
pub use tape::{RowLength, fit};
