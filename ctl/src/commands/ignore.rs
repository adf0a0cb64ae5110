//! `traderctl ignore`: what the daemon did not make is its owner's.

use trader_contract::Symbol;
use trader_rpc::{IgnoreParams, call};

use super::Setting;
use super::change::{Request, report, send, symbol};
use crate::connection;
use crate::exit::Failed;

/// Leave what the daemon did not make to its owner
///
/// The alert ends; the symbol is not entered as long as something is left in it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The symbol
    #[arg(value_parser = symbol)]
    symbol: Symbol,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = IgnoreParams {
        request_id: args.request.id()?,
        symbol: args.symbol,
    };
    let accepted = send::<call::Ignore>(&client, &params)?;
    report(&client, &accepted, setting)
}
