//! The pure half of the bar store against the shared data and against chance: CSV forms, gaps,
//! adjustment. Says so and passes where the shared data are absent.

#![cfg(test)]

mod csv_bad_input;
mod csv_properties;
mod csv_shared;
mod shared;
