//! `traderctl trades note`: write about a trade.

use trader_rpc::{Note, NoteTradeParams, TradeName, call};

use super::trade_name;
use crate::commands::Setting;
use crate::commands::change::{Request, report, send};
use crate::connection;
use crate::exit::Failed;

/// Write a note on a trade
///
/// It takes the place of the note before, which stays in the history. Up to 1000 bytes of UTF-8, with
/// line breaks if you like. Written down with your user id.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trade's intent, as in traderctl trades, or its number, as in --json
    #[arg(value_parser = trade_name)]
    trade: TradeName,
    /// What to write
    #[arg(value_parser = note, required_unless_present = "remove")]
    text: Option<Note>,
    /// Take the note away
    #[arg(long, conflicts_with = "text")]
    remove: bool,
    #[command(flatten)]
    request: Request,
}

fn note(text: &str) -> Result<Note, String> {
    text.parse()
        .map_err(|error: trader_rpc::NoteError| error.to_string())
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_change(setting.socket)?;
    let params = NoteTradeParams {
        request_id: args.request.id()?,
        trade: args.trade.clone(),
        note: args.text.clone(),
    };
    let accepted = send::<call::NoteTrade>(&client, &params)?;
    report(&client, &accepted, setting)
}
