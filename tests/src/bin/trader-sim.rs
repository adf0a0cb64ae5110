//! `trader-sim`: the simulation of the whole daemon from the command line. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    trader_tests::sim::cli::main()
}
