//! What follows from Alpaca's messages: state machines of requests, streams, rates and recovery. Time
//! is an argument, chance is seeded, and whatever is to be sent goes out as a value, so that the same
//! machine runs on sockets, in tests, and inside a simulation.

pub mod backoff;
pub mod budget;
pub mod data;
pub mod keys;
pub mod link;
pub mod machine;
mod names;
pub mod outcome;
mod reports;
mod trading;

pub use machine::{Counts, Machine, MachineSettings};
pub use names::KnownOrder;
