//! The list of `traderctl trades`.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use trader_contract::Symbol;
use trader_rpc::{Tag, Trade, TradesParams, call};

use super::{joined, sheet, tag};
use crate::commands::Setting;
use crate::commands::change::{in_order, symbol};
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Left("CLOSED (ET)"),
    Column::Left("SYMBOL"),
    Column::Left("SIDE"),
    Column::Right("SHARES"),
    Column::Right("ENTRY"),
    Column::Right("EXIT"),
    Column::Right("STOP"),
    Column::Right("PROFIT"),
    Column::Right("FEES"),
    Column::Left("WHY"),
    Column::Left("ROUTE"),
    Column::Left("INTENT"),
];

/// The columns of a list in which somebody wrote something.
const WRITTEN: [Column; 2] = [Column::Left("TAGS"), Column::Left("NOTE")];

/// Which trades, and how they are shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    /// List only those that ended on this day or later
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// List only those that ended on this day or earlier
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// List only this symbol's
    #[arg(long, value_name = "SYMBOL", value_parser = symbol)]
    symbol: Option<Symbol>,
    /// List only this route's
    #[arg(long, value_name = "ROUTE")]
    route: Option<String>,
    /// List only those with this tag; given several times, those with all of them
    #[arg(long = "tag", value_name = "TAG", value_parser = tag)]
    tags: Vec<Tag>,
    /// List at most so many, the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
    /// Print CSV: every figure, tags and notes, times in UTC
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(super) fn run(args: &Flags, setting: Setting<'_>) -> Result<(), Failed> {
    if let (Some(from), Some(to)) = (args.from, args.to) {
        in_order("--from", from, "--to", to)?;
    }
    let client = connection::to_look(setting.socket)?;
    let trades = client.call::<call::Trades>(&TradesParams {
        from: args.from,
        to: args.to,
        symbol: args.symbol,
        route: args.route.clone(),
        tags: args.tags.clone(),
        limit: args.limit,
    })?;
    if args.csv {
        return setting.output.bytes(sheet::csv(&trades).as_bytes());
    }
    setting.output.result(&trades, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", list(&trades, setting.output))
    })
}

/// The table, with its sum below it.
pub(crate) fn list(trades: &[Trade], output: &Output) -> String {
    let written = trades
        .iter()
        .any(|trade| trade.note.is_some() || !trade.tags.is_empty());
    let mut columns = COLUMNS.to_vec();
    if written {
        columns.extend(WRITTEN);
    }
    let mut table = Plain::new(output, &columns);
    let mut total = Decimal::ZERO;
    for trade in trades {
        total = total.saturating_add(trade.profit);
        let mut cells = vec![
            show::date_time(trade.exited_at),
            trade.symbol.to_string(),
            trade.direction.to_string(),
            show::shares(trade.qty),
            show::price(trade.entry_average),
            show::price(trade.exit_average),
            show::price_or_dash(trade.initial_stop),
            show::gain(trade.profit),
            show::dollars(trade.fees),
            trade.exit_reason.to_string(),
            trade.route.clone(),
            trade.intent.clone(),
        ];
        if written {
            cells.push(joined(&trade.tags));
            cells.push(
                trade
                    .note
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            );
        }
        if trade.profit.is_sign_negative() {
            table.styled_row(cells, Style::Caution);
        } else {
            table.row(cells);
        }
    }
    let table = table.write("no trades");
    if trades.is_empty() {
        return table;
    }
    let number = u32::try_from(trades.len()).unwrap_or(u32::MAX);
    let summary = show::count(number, "trade", "trades");
    format!("{table}\n{summary}, {}", show::gain(total))
}
