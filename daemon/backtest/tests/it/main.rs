//! The engine and the simulated exchange together, over bars made by hand.

#![cfg(test)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

mod gaps;
mod once;
