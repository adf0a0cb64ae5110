//! `traderctl arm`: lifts a kill, and gives the leave to trade a live account. It adds risk, so it
//! asks.

use trader_rpc::{ArmParams, Client, call};

use super::Setting;
use super::change::{Request, confirm, report, send, status, terminal_or};
use super::kill::About;
use crate::connection;
use crate::exit::Failed;
use crate::show;
use crate::table::printable;

/// Lift a kill; in live mode, allow the account to be traded
///
/// Adds risk, so it shows account, mode and equity and asks on a terminal; elsewhere it needs --yes.
/// Needs the role admin: root, or the user that traderd runs as. In live mode, arming everything
/// allows this account to be traded under the configuration and the program that run now, for 30
/// days; a kill, a new configuration or another program ends that.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    about: About,
    /// The account's number; the daemon refuses if the broker says another one
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    terminal_or(args.yes, "nothing was armed", "traderctl arm --yes")?;
    let client = connection::to_change(setting.socket)?;
    if !args.yes {
        let question = question(args, &client, setting)?;
        confirm(&question, "nothing was armed", setting)?;
    }
    let params = ArmParams {
        request_id: args.request.id()?,
        scope: args.about.scope(),
        account: args.account.clone(),
    };
    let accepted = send::<call::Arm>(&client, &params)?;
    report(&client, &accepted, setting)
}

fn question(args: &Args, client: &Client, setting: Setting<'_>) -> Result<String, Failed> {
    let status = status(client)?;
    let account = status.account.as_deref().unwrap_or("not known yet");
    let why = status
        .trading
        .why
        .as_deref()
        .map_or_else(String::new, |why| format!(": {}", printable(why)));
    Ok(format!(
        "{}\naccount {}, mode {}, equity {}, {}\ntrading is {}{why}\nArm {}? [yes/no]",
        setting.output.header(client.hello()),
        printable(account),
        status.mode,
        show::dollars(status.equity),
        show::count(status.positions, "open position", "open positions"),
        status.trading.state,
        args.about.scope(),
    ))
}
