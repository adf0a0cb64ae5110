//! Tests of the simulation itself, and the seeds that found something.

mod instrument;
mod regressions;
