//! `traderctl orders`: open orders, or all of them.

use trader_contract::Symbol;
use trader_rpc::{Order, OrderStatus, OrdersParams, call};

use super::Setting;
use super::change::symbol;
use crate::connection;
use crate::exit::Failed;
use crate::output::{Output, Style};
use crate::show;
use crate::table::{Column, Plain};

const COLUMNS: &[Column] = &[
    Column::Left("ORDER"),
    Column::Left("SYMBOL"),
    Column::Left("FOR"),
    Column::Left("SIDE"),
    Column::Right("FILLED"),
    Column::Right("SHARES"),
    Column::Left("KIND"),
    Column::Right("STOP"),
    Column::Right("LIMIT"),
    Column::Left("UNTIL"),
    Column::Left("STATE"),
    Column::Right("AVERAGE"),
    Column::Left("UPDATED (ET)"),
    Column::Left("WHY"),
];

/// List open orders, the newest first
///
/// The state is what the broker's evidence says. `unknown` means that an answer was lost: the
/// daemon is finding out whether the broker has the order.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// List orders that have ended, too
    #[arg(long)]
    all: bool,
    /// List only this symbol's
    #[arg(long, value_name = "SYMBOL", value_parser = symbol)]
    symbol: Option<Symbol>,
    /// List at most so many, the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
}

pub(super) fn run(args: &Args, setting: Setting<'_>) -> Result<(), Failed> {
    let client = connection::to_look(setting.socket)?;
    let orders = client.call::<call::Orders>(&OrdersParams {
        open_only: !args.all,
        symbol: args.symbol,
        limit: args.limit,
    })?;
    setting.output.result(&orders, || {
        let header = setting.output.header(client.hello());
        let empty = if args.all {
            "no orders"
        } else {
            "no open orders"
        };
        format!("{header}\n{}", list(&orders, setting.output, empty))
    })
}

pub(super) fn list(orders: &[Order], output: &Output, empty: &str) -> String {
    let mut table = Plain::new(output, COLUMNS);
    for order in orders {
        let cells = vec![
            order.client_id.to_string(),
            order.symbol.to_string(),
            order.role.to_string(),
            order.side.to_string(),
            show::shares(order.filled),
            show::shares(order.qty),
            kind(order),
            show::price_or_dash(order.stop),
            show::price_or_dash(order.limit),
            order.time_in_force.to_string(),
            order.state.to_string(),
            show::price_or_dash(order.average),
            show::date_time(order.updated_at),
            order.reason.clone().unwrap_or_default(),
        ];
        match order.state {
            OrderStatus::Unknown | OrderStatus::Rejected => {
                table.styled_row(cells, Style::Caution);
            }
            state if !state.is_open() => table.styled_row(cells, Style::Faint),
            _ => table.row(cells),
        }
    }
    table.write(empty)
}

/// "trailing_stop 0.50" or "trailing_stop 1.5%"; the other kinds by their names alone.
fn kind(order: &Order) -> String {
    match (order.trail_price, order.trail_percent) {
        _ if order.kind != "trailing_stop" => order.kind.clone(),
        (_, Some(percent)) => format!("{} {percent}%", order.kind),
        (distance, None) => format!("{} {}", order.kind, show::price_or_dash(distance)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_stop_says_how_far_it_trails() {
        let mut order: Order = trader_rpc::sample::of("Order").unwrap();
        assert_eq!(kind(&order), "stop_limit");
        order.kind = "trailing_stop".to_owned();
        assert_eq!(kind(&order), "trailing_stop 1.5%");
        order.trail_percent = None;
        assert_eq!(kind(&order), "trailing_stop 0.50");
    }
}
