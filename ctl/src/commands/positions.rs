//! `traderctl positions`: what is open, and how it is protected.

use trader_rpc::{NoParams, Position, call};

use super::Setting;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Left("SYMBOL"),
    Column::Left("SIDE"),
    Column::Right("SHARES"),
    Column::Right("ENTRY"),
    Column::Right("LAST"),
    Column::Right("PROFIT"),
    Column::Right("STOP"),
    Column::Left("PROTECTED"),
    Column::Left("ROUTE"),
    Column::Left("INTENT"),
    Column::Left("SINCE (ET)"),
];

/// List open positions and how they are protected
///
/// A position is protected when the broker has acknowledged a stop for all of its shares. NO in that
/// column means that nothing limits the loss at this moment.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let positions = client.call::<call::Positions>(&NoParams {})?;
    setting.output.result(&positions, || {
        let header = setting.output.header(client.hello());
        format!("{header}\n{}", list(&positions, setting.output))
    })
}

pub(super) fn list(positions: &[Position], output: &Output) -> String {
    let mut table = Plain::new(output, COLUMNS);
    for position in positions {
        let cells = vec![
            position.symbol.to_string(),
            position.direction.to_string(),
            show::shares(position.qty),
            show::price(position.entry_average),
            show::price_or_dash(position.last),
            position.open_pnl.map_or_else(show::dash, show::gain),
            show::price_or_dash(position.stop),
            protection(position),
            position.route.clone(),
            position.intent.clone(),
            show::date_time(position.entered_at),
        ];
        if position.protected {
            table.row(cells);
        } else {
            table.styled_row(cells, Style::Alarm);
        }
    }
    table.write("no open positions")
}

fn protection(position: &Position) -> String {
    let stop = match (position.protected, position.stop_state) {
        (true, _) => "yes".to_owned(),
        (false, Some(state)) => format!("NO, stop {state}"),
        (false, None) => "NO, no stop".to_owned(),
    };
    if position.exiting {
        format!("{stop}, closing")
    } else {
        stop
    }
}
