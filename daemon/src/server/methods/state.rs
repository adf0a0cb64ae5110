//! What is: `status`, `positions`, `orders`, `strategies`, `why_halted`. The engine answers;
//! orders that have ended come from the archive. That alerts do not
//! arrive is told beside what stands in the engine.

use std::sync::Arc;

use trader_kernel::Call;
use trader_rpc::{Failure, NoParams, Obstacle, Order, OrdersParams, Position, Route, Status};

use super::{Context, Peer};

pub(super) async fn status(
    context: Arc<Context>,
    peer: Peer,
    _: NoParams,
) -> Result<Status, Failure> {
    let mut status = context.ask(peer, Call::Status).await?;
    let undelivered = context.services.alerts.standing();
    if !undelivered.is_empty() {
        status.alerts.extend(undelivered);
        // As the engine orders its own.
        status
            .alerts
            .sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.at));
    }
    Ok(status)
}

pub(super) async fn positions(
    context: Arc<Context>,
    peer: Peer,
    _: NoParams,
) -> Result<Vec<Position>, Failure> {
    context.ask(peer, Call::Positions).await
}

pub(super) async fn orders(
    context: Arc<Context>,
    peer: Peer,
    params: OrdersParams,
) -> Result<Vec<Order>, Failure> {
    if params.open_only {
        return context
            .ask(peer, |reply| Call::OpenOrders(params, reply))
            .await;
    }
    context
        .room
        .read("orders", move |archive| archive.orders(&params))
        .await
}

pub(super) async fn strategies(
    context: Arc<Context>,
    peer: Peer,
    _: NoParams,
) -> Result<Vec<Route>, Failure> {
    context.ask(peer, Call::Strategies).await
}

pub(super) async fn why_halted(
    context: Arc<Context>,
    peer: Peer,
    _: NoParams,
) -> Result<Vec<Obstacle>, Failure> {
    context.ask(peer, Call::WhyHalted).await
}
