//! The orders of the book: those of open trades and those of this session.

use trader_contract::Mean;
use trader_core::Engine;
use trader_core::book::Order;
use trader_core::record::IntentId;
use trader_rpc::limits::ROWS_MAX;
use trader_rpc::{self as rpc, OrdersParams, convert};

/// The orders that a caller asked for, the newest first.
#[must_use]
pub fn orders(engine: &Engine, params: &OrdersParams) -> Vec<rpc::Order> {
    let asked_for = |order: &&Order| {
        (order.is_live() || !params.open_only)
            && params.symbol.is_none_or(|symbol| symbol == order.symbol())
    };
    let mut found: Vec<&Order> = engine.book().orders.values().filter(asked_for).collect();
    found.sort_by_key(|order| std::cmp::Reverse((order.planned_at, order.id())));
    let most = params.limit.unwrap_or(ROWS_MAX).min(ROWS_MAX);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    found.into_iter().take(most).map(order).collect()
}

/// An order on the wire.
#[must_use]
pub fn order(order: &Order) -> rpc::Order {
    let request = &order.planned.request;
    let (trail_price, trail_percent) = convert::trail(request.kind);
    let closes = order.planned.exit_reason.map(|why| why.to_string());
    rpc::Order {
        client_id: order.id(),
        broker_id: order.broker_id.as_ref().map(ToString::to_string),
        intent: IntentId::from(order.id()).to_string(),
        route: order.planned.route.to_string(),
        symbol: order.symbol(),
        side: order.side(),
        qty: convert::qty(order.qty),
        filled: convert::qty(order.filled),
        kind: request.kind.name().to_owned(),
        stop: order.stop.map(convert::price),
        limit: request.kind.limit().map(convert::price),
        trail_price,
        trail_percent,
        time_in_force: request.time_in_force,
        role: order.role(),
        state: state(order),
        parent: order.planned.parent,
        // 1e-15 dollars over 1e-9 shares are millionths of a dollar a share.
        average: Mean::new(order.filled_value.femtos(), order.filled.nanos()).map(convert::mean),
        planned_at: order.planned_at,
        updated_at: order.updated_at,
        reason: order.reason.as_ref().map(ToString::to_string).or(closes),
    }
}

/// Where an order is, with what we asked for and the broker has not answered yet.
pub(super) fn state(order: &Order) -> rpc::OrderStatus {
    match () {
        () if !order.is_live() => order.state.into(),
        () if order.cancel_asked => rpc::OrderStatus::Cancelling,
        () if order.replace_asked => rpc::OrderStatus::Replacing,
        () => order.state.into(),
    }
}
