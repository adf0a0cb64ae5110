//! `traderctl trades`: what was closed, and with what result.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use trader_contract::Symbol;
use trader_rpc::{Trade, TradesParams, call};

use super::Setting;
use super::change::{in_order, symbol};
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

/// List trades that have ended, the newest first
///
/// A trade goes from flat to flat. Its profit is sales less purchases less fees; its stop is the
/// first one planned, which is what was risked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
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
    /// List at most so many, the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    if let (Some(from), Some(to)) = (args.from, args.to) {
        in_order("--from", from, "--to", to)?;
    }
    let client = connection::to_look(setting.socket)?;
    let trades = client.call::<call::Trades>(&TradesParams {
        from: args.from,
        to: args.to,
        symbol: args.symbol,
        route: args.route.clone(),
        limit: args.limit,
    })?;
    setting.output.result(&trades, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", list(&trades, setting.output))
    })
}

fn list(trades: &[Trade], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS);
    let mut total = Decimal::ZERO;
    for trade in trades {
        total = total.saturating_add(trade.profit);
        let cells = vec![
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
