//! `traderctl backtest delete`: results that are no longer wanted.

use trader_rpc::{Accepted, JobChangeParams, JobKind, call};

use super::super::Setting;
use super::super::change::Request;
use crate::exit::Failed;
use crate::work::{Line, Patience, find};

/// Delete backtests with their results
///
/// Asks nothing: the same inputs give the same result again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Their numbers
    #[arg(required = true, value_name = "ID")]
    ids: Vec<u64>,
    #[command(flatten)]
    patience: Patience,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut line = Line::to_change(setting, args.patience)?;
    // All of them are looked at before the first is gone.
    for id in &args.ids {
        let job = find(&mut line, *id)?;
        if job.work.kind() != JobKind::Backtest {
            return Err(Failed::refused(
                format!("job {id} was not deleted"),
                format!("it is no backtest, but: {}", job.title),
                format!("traderctl jobs delete {id}"),
            ));
        }
    }
    let mut accepted: Vec<Accepted> = Vec::new();
    for id in &args.ids {
        accepted.push(line.call::<call::DeleteJob>(&JobChangeParams {
            request_id: Request::drawn()?,
            id: *id,
        })?);
    }
    setting.output.result(&accepted, || {
        let messages = accepted.iter().map(|accepted| accepted.message.as_str());
        messages.collect::<Vec<_>>().join("\n")
    })
}
