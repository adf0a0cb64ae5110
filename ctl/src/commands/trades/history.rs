//! `traderctl trades history`: who wrote what about a trade, and when.

use trader_rpc::{EditKind, Note, Tag, TradeEdit, TradeEditsParams, TradeName, call};

use super::trade_name;
use crate::commands::Setting;
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Right("EDIT"),
    Column::Left("WRITTEN (ET)"),
    Column::Right("UID"),
    Column::Left("WHAT"),
    Column::Left("TEXT"),
];

/// List the edits of a trade's note and tags
///
/// The newest first, at most 1000. Edits are kept for good.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The trade's intent, as in traderctl trades, or its number, as in --json
    #[arg(value_parser = trade_name)]
    trade: TradeName,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let edits = client.call::<call::TradeEdits>(&TradeEditsParams {
        trade: args.trade.clone(),
    })?;
    setting.output.result(&edits, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", list(&edits, setting.output))
    })
}

fn list(edits: &[TradeEdit], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS);
    for edit in edits {
        let (what, text) = match edit.what {
            EditKind::Note => ("note", note(edit.note.as_ref())),
            EditKind::Tags => ("tags", changes(&edit.added, &edit.removed)),
        };
        table.row(vec![
            edit.number.to_string(),
            show::date_time(edit.at),
            edit.uid.to_string(),
            what.to_owned(),
            text,
        ]);
    }
    table.write("nobody wrote about it")
}

fn note(note: Option<&Note>) -> String {
    note.map_or_else(|| "(taken away)".to_owned(), ToString::to_string)
}

/// `+setup -late`; what was there already changed nothing.
fn changes(added: &[Tag], removed: &[Tag]) -> String {
    let on = added.iter().map(|tag| format!("+{tag}"));
    let off = removed.iter().map(|tag| format!("-{tag}"));
    let all: Vec<String> = on.chain(off).collect();
    if all.is_empty() {
        "nothing changed".to_owned()
    } else {
        all.join(" ")
    }
}
