//! Tests of the simulation itself, and the seeds that found something.

mod alpaca;
mod command_line;
mod instrument;
mod regressions;
mod replayed;
