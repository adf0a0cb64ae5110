//! `traderctl trades`: what was closed and with what result, and what people write about it.

mod history;
mod list;
mod note;
mod sheet;
mod tag;

use clap::Subcommand;
use trader_rpc::{Tag, TradeName};

use super::Setting;
use crate::exit::Failed;

const EXAMPLES: &str = "\
Examples:
  traderctl trades --from 2011-01-10        those of a day and later
  traderctl trades note 20110110-12 \"held through the pullback, as planned\"
  traderctl trades tag 20110110-12 +setup -late
  traderctl trades --tag setup --tag trend  those with both tags
  traderctl trades --tag setup --csv        the same for a spreadsheet
  traderctl trades history 20110110-12      who wrote what, and when";

/// List trades that have ended; write notes and tags on them
///
/// A trade goes from flat to flat. Its profit is sales less purchases less fees; its stop is the
/// first one planned, which is what was risked. The newest come first.
///
/// Notes and tags are kept apart from the ledger, which nobody can edit, with the history of their
/// edits. TRADE is a trade's intent or, where an intent opened several, its number.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = format!("{EXAMPLES}\n\n{}", crate::exit::HELP)
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: list::Flags,
}

#[derive(Debug, Subcommand)]
enum Action {
    Note(note::Args),
    Tag(tag::Args),
    History(history::Args),
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    match &args.action {
        None => list::run(&args.list, setting),
        Some(Action::Note(args)) => note::run(args, setting),
        Some(Action::Tag(args)) => tag::run(args, setting),
        Some(Action::History(args)) => history::run(args, setting),
    }
}

pub(super) use list::list;

/// Reads a tag in any case.
fn tag(text: &str) -> Result<Tag, String> {
    text.to_ascii_lowercase()
        .parse()
        .map_err(|error: trader_rpc::TagError| error.to_string())
}

/// Reads what a trade is called.
fn trade_name(text: &str) -> Result<TradeName, String> {
    text.parse()
        .map_err(|error: trader_rpc::TradeNameError| error.to_string())
}

/// Tags as one word: `late,setup`.
fn joined(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(",")
}
