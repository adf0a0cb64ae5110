//! `traderctl reconcile`: compares with the broker now.

use trader_contract::Timestamp;
use trader_rpc::{ChangeParams, Client, call};

use super::Setting;
use super::change::{Request, report, send, status, wait};
use crate::connection;
use crate::exit::Failed;

/// How long `--wait` waits when no number is given, in seconds.
const WAIT_SECONDS: &str = "30";

/// Compare with the broker now
///
/// The daemon does so by itself every minute, and more often while something is open. Differences
/// are alerts.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Wait for the broker's answer: so many seconds, 30 when none are given
    ///
    /// Ends with exit code 1 if it has not come by then.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
          default_missing_value = WAIT_SECONDS)]
    wait: Option<u32>,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let before = match args.wait {
        Some(_) => status(&client)?.reconciled_at,
        None => None,
    };
    let request_id = args.request.id()?;
    let accepted = send::<call::Reconcile>(&client, &ChangeParams { request_id })?;
    report(&client, &accepted, setting)?;
    let Some(seconds) = args.wait else {
        return Ok(());
    };
    if wait(&client, seconds, |client| has_answered(client, before))? {
        setting.output.note("the broker has answered");
        return Ok(());
    }
    Err(Failed::refused(
        format!("the broker has not answered after {seconds} s"),
        "it cannot be reached, or it is slow; the daemon goes on asking",
        "traderctl status shows the broker's state",
    ))
}

fn has_answered(client: &Client, before: Option<Timestamp>) -> Result<bool, Failed> {
    let status = status(client)?;
    Ok(status.reconciled && status.reconciled_at > before)
}
