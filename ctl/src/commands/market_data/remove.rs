//! `traderctl data remove`: stored series that are no longer wanted. Cannot be undone, so it asks.

use std::io::{self, BufRead, IsTerminal};

use trader_contract::Symbol;
use trader_rpc::{Client, DataParams, RemoveDataParams, call};

use super::super::Setting;
use super::super::change::{Request, report, send, symbol};
use super::kind::kind;
use crate::connection;
use crate::exit::Failed;
use crate::show;

/// Remove series from the store
///
/// Cannot be undone, so it asks on a terminal; elsewhere it needs --yes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose
    #[arg(value_parser = symbol)]
    symbol: Symbol,
    /// Remove only such rows; else everything of the symbol
    #[arg(long, value_name = "WHAT", value_parser = kind(), hide_possible_values = true)]
    timeframe: Option<String>,
    /// Remove only this year of them
    #[arg(long, value_name = "YEAR", requires = "timeframe",
          value_parser = clap::value_parser!(i32).range(1900..=2100))]
    year: Option<i32>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    request: Request,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    if !args.yes && !io::stdin().is_terminal() {
        return Err(Failed::usage(
            "nothing was removed",
            "it cannot be undone and there is no terminal to ask on",
            format!("traderctl data remove {} --yes", args.symbol),
        ));
    }
    let client = connection::to_change(setting.socket)?;
    if !args.yes && !confirmed(args, &client, setting)? {
        return Err(Failed::refused(
            "nothing was removed",
            "the answer was not yes",
            "traderctl data list shows what is stored",
        ));
    }
    let params = RemoveDataParams {
        request_id: args.request.id()?,
        symbol: args.symbol,
        data: args.timeframe.clone(),
        year: args.year,
    };
    let accepted = send::<call::RemoveData>(&client, &params)?;
    report(&client, &accepted, setting)
}

fn confirmed(args: &Args, client: &Client, setting: Setting<'_>) -> Result<bool, Failed> {
    let series = client.call::<call::Data>(&DataParams {
        symbol: Some(args.symbol),
        data: args.timeframe.clone(),
    })?;
    if series.is_empty() {
        return Err(Failed::refused(
            "nothing was removed",
            format!("nothing of {} is stored there", args.symbol),
            "traderctl data list shows what is stored",
        ));
    }
    for one in &series {
        setting.output.note(&format!(
            "{} {}: {} rows, {} to {}",
            one.symbol,
            one.data,
            show::whole(one.rows),
            one.first,
            one.last
        ));
    }
    setting.output.note("Remove them for good? [yes/no]");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
