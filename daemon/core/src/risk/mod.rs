//! The risk gate and what it decides with: limits, sizing, breakers.

pub mod sizing;
