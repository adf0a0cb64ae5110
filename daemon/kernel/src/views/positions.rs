//! Open positions with their protection.

use trader_contract::{Direction, OrderRole};
use trader_core::book::{Holding, Order};
use trader_core::{Engine, Protection};
use trader_rpc::{self as rpc, convert};

use super::orders::state;

/// The open positions, in the order of their symbols.
#[must_use]
pub fn positions(engine: &Engine) -> Vec<rpc::Position> {
    engine
        .book()
        .holdings
        .values()
        .filter_map(|holding| position(engine, holding))
        .collect()
}

fn position(engine: &Engine, holding: &Holding) -> Option<rpc::Position> {
    let last = engine
        .symbol_id(holding.symbol)
        .and_then(|id| engine.symbols().get(id.index()))
        .and_then(|symbol| symbol.last);
    Some(rpc::Position {
        symbol: holding.symbol,
        direction: Direction::of(holding.net)?,
        qty: convert::qty(holding.net.magnitude()),
        entry_average: convert::mean(holding.entry_average()?),
        last: last.map(convert::price),
        open_pnl: last.map(|last| convert::money(holding.profit_at(last))),
        stop: holding.stop.map(convert::price),
        stop_state: stop_order(engine, holding).map(state),
        protected: engine.protection(holding) == Protection::Protected,
        route: holding.route.to_string(),
        intent: holding.intent().to_string(),
        entered_at: holding.entered_at?,
        exiting: holding.exit.is_some(),
    })
}

/// The live stop order of an open trade. While one takes the place of another, the one that rests.
#[must_use]
pub fn stop_order<'a>(engine: &'a Engine, holding: &Holding) -> Option<&'a Order> {
    engine
        .book()
        .orders_for(holding)
        .filter(|order| order.role() == OrderRole::Stop && order.is_live())
        .max_by_key(|order| (order.state.is_acknowledged(), order.id()))
}
