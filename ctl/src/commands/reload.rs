//! `traderctl reload`: have the configuration read again.

use trader_rpc::{ChangeParams, call};

use super::Setting;
use super::change::Request;
use crate::connection;
use crate::exit::Failed;

/// Have the daemon read its configuration again
///
/// A configuration with a mistake is refused with everything that is wrong, and the old one stays in
/// force. Of a right one the log's level and journal_head_minutes apply at once; what else has changed is
/// listed and applies after a restart. systemctl reload traderd does the same.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let request_id = args.request.id()?;
    let reloaded = client.call::<call::Reload>(&ChangeParams { request_id })?;
    setting.output.result(&reloaded, || {
        let header = setting.output.header(client.hello());
        format!(
            "{header}\nthe new configuration is accepted: {}",
            reloaded.summary()
        )
    })
}
