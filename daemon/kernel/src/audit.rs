//! The control at the last point before the market: what leaves must be what the journal's book says
//! was planned. It knows no rule of trading; it compares.

use trader_contract::{
    Attached, BrokerRequest, ClientOrderId, OrderKind, OrderRequest, Price, Replacement, Side,
    Symbol,
};
use trader_core::book::{Book, Order};

/// The order whose request contradicts the book, and how; `None` if the request is as planned.
pub(crate) fn contradiction(
    book: &Book,
    request: &BrokerRequest,
) -> Option<(ClientOrderId, String)> {
    let (order, verdict) = match request {
        BrokerRequest::Submit(order) => (order.client_id, submit(book, order)),
        BrokerRequest::Cancel(order) => (*order, live(book, *order).map(drop)),
        BrokerRequest::Replace(change) => (change.new_client_id, replace(book, change)),
        BrokerRequest::Snapshot { .. } => return None,
    };
    verdict.err().map(|why| (order, why))
}

/// An order that the book knows and that has not ended.
fn live(book: &Book, id: ClientOrderId) -> Result<&Order, String> {
    let order = book
        .orders
        .get(&id)
        .ok_or_else(|| format!("no order {id} was planned"))?;
    if order.is_live() {
        Ok(order)
    } else {
        Err(format!("order {id} has ended ({})", order.state))
    }
}

fn submit(book: &Book, request: &OrderRequest) -> Result<(), String> {
    let planned = &live(book, request.client_id)?.planned.request;
    same(request, planned)?;
    let closing = request.side.opposite();
    let Attached { stop, target } = request.attached;
    leg(book, planned.symbol, closing, stop)?;
    leg(book, planned.symbol, closing, target)?;
    leg(book, planned.symbol, request.side, request.oco_stop)
}

/// An order that goes out inside another's request has a plan of its own.
fn leg(
    book: &Book,
    symbol: Symbol,
    side: Side,
    leg: Option<(ClientOrderId, Price)>,
) -> Result<(), String> {
    let Some((id, price)) = leg else {
        return Ok(());
    };
    let planned = &live(book, id)?.planned.request;
    let at = planned.kind.stop().or(planned.kind.limit());
    if (planned.symbol, planned.side, at) != (symbol, side, Some(price)) {
        return Err(format!(
            "{id}: {side} {symbol} at {price} goes with an order, and {} {} at {at:?} was planned",
            planned.side, planned.symbol
        ));
    }
    Ok(())
}

/// Whether a request is the planned one, field by field, so that the answer says which is not.
fn same(request: &OrderRequest, planned: &OrderRequest) -> Result<(), String> {
    let id = request.client_id;
    let differs = |what: &str, asked: String, meant: String| {
        Err(format!("{id}: {what} {asked}, and {meant} was planned"))
    };
    if request.symbol != planned.symbol {
        return differs(
            "symbol",
            request.symbol.to_string(),
            planned.symbol.to_string(),
        );
    }
    if request.side != planned.side {
        return differs("side", request.side.to_string(), planned.side.to_string());
    }
    if request.qty != planned.qty {
        return differs("quantity", request.qty.to_string(), planned.qty.to_string());
    }
    if request != planned {
        return differs("it is", format!("{request:?}"), format!("{planned:?}"));
    }
    Ok(())
}

fn replace(book: &Book, change: &Replacement) -> Result<(), String> {
    let old = live(book, change.client_id)?;
    let new = live(book, change.new_client_id)?;
    let (id, planned) = (change.new_client_id, &new.planned.request);
    if new.planned.replaces != Some(change.client_id) {
        return Err(format!(
            "{id} was not planned in place of {}",
            change.client_id
        ));
    }
    if planned.symbol != old.symbol() || planned.side != old.side() {
        return Err(format!(
            "{id}: {} {} takes the place of {} {}",
            planned.side,
            planned.symbol,
            old.side(),
            old.symbol()
        ));
    }
    // The request counts what has filled already, the plan does not.
    let total = change.qty.unwrap_or(old.qty);
    if planned.qty.checked_add(old.filled) != Some(total) {
        return Err(format!(
            "{id}: quantity {total} with {} filled, and {} was planned",
            old.filled, planned.qty
        ));
    }
    let becomes = changed(old, change);
    if becomes != planned.kind {
        return Err(format!(
            "{id}: {becomes:?}, and {:?} was planned",
            planned.kind
        ));
    }
    Ok(())
}

/// What makes an order fill once it is changed.
fn changed(old: &Order, change: &Replacement) -> OrderKind {
    let stop = change.stop.or(old.stop);
    match old.planned.request.kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit {
            limit: change.limit.unwrap_or(limit),
        },
        OrderKind::Stop { stop: planned } => OrderKind::Stop {
            stop: stop.unwrap_or(planned),
        },
        OrderKind::StopLimit {
            stop: planned,
            limit,
        } => OrderKind::StopLimit {
            stop: stop.unwrap_or(planned),
            limit: change.limit.unwrap_or(limit),
        },
        OrderKind::TrailingStop { trail } => OrderKind::TrailingStop {
            trail: change.trail.unwrap_or(trail),
        },
    }
}
