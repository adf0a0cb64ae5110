//! `traderctl disarm`: takes the leave to trade a live account back.

use trader_rpc::{ChangeParams, call};

use super::Setting;
use super::change::{Request, report, send};
use crate::connection;
use crate::exit::Failed;

/// Take the leave to trade a live account back
///
/// No new positions until somebody arms again; positions stay protected and end with the day.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let request_id = args.request.id()?;
    let accepted = send::<call::Disarm>(&client, &ChangeParams { request_id })?;
    report(&client, &accepted, setting)
}
