//! `traderctl`, the command line of `traderd`: reads arguments, runs one command, ends with a
//! documented exit code. All trading logic is the daemon's.

mod chart;
mod cli;
mod commands;
mod connection;
mod csv;
mod exit;
mod output;
mod progress;
mod screen;
mod show;
mod table;
mod work;

use std::process::ExitCode;

use crate::exit::Failed;
use crate::output::{Colour, Output};

fn main() -> ExitCode {
    exit::report_bugs();
    let cli = match cli::read() {
        Ok(cli) => cli,
        Err(failed) => {
            Output::new(true, Colour::Never).error(&failed);
            return ExitCode::from(failed.code());
        }
    };
    let output = Output::new(cli.global.json, cli.global.colour);
    match commands::run(&cli, &output) {
        Ok(()) => ExitCode::from(exit::DONE),
        // Whoever read our output has seen enough.
        Err(Failed::BrokenPipe) => ExitCode::from(exit::DONE),
        Err(failed) => {
            output.error(&failed);
            ExitCode::from(failed.code())
        }
    }
}
