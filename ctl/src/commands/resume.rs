//! `traderctl resume`: new positions again. It adds risk, so it asks.

use trader_rpc::{ChangeParams, Client, call};

use super::Setting;
use super::change::{Request, confirm, report, send, status, terminal_or};
use crate::connection;
use crate::exit::Failed;
use crate::show;

/// Allow new positions again
///
/// Ends a pause, or a halt whose cause is gone. Adds risk, so it asks on a terminal; elsewhere it
/// needs --yes. The daemon refuses while the cause of a halt stands, and says which.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    const NOT_DONE: &str = "trading was not resumed";
    terminal_or(args.yes, NOT_DONE, "traderctl resume --yes")?;
    let client = connection::to_change(setting.socket)?;
    if !args.yes {
        confirm(&question(&client, setting)?, NOT_DONE, setting)?;
    }
    let request_id = args.request.id()?;
    let accepted = send::<call::Resume>(&client, &ChangeParams { request_id })?;
    report(&client, &accepted, setting)
}

fn question(client: &Client, setting: Setting<'_>) -> Result<String, Failed> {
    let status = status(client)?;
    let why = status.trading.why.as_deref().unwrap_or("no reason given");
    Ok(format!(
        "{}\ntrading is {}: {why}\nequity {}, {}\nAllow new positions? [yes/no]",
        setting.output.header(client.hello()),
        status.trading.state,
        show::dollars(status.equity),
        show::count(status.positions, "open position", "open positions"),
    ))
}
