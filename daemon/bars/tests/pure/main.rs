//! The pure half of the bar store against the shared data and against chance: CSV forms, gaps,
//! adjustment. Says so and passes where the shared data are absent.

#![cfg(test)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

mod adjust_golden;
mod csv_bad_input;
mod csv_properties;
mod csv_shared;
mod gaps_shared;
mod shared;
