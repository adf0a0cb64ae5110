//! Closing a position and taking orders out, until the broker says that it is done: what was asked for
//! and is not answered is asked for again, and an exit that does not fill is followed by another one.
//! No two orders of ours ever rest for the same shares: each step waits for the end of the one before.

use trader_contract::{OrderRole, OrderState, Outcome, Timestamp};

use super::plan::{Ground, Step, WAIT, is_bare_too_long, not_before_retry, passed};
use crate::book::{Holding, Order};
use crate::planted::{Bug, is};

/// Exits that the broker refuses one after the other before the stop rests again.
pub const REFUSALS: usize = 3;
/// How long it rests before another exit is tried.
const BETWEEN_REFUSALS: i64 = 30 * Timestamp::SECOND;

/// Whether the orders of a symbol can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Venue {
    /// They can.
    Open {
        /// Since the session's open, or since a halt has ended.
        since: Timestamp,
    },
    /// The venue has halted the symbol. Nothing fills, stops neither.
    Halted,
    /// No session is open.
    Closed {
        /// Whether the position should have been closed before, and since when nothing could any more.
        residue: Option<Timestamp>,
    },
}

/// The next step for a position that is to be closed.
///
/// While the symbol is halted, and over the night for what is left of a session or where the broker
/// queues no exit, a stop that rests stays: it cannot be worse than nothing, and nothing could be closed.
/// So it does for half a minute where the broker refuses exits while the market is open.
/// Otherwise everything that rests is taken out, and the position is closed at the market.
pub(super) fn next_step(holding: &Holding, orders: &[&Order], ground: &Ground<'_>) -> Step {
    let live = |role: OrderRole| {
        let mut of_role = orders.iter().filter(|o| o.role() == role && o.is_live());
        of_role.next().copied()
    };
    if let Some(entry) = live(OrderRole::Entry) {
        return cancel(entry, "the position is to be closed", ground);
    }
    let flat = holding.net.is_flat();
    let resting = live(OrderRole::Stop).or_else(|| live(OrderRole::Target));
    let known = !ground.disputed && !orders.iter().any(|order| order.misses_fills());
    if let Some(order) = resting.filter(|_| !is(Bug::ExitWhileStopRests)) {
        // One for more shares than are left would turn the position.
        let too_large = known && order.remaining() > holding.net.magnitude();
        let keeps = keeps_its_stop(orders, ground.venue) && !too_large;
        let fits = !flat && !holding.is_turned() && !too_large;
        if fits && keeps {
            return WAIT;
        }
        let until = rests_until(orders).filter(|until| fits && ground.at < *until);
        if until.is_some() && order.role() == OrderRole::Stop {
            return Step::Wait { until };
        }
        return cancel(order, "the position is to be closed", ground);
    }
    match live(OrderRole::Exit) {
        Some(order) if flat => cancel(order, "the position is flat", ground),
        Some(order) => {
            let fits = !known || order.remaining() == holding.net.magnitude();
            follow(order, fits, ground)
        }
        None if flat && holding.entry_qty.is_zero() => Step::Lapse,
        None if flat => Step::Finish,
        None => close_or_rest(holding, orders, ground),
    }
}

/// How long an answer is waited for: at night nothing is in a hurry.
fn patience(ground: &Ground<'_>) -> Option<i64> {
    let factor = match ground.venue {
        Venue::Open { .. } | Venue::Halted => 1,
        Venue::Closed { .. } => 12,
    };
    Some(ground.chase_nanos?.saturating_mul(factor))
}

/// Whether a stop that rests stays. What rests because no exit could be queued is not taken out again for
/// one that could not be queued either.
fn keeps_its_stop(orders: &[&Order], venue: Venue) -> bool {
    match venue {
        Venue::Open { .. } => false,
        Venue::Halted => true,
        Venue::Closed { residue } => residue.is_some() || was_refused(orders, residue),
    }
}

/// Closes what nothing rests for. With the venue shut the exit is queued for the open; where the
/// broker takes none, at any time, and in a halt, the stop rests again.
fn close_or_rest(holding: &Holding, orders: &[&Order], ground: &Ground<'_>) -> Step {
    if is(Bug::ExitNotFollowedUp) && orders.iter().any(|o| o.role() == OrderRole::Exit) {
        return WAIT;
    }
    let can_rest = |stop| !holding.is_turned() && !passed(holding, stop, ground);
    let rests = holding.stop.is_some_and(can_rest);
    let step = match ground.venue {
        Venue::Open { .. } if rests && rests_instead(orders, ground) => return Step::PlaceStop,
        Venue::Open { .. } => Step::CloseOut,
        Venue::Halted if rests => Step::PlaceStop,
        Venue::Halted => return WAIT,
        Venue::Closed { residue } if rests && was_refused(orders, residue) => Step::PlaceStop,
        Venue::Closed { .. } => Step::CloseOut,
    };
    not_before_retry(step, ground)
}

/// Whether the stop rests again in the place of an exit that the broker refuses again and again. Once it has,
/// or was refused as well, the next exit is tried.
fn rests_instead(orders: &[&Order], ground: &Ground<'_>) -> bool {
    let refused = refused_exits(orders);
    let exit = of_role(orders, OrderRole::Exit).max_by_key(|order| order.id());
    let Some(newest) = exit.filter(|_| refused > 0) else {
        return false;
    };
    let stop = of_role(orders, OrderRole::Stop).max_by_key(|order| order.id());
    let tried = stop.is_some_and(|stop| stop.planned_at >= newest.updated_at);
    !tried && (refused >= REFUSALS || is_bare_too_long(ground))
}

/// How many of a trade's exits, counted from the newest one, the broker has refused one after the other.
#[must_use]
pub fn refused_exits(orders: &[&Order]) -> usize {
    let taken = of_role(orders, OrderRole::Exit).filter(|order| !is_rejected(order));
    let taken = taken.map(Order::id).max();
    let refused = of_role(orders, OrderRole::Exit).filter(|order| is_rejected(order));
    refused.filter(|order| Some(order.id()) > taken).count()
}

/// Until when a stop rests between two exits of which the broker has refused the first.
fn rests_until(orders: &[&Order]) -> Option<Timestamp> {
    let newest = of_role(orders, OrderRole::Exit).max_by_key(|order| order.id());
    let refused = newest.filter(|order| is_rejected(order))?;
    Some(refused.updated_at.plus_nanos(BETWEEN_REFUSALS))
}

fn of_role<'a>(orders: &'a [&Order], role: OrderRole) -> impl Iterator<Item = &'a Order> {
    let orders = orders.iter().copied();
    orders.filter(move |order| order.role() == role)
}

fn is_rejected(order: &Order) -> bool {
    order.state == OrderState::Done(Outcome::Rejected)
}

/// Whether the newest exit was refused, since then if there is a time.
fn was_refused(orders: &[&Order], since: Option<Timestamp>) -> bool {
    let newest = of_role(orders, OrderRole::Exit).max_by_key(|order| order.id());
    newest.is_some_and(|order| {
        is_rejected(order) && since.is_none_or(|since| order.updated_at >= since)
    })
}

/// An exit that is at work: one that does not fill where it could is cancelled, and a new one for
/// what is left follows. So is one that waits for the open with other shares than are held, as when a split
/// was heard of after it had left.
fn follow(order: &Order, fits: bool, ground: &Ground<'_>) -> Step {
    let Some(patience) = patience(ground) else {
        return WAIT;
    };
    if !order.state.is_acknowledged() {
        return ask_after(order, ground);
    }
    let waits_misfit = !fits && matches!(ground.venue, Venue::Closed { .. });
    if waits_misfit {
        return cancel(order, "it is not for the shares that are held", ground);
    }
    if order.cancel_asked {
        return cancel(order, "it did not fill in time", ground);
    }
    let Venue::Open { since } = ground.venue else {
        return WAIT;
    };
    let until = order.updated_at.max(since).plus_nanos(patience);
    if ground.at < until {
        return Step::Wait { until: Some(until) };
    }
    cancel(order, "it did not fill in time", ground)
}

/// Takes an order out, and asks again while the broker does not say that it has ended. It is asked for
/// of an order of unknown fate too, which may be there; that such a cancel is refused proves nothing.
pub(super) fn cancel(order: &Order, why: &'static str, ground: &Ground<'_>) -> Step {
    if !order.may_be_cancelled() {
        return ask_after(order, ground);
    }
    if !order.cancel_asked {
        return not_before_retry(Step::Cancel(order.id(), why), ground);
    }
    let Some(patience) = patience(ground) else {
        return WAIT;
    };
    let until = order.updated_at.plus_nanos(patience);
    if ground.at < until {
        return Step::Wait { until: Some(until) };
    }
    not_before_retry(Step::CancelAgain(order.id(), why), ground)
}

/// Nobody has acknowledged the order: the broker is asked what it holds, again and again.
fn ask_after(order: &Order, ground: &Ground<'_>) -> Step {
    let Some(patience) = patience(ground) else {
        return WAIT;
    };
    let until = order.updated_at.plus_nanos(patience);
    if ground.at < until {
        return Step::Wait { until: Some(until) };
    }
    not_before_retry(Step::AskBroker, ground)
}
