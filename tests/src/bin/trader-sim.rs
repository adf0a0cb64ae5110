//! `trader-sim`: the simulation of the whole daemon from the command line. Everything is in the library.

use std::process::ExitCode;

/// A session allocates by the hundred thousand, small and short-lived: a tenth of its time with the system's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    trader_tests::sim::cli::main()
}
