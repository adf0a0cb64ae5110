//! Cancelling and replacing orders.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_sim::status_name;
use trader_contract::{
    Broker as _, BrokerEvent, BrokerRequest, Price, Qty, Replacement, ReportStatus, RequestFailure,
    Timestamp, Trail,
};

use super::World;
use super::draft::{
    NOT_FOR_EXTENDED_HOURS, client_order_id, percentage, price, quantity, time_in_force,
};
use super::order::Order;
use super::place::in_alpacas_words;
use crate::simulator::decimal;
use crate::simulator::request::{Fields, Refusal};

impl World {
    /// Asks the exchange to cancel an order.
    pub(crate) fn cancel(&mut self, place: usize) -> Result<(), Refusal> {
        let Some(order) = self.orders.get(place) else {
            return Err(Refusal::not_found("order not found"));
        };
        let (id, status) = (order.sim, order.status);
        if !order.is_open() || status == ReportStatus::PendingReplace {
            return Err(already_in(status));
        }
        if status == ReportStatus::PendingCancel {
            return Ok(());
        }
        self.sim.request(BrokerRequest::Cancel(id), self.now);
        let failure = self.hear(|event| match event {
            BrokerEvent::CancelFailed { client_id, failure } if *client_id == id => {
                Some(failure.clone())
            }
            _ => None,
        });
        if let Some(failure) = failure {
            return Err(in_alpacas_words(&failure));
        }
        if let Some(order) = self.orders.get_mut(place) {
            order.moments.cancel_requested = Some(self.now);
        }
        Ok(())
    }

    /// Asks the exchange to cancel every open order, and says for each what came of it.
    pub(crate) fn cancel_all(&mut self) -> Value {
        let open: Vec<usize> = self.open.iter().copied().collect();
        let mut told = Vec::with_capacity(open.len());
        for place in open {
            let id = self.orders.get(place).map(|order| order.id.clone());
            told.push(match self.cancel(place) {
                Ok(()) => json!({"id": id, "status": 200}),
                Err(refusal) => {
                    json!({"id": id, "status": refusal.status, "body": refusal.body()})
                }
            });
        }
        Value::Array(told)
    }

    /// Cancels every open order and lets the time pass that it takes.
    pub(super) fn clear_orders(&mut self) {
        self.cancel_all();
        let latency = self.sim.config().latency.cancel;
        self.advance(self.now.plus_nanos(latency.max(0)));
    }

    /// Asks the exchange to put another order in the place of one, and returns its place.
    pub(crate) fn replace(&mut self, place: usize, fields: &Fields) -> Result<usize, Refusal> {
        let Some(old) = self.orders.get(place).cloned() else {
            return Err(Refusal::not_found("order not found"));
        };
        if !old.is_open() {
            let words = "unable to replace order, order is not open";
            return Err(Refusal::unprocessable(words));
        }
        if old.notional.is_some() {
            return Err(Refusal::unprocessable("notional orders cannot be replaced"));
        }
        let lifetime = fields.text("time_in_force");
        let lifetime = lifetime.map(|text| time_in_force(Some(text))).transpose()?;
        if old.extended_hours && lifetime.is_some_and(|lifetime| !lifetime.rests()) {
            return Err(Refusal::unprocessable(NOT_FOR_EXTENDED_HOURS));
        }
        let asked = Asked::read(fields, &old)?;
        let name = client_order_id(fields)?;
        let used = name.as_deref().and_then(|name| self.place_of_client(name));
        let used = used
            .and_then(|place| self.orders.get(place))
            .map(|order| order.sim);
        let (first, id) = (
            self.orders.len(),
            used.unwrap_or_else(|| self.next_sim_id()),
        );
        if let Some(lifetime) = lifetime {
            self.sim.replace_lifetime(id, lifetime);
        }
        if used.is_none() {
            let time_in_force = lifetime.unwrap_or(old.time_in_force);
            let new = Order {
                id: self.ids.uuid(),
                sim: id,
                client_order_id: name.unwrap_or_else(|| self.ids.uuid()),
                time_in_force,
                expires_at: self.expiry(time_in_force, old.extended_hours),
                ..asked.applied_to(&old, self.now)
            };
            self.add(new);
        }
        let request = Replacement {
            client_id: old.sim,
            new_client_id: id,
            qty: asked.qty,
            stop: asked.stop,
            limit: asked.limit,
            trail: asked.trail,
        };
        self.sim.request(BrokerRequest::Replace(request), self.now);
        let failure = self.hear(|event| match event {
            BrokerEvent::ReplaceFailed {
                new_client_id,
                failure,
                ..
            } if *new_client_id == id => Some(failure.clone()),
            _ => None,
        });
        let Some(failure) = failure else {
            return Ok(first);
        };
        self.sim.forget_ahead(id);
        if used.is_none() {
            self.retract(first);
        }
        Err(self.refused(&failure, (place, &old), &asked))
    }

    fn refused(
        &self,
        failure: &RequestFailure,
        (place, old): (usize, &Order),
        asked: &Asked,
    ) -> Refusal {
        let refusal = in_alpacas_words(failure);
        let RequestFailure::Refused { message, .. } = failure else {
            return refusal;
        };
        if message.starts_with("insufficient buying power") {
            let limit = asked.limit.or(old.limit);
            let price = self.cost_price(old.asset, old.side, limit);
            let qty = decimal::of_qty(asked.qty.unwrap_or(old.qty));
            return self.too_dear(refusal, price.unwrap_or(Decimal::ZERO) * qty);
        }
        self.detail(refusal, message, (old.asset, old.side), Some(place))
    }
}

/// What a replacement changes.
struct Asked {
    qty: Option<Qty>,
    limit: Option<Price>,
    stop: Option<Price>,
    trail: Option<Trail>,
}

impl Asked {
    fn read(fields: &Fields, old: &Order) -> Result<Self, Refusal> {
        Ok(Self {
            qty: whole(fields, old)?,
            limit: price(fields, "limit_price", "limit price")?,
            stop: price(fields, "stop_price", "stop price")?,
            trail: trail(fields, old)?,
        })
    }

    /// The order that takes the place of an old one.
    fn applied_to(&self, old: &Order, now: Timestamp) -> Order {
        Order {
            qty: self.qty.unwrap_or(old.qty),
            limit: self.limit.or(old.limit),
            stop: self.stop.or(old.stop),
            trail: self.trail.or(old.trail),
            ..old.successor(now)
        }
    }
}

fn already_in(status: ReportStatus) -> Refusal {
    let name = status_name(status);
    Refusal::unprocessable(format!("order is already in \"{name}\" state"))
}

fn whole(fields: &Fields, old: &Order) -> Result<Option<Qty>, Refusal> {
    let Some(qty) = fields.decimal("qty")? else {
        return Ok(None);
    };
    let qty = quantity(qty)?;
    if !qty.is_whole() || !old.qty.is_whole() {
        let words = "qty of a fractional order cannot be replaced; replacements take whole shares";
        return Err(Refusal::unprocessable(words));
    }
    Ok(Some(qty))
}

fn trail(fields: &Fields, old: &Order) -> Result<Option<Trail>, Refusal> {
    let Some(distance) = fields.decimal("trail")? else {
        return Ok(None);
    };
    let unit = old
        .trail
        .ok_or_else(|| Refusal::invalid("only trailing stop orders take a trail"))?;
    Ok(Some(match unit {
        Trail::Percent(_) => Trail::Percent(percentage(distance)?),
        Trail::Price(_) => {
            let distance = decimal::to_price(distance);
            Trail::Price(distance.ok_or_else(|| Refusal::invalid("trail must be > 0"))?)
        }
    }))
}
