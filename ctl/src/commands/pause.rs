//! `traderctl pause`: no new positions.

use trader_rpc::{ChangeParams, call};

use super::Setting;
use super::change::{Request, report, send};
use crate::connection;
use crate::exit::Failed;

/// Open no new positions
///
/// Open positions stay open and protected; stops, targets and the flattening before the close go on.
/// Asks nothing. Undo it with traderctl resume.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let request_id = args.request.id()?;
    let accepted = send::<call::Pause>(&client, &ChangeParams { request_id })?;
    report(&client, &accepted, setting)
}
