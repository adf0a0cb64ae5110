//! `traderctl adopt`: a position that the daemon did not make comes under its protection.

use trader_contract::{Price, Symbol};
use trader_rpc::{AdoptParams, call};

use super::Setting;
use super::change::{Request, report, send, symbol};
use crate::connection;
use crate::exit::Failed;

/// Protect a position that the daemon did not make
///
/// It gets a stop at the broker and is closed with the day. Where no stop is given, it rests as far
/// from the last price as the configuration says. traderctl alerts list names what was found.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The symbol
    #[arg(value_parser = symbol)]
    symbol: Symbol,
    /// Rest its stop at this price
    #[arg(long, value_name = "PRICE")]
    stop: Option<Price>,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = AdoptParams {
        request_id: args.request.id()?,
        symbol: args.symbol,
        stop: args.stop,
    };
    let accepted = send::<call::Adopt>(&client, &params)?;
    report(&client, &accepted, setting)
}
