//! `traderctl sessions`: what was recorded of sessions, for replays.

mod export;
mod list;
mod remove;
mod show;

use chrono::NaiveDate;
use clap::Subcommand;

use super::Setting;
use crate::exit::Failed;

/// List, export and remove recordings of sessions
///
/// The daemon writes down what its engine takes, so that a session can be replayed: traderctl replay.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Args),
    Show(show::Args),
    Export(export::Args),
    Remove(remove::Args),
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.action {
        Action::List(args) => list::run(args, setting),
        Action::Show(args) => show::run(args, setting),
        Action::Export(args) => export::run(args, setting),
        Action::Remove(args) => remove::run(args, setting),
    }
}

/// There is no recording of that day.
fn unknown(session: NaiveDate) -> Failed {
    Failed::refused(
        format!("session {session} is not recorded"),
        "it was not traded, recording was off, or it was removed since",
        "traderctl sessions list tells what is recorded",
    )
}
