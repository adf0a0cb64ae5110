//! `traderctl close`: out of one symbol.

use trader_contract::Symbol;
use trader_rpc::{Client, CloseParams, NoParams, OrdersParams, call};

use super::change::{Request, report, send, symbol, wait};
use super::flatten::WAIT_SECONDS;
use super::{Setting, orders, positions};
use crate::connection;
use crate::exit::Failed;

/// Close the position in a symbol and cancel its entries
///
/// Entries are cancelled, the stop is ended once the broker confirms it, and the shares are sold or
/// bought back at the market. Asks nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The symbol
    #[arg(value_parser = symbol)]
    symbol: Symbol,
    /// Wait until it is flat: so many seconds, 60 when none are given
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
          default_missing_value = WAIT_SECONDS)]
    wait: Option<u32>,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = CloseParams {
        request_id: args.request.id()?,
        symbol: args.symbol,
    };
    let accepted = send::<call::Close>(&client, &params)?;
    report(&client, &accepted, setting)?;
    let Some(seconds) = args.wait else {
        return Ok(());
    };
    if wait(&client, seconds, |client| is_flat(client, args.symbol))? {
        setting.output.note(&format!("{} is flat", args.symbol));
        return Ok(());
    }
    Err(Failed::refused(
        format!("{} is not flat after {seconds} s", args.symbol),
        "the broker has not filled or confirmed everything yet; the daemon goes on trying",
        format!(
            "traderctl positions and traderctl orders --symbol {} show what is left",
            args.symbol
        ),
    ))
}

fn is_flat(client: &Client, symbol: Symbol) -> Result<bool, Failed> {
    let positions = client.call::<call::Positions>(&NoParams {})?;
    if positions.iter().any(|position| position.symbol == symbol) {
        return Ok(false);
    }
    let open = client.call::<call::Orders>(&OrdersParams {
        open_only: true,
        symbol: Some(symbol),
        limit: Some(1),
    })?;
    Ok(open.is_empty())
}

/// What is open, as two tables.
pub(super) fn what_is_left(client: &Client, setting: Setting<'_>) -> Result<String, Failed> {
    let open = client.call::<call::Positions>(&NoParams {})?;
    let working = client.call::<call::Orders>(&OrdersParams {
        open_only: true,
        symbol: None,
        limit: None,
    })?;
    Ok(format!(
        "{}\n\n{}",
        positions::list(&open, setting.output),
        orders::list(&working, setting.output, "no open orders")
    ))
}
