//! `traderctl why-halted`: why nothing is entered.

use trader_rpc::{NoParams, Obstacle, call};

use super::Setting;
use crate::connection;
use crate::exit::Failed;
use crate::output::Output;
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Left("WHAT"),
    Column::Left("SYMBOL"),
    Column::Left("ROUTE"),
    Column::Left("SINCE (ET)"),
    Column::Left("WHY"),
    Column::Left("NEXT"),
];

/// List everything that stops new positions now
///
/// What is about the whole account comes first, then symbols, then routes: each with its reason and
/// with what to do next. Nothing of it stops protecting or closing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let found = client.call::<call::WhyHalted>(&NoParams {})?;
    setting.output.result(&found, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", list(&found, setting.output))
    })
}

fn list(found: &[Obstacle], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS);
    for obstacle in found {
        table.row(vec![
            obstacle.kind.clone(),
            obstacle.symbol.map_or_else(show::dash, |s| s.to_string()),
            obstacle.route.clone().unwrap_or_else(show::dash),
            obstacle.since.map_or_else(show::dash, show::date_time),
            obstacle.why.clone(),
            obstacle.next.clone(),
        ]);
    }
    table.write("nothing stops new positions")
}
