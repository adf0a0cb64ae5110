//! Backtests as the daemon knows them: what is asked for, made whole; the bars that it needs; the
//! document that comes of it. The run itself is `trader-backtest`'s.

mod bars;
mod compose;
mod job;
mod report;
mod warnings;

pub(crate) use compose::compose;
pub(crate) use job::{refused, run};
