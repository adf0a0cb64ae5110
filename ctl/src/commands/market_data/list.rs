//! `traderctl data list`: what the bar store has.

use trader_contract::Symbol;
use trader_rpc::{DataParams, DataSeries, call};

use super::super::Setting;
use super::super::change::symbol;
use super::kind::kind;
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::screen::Screen;
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Left("SYMBOL"),
    Column::Left("DATA"),
    Column::Left("FROM"),
    Column::Left("TO"),
    Column::Right("ROWS"),
    Column::Right("EXTENDED"),
    Column::Right("SIZE"),
    Column::Left("FEED"),
    Column::Left("SOURCE"),
];

/// List stored series
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// List only this symbol's
    #[arg(value_parser = symbol)]
    symbol: Option<Symbol>,
    /// List only those with such rows
    #[arg(long, value_name = "WHAT", value_parser = kind(), hide_possible_values = true)]
    timeframe: Option<String>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let series = client.call::<call::Data>(&DataParams {
        symbol: args.symbol,
        data: args.timeframe.clone(),
    })?;
    setting
        .output
        .result(&series, || table(&series, args, setting.output))
}

fn table(series: &[DataSeries], args: &Args, output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS).cut_to(Screen::of_stdout());
    for one in series {
        let day = |date: chrono::NaiveDate| match one.rows {
            0 => "-".to_owned(),
            _ => date.to_string(),
        };
        table.row(vec![
            one.symbol.to_string(),
            one.data.clone(),
            day(one.first),
            day(one.last),
            show::whole(one.rows),
            show::whole(one.extended_rows),
            show::size(one.bytes),
            one.feed.clone(),
            one.source.clone(),
        ]);
    }
    table.write(&match (args.symbol, &args.timeframe) {
        (None, None) => {
            "nothing is stored; traderctl data import --help shows how to change that".to_owned()
        }
        (None, Some(rows)) => {
            format!("no {rows} rows are stored; without --timeframe all are listed")
        }
        (Some(symbol), None) => {
            format!("nothing of {symbol} is stored; traderctl data list lists what is")
        }
        (Some(symbol), Some(rows)) => {
            format!("no {rows} rows of {symbol} are stored; traderctl data list lists what is")
        }
    })
}
