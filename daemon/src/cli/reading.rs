//! Reads the command line of `traderd`, and tells what is wrong with it in the form that was asked for.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{Command, CommandFactory, FromArgMatches};
use trader_rpc::ErrorDetail;

use super::Cli;
use crate::exit;

/// Reads the command line. Asked for help, it prints that and ends the program; so it does where the line
/// makes no sense, unless JSON is asked for.
///
/// # Errors
/// The line makes no sense; that has been printed as JSON, as `traderctl` prints its errors.
pub(super) fn read() -> Result<Cli, ExitCode> {
    let matches = without_empty_variables(Cli::command()).try_get_matches();
    let read = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    read.map_err(|error| {
        let wants_json = std::env::args_os()
            .take_while(|arg| arg != "--")
            .any(|arg| arg == "--json");
        if !error.use_stderr() || !wants_json {
            error.exit()
        }
        let told = ErrorDetail::wrong_usage(&error.to_string());
        // Without stderr there is nobody to tell.
        let _ = writeln!(io::stderr(), "{}", told.to_json(exit::USAGE));
        ExitCode::from(exit::USAGE)
    })
}

/// A variable that is set to nothing counts as not set: clap would take it for a missing value.
fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_subcommands(without_empty_variables);
    command.mut_args(|arg| {
        let variable = arg.get_env().and_then(std::env::var_os);
        if variable.is_some_and(|value| value.is_empty()) {
            arg.env(Resettable::Reset)
        } else {
            arg
        }
    })
}
