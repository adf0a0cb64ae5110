//! `traderctl sessions remove`: a recording that is no longer wanted. Cannot be undone, so it asks.

use std::io::{self, IsTerminal};

use chrono::NaiveDate;
use trader_rpc::{RemoveSessionParams, call};

use super::super::Setting;
use super::super::change::{Request, confirm, report, send};
use crate::connection;
use crate::exit::Failed;

/// Remove the recording of a session
///
/// Cannot be undone, so it asks on a terminal; elsewhere it needs --yes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The session
    #[arg(value_name = "DATE")]
    session: NaiveDate,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    const NOT_DONE: &str = "nothing was removed";
    if !args.yes {
        if !io::stdin().is_terminal() {
            return Err(Failed::usage(
                NOT_DONE,
                "it cannot be undone and there is no terminal to ask on",
                format!("traderctl sessions remove {} --yes", args.session),
            ));
        }
        let question = format!(
            "Remove the recording of {} for good? [yes/no]",
            args.session
        );
        confirm(&question, NOT_DONE, setting)?;
    }
    let client = connection::to_change(setting.socket)?;
    let params = RemoveSessionParams {
        request_id: args.request.id()?,
        session: args.session,
    };
    let accepted = send::<call::RemoveSession>(&client, &params)?;
    report(&client, &accepted, setting)
}
