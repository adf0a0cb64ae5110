//! `traderctl resume`: new positions again. It adds risk, so it asks.

use std::io::{self, BufRead, IsTerminal};

use trader_rpc::{ChangeParams, Client, call};

use super::Setting;
use super::change::{Request, report, send, status};
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
    if !args.yes && !io::stdin().is_terminal() {
        return Err(Failed::usage(
            "trading was not resumed",
            "it adds risk and there is no terminal to ask on",
            "traderctl resume --yes",
        ));
    }
    let client = connection::to_change(setting.socket)?;
    if !args.yes && !confirmed(&client, setting)? {
        return Err(Failed::refused(
            "trading was not resumed",
            "the answer was not yes",
            "traderctl status shows the state; nothing was changed",
        ));
    }
    let request_id = args.request.id()?;
    let accepted = send::<call::Resume>(&client, &ChangeParams { request_id })?;
    report(&client, &accepted, setting)
}

fn confirmed(client: &Client, setting: Setting<'_>) -> Result<bool, Failed> {
    let status = status(client)?;
    let why = status.trading.why.as_deref().unwrap_or("no reason given");
    setting.output.note(&format!(
        "{}\ntrading is {}: {why}\nequity {}, {}\nAllow new positions? [yes/no]",
        setting.output.header(client.hello()),
        status.trading.state,
        show::dollars(status.equity),
        show::count(status.positions, "open position", "open positions"),
    ));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
