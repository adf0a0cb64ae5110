//! `traderctl replay`: has the daemon run a recorded session through a fresh engine, as a job, and prints
//! its report as `traderd replay` would.

use trader_contract::Symbol;
use trader_rpc::{Job, ReplaySpec, Work};

use super::Setting;
use super::change::{Request, symbol};
use crate::exit::Failed;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::work::{Detachable, Line, Patience, done, fetch, submit};

/// The report as a person reads it.
const TEXT: &str = "report.txt";
/// The report as lines of JSON.
const RESULT: &str = "result.json";

const EXAMPLES: &str = "\
Examples:
  traderctl replay latest
  traderctl replay 2024-03-15 --until 14:30 --symbol SPY
  traderctl replay 2024-03-15 --with velez.sma_fast=8";

/// Replay a recorded session and compare
///
/// A fresh engine takes what the daemon's engine took, and must give the same commands, byte for byte.
/// Where it does not, the first difference is shown with what led to it. With --json the last line has
/// the figures. traderd replay does the same without a daemon.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}", crate::exit::HELP))]
pub(crate) struct Args {
    /// The session's date, or latest
    #[arg(value_name = "SESSION")]
    session: String,
    /// Stop after this moment: a time in New York (14:30), or RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Compare only what is about this symbol
    #[arg(long, value_parser = symbol)]
    symbol: Option<Symbol>,
    /// Tell what would have been decided with another setting; can be given more than once
    #[arg(long, value_name = "STRATEGY.KEY=VALUE")]
    with: Vec<String>,
    /// Put the recorded decisions and fills beside those of a backtest over the recorded bars
    #[arg(long)]
    against_backtest: bool,
    #[command(flatten)]
    request: Request,
    #[command(flatten)]
    patience: Patience,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut line = Line::to_change(setting, args.patience)?;
    let detachable = Detachable::new(setting.output);
    let spec = ReplaySpec {
        session: args.session.clone(),
        until: args.until.clone(),
        symbol: args.symbol,
        with: args.with.clone(),
        against_backtest: args.against_backtest,
    };
    let job = submit(&mut line, args.request.id()?, Work::Replay(spec))?;
    let mut shown = Progress::new();
    let job = done(&mut line, job.id, |job| {
        detachable.set(job);
        shown.show(&progress::line(job));
        Ok(())
    })?;
    shown.clear();
    print_result(&mut line, &job, setting.output)
}

/// Prints the report of a replay that is done.
///
/// # Errors
/// It cannot be had, or what came now is not what was recorded.
pub(super) fn print_result(line: &mut Line<'_>, job: &Job, output: &Output) -> Result<(), Failed> {
    let mut lines = Vec::new();
    fetch(line, job, RESULT, &mut lines)?;
    if output.is_json() {
        output.bytes(&lines)?;
    } else {
        let mut text = Vec::new();
        fetch(line, job, TEXT, &mut text)?;
        output.bytes(&text)?;
    }
    let last = lines
        .split(|byte| *byte == b'\n')
        .rfind(|line| !line.is_empty());
    let figures: serde_json::Value = serde_json::from_slice(last.unwrap_or_default())?;
    match figures
        .get("differences")
        .and_then(serde_json::Value::as_u64)
    {
        Some(0) => Ok(()),
        _ => Err(Failed::refused(
            "the replay differs from what was recorded",
            "the strategies or the engine decide otherwise than they did, or the recording was changed",
            "look at the first difference above; the build that recorded is named with it",
        )),
    }
}
