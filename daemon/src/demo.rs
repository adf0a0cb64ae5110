//! One simulated day in the foreground.

use crate::cli::DemoArgs;
use crate::exit::{self, Failure};

/// Trades one day and shows what came of it.
///
/// # Errors
/// What ended it.
pub fn run(_: &DemoArgs) -> Result<(), Failure> {
    Err(Failure::new(
        exit::FAILED,
        "the demo is not part of this build",
    ))
}
