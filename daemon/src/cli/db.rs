//! `traderd db`: looking after the store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{StateArg, found, print};
use crate::audit::command;
use crate::backup;
use crate::exit::{self, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum DbCommand {
    /// Copy the store while the daemon goes on, check every row of the copy, and keep the newest copies
    ///
    /// The copies lie on the same disk unless --to names a folder elsewhere: carry them away.
    #[command(after_long_help = exit::HELP)]
    Backup(BackupArgs),
    /// Put a copy in the place of the store
    ///
    /// The copy is checked first; the store that was there is set aside. What came back counts as a new
    /// generation: no order id is used twice, and what the broker has from after the copy is found and
    /// told at the next start. Refuses while a daemon has the state folder.
    #[command(after_long_help = exit::HELP)]
    Restore(RestoreArgs),
    /// Make positions, orders, fills, trades, days and alerts anew from the journal
    ///
    /// Checks the journal first, then lists every row that stood otherwise. Ends with 1 if there was one.
    /// Refuses while a daemon has the state folder.
    #[command(after_long_help = exit::HELP)]
    Rebuild(RebuildArgs),
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    state: StateArg,
    /// Folder of the copies [default: backups below the state folder]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Copies to keep; the oldest beyond are removed
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    keep: u16,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The copy
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    state: StateArg,
}

#[derive(Debug, Args)]
pub(super) struct RebuildArgs {
    #[command(flatten)]
    state: StateArg,
    /// Only compare; change nothing
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl DbCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Backup(args) => {
                let state = args.state.folder()?;
                let keep = usize::from(args.keep);
                print(&backup::backup(&state, args.to.as_deref(), keep)?)
            }
            Self::Restore(args) => print(&backup::restore(&args.state.folder()?, &args.file)?),
            Self::Rebuild(args) => found(
                command::rebuild(&args.state.folder()?, args.check, args.json)?,
                "the projections were not what the journal makes",
            ),
        }
    }
}
