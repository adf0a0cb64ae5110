//! `traderctl stop`: end the daemon in good order.

use trader_rpc::{CallError, Client, ErrorCode, NoParams, StopParams, call};

use super::Setting;
use super::change::{Request, report, send, wait};
use crate::connection;
use crate::exit::Failed;

/// How long `--wait` waits when no number is given, in seconds: as long as systemd would.
const WAIT_SECONDS: &str = "90";

/// Stop the daemon in good order
///
/// Stops entries, makes sure that protective stops rest at the broker, writes everything down and
/// ends. Whether it closes positions first is the configuration's choice, unless --flatten or
/// --no-flatten is given. Asks nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Close all positions first
    #[arg(long)]
    flatten: bool,
    /// Leave positions open, with their stops at the broker
    #[arg(long, conflicts_with = "flatten")]
    no_flatten: bool,
    /// Wait until it has ended: so many seconds, 90 when none are given
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
          default_missing_value = WAIT_SECONDS)]
    wait: Option<u32>,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = StopParams {
        request_id: args.request.id()?,
        flatten: match (args.flatten, args.no_flatten) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
    };
    let accepted = send::<call::Stop>(&client, &params)?;
    report(&client, &accepted, setting)?;
    let Some(seconds) = args.wait else {
        return Ok(());
    };
    if wait(&client, seconds, has_ended)? {
        setting.output.note("traderd has ended");
        return Ok(());
    }
    Err(Failed::refused(
        format!("traderd still runs after {seconds} s"),
        "it is still closing positions or making sure that they are protected",
        "traderctl status and traderctl logs show what it waits for",
    ))
}

/// The daemon has ended when it closes the connection; that it has no time to answer says nothing.
fn has_ended(client: &Client) -> Result<bool, Failed> {
    // Once: a daemon that restarts has ended too.
    match client.call_once::<call::Status>(&NoParams {}) {
        Ok(_) | Err(CallError::TimedOut { .. }) => Ok(false),
        Err(CallError::Lost { .. }) => Ok(true),
        Err(CallError::Daemon(failure)) if is_stopping(failure.code) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn is_stopping(code: i32) -> bool {
    ErrorCode::from_number(code) == Some(ErrorCode::ShuttingDown)
}
