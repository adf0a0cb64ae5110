//! From Alpaca's orders and executions to the contract's reports: cumulative, and each execution under a
//! key that stream and history share. The stream numbers its executions otherwise than the history, so
//! that the key is the order with what it had filled by then.

use std::collections::BTreeSet;

use trader_contract::{
    BrokerEvent, BrokerOrderId, ClientOrderId, Execution, ExecutionId, ForeignOrder, Money,
    OrderReport, Price, Qty, ReportStatus, Side, Timestamp,
};

use super::names::{Known, Names, Standing, Whose};
use crate::wire::activity::Activity;
use crate::wire::order::Order;
use crate::wire::trading::OrderUpdate;
use crate::wire::words::{OrderSide, Status, UpdateKind};
use crate::wire::{Number, Rounding};

/// Alpaca's word in ours. What Alpaca's rare words mean for us: under review or being priced is kept at
/// the broker, guaranteed but not done is working, awaiting settlement's sums is done for the day. A
/// word that is not known ends nothing.
pub(super) const fn report_status(status: &Status) -> ReportStatus {
    match status {
        Status::PendingNew => ReportStatus::PendingNew,
        Status::Accepted | Status::PendingReview | Status::AcceptedForBidding => {
            ReportStatus::Accepted
        }
        Status::Held => ReportStatus::Held,
        Status::New | Status::Stopped => ReportStatus::New,
        Status::PartiallyFilled => ReportStatus::PartiallyFilled,
        Status::DoneForDay | Status::Calculated => ReportStatus::DoneForDay,
        Status::PendingCancel => ReportStatus::PendingCancel,
        Status::PendingReplace => ReportStatus::PendingReplace,
        Status::Suspended | Status::Unknown(_) => ReportStatus::Suspended,
        Status::Filled => ReportStatus::Filled,
        Status::Canceled => ReportStatus::Cancelled,
        Status::Expired => ReportStatus::Expired,
        Status::Rejected => ReportStatus::Rejected,
        Status::Replaced => ReportStatus::Replaced,
    }
}

/// The key of an execution. After Alpaca has taken one back, what an order has filled may come to the
/// same sum again, so that the key then counts how often it did.
fn execution_id(order: &str, cumulative: Qty, taken_back: u32) -> ExecutionId {
    ExecutionId(match taken_back {
        0 => format!("{order}:{cumulative}").into(),
        again => format!("{order}:{cumulative}:{again}").into(),
    })
}

/// The price of an execution; what lies past the sixth decimal is rounded against us.
fn execution_price(price: Number, side: Side) -> Option<Price> {
    price.price_rounded(match side {
        Side::Buy => Rounding::Up,
        Side::Sell => Rounding::Down,
    })
}

/// What Alpaca says of one of our orders; `None` where it says what no order of ours is.
pub(super) fn report(
    names: &Names,
    name: ClientOrderId,
    order: &Order,
    now: Timestamp,
) -> Option<OrderReport> {
    let successor = || {
        let heard = names.name(order.replaced_by.as_deref()?);
        heard.or_else(|| names.get(name).and_then(|known| known.successor))
    };
    Some(OrderReport {
        client_id: name,
        broker_id: BrokerOrderId((*order.id).into()),
        symbol: order.symbol?,
        side: order.side()?,
        status: report_status(&order.status),
        qty: order.quantity()?,
        filled: order.filled.qty()?,
        execution: None,
        stop: order.stop_price(),
        limit: order.limit_price(),
        replaced_by: successor().filter(|successor| *successor != name),
        at: order.stamp().unwrap_or(now),
        reason: None,
    })
}

/// What Alpaca says of an order that is not ours; `None` where it is no stock or has no side.
pub(super) fn foreign(order: &Order, now: Timestamp) -> Option<ForeignOrder> {
    Some(ForeignOrder {
        broker_id: BrokerOrderId((*order.id).into()),
        client_id: order.client_id.clone(),
        symbol: order.symbol?,
        side: order.side()?,
        qty: order.quantity()?,
        filled: order.filled.qty()?,
        kind: order.kind.word().into(),
        stop: order.stop_price(),
        limit: order.limit_price(),
        status: report_status(&order.status),
        at: order.stamp().unwrap_or(now),
    })
}

/// The execution of an update, if it follows on what was told before; `None` where something between
/// was missed, or where the order was already further than this update, so that the history has to say.
pub(super) fn streamed(
    known: &mut Known,
    update: &OrderUpdate,
    now: Timestamp,
) -> Option<Execution> {
    if !update.is_execution() {
        return None;
    }
    let filled = update.order.filled.qty()?;
    let qty = update.qty?.qty().filter(|qty| !qty.is_zero())?;
    let told = known.told.unwrap_or(Qty::ZERO);
    if told.checked_add(qty)? != filled {
        return None;
    }
    known.told = Some(filled);
    let execution = Execution {
        id: execution_id(&update.order.id, filled, known.taken_back),
        qty,
        price: execution_price(update.price?, update.order.side()?)?,
        // What Alpaca charges is booked a day later, as a sum for the day.
        fee: Money::ZERO,
        at: update.at.or(update.order.stamp()).unwrap_or(now),
    };
    known.standing.push(Standing {
        streamed: update.execution.clone(),
        cumulative: filled,
        execution: execution.clone(),
    });
    Some(execution)
}

/// Executions of our orders as the history has them, and those that it has taken back.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) executions: Vec<(ClientOrderId, Execution)>,
    pub(super) corrected: Vec<(ClientOrderId, ExecutionId, Option<Execution>)>,
    /// Lines of ours that could not be read as what they say they are.
    pub(super) bad: usize,
}

/// Reads the history's lines, oldest first. Lines of one millisecond come in any order: those of one
/// order are put in the order of what it had filled.
pub(super) fn history(names: &mut Names, lines: &[Activity]) -> History {
    let mut history = History::default();
    let mut lines: Vec<&Activity> = lines.iter().collect();
    let key = |line: &&Activity| {
        let cumulative = line.cumulative.and_then(Number::qty);
        (line.at, line.takes_back(), cumulative)
    };
    lines.sort_by_key(key);
    let mut seen: Vec<(ClientOrderId, &Activity, Execution)> = Vec::new();
    for line in lines {
        let name = line.order.as_deref().and_then(|order| names.name(order));
        let Some(name) = name else { continue };
        if line.takes_back() {
            take_back(&mut history, &mut seen, name, line);
            continue;
        }
        let again = history.corrected.iter().filter(|(id, ..)| *id == name);
        let again = u32::try_from(again.count()).unwrap_or(u32::MAX);
        let Some(mut execution) = from_line(line, again) else {
            history.bad = history.bad.saturating_add(1);
            continue;
        };
        let known = names.known(name);
        // What the stream has told keeps the key under which it was told.
        let told_before = known.standing.iter().find(|standing| {
            let told = &standing.execution;
            Some(standing.cumulative) == line.cumulative.and_then(Number::qty)
                && (told.qty, told.price) == (execution.qty, execution.price)
        });
        if let Some(standing) = told_before {
            execution.id = standing.execution.id.clone();
        }
        known.taken_back = known.taken_back.max(again);
        let told = known.told.unwrap_or(Qty::ZERO);
        known.told = Some(told.max(line.cumulative.and_then(Number::qty).unwrap_or(told)));
        seen.push((name, line, execution));
    }
    let executions = seen
        .into_iter()
        .map(|(name, _, execution)| (name, execution));
    history.executions = executions.collect();
    history
}

fn from_line(line: &Activity, taken_back: u32) -> Option<Execution> {
    let side = match line.side.as_ref()? {
        OrderSide::Buy => Side::Buy,
        OrderSide::Sell | OrderSide::SellShort => Side::Sell,
        OrderSide::Unknown(_) => return None,
    };
    let order = line.order.as_deref()?;
    Some(Execution {
        id: execution_id(order, line.cumulative?.qty()?, taken_back),
        qty: line.qty?.qty().filter(|qty| !qty.is_zero())?,
        price: execution_price(line.price?, side)?,
        fee: Money::ZERO,
        at: line.at?,
    })
}

/// Whether one line takes another back: it names it, or repeats it.
fn is_taken_back(old: &Activity, line: &Activity) -> bool {
    match line.previous.as_deref() {
        Some(named) => *named == *old.id || named == old.execution(),
        None => old.qty.is_some() && old.qty == line.qty,
    }
}

/// The orders of which something is taken back that is not among the lines.
pub(super) fn without_original(lines: &[Activity]) -> BTreeSet<Box<str>> {
    let has_original = |line: &Activity| {
        let mut all = lines.iter();
        all.any(|old| !old.takes_back() && old.order == line.order && is_taken_back(old, line))
    };
    let taking = lines.iter().filter(|line| line.takes_back());
    let orphans = taking.filter(|line| !has_original(line));
    orphans.filter_map(|line| line.order.clone()).collect()
}

/// A line takes an execution back: the one it names, or the one that it repeats.
fn take_back(
    history: &mut History,
    seen: &mut Vec<(ClientOrderId, &Activity, Execution)>,
    name: ClientOrderId,
    line: &Activity,
) {
    let is_meant = |(id, seen, _): &(ClientOrderId, &Activity, Execution)| {
        *id == name && is_taken_back(seen, line)
    };
    let Some(place) = seen.iter().rposition(is_meant) else {
        history.bad = history.bad.saturating_add(1);
        return;
    };
    let (_, old, void) = seen.remove(place);
    let corrects = line.status.as_deref() == Some("correct")
        || line.sub_kind.as_deref() == Some("trade_correct");
    let again = history.corrected.iter().filter(|(id, ..)| *id == name);
    let again = u32::try_from(again.count()).unwrap_or(u32::MAX);
    let now = corrects
        .then(|| {
            let cumulative = line.cumulative.or(old.cumulative);
            let corrected = Activity {
                cumulative,
                side: line.side.clone().or_else(|| old.side.clone()),
                ..line.clone()
            };
            from_line(&corrected, again.saturating_add(1))
        })
        .flatten();
    history.corrected.push((name, void.id, now));
}

/// What an update of the stream takes back or changes: the execution that it names, or for one that names
/// none, the last one. `None` where that cannot be told, and the records have to say.
pub(super) fn taken_back(
    known: &mut Known,
    name: ClientOrderId,
    update: &OrderUpdate,
) -> Option<BrokerEvent> {
    let named = |standing: &Standing| {
        let previous = update.previous.as_deref();
        previous.is_some() && standing.streamed.as_deref() == previous
    };
    let corrects = update.kind == UpdateKind::TradeCorrect;
    let last = || {
        let qty = known.standing.last()?.execution.qty;
        let is_meant = update.previous.is_none() && !corrects && update.qty?.qty()? == qty;
        is_meant.then(|| known.standing.len().saturating_sub(1))
    };
    let place = known.standing.iter().position(named).or_else(last)?;
    let void = known.standing.get(place)?.clone();
    let now = match corrects {
        true => Some(Execution {
            id: execution_id(
                &update.order.id,
                void.cumulative,
                known.taken_back.saturating_add(1),
            ),
            qty: update.qty?.qty().filter(|qty| !qty.is_zero())?,
            price: execution_price(update.price?, update.order.side()?)?,
            ..void.execution.clone()
        }),
        false => None,
    };
    known.standing.remove(place);
    known.taken_back = known.taken_back.saturating_add(1);
    let told = known
        .told
        .and_then(|told| told.checked_sub(void.execution.qty));
    known.told = told.and_then(|told| {
        let again = now.as_ref().map_or(Qty::ZERO, |now| now.qty);
        told.checked_add(again)
    });
    if let Some(execution) = now.clone() {
        known.standing.push(Standing {
            streamed: update.execution.clone(),
            cumulative: void.cumulative,
            execution,
        });
    }
    Some(BrokerEvent::Corrected {
        client_id: name,
        execution: void.execution.id,
        now,
    })
}

/// Whose order it is, with those that belong to it: each with its name.
pub(super) fn family<'a>(names: &mut Names, order: &'a Order) -> Vec<(Whose, &'a Order)> {
    let head = names.resolve(order, None);
    let parent = match head {
        Whose::Ours(name) => Some(name),
        Whose::Nobodys => None,
    };
    let mut all = vec![(head, order)];
    for leg in &order.legs {
        all.push((names.resolve(leg, parent), leg));
    }
    all
}
