//! The thread that turns the engine's crank.

use crate::exit::{self, Failure};
use crate::start::Prepared;

/// Trades until it is told to stop.
///
/// # Errors
/// What ended it.
pub fn run(prepared: Prepared) -> Result<(), Failure> {
    drop(prepared);
    Err(Failure::new(
        exit::FAILED,
        "the supervisor is not part of this build",
    ))
}
