//! The table of orders: each as it was planned, with what the broker has said about it. Follows the
//! book's rules, so that both tell the same.

use diesel::prelude::*;
use trader_contract::{
    BrokerOrderId, ClientOrderId, Execution, Money, OrderKind, OrderReport, OrderRole, OrderState,
    Price, Qty, Ratio, RequestFailure, Side, Symbol, TimeInForce, Timestamp, Trail,
};
use trader_core::record::{ExitReason, IntentId, PlannedOrder};

use super::{corrections, fills, positions};
use crate::StoreError;
use crate::column::{self, parse, parse_opt, price_opt, row_number, word, word_opt};
use crate::connection::Db;
use crate::schema::orders;

const TABLE: &str = "orders";

/// One order with what the broker has said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Our id.
    pub client_id: ClientOrderId,
    /// The journal entry that planned it.
    pub seq: u64,
    /// The decision it serves.
    pub intent: IntentId,
    /// What it is for.
    pub role: OrderRole,
    /// The route it serves.
    pub route: Box<str>,
    /// What is traded.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The quantity now; a broker may shrink an exit.
    pub qty: Qty,
    /// What makes it fill, with the prices it has now.
    pub kind: OrderKind,
    /// Where a trailing stop stood when the broker last said so.
    pub trailed_stop: Option<Price>,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// The entry it is attached to.
    pub parent: Option<ClientOrderId>,
    /// The order it takes the place of.
    pub replaces: Option<ClientOrderId>,
    /// The order that took its place.
    pub replaced_by: Option<ClientOrderId>,
    /// Why a closing order closes.
    pub exit_reason: Option<ExitReason>,
    /// Where it is.
    pub state: OrderState,
    /// The broker's id, once known.
    pub broker_id: Option<BrokerOrderId>,
    /// What has filled.
    pub filled: Qty,
    /// What the fills were worth, without a sign, exact.
    pub filled_value: Money,
    /// Whether a cancel is asked for and not yet answered.
    pub cancel_asked: bool,
    /// Whether a replacement is asked for and not yet answered.
    pub replace_asked: bool,
    /// The broker's reason for a refusal or an end that we did not ask for.
    pub reason: Option<Box<str>>,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// The broker's stamp of the newest report that moved it.
    pub reported_at: Option<Timestamp>,
    /// When it first filled.
    pub first_fill_at: Option<Timestamp>,
    /// When something last changed.
    pub updated_at: Timestamp,
}

/// The same as it is stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = orders, primary_key(client_id), treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct Row {
    client_id: String,
    seq: i64,
    intent: String,
    role: String,
    route: String,
    symbol: String,
    side: String,
    qty: i64,
    kind: String,
    stop_price: Option<i64>,
    limit_price: Option<i64>,
    time_in_force: String,
    parent: Option<String>,
    replaces: Option<String>,
    replaced_by: Option<String>,
    exit_reason: Option<String>,
    state: String,
    is_open: bool,
    broker_id: Option<String>,
    filled: i64,
    filled_value: String,
    cancel_asked: bool,
    replace_asked: bool,
    reason: Option<String>,
    planned_at: i64,
    reported_at: Option<i64>,
    first_fill_at: Option<i64>,
    updated_at: i64,
    trail_price: Option<i64>,
    trail_percent: Option<i64>,
}

impl From<&Order> for Row {
    fn from(order: &Order) -> Self {
        let (trail_price, trail_percent) = match order.kind.trail() {
            None => (None, None),
            Some(Trail::Price(price)) => (Some(price.micros()), None),
            Some(Trail::Percent(percent)) => (None, Some(percent.billionths())),
        };
        Self {
            client_id: order.client_id.to_string(),
            seq: row_number(order.seq),
            intent: order.intent.to_string(),
            role: word(&order.role),
            route: order.route.to_string(),
            symbol: order.symbol.to_string(),
            side: word(&order.side),
            qty: order.qty.nanos(),
            kind: order.kind.name().to_owned(),
            stop_price: order.stop().map(Price::micros),
            limit_price: order.kind.limit().map(Price::micros),
            time_in_force: word(&order.time_in_force),
            parent: word_opt(order.parent.as_ref()),
            replaces: word_opt(order.replaces.as_ref()),
            replaced_by: word_opt(order.replaced_by.as_ref()),
            exit_reason: word_opt(order.exit_reason.as_ref()),
            state: order.state.to_string(),
            is_open: !order.state.is_terminal(),
            broker_id: word_opt(order.broker_id.as_ref()),
            filled: order.filled.nanos(),
            filled_value: order.filled_value.to_string(),
            cancel_asked: order.cancel_asked,
            replace_asked: order.replace_asked,
            reason: order.reason.as_deref().map(str::to_owned),
            planned_at: order.planned_at.nanos(),
            reported_at: order.reported_at.map(Timestamp::nanos),
            first_fill_at: order.first_fill_at.map(Timestamp::nanos),
            updated_at: order.updated_at.nanos(),
            trail_price,
            trail_percent,
        }
    }
}

impl TryFrom<Row> for Order {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let stop = price_opt(TABLE, row.stop_price)?;
        let trail_price = price_opt(TABLE, row.trail_price)?.map(Trail::Price);
        let trail_percent = row.trail_percent.map(Ratio::from_billionths);
        let trail = trail_price.xor(trail_percent.map(Trail::Percent));
        let limit = price_opt(TABLE, row.limit_price)?;
        let kind = order_kind(row.kind, stop, limit, trail)?;
        Ok(Self {
            client_id: parse(TABLE, "order id", row.client_id)?,
            seq: column::count(TABLE, row.seq)?,
            intent: column::intent_id(TABLE, &row.intent)?,
            role: parse(TABLE, "role", row.role)?,
            route: row.route.into(),
            symbol: parse(TABLE, "symbol", row.symbol)?,
            side: parse(TABLE, "side", row.side)?,
            qty: column::qty(TABLE, row.qty)?,
            kind,
            trailed_stop: stop.filter(|_| trail.is_some()),
            time_in_force: parse(TABLE, "time in force", row.time_in_force)?,
            parent: parse_opt(TABLE, "order id", row.parent)?,
            replaces: parse_opt(TABLE, "order id", row.replaces)?,
            replaced_by: parse_opt(TABLE, "order id", row.replaced_by)?,
            exit_reason: parse_opt(TABLE, "exit reason", row.exit_reason)?,
            state: column::state(TABLE, &row.state)?,
            broker_id: parse_opt(TABLE, "broker's id", row.broker_id)?,
            filled: column::qty(TABLE, row.filled)?,
            filled_value: parse(TABLE, "amount", row.filled_value)?,
            cancel_asked: row.cancel_asked,
            replace_asked: row.replace_asked,
            reason: row.reason.map(Into::into),
            planned_at: Timestamp::from_nanos(row.planned_at),
            reported_at: row.reported_at.map(Timestamp::from_nanos),
            first_fill_at: row.first_fill_at.map(Timestamp::from_nanos),
            updated_at: Timestamp::from_nanos(row.updated_at),
        })
    }
}

fn order_kind(
    name: String,
    stop: Option<Price>,
    limit: Option<Price>,
    trail: Option<Trail>,
) -> Result<OrderKind, StoreError> {
    match (name.as_str(), stop, limit, trail) {
        ("market", None, None, None) => Ok(OrderKind::Market),
        ("limit", None, Some(limit), None) => Ok(OrderKind::Limit { limit }),
        ("stop", Some(stop), None, None) => Ok(OrderKind::Stop { stop }),
        ("stop_limit", Some(stop), Some(limit), None) => Ok(OrderKind::StopLimit { stop, limit }),
        ("trailing_stop", _, None, Some(trail)) => Ok(OrderKind::TrailingStop { trail }),
        _ => Err(StoreError::Unreadable {
            table: TABLE,
            wanted: "kind with its prices",
            value: name,
        }),
    }
}

/// The kind with the prices that the broker names; a price that the kind does not have is ignored.
const fn repriced(kind: OrderKind, stop: Option<Price>, limit: Option<Price>) -> OrderKind {
    const fn or(new: Option<Price>, old: Price) -> Price {
        match new {
            Some(new) => new,
            None => old,
        }
    }
    match kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit: old } => OrderKind::Limit {
            limit: or(limit, old),
        },
        OrderKind::Stop { stop: old } => OrderKind::Stop {
            stop: or(stop, old),
        },
        OrderKind::StopLimit { stop: s, limit: l } => OrderKind::StopLimit {
            stop: or(stop, s),
            limit: or(limit, l),
        },
        OrderKind::TrailingStop { trail } => OrderKind::TrailingStop { trail },
    }
}

impl Order {
    fn new(seq: u64, at: Timestamp, planned: &PlannedOrder) -> Self {
        let request = &planned.request;
        Self {
            client_id: request.client_id,
            seq,
            intent: IntentId::from(request.client_id),
            role: planned.role(),
            route: planned.route.clone(),
            symbol: request.symbol,
            side: request.side,
            qty: request.qty,
            kind: request.kind,
            trailed_stop: None,
            time_in_force: request.time_in_force,
            parent: planned.parent,
            replaces: planned.replaces,
            replaced_by: None,
            exit_reason: planned.exit_reason,
            state: OrderState::Planned,
            broker_id: None,
            filled: Qty::ZERO,
            filled_value: Money::ZERO,
            cancel_asked: false,
            replace_asked: false,
            reason: None,
            planned_at: at,
            reported_at: None,
            first_fill_at: None,
            updated_at: at,
        }
    }

    /// Where it wakes, if it is a stop; of a trailing one where it stood last.
    #[must_use]
    pub fn stop(&self) -> Option<Price> {
        self.kind.stop().or(self.trailed_stop)
    }

    /// Goes where the graph of states allows; stays where it does not.
    fn go(&mut self, to: OrderState) -> bool {
        let moved = self.state.transition(to);
        if let Ok(state) = moved {
            self.state = state;
        }
        moved.is_ok()
    }

    fn take_report(&mut self, report: &OrderReport) {
        self.state = self.state.overruled(self.broker_id.is_some());
        let to = report.status.state();
        let newest = self.reported_at.is_none_or(|newest| report.at >= newest);
        let current = newest || to.is_terminal();
        if current || self.broker_id.is_none() {
            self.broker_id = Some(report.broker_id.clone());
        }
        if current {
            self.reported_at = self.reported_at.max(Some(report.at));
            if !self.state.is_terminal() {
                self.qty = report.qty;
                self.kind = repriced(self.kind, report.stop, report.limit);
                if self.kind.trail().is_some() {
                    self.trailed_stop = report.stop.or(self.trailed_stop);
                }
            }
            self.go(to);
        }
        self.replaced_by = report.replaced_by.or(self.replaced_by);
        if report.reason.is_some() {
            self.reason.clone_from(&report.reason);
        }
        if self.state.is_terminal() {
            self.cancel_asked = false;
            self.replace_asked = false;
        }
    }

    pub(super) fn take_fill(&mut self, at: Timestamp, fill: &Execution) {
        self.first_fill_at.get_or_insert(at);
        self.filled = self.filled.checked_add(fill.qty).unwrap_or(self.filled);
        self.filled_value += fill.price.times(fill.qty);
    }
}

pub(crate) fn find(db: &mut Db, id: ClientOrderId) -> Result<Option<Order>, StoreError> {
    let row = orders::table
        .find(id.to_string())
        .select(Row::as_select())
        .first(db)
        .optional()?;
    row.map(Order::try_from).transpose()
}

fn save(db: &mut Db, order: &Order) -> Result<(), StoreError> {
    let row = Row::from(order);
    diesel::update(&row).set(&row).execute(db)?;
    Ok(())
}

/// Adds an order that is about to be sent.
pub(crate) fn plan(
    db: &mut Db,
    seq: u64,
    at: Timestamp,
    planned: &PlannedOrder,
) -> Result<(), StoreError> {
    diesel::insert_into(orders::table)
        .values(Row::from(&Order::new(seq, at, planned)))
        .on_conflict_do_nothing()
        .execute(db)?;
    Ok(())
}

/// Changes an order; one that was never planned is left out, as the book does.
pub(crate) fn change(
    db: &mut Db,
    id: ClientOrderId,
    at: Timestamp,
    change: impl FnOnce(&mut Order),
) -> Result<(), StoreError> {
    let Some(mut order) = find(db, id)? else {
        return Ok(());
    };
    change(&mut order);
    order.updated_at = at;
    save(db, &order)
}

/// Brings an order to a state, where the graph of states allows.
pub(crate) fn end(
    db: &mut Db,
    id: ClientOrderId,
    state: OrderState,
    at: Timestamp,
) -> Result<(), StoreError> {
    change(db, id, at, |order| {
        order.go(state);
    })
}

/// A refused submit ends the order and the exits that went with it; an ambiguous one is unknown, and so
/// is one whose id is used. An order that is unknown already stays so, and so does what went out with
/// it, whatever another sending met.
pub(crate) fn submit_failed(
    db: &mut Db,
    id: ClientOrderId,
    failure: &RequestFailure,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (refused, message) = match failure {
        RequestFailure::Refused { message, .. } => (true, message),
        RequestFailure::Ambiguous { message } => (false, message),
    };
    let to = if refused && !failure.says_id_is_used() {
        column::REJECTED
    } else {
        OrderState::Unknown
    };
    if find(db, id)?.is_some_and(|order| order.state == OrderState::Unknown) {
        return change(db, id, at, |_| ());
    }
    for order in std::iter::once(id).chain(legs(db, id)?) {
        // A leg that has ended is told nothing by it.
        if order != id && find(db, order)?.is_none_or(|leg| leg.state.is_terminal()) {
            continue;
        }
        change(db, order, at, |order| {
            if order.go(to) {
                order.reason = Some(message.clone());
            }
        })?;
    }
    Ok(())
}

/// The exits that went out with an order.
fn legs(db: &mut Db, id: ClientOrderId) -> Result<Vec<ClientOrderId>, StoreError> {
    let legs: Vec<String> = orders::table
        .filter(orders::parent.eq(id.to_string()))
        .select(orders::client_id)
        .load(db)?;
    let read = |leg| parse(TABLE, "order id", leg);
    legs.into_iter().map(read).collect()
}

/// Where an order turns up that had been given up, the exits that went out with it may too.
fn doubt_legs(db: &mut Db, id: ClientOrderId) -> Result<(), StoreError> {
    for id in legs(db, id)? {
        doubt(db, id)?;
    }
    Ok(())
}

/// What was inferred about an order gives way: it may be at the broker.
fn doubt(db: &mut Db, id: ClientOrderId) -> Result<(), StoreError> {
    if let Some(mut order) = find(db, id)? {
        order.state = order.state.overruled(order.broker_id.is_some());
        save(db, &order)?;
    }
    Ok(())
}

/// Takes what the broker said, and counts its execution once.
pub(crate) fn report(
    db: &mut Db,
    seq: u64,
    at: Timestamp,
    report: &OrderReport,
) -> Result<(), StoreError> {
    let Some(mut order) = find(db, report.client_id)? else {
        return Ok(());
    };
    order.updated_at = at;
    if order.state.overruled(order.broker_id.is_some()) != order.state {
        doubt_legs(db, report.client_id)?;
    }
    if let Some(new) = report.replaced_by {
        doubt(db, new)?;
    }
    order.take_report(report);
    let refused = matches!(order.state, column::REJECTED | column::DROPPED);
    if let Some(old) = order.replaces.filter(|_| refused) {
        change(db, old, at, |order| order.replace_asked = false)?;
    }
    if let Some(fill) = &report.execution
        && !corrections::is_void(db, seq, &order, &fill.id)?
        && fills::save(db, seq, &order, fill)?
    {
        order.take_fill(at, fill);
        positions::take_fill(db, &order, fill)?;
    }
    save(db, &order)
}
