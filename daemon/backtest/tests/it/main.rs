//! The engine and the simulated exchange together, over bars made by hand.

#![cfg(test)]

mod gaps;
mod once;
