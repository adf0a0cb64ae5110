//! The client against the simulator: two readings of Alpaca's language that were written apart.

mod account;
mod data;
mod faults;
mod harness;
mod orders;
mod paper;
