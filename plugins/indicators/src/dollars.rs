//! The named rounding from exact millionths of a dollar to doubles, and the guard at the exit.

use trader_contract::Reading;

/// Millionths of a dollar as dollars, rounded to the nearest double.
#[expect(
    clippy::cast_precision_loss,
    reason = "a named rounding to the nearest double"
)]
pub(crate) fn dollars(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// A reading of a formula, unless it gave no number.
pub(crate) fn finite(value: f64) -> Option<Reading> {
    value.is_finite().then_some(Reading::Float(value))
}
