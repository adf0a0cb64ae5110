//! Backtests: the production engine over stored bars in virtual time, and what came of it in figures.
//! Reads no disk and no clock: bars are handed in, the result is handed out.

pub mod metrics;
