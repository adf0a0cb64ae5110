//! `traderctl flatten`: out of everything.

use trader_rpc::{ChangeParams, Client, call};

use super::Setting;
use super::change::{Request, report, send, status, wait};
use super::close::what_is_left;
use crate::connection;
use crate::exit::Failed;

/// How long `--wait` waits when no number is given, in seconds.
pub(super) const WAIT_SECONDS: &str = "60";

/// Pause, cancel all entries and close all positions
///
/// Asks nothing, and works while anything else is stuck. Trading stays paused afterwards. With the
/// market closed, the closing orders wait at the broker for the open, in the place of the stops;
/// where it takes none, the stops stay. Without --wait it ends as soon as the daemon has taken the
/// order, with --wait once nothing is open.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Wait until everything is flat: so many seconds, 60 when none are given
    ///
    /// Ends with exit code 1, listing what is left, if something is open then.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
          default_missing_value = WAIT_SECONDS)]
    wait: Option<u32>,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let request_id = args.request.id()?;
    let accepted = send::<call::Flatten>(&client, &ChangeParams { request_id })?;
    report(&client, &accepted, setting)?;
    let Some(seconds) = args.wait else {
        return Ok(());
    };
    if wait(&client, seconds, is_flat)? {
        setting.output.note("everything is flat");
        return Ok(());
    }
    setting.output.note(&what_is_left(&client, setting)?);
    Err(Failed::refused(
        format!("not everything is flat after {seconds} s"),
        "the broker has not filled or confirmed everything yet; the daemon goes on trying",
        "traderctl status shows alerts; traderctl flatten --wait waits on",
    ))
}

fn is_flat(client: &Client) -> Result<bool, Failed> {
    let status = status(client)?;
    Ok(status.positions == 0 && status.working_orders == 0)
}
