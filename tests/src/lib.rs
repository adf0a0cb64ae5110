//! The harness of the tests across crates. Test targets and their cases lie beside it.

pub mod seed;
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "the simulation is a test: what overflows or is not there must end it"
)]
pub mod sim;
