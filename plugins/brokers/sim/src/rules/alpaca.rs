//! What Alpaca refuses besides: increments, fractions, wash trades, reserved shares, replacements, groups.
//!
//! Where the reference is silent or calls a behaviour unverified, this holds here:
//! - Legs of a group are exempt from the wash-trade rule on both sides; an entry with legs is not.
//! - An order whose cancel or replacement is under way still counts, for washes and for reservations.
//! - A `held` leg can be moved (7.3 does not list the state); the quantity of a group cannot.
//! - Nothing is replaced while `accepted`, `pending_new`, `pending_cancel` or `pending_replace`.
//! - A symbol without any price yet passes the checks against the current price.
//! - Not modelled: PTP assets, the 600 % rule, hard-to-borrow locates and the short-sale restriction.

use trader_contract::{
    Attached, OrderKind, OrderRequest, Price, Qty, ReportStatus, Side, TimeInForce,
};

use super::Refusal;
use crate::book::Book;
use crate::broker::SimBroker;
use crate::order::{Order, Part};

/// A stop leg lies at least this far on the losing side, in millionths of a dollar.
const STOP_DISTANCE_MICROS: i64 = 10_000;

fn unprocessable(message: impl Into<Box<str>>) -> Refusal {
    Refusal::new(Refusal::UNPROCESSABLE, message)
}

fn forbidden(message: impl Into<Box<str>>) -> Refusal {
    Refusal::new(Refusal::FORBIDDEN, message)
}

/// Ticks, fractions and the prices of legs: what can be said without looking at the account.
pub(super) fn check_shape(broker: &SimBroker, request: &OrderRequest) -> Result<(), Refusal> {
    let attached = request.attached;
    let leg = |leg: Option<(_, Price)>| leg.map(|(_, price)| price);
    let (stop_leg, target_leg) = (leg(attached.stop), leg(attached.target));
    let oco_stop = leg(request.oco_stop);
    let stop_id = attached.stop.or(request.oco_stop).map(|(id, _)| id);
    let stop_limit = stop_id.and_then(|id| broker.ahead.leg_limit(id));
    let limits = [request.kind.limit(), target_leg, stop_limit];
    check_ticks(broker, "limit_price", &limits)?;
    check_ticks(
        broker,
        "stop_price",
        &[request.kind.stop(), stop_leg, oco_stop],
    )?;
    let simple = attached == Attached::NONE && oco_stop.is_none();
    check_fraction(request, simple)?;
    let (exit_side, base) = match oco_stop {
        Some(_) => (request.side, request.kind.limit()),
        None => (request.side.opposite(), entry_limit(request.kind)),
    };
    let target = target_leg.or_else(|| request.kind.limit().filter(|_| oco_stop.is_some()));
    let Some(stop) = stop_leg.or(oco_stop) else {
        return Ok(());
    };
    if target.is_some_and(|target| !is_beyond(exit_side, target, stop)) {
        let words = match exit_side {
            Side::Sell => "take_profit.limit_price must be > stop_loss.stop_price",
            Side::Buy => "take_profit.limit_price must be < stop_loss.stop_price",
        };
        return Err(unprocessable(words));
    }
    if base.is_some_and(|base| !is_losing(exit_side, stop, base)) {
        return Err(losing_side(exit_side));
    }
    Ok(())
}

fn entry_limit(kind: OrderKind) -> Option<Price> {
    match kind {
        OrderKind::Limit { limit } => Some(limit),
        _ => None,
    }
}

/// Whether a target of an exit on `side` lies past its stop in the earning direction.
fn is_beyond(side: Side, target: Price, stop: Price) -> bool {
    match side {
        Side::Sell => target > stop,
        Side::Buy => target < stop,
    }
}

/// Whether a stop of an exit on `side` lies a cent or more on the losing side of `base`.
fn is_losing(side: Side, stop: Price, base: Price) -> bool {
    let gap = match side {
        Side::Sell => base.micros().saturating_sub(stop.micros()),
        Side::Buy => stop.micros().saturating_sub(base.micros()),
    };
    gap >= STOP_DISTANCE_MICROS
}

fn losing_side(exit_side: Side) -> Refusal {
    unprocessable(match exit_side {
        Side::Sell => "stop_loss.stop_price must be <= base_price - 0.01",
        Side::Buy => "stop_loss.stop_price must be >= base_price + 0.01",
    })
}

fn check_ticks(broker: &SimBroker, name: &str, prices: &[Option<Price>]) -> Result<(), Refusal> {
    let off = prices
        .iter()
        .flatten()
        .find(|price| !broker.config.tick.allows(**price));
    off.map_or(Ok(()), |price| {
        Err(unprocessable(format!(
            "invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )))
    })
}

fn check_fraction(request: &OrderRequest, simple: bool) -> Result<(), Refusal> {
    if request.qty.is_whole() {
        return Ok(());
    }
    if request.time_in_force != TimeInForce::Day {
        return Err(unprocessable("fractional orders must be DAY orders"));
    }
    if !simple {
        return Err(unprocessable("fractional orders must be simple orders"));
    }
    Ok(())
}

fn open_orders<'a>(broker: &'a SimBroker, book: &'a Book) -> impl Iterator<Item = &'a Order> {
    book.open
        .iter()
        .filter_map(|number| broker.orders.get(number))
}

/// An order that could trade against one of our own on the other side. Exits of a group and trailing
/// stops are exempt, and so are the orders that they stand against.
pub(super) fn check_wash_trade(
    broker: &SimBroker,
    index: usize,
    request: &OrderRequest,
) -> Result<(), Refusal> {
    let Some(book) = broker.books.get(index) else {
        return Ok(());
    };
    if request.oco_stop.is_some() || request.kind.trail().is_some() {
        return Ok(());
    }
    let opposite = open_orders(broker, book).filter(|order| {
        order.side != request.side
            && !matches!(order.part, Part::Target | Part::Stop)
            && order.kind.trail().is_none()
    });
    for order in opposite {
        let crosses = match (order.kind, request.kind) {
            (OrderKind::Market | OrderKind::Stop { .. }, _) => Some("market/stop"),
            (_, OrderKind::Market | OrderKind::Stop { .. }) => Some("limit"),
            (resting, new) => match (resting.limit(), new.limit(), request.side) {
                (Some(sell), Some(buy), Side::Buy) | (Some(buy), Some(sell), Side::Sell)
                    if buy >= sell =>
                {
                    Some("limit")
                }
                _ => None,
            },
        };
        if let Some(kind) = crosses {
            return Err(forbidden(format!(
                "potential wash trade detected. use complex orders \
                 (opposite side {kind} order exists: {})",
                order.client_id
            )));
        }
    }
    Ok(())
}

/// Stops against the current price. `old` is the order that is changed.
pub(super) fn check_against_market(
    broker: &SimBroker,
    index: usize,
    request: &OrderRequest,
    old: Option<&Order>,
) -> Result<(), Refusal> {
    let Some(mark) = broker.mark(index) else {
        return Ok(());
    };
    let moved = request.kind.stop() != old.and_then(|old| old.kind.stop());
    if let Some(stop) = request.kind.stop().filter(|_| moved) {
        check_stop(request.side, stop, mark)?;
    }
    if let Some((_, stop)) = request.oco_stop {
        check_stop(request.side, stop, mark)?;
    }
    if let Some((_, stop)) = request.attached.stop {
        let exit_side = request.side.opposite();
        if !is_losing(exit_side, stop, mark) {
            return Err(losing_side(exit_side));
        }
    }
    Ok(())
}

fn check_stop(side: Side, stop: Price, mark: Price) -> Result<(), Refusal> {
    match side {
        Side::Sell if stop >= mark => Err(unprocessable(format!(
            "stop price must be less than current price (stop_price {stop}, market_price {mark})"
        ))),
        Side::Buy if stop <= mark => Err(unprocessable(format!(
            "stop price must be greater than current price (stop_price {stop}, market_price {mark})"
        ))),
        _ => Ok(()),
    }
}

/// Reserved shares, flips, entries that are none and opening orders on both sides.
pub(super) fn check_quantity(
    broker: &SimBroker,
    index: usize,
    request: &OrderRequest,
    old: Option<&Order>,
) -> Result<(), Refusal> {
    let Some(book) = broker.books.get(index) else {
        return Ok(());
    };
    let closes = match request.side {
        Side::Buy => book.position.nanos() < 0,
        Side::Sell => book.position.nanos() > 0,
    };
    if request.attached != Attached::NONE && closes {
        return Err(unprocessable("bracket orders must be entry orders"));
    }
    if request.oco_stop.is_some() && !closes {
        return Err(unprocessable("oco orders must be exit orders"));
    }
    let is_leg = old.is_some_and(|old| matches!(old.part, Part::Target | Part::Stop));
    if is_leg {
        return Ok(());
    }
    if closes {
        let existing = book.position.magnitude();
        let held = reserved(broker, book, request.side, old);
        let available = existing.checked_sub(held).unwrap_or(Qty::ZERO);
        if request.qty > available {
            return Err(forbidden(format!(
                "insufficient qty available for order (requested: {}, available: {available})",
                request.qty
            )));
        }
        return Ok(());
    }
    if request.side == Side::Sell && !request.qty.is_whole() {
        return Err(unprocessable("fractional orders cannot be sold short"));
    }
    check_one_opening_side(broker, book, request)
}

fn check_one_opening_side(
    broker: &SimBroker,
    book: &Book,
    request: &OrderRequest,
) -> Result<(), Refusal> {
    let opposite = open_orders(broker, book).any(|order| {
        order.side != request.side && !matches!(order.part, Part::Target | Part::Stop)
    });
    if !book.position.is_flat() || !opposite {
        return Ok(());
    }
    Err(forbidden(match request.side {
        Side::Buy => "cannot open a long buy while a short sell order is open",
        Side::Sell => "cannot open a short sell while a long buy order is open",
    }))
}

/// The shares that open orders on the closing side hold, also while their cancel is under way. A pair
/// of exits holds its shares once; exits that wait for their entry hold none.
fn reserved(broker: &SimBroker, book: &Book, side: Side, old: Option<&Order>) -> Qty {
    let counts = |order: &&Order| {
        order.side == side
            && old.is_none_or(|old| old.number != order.number)
            && match order.part {
                Part::Single | Part::Entry => true,
                Part::Target | Part::Stop => !waits_for_entry(broker, order),
            }
            && !(order.part == Part::Stop && partner_is_open(broker, order))
    };
    open_orders(broker, book)
        .filter(counts)
        .fold(Qty::ZERO, |sum, order| {
            // While an order is replaced, the larger of the two holds its shares.
            let twice = order
                .replaces
                .and_then(|old| broker.orders.get(&old))
                .filter(|old| old.is_open())
                .map_or(Qty::ZERO, Order::remaining);
            let more = order.remaining().checked_sub(twice).unwrap_or(Qty::ZERO);
            sum.checked_add(more).unwrap_or(sum)
        })
}

fn waits_for_entry(broker: &SimBroker, order: &Order) -> bool {
    order
        .group
        .and_then(|group| broker.groups.get(&group)?.entry)
        .and_then(|entry| broker.orders.get(&entry))
        .is_some_and(Order::is_open)
}

fn partner_is_open(broker: &SimBroker, order: &Order) -> bool {
    order
        .group
        .and_then(|group| broker.groups.get(&group)?.target)
        .and_then(|target| broker.orders.get(&target))
        .is_some_and(Order::is_open)
}

/// A replacement: only at the exchange, a new quantity only of whole shares, prices on the tick.
pub(super) fn check_replace(
    broker: &SimBroker,
    old: &Order,
    changed: &OrderRequest,
) -> Result<(), Refusal> {
    if old.status == ReportStatus::Accepted {
        let message = "unable to replace order, order isn't sent to exchange yet";
        return Err(Refusal::new(Refusal::INVALID, message));
    }
    if !changed.qty.is_whole() && changed.qty != old.qty {
        return Err(unprocessable("fractional qty cannot be replaced"));
    }
    check_ticks(broker, "limit_price", &[changed.kind.limit()])?;
    check_ticks(broker, "stop_price", &[changed.kind.stop()])?;
    // A limit that is moved may not meet an order of ours either.
    let is_exit = matches!(old.part, Part::Target | Part::Stop);
    if !is_exit && changed.kind.limit() != old.kind.limit() {
        check_wash_trade(broker, old.book, changed)?;
    }
    Ok(())
}
