//! The next step for one open trade: a function of what the book knows, asked again after every
//! change. Nothing is remembered between two questions, so a restart simply asks again.
//!
//! The rules, in order:
//! 1. A position that is to be closed first has its entry and its resting exits cancelled, each
//!    confirmed by the broker, and is then closed at the market. Nothing rests beside the exit. What is
//!    not answered, does not fill or is refused is followed up: see the file of closing.
//! 2. A flat symbol is freed once every order has ended.
//! 3. An entry that waits while none are taken is cancelled. One that filled in part gets `partial_fill_patience`; then its rest is cancelled.
//! 4. A position whose entry has ended has one stop for all of it, where it is meant to rest.
//! 5. What is not protected within `protect_within`, or whose stop the market has already passed,
//!    is closed. A stop that the market has reached protects for as long, and no longer.
//! 6. A position that two exits have turned to the other side is closed.
//! 7. While the broker has filled more than we heard of, or holds another position than ours, no order
//!    is placed that counts shares. A flat trade whose orders the broker has told the ends of is over all
//!    the same.

use trader_contract::{
    ClientOrderId, Level, OrderRole, OrderState, Outcome, Price, Qty, Timestamp,
};

use super::closing::{self, Venue, cancel};
use crate::book::{Holding, Order};
use crate::config::OrderRules;
use crate::planted::{Bug, is};

/// What the planning looks at beside the trade and its orders.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// Now.
    pub at: Timestamp,
    /// The rules of working orders.
    pub rules: &'a OrderRules,
    /// The symbol's last price.
    pub last: Option<Price>,
    /// Since when the position, or a part of it, has been without an acknowledged stop, or with one
    /// that the market has reached.
    pub bare_since: Option<Timestamp>,
    /// Nothing that the broker refused is tried again before this.
    pub retry_at: Timestamp,
    /// Whether entries are taken at all now; a waiting one is cancelled where they are not.
    pub entries_wanted: bool,
    /// Whether the broker's position is another than ours, and the next snapshot decides.
    pub disputed: bool,
    /// Whether orders of the symbol can fill now.
    pub venue: Venue,
    /// How long an answer is waited for before it is asked for again, and an exit before another one
    /// follows; `None` where nothing can be lost.
    pub chase_nanos: Option<i64>,
}

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing, until the broker says something or this time has come.
    Wait {
        /// When to ask again.
        until: Option<Timestamp>,
    },
    /// Cancel this order.
    Cancel(ClientOrderId, &'static str),
    /// Its cancel was not confirmed in time: ask for it again, and ask the broker what it holds.
    CancelAgain(ClientOrderId, &'static str),
    /// Something was sent and nobody has acknowledged it: ask the broker what it holds.
    AskBroker,
    /// Rest a new protective stop for the whole position.
    PlaceStop,
    /// Change this resting stop to the planned price and the whole position.
    MoveStop(ClientOrderId),
    /// The position cannot be protected: plan to close it.
    GiveUp,
    /// Close the whole position at the market.
    CloseOut,
    /// The entry ended without a fill: free the symbol.
    Lapse,
    /// The trade is over: free the symbol and count it.
    Finish,
}

pub(super) const WAIT: Step = Step::Wait { until: None };

/// The next step for an open trade with these orders.
#[must_use]
pub fn next_step(holding: &Holding, orders: &[&Order], ground: &Ground<'_>) -> Step {
    let step = step_by_fills(holding, orders, ground);
    let counts_shares = match step {
        Step::PlaceStop | Step::MoveStop(_) | Step::CloseOut => true,
        Step::Lapse | Step::Finish => !orders.iter().all(|order| is_told_whole(order)),
        Step::GiveUp => holding.is_turned(),
        Step::Wait { .. } | Step::Cancel(..) | Step::CancelAgain(..) | Step::AskBroker => false,
    };
    if counts_shares && (ground.disputed || orders.iter().any(|order| order.misses_fills())) {
        // The position is not known yet: the snapshot that was asked for tells.
        return WAIT;
    }
    step
}

fn step_by_fills(holding: &Holding, orders: &[&Order], ground: &Ground<'_>) -> Step {
    let live = |role: OrderRole| {
        orders
            .iter()
            .find(|o| o.role() == role && o.is_live())
            .copied()
    };
    let entry = live(OrderRole::Entry);
    let resting = live(OrderRole::Stop).or_else(|| live(OrderRole::Target));
    let closing = live(OrderRole::Exit);
    let over = || {
        if holding.entry_qty.is_zero() {
            Step::Lapse
        } else {
            Step::Finish
        }
    };

    if holding.exit.is_some() {
        return closing::next_step(holding, orders, ground);
    }
    if holding.is_turned() {
        return Step::GiveUp;
    }
    if holding.net.is_flat() {
        return match (entry, resting.or(closing)) {
            (Some(entry), _) => wait_for_entry(entry, ground),
            (None, Some(order)) => cancel_left_over(order, orders, ground),
            (None, None) => over(),
        };
    }
    match entry {
        Some(_) if is(Bug::ProtectOnCompleteFill) => WAIT,
        Some(_) if is_bare_too_long(ground) => Step::GiveUp,
        Some(entry) => sooner(wait_for_entry(entry, ground), bare_until(ground)),
        None => protect(holding, orders, ground),
    }
}

/// Whether the broker has said how an order ended, and every fill of it was heard of. Whatever is there
/// besides, a trade of such orders that is flat holds nothing of it.
fn is_told_whole(order: &Order) -> bool {
    let dropped = order.state == OrderState::Done(Outcome::Dropped);
    !order.is_live() && !dropped && order.broker_id.is_some() && !order.misses_fills()
}

/// When a position that is without a stop now has been so for too long.
fn bare_until(ground: &Ground<'_>) -> Option<Timestamp> {
    let since = ground.bare_since.filter(|_| !is(Bug::BareIsPatient))?;
    Some(since.plus_nanos(ground.rules.protect_within_nanos))
}

pub(super) fn is_bare_too_long(ground: &Ground<'_>) -> bool {
    bare_until(ground).is_some_and(|until| ground.at >= until)
}

/// A wait that ends at `other` at the latest.
fn sooner(step: Step, other: Option<Timestamp>) -> Step {
    match step {
        Step::Wait { until } => Step::Wait {
            until: until.into_iter().chain(other).min(),
        },
        step => step,
    }
}

/// The broker ends the exits of an entry by itself; it is given a moment to say so.
fn cancel_left_over(order: &Order, orders: &[&Order], ground: &Ground<'_>) -> Step {
    let last_change = orders
        .iter()
        .map(|o| o.updated_at)
        .max()
        .unwrap_or(ground.at);
    let patient_until = last_change.plus_nanos(ground.rules.partial_fill_patience_nanos);
    if ground.at < patient_until {
        return Step::Wait {
            until: Some(patient_until),
        };
    }
    cancel(order, "the position is flat", ground)
}

pub(super) fn not_before_retry(step: Step, ground: &Ground<'_>) -> Step {
    if ground.at < ground.retry_at {
        Step::Wait {
            until: Some(ground.retry_at),
        }
    } else {
        step
    }
}

fn wait_for_entry(entry: &Order, ground: &Ground<'_>) -> Step {
    if !ground.entries_wanted {
        return cancel(entry, "entries are not taken now", ground);
    }
    if entry.unwanted {
        return cancel(entry, "it is not wanted any longer", ground);
    }
    let patience = ground.rules.partial_fill_patience_nanos;
    match entry.first_fill_at.map(|first| first.plus_nanos(patience)) {
        Some(until) if ground.at < until => Step::Wait { until: Some(until) },
        Some(_) => cancel(
            entry,
            "it filled in part and the rest took too long",
            ground,
        ),
        None => WAIT,
    }
}

fn protect(holding: &Holding, orders: &[&Order], ground: &Ground<'_>) -> Step {
    let Some(stop) = holding.stop else {
        return WAIT;
    };
    if is_bare_too_long(ground) {
        return Step::GiveUp;
    }
    let bare_until = bare_until(ground);
    let wait = Step::Wait { until: bare_until };
    let resting = orders
        .iter()
        .find(|o| o.role() == OrderRole::Stop && o.is_live());
    let Some(order) = resting else {
        if passed(holding, stop, ground) {
            return Step::GiveUp;
        }
        // A target without its stop would take the shares that the stop needs.
        let target = orders
            .iter()
            .find(|o| o.role() == OrderRole::Target && o.is_live());
        let step = match target {
            Some(target) => cancel(target, "its stop has ended", ground),
            None => not_before_retry(Step::PlaceStop, ground),
        };
        return sooner(step, bare_until);
    };
    let covers = order.remaining() == holding.net.magnitude();
    if (order.stop == Some(stop) && covers) || order.cancel_asked || order.replace_asked {
        return wait;
    }
    if order.stop != Some(stop) && passed(holding, stop, ground) {
        return Step::GiveUp;
    }
    if order.state != OrderState::Working && !is_held_in_force(order, orders) {
        return wait;
    }
    let target = orders
        .iter()
        .find(|o| o.role() == OrderRole::Target && o.is_live());
    // Whether the position is what the book has of it, and can be protected anew at once.
    let known = !ground.disputed
        && !orders.iter().any(|order| order.misses_fills())
        && matches!(ground.venue, Venue::Open { .. });
    let step = match target {
        // The broker makes the stop of a pair smaller, never larger.
        Some(target) if !covers => {
            let grown = known && order.remaining() < holding.net.magnitude();
            correct_pair(order, target, grown, ground)
        }
        // It went out with its entry, or stands in the place of one that did.
        None if !covers && known && order.planned.parent.is_some() => cancel(
            order,
            "it is for another quantity than the position, and its group allows no change of that",
            ground,
        ),
        _ => not_before_retry(Step::MoveStop(order.id()), ground),
    };
    sooner(step, bare_until)
}

/// Beside a target the broker keeps the quantity of a stop right, and takes no other. It is given a
/// moment to say so, and then asked. Where it does not, or where the position has grown, the pair is taken
/// out, and another one rests for what the position is: a stop for too many shares would turn it, one
/// for too few leaves the rest bare.
fn correct_pair(stop: &Order, target: &Order, grown: bool, ground: &Ground<'_>) -> Step {
    let changed = stop.updated_at.max(target.updated_at);
    let patience = ground.rules.partial_fill_patience_nanos;
    let ask_at = changed.plus_nanos(patience);
    if ground.at < ask_at {
        return Step::Wait {
            until: Some(ask_at),
        };
    }
    let until = changed.plus_nanos(ground.chase_nanos.unwrap_or(patience));
    if ground.at < until && !grown {
        return not_before_retry(Step::AskBroker, ground);
    }
    cancel(
        stop,
        "it is for another quantity than the position, beside a target",
        ground,
    )
}

/// Whether a position rests: its entry has ended, and its stop is acknowledged where it is meant to
/// be, for all of it, or its route wants none. Neither a price nor the time gives it a next step.
#[must_use]
pub fn is_settled(holding: &Holding, orders: &[&Order]) -> bool {
    let live = |role: OrderRole| orders.iter().find(|o| o.role() == role && o.is_live());
    let open = holding.exit.is_none() && !holding.net.is_flat() && !holding.is_turned();
    let rests = |stop: Price| {
        live(OrderRole::Stop).is_some_and(|order| {
            order.stop == Some(stop) && order.remaining() == holding.net.magnitude()
        })
    };
    open && live(OrderRole::Entry).is_none() && holding.stop.is_none_or(rests)
}

/// Whether the market stands at or beyond the stop, where no stop order can rest.
pub(super) fn passed(holding: &Holding, stop: Price, ground: &Ground<'_>) -> bool {
    ground.last.is_some_and(|last| {
        !holding
            .direction
            .is_better(Level::from(last), Level::from(stop))
    })
}

/// How many of the shares have a stop that the broker has acknowledged. A held one protects only
/// once what it was waiting for is there.
#[must_use]
pub fn protected_qty(orders: &[&Order]) -> Qty {
    orders
        .iter()
        .filter(|o| o.role() == OrderRole::Stop && !o.cancel_asked)
        .filter(|o| match o.state {
            OrderState::Held => is_held_in_force(o, orders),
            OrderState::Accepted | OrderState::Working | OrderState::Replacing => true,
            _ => false,
        })
        .map(|o| o.remaining())
        .max()
        .unwrap_or(Qty::ZERO)
}

/// The stop that the broker has and that the market can reach, whatever has been asked about it since.
#[must_use]
pub fn stop_in_force<'a>(orders: &[&'a Order]) -> Option<&'a Order> {
    let mut stops = orders.iter().filter(|o| o.role() == OrderRole::Stop);
    let found = stops.find(|o| match o.state {
        OrderState::Held => is_held_in_force(o, orders),
        state => state.is_acknowledged(),
    });
    found.copied()
}

/// Whether a stop that the broker holds back is in force: the entry that it is attached to has filled
/// completely, or the target that it is paired with works.
fn is_held_in_force(stop: &Order, orders: &[&Order]) -> bool {
    let parent = orders
        .iter()
        .find(|o| stop.planned.parent == Some(o.id()) && stop.state == OrderState::Held);
    parent.is_some_and(|parent| match parent.role() {
        OrderRole::Entry => parent.state == OrderState::Done(Outcome::Filled),
        _ => parent.state.is_acknowledged(),
    })
}

/// Whether an exit that the broker has acknowledged is closing the position.
#[must_use]
pub fn is_closing(orders: &[&Order]) -> bool {
    orders
        .iter()
        .any(|o| o.role() == OrderRole::Exit && o.state.is_acknowledged() && !o.cancel_asked)
}
