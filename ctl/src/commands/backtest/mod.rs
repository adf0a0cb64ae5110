//! `traderctl backtest`: have a backtest run and read its report; list, show, compare and delete
//! those that there are.

mod compare;
mod csv;
mod delete;
mod differences;
mod figures;
mod flags;
mod groups;
mod head;
mod list;
mod report;
mod run;
mod show;
mod spec;

use clap::Subcommand;

use super::Setting;
use crate::exit::Failed;

pub(super) use flags::adjustment;
pub(super) use report::{Printing, print_result};

const EXAMPLES: &str = "\
Examples:
  traderctl backtest --strategy velez --symbols SPY,AAPL \\
      --start-date 2011-01-01 --end-date 2011-01-31
  traderctl backtest --strategy velez --symbols SPY --timeframe 5min \\
      --set sma_fast=10 --sides both --slippage 0.02 \\
      --start-date 2011-01-01 --end-date 2011-01-31
  traderctl backtest --file trial.toml --option risk.risk_per_trade=0.01 \\
      --start-date 2011-01-01 --end-date 2011-12-31 --csv trial
  traderctl backtest --route velez-spy --detach \\
      --start-date 2011-01-01 --end-date 2011-12-31
  traderctl backtest list                what there is
  traderctl backtest compare 12 13 14    what differs, and what came of it";

/// Run a strategy over stored bars
///
/// The daemon runs it as a job apart from trading, with the engine that trades, and keeps the
/// result. Progress stands on stderr; Ctrl-C leaves the job to the daemon and ends with 0, so do
/// --detach and a later traderctl jobs watch. What no option names is as in the daemon's
/// configuration. The same seed and inputs give the same result, byte for byte.
///
/// With --json the result as it is stored: metrics, trades, equity, inputs and more. Where the job is
/// left alone (--detach, Ctrl-C), the job.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    after_long_help = format!("{EXAMPLES}\n\n{}", crate::exit::HELP)
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    run: flags::Flags,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Args),
    Show(show::Args),
    Compare(compare::Args),
    Delete(delete::Args),
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.action {
        None => run::run(&args.run, setting),
        Some(Action::List(args)) => list::run(args, setting),
        Some(Action::Show(args)) => show::run(args, setting),
        Some(Action::Compare(args)) => compare::run(args, setting),
        Some(Action::Delete(args)) => delete::run(args, setting),
    }
}
