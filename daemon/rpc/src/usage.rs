//! How programs read their command lines: what counts as set in the environment, and what is wrong as JSON where
//! that is asked for.

use clap::builder::Resettable;
use clap::{Command, FromArgMatches};

use crate::ErrorDetail;

/// Reads the command line. Asked for help, it prints that and ends the program; so it does where the line makes
/// no sense, unless JSON is asked for.
///
/// # Errors
/// The line makes no sense, and that is to be printed as JSON.
pub fn read<C: FromArgMatches>(command: Command) -> Result<C, ErrorDetail> {
    let matches = without_empty_variables(command).try_get_matches();
    let read = matches.and_then(|matches| C::from_arg_matches(&matches));
    read.map_err(|error| {
        let mut args = std::env::args_os().take_while(|arg| arg != "--");
        if !error.use_stderr() || !args.any(|arg| arg == "--json") {
            error.exit()
        }
        told(&error.to_string())
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

/// What clap says of a line: its first paragraph tells why, tips and the usage tell what to type.
fn told(error: &str) -> ErrorDetail {
    let on_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut why, mut next) = (None, Vec::new());
    for paragraph in error.split("\n\n") {
        let text = on_one_line(paragraph);
        if let Some(error) = text.strip_prefix("error: ") {
            why = Some(error.to_owned());
        } else if let Some(tip) = text.strip_prefix("tip: ") {
            next.push(tip.to_owned());
        } else if let Some(usage) = text.strip_prefix("Usage: ") {
            next.push(format!("usage: {usage}"));
        }
    }
    next.push("--help tells more".to_owned());
    ErrorDetail {
        what: "the command line makes no sense".to_owned(),
        why: why.unwrap_or_else(|| on_one_line(error)),
        next: next.join("; "),
    }
}
