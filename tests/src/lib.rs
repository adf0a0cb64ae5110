//! The harness of the tests across crates. Test targets and their cases lie beside it.

pub mod seed;
