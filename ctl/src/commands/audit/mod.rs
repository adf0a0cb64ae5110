//! `traderctl audit`: whether the journal is what was written, and a year of it as files.

mod export;
mod verify;

use clap::Subcommand;
use trader_rpc::Job;

use super::Setting;
use crate::exit::Failed;
use crate::output::Output;
use crate::work::Line;

const EXAMPLES: &str = "\
Examples:
  traderctl audit verify                    every row against its hash
  traderctl audit verify --against 4711:c83a18ef…   and the head that the log had
  traderctl audit export --year 2025 --out taxes-2025";

/// Check the journal, and export a year of it
///
/// The journal holds everything that happened to the account, each row with a hash over its contents
/// and the row before.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    subcommand_required = true,
    after_long_help = format!("{EXAMPLES}\n\n{}", crate::exit::HELP)
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Verify(verify::Args),
    Export(export::Args),
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.action {
        Action::Verify(args) => verify::run(args, setting),
        Action::Export(args) => export::run(args, setting),
    }
}

/// Prints what a check that is done found.
///
/// # Errors
/// The result cannot be had, or the journal is not sound.
pub(super) fn print_result(line: &mut Line<'_>, job: &Job, output: &Output) -> Result<(), Failed> {
    verify::print_result(line, job, output)
}
