//! The seed's golden cases, reproduced around the production strategy, aggregator and sizer.
//!
//! The seed is the backtest that the Velez strategy comes from; its complete runs are kept as files.
//! Here are its conventions: how orders match, how a day ends, when its breaker pauses, what its
//! books hold and how its floating-point averages are summed. What decides (signal, entry, stop,
//! trailing, exit), what makes candles and what sizes is production code, which knows nothing of
//! this: the seed's rules that we put right are parameters, set to the originals in [`case`].

pub mod account;
pub mod averages;
pub mod breaker;
mod candle;
pub mod case;
pub mod compare;
pub mod error;
pub mod fills;
pub mod golden;
pub mod input;
pub mod lane;
pub mod metrics;
pub mod replay;
pub mod rows;

pub use error::SeedError;
