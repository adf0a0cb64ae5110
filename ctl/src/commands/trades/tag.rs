//! `traderctl trades tag`: words that trades are found by.

use trader_rpc::{Tag, TagTradeParams, TradeName, call};

use super::{tag, trade_name};
use crate::commands::Setting;
use crate::commands::change::{Request, report, send};
use crate::connection;
use crate::exit::Failed;

/// Put tags on a trade, or take them off
///
/// A tag is a word of up to 32 characters: a-z, 0-9, - and _. A trade has up to 16. Options go before
/// TRADE, since what begins with - after it is a tag to take off. Written down with your user id.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trade's intent, as in traderctl trades, or its number, as in --json
    #[arg(value_parser = trade_name)]
    trade: TradeName,
    /// +NAME to put on, -NAME to take off
    #[arg(
        value_name = "TAG",
        required = true,
        allow_hyphen_values = true,
        value_parser = change
    )]
    tags: Vec<Change>,
    #[command(flatten)]
    request: Request,
}

/// One tag, on or off.
#[derive(Debug, Clone)]
enum Change {
    On(Tag),
    Off(Tag),
}

fn change(text: &str) -> Result<Change, String> {
    if text.starts_with("--") {
        return Err("options go before TRADE".to_owned());
    }
    match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(name), _) => tag(name).map(Change::On),
        (None, Some(name)) => tag(name).map(Change::Off),
        (None, None) => Err("put + before it to put it on, - to take it off".to_owned()),
    }
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let mut params = TagTradeParams {
        request_id: args.request.id()?,
        trade: args.trade.clone(),
        add: Vec::new(),
        remove: Vec::new(),
    };
    for change in &args.tags {
        let (tag, list, other) = match change {
            Change::On(tag) => (tag, &mut params.add, &params.remove),
            Change::Off(tag) => (tag, &mut params.remove, &params.add),
        };
        if other.contains(tag) {
            return Err(Failed::usage(
                "the tags make no sense",
                format!("{tag} is to be put on and taken off"),
                "name it once",
            ));
        }
        if !list.contains(tag) {
            list.push(tag.clone());
        }
    }
    let client = connection::to_change(setting.socket)?;
    let accepted = send::<call::TagTrade>(&client, &params)?;
    report(&client, &accepted, setting)
}
