//! Streaming technical indicators: one bar in, one reading out, one file each. The one place where
//! floating point is at home; what asks for indicators and stores their readings is the engine.

mod atr;
mod dollars;
mod ema;
#[cfg(test)]
mod golden_tests;
mod indicator;
mod ring;
mod rsi;
mod session_vwap;
mod sma;
mod std_dev;

pub use atr::Atr;
pub use ema::Ema;
pub use indicator::{Indicator, IndicatorError};
pub use rsi::Rsi;
pub use session_vwap::SessionVwap;
pub use sma::Sma;
pub use std_dev::StdDev;
