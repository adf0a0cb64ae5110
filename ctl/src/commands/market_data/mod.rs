//! `traderctl data`: the bar store, and market data on its way in and out.

mod download;
mod export;
mod gaps;
mod import;
mod kind;
mod list;
mod remove;
mod verify;

use clap::Subcommand;
use serde::Serialize;
use serde::de::DeserializeOwned;
use trader_rpc::{Job, JobKind, Work};

use super::Setting;
use super::change::Request;
use crate::exit::Failed;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::work::{Detachable, Line, Patience, done, fetch_document, submit};

const EXAMPLES: &str = "\
Examples:
  traderctl data import minutes.csv.gz --symbol SPY --timeframe 1min
  traderctl data import *.csv.gz --timeframe 1min   the files' names say whose
  traderctl data import splits.csv --symbol SPY --timeframe actions
  traderctl data download --symbols SPY --start-date 2024-01-02 --timeframe 1min
  traderctl data list                               what there is
  traderctl data gaps SPY                           what is missing in it
  traderctl data export SPY --timeframe 1min -o SPY.csv.gz \\
      --start-date 2011-01-03 --end-date 2011-01-31";

/// Download, import, check and export market data
///
/// The daemon keeps bars, quotes and trades in a store of its own, as they were traded; backtests
/// adjust them for splits and dividends when they read them.
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
    Download(download::Args),
    Import(import::Args),
    List(list::Args),
    Verify(verify::Args),
    Gaps(gaps::Args),
    Export(export::Args),
    Remove(remove::Args),
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.action {
        Action::Download(args) => download::run(args, setting),
        Action::Import(args) => import::run(args, setting),
        Action::List(args) => list::run(args, setting),
        Action::Verify(args) => verify::run(args, setting),
        Action::Gaps(args) => gaps::run(args, setting),
        Action::Export(args) => export::run(args, setting),
        Action::Remove(args) => remove::run(args, setting),
    }
}

/// Has work done, with progress on stderr, until it is done. An interrupt leaves it to the daemon if
/// it is `detachable`.
pub(super) fn carry_out(
    line: &mut Line<'_>,
    work: Work,
    detachable: Option<&Detachable>,
) -> Result<Job, Failed> {
    let job = submit(line, Request::drawn()?, work)?;
    let mut shown = Progress::new();
    let job = done(line, job.id, |job| {
        if let Some(detachable) = detachable {
            detachable.set(job);
        }
        shown.show(&progress::line(job));
        Ok(())
    })?;
    Ok(job)
}

/// Fetches the result of a job and prints it as it is stored, or as `human` writes it.
pub(super) fn print<T: DeserializeOwned + Serialize>(
    line: &mut Line<'_>,
    job: &Job,
    output: &Output,
    human: impl FnOnce(&T, &Output) -> String,
) -> Result<T, Failed> {
    let (_, result) = fetch_document::<T>(line, job)?;
    output.result(&result, || human(&result, output))?;
    Ok(result)
}

/// Prints what a download, an import or a check that is done found.
///
/// # Errors
/// The result cannot be had, or a check found faults.
pub(super) fn print_result(line: &mut Line<'_>, job: &Job, output: &Output) -> Result<(), Failed> {
    match job.work.kind() {
        JobKind::Verify => verify::print_result(line, job, output),
        JobKind::Download => print(line, job, output, download::text).map(drop),
        JobKind::Gaps => gaps::print_result(line, job, false, output),
        JobKind::Import
        | JobKind::Backtest
        | JobKind::Export
        | JobKind::Replay
        | JobKind::Trace
        | JobKind::SessionExport
        | JobKind::Audit
        | JobKind::AuditExport => print(line, job, output, import::text).map(drop),
    }
}

/// The patience of commands that do not let it be chosen.
pub(super) const PATIENCE: Patience = Patience { reconnect: 60 };
