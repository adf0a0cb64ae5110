//! What every broker refuses: orders that make no sense, ids used twice, shares that cannot be
//! borrowed and orders that cannot be paid for.

use trader_contract::{
    Attached, NetQty, OrderKind, OrderRequest, OrderState, Qty, Replacement, ReportStatus, Side,
};

use super::Refusal;
use crate::broker::SimBroker;
use crate::order::{Order, Part};

fn invalid(message: impl Into<Box<str>>) -> Refusal {
    Refusal::new(Refusal::INVALID, message)
}

fn forbidden(message: impl Into<Box<str>>) -> Refusal {
    Refusal::new(Refusal::FORBIDDEN, message)
}

/// The order by itself; returns the place of its book.
pub(super) fn check_shape(broker: &SimBroker, request: &OrderRequest) -> Result<usize, Refusal> {
    let index = broker.places.get(&request.symbol).copied();
    let index = index.ok_or_else(|| {
        let message = format!("asset \"{}\" not found", request.symbol);
        Refusal::new(Refusal::UNPROCESSABLE, message)
    })?;
    if request.qty.is_zero() {
        return Err(invalid("qty must be > 0"));
    }
    let attached = request.attached;
    if request.oco_stop.is_some() {
        if attached != Attached::NONE {
            return Err(invalid("an oco order takes no attached exits"));
        }
        if !matches!(request.kind, OrderKind::Limit { .. }) {
            return Err(invalid("oco orders must be limit orders"));
        }
    }
    Ok(index)
}

/// Ids are unique for ever, over orders and legs.
pub(super) fn check_ids(broker: &SimBroker, request: &OrderRequest) -> Result<(), Refusal> {
    let mut ids = vec![request.client_id];
    let attached = request.attached;
    let legs = [attached.stop, attached.target, request.oco_stop];
    ids.extend(legs.into_iter().flatten().map(|(id, _)| id));
    let known = ids.iter().any(|id| broker.ids.contains_key(id));
    ids.sort_unstable();
    let twice = ids.windows(2).any(|pair| pair.first() == pair.last());
    if known || twice {
        return Err(invalid("client_order_id must be unique"));
    }
    Ok(())
}

/// What the account can carry. `old` is the order that makes way.
pub(super) fn check_account(
    broker: &SimBroker,
    index: usize,
    request: &OrderRequest,
    old: Option<&Order>,
) -> Result<(), Refusal> {
    let Some(book) = broker.books.get(index) else {
        return Err(invalid("symbol not found"));
    };
    let committed = |side: Side| {
        let open = book
            .open
            .iter()
            .filter_map(|number| broker.orders.get(number));
        let same = open
            .filter(|order| order.side == side && old.is_none_or(|old| old.number != order.number));
        same.fold(0_i64, |sum, order| {
            sum.saturating_add(order.remaining().nanos())
        })
    };
    let after = committed(request.side)
        .saturating_add(request.qty.nanos())
        .saturating_add(book.position.magnitude().nanos());
    if after > Qty::MAX_NANOS {
        return Err(invalid("qty is more than the exchange can book"));
    }
    let exit = old.is_some_and(|old| matches!(old.part, Part::Target | Part::Stop));
    if exit {
        return Ok(());
    }
    let opens = !broker
        .opening_qty(index, request.side, request.qty)
        .is_zero();
    if let Some(why) = broker.blocked.as_ref().filter(|_| opens) {
        return Err(forbidden(why.clone()));
    }
    let opens_short = request.side == Side::Sell && request.qty > long_part(book.position);
    if opens_short {
        if !broker.config.shorting || broker.is_too_small_to_short() {
            return Err(forbidden("account is not allowed to short"));
        }
        if !book.shortable {
            let message = format!("asset \"{}\" cannot be sold short", request.symbol);
            return Err(Refusal::new(Refusal::UNPROCESSABLE, message));
        }
    }
    check_buying_power(broker, index, request, old)?;
    check_day_trades(broker, index, request, old)
}

/// Only what opens a position can be refused; whatever closes one is taken.
fn check_day_trades(
    broker: &SimBroker,
    index: usize,
    request: &OrderRequest,
    old: Option<&Order>,
) -> Result<(), Refusal> {
    let opens = broker.opening_qty(index, request.side, request.qty);
    if old.is_some() || opens.is_zero() || !broker.is_one_day_trade_too_many(index) {
        return Ok(());
    }
    let message = "trade denied due to pattern day trading protection";
    Err(Refusal::new(Refusal::DAY_TRADES, message))
}

fn check_buying_power(
    broker: &SimBroker,
    index: usize,
    request: &OrderRequest,
    old: Option<&Order>,
) -> Result<(), Refusal> {
    let Some(power) = broker.buying_power() else {
        return Ok(());
    };
    let cost = broker.opening_cost(index, request.side, request.qty, request.kind);
    let freed = old.map_or(trader_contract::Money::ZERO, |old| {
        broker.opening_cost(index, old.side, old.remaining(), old.kind)
    });
    if cost > trader_contract::Money::ZERO && cost - freed > power {
        return Err(forbidden("insufficient buying power"));
    }
    Ok(())
}

fn long_part(position: NetQty) -> Qty {
    if position.nanos() > 0 {
        position.magnitude()
    } else {
        Qty::ZERO
    }
}

/// A replacement by itself; returns the order that it makes.
pub(super) fn check_replace(
    broker: &SimBroker,
    old: &Order,
    replacement: &Replacement,
) -> Result<OrderRequest, Refusal> {
    let not_open = || {
        let message = "unable to replace order, order is not open";
        Err(Refusal::new(Refusal::UNPROCESSABLE, message))
    };
    match old.status {
        ReportStatus::PendingNew => {
            let message = "unable to replace order, order isn't sent to exchange yet";
            return Err(invalid(message));
        }
        status if matches!(status.state(), OrderState::Done(_)) => return not_open(),
        ReportStatus::PendingCancel | ReportStatus::PendingReplace => return not_open(),
        _ => {}
    }
    if old.kind.trail().is_some() && old.elected {
        return not_open();
    }
    let kind = changed_kind(old.kind, replacement)?;
    let qty = replacement.qty.unwrap_or(old.qty);
    if qty <= old.filled {
        return Err(invalid("qty must be > what has filled already"));
    }
    if qty != old.qty && old.part != Part::Single {
        let message = "the qty of an order in a group cannot be replaced";
        return Err(Refusal::new(Refusal::UNPROCESSABLE, message));
    }
    let lifetime = broker.ahead.lifetime(replacement.new_client_id);
    let time_in_force = lifetime.unwrap_or(old.time_in_force);
    if kind == old.kind && qty == old.qty && time_in_force == old.time_in_force {
        return Err(forbidden("order parameters are not changed"));
    }
    if broker.ids.contains_key(&replacement.new_client_id) {
        return Err(invalid("client_order_id must be unique"));
    }
    Ok(OrderRequest {
        client_id: replacement.new_client_id,
        symbol: old.symbol,
        side: old.side,
        qty,
        kind,
        time_in_force,
        attached: Attached::NONE,
        oco_stop: None,
    })
}

fn changed_kind(kind: OrderKind, replacement: &Replacement) -> Result<OrderKind, Refusal> {
    let (new_stop, new_limit) = (replacement.stop, replacement.limit);
    let takes_stop = kind.stop().is_some() || new_stop.is_none();
    let takes_limit = kind.limit().is_some() || new_limit.is_none();
    let takes_trail = match (kind.trail(), replacement.trail) {
        (_, None) => true,
        (Some(old), Some(new)) => old.has_unit_of(new),
        (None, Some(_)) => false,
    };
    if !takes_trail && kind.trail().is_some() {
        return Err(invalid("trail must be in the unit that the order has"));
    }
    if !takes_stop || !takes_limit || !takes_trail {
        let message = format!("{} orders require no such price", kind.name());
        return Err(invalid(message));
    }
    Ok(match kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit {
            limit: new_limit.unwrap_or(limit),
        },
        OrderKind::Stop { stop } => OrderKind::Stop {
            stop: new_stop.unwrap_or(stop),
        },
        OrderKind::StopLimit { stop, limit } => OrderKind::StopLimit {
            stop: new_stop.unwrap_or(stop),
            limit: new_limit.unwrap_or(limit),
        },
        OrderKind::TrailingStop { trail } => OrderKind::TrailingStop {
            trail: replacement.trail.unwrap_or(trail),
        },
    })
}
