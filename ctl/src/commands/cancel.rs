//! `traderctl cancel`: end one order.

use trader_contract::ClientOrderId;
use trader_rpc::{CancelParams, call};

use super::Setting;
use super::change::{Request, report, send};
use crate::connection;
use crate::exit::Failed;

/// Cancel an order
///
/// The order may still fill before the broker has cancelled it; traderctl orders --all shows how it
/// ended. The daemon refuses to cancel the stop that protects a position: close the position instead.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The order's id, as in traderctl orders
    order: ClientOrderId,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = CancelParams {
        request_id: args.request.id()?,
        order: args.order,
    };
    let accepted = send::<call::Cancel>(&client, &params)?;
    report(&client, &accepted, setting)
}
