//! INV-3, INV-12 and INV-13: an entry leaves only where nothing of ours is in the symbol and no fate is
//! unknown, on what is fresh, and no faster than is allowed.

use std::collections::{BTreeMap, VecDeque};

use trader_contract::{BrokerEvent, ClientOrderId, OrderState, Symbol, Timeframe, Timestamp};
use trader_core::Event;
use trader_core::record::{Decision, JournalEntry, Record};
use trader_core::risk::waiver::Waivable;

use super::known::sets_the_clock;
use super::trading::entry;
use super::{Checked, Sent, View, Watcher};
use crate::sim::plan::FaultKind;

/// INV-3: the broker alone ends an order, and a symbol with something open is not entered.
#[derive(Debug, Default)]
pub(super) struct UnknownBlocks {
    looked_at: u64,
}

impl Watcher for UnknownBlocks {
    fn invariant(&self) -> &'static str {
        "INV-3"
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let (id, symbol) = (request.client_id, request.symbol);
        if let Some(order) = view.truth.orders_in(symbol).find(|o| o.client_id != id) {
            return Err(format!(
                "{id} left while the broker has {}",
                order.client_id
            ));
        }
        let owner = view.truth.unknown_until(symbol, view.clear_from());
        if view.truth.held.contains_key(&symbol) && view.now >= owner {
            return Err(format!("{id} left while there is a position in {symbol}"));
        }
        let Some(engine) = view.engine else {
            return Ok(1);
        };
        let unknown = engine.book().orders.values().find(|order| {
            order.symbol() == symbol && order.state == OrderState::Unknown && order.id() != id
        });
        match unknown {
            Some(order) => Err(format!(
                "{id} left while the fate of {} is unknown",
                order.id()
            )),
            None => Ok(1),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let Some(engine) = view.engine.filter(|_| self.looked_at != view.truth.version) else {
            return Ok(0);
        };
        self.looked_at = view.truth.version;
        let mut checks = 0;
        for id in view.truth.open.keys() {
            checks += 1;
            let order = engine.book().orders.get(id);
            // A replacement may be dropped while the old order stands, and be taken up again if it
            // turns up.
            let order = order.filter(|order| order.planned.replaces.is_none());
            if let Some(order) = order.filter(|order| !order.is_live()) {
                return Err(format!(
                    "the broker works {id}, which the daemon takes for ended ({})",
                    order.state
                ));
            }
        }
        Ok(checks)
    }
}

/// A bar may be so old when an entry is decided on it, beside its own length.
const BAR_LATE: i64 = 15 * Timestamp::SECOND;
/// The order stream may be silent for so long.
const STREAM_SILENT: i64 = 34 * Timestamp::SECOND;
/// A halt is heard of within this.
const HALT_HEARD: i64 = 2 * Timestamp::SECOND;

/// INV-12.
#[derive(Debug, Default)]
pub(super) struct FreshOrNone {
    decided_on: BTreeMap<ClientOrderId, (Timeframe, Timestamp)>,
    halted: BTreeMap<Symbol, Timestamp>,
    /// When something was last heard that proves that the order stream lives, as far as can be told.
    connected_at: Option<Timestamp>,
}

impl Watcher for FreshOrNone {
    fn invariant(&self) -> &'static str {
        "INV-12"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        // A report that came with the reply to a request cannot be told from one of the stream.
        if let Event::Broker(BrokerEvent::Link { up: true, .. } | BrokerEvent::Order(_)) = event {
            self.connected_at = Some(view.now);
        }
        Ok(0)
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        if let Record::IntentTaken {
            bar: Some(bar),
            decision: Decision::Accepted {
                order: Some(order), ..
            },
            ..
        } = &entry.record
        {
            self.decided_on.insert(*order, *bar);
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let (id, now) = (request.client_id, view.now);
        if let Some((timeframe, start)) = self.decided_on.get(&id) {
            let length = i64::from(timeframe.as_minutes()) * Timestamp::MINUTE;
            let age = now.since(start.plus_nanos(length));
            if age > length + BAR_LATE && !sets_the_clock(view.plan) {
                let seconds = age / Timestamp::SECOND;
                return Err(format!("{id} left on a bar that ended {seconds} s ago"));
            }
        }
        let up = view.around.up_since.unwrap_or(now);
        let silent = view
            .around
            .silent_since
            .map(|since| now.since(since.max(up).max(self.connected_at.unwrap_or(since))));
        if silent.is_some_and(|silent| silent > STREAM_SILENT) {
            return Err(format!("{id} left while the order stream was silent"));
        }
        let halted = self.halted.get(&request.symbol);
        if halted.is_some_and(|since| now.since((*since).max(up)) > HALT_HEARD) {
            return Err(format!("{id} left while {} was halted", request.symbol));
        }
        Ok(1)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let halted = &view.around.halted;
        self.halted.retain(|symbol, _| halted.contains(symbol));
        for symbol in halted {
            self.halted.entry(*symbol).or_insert(view.now);
        }
        Ok(0)
    }
}

/// INV-13, over restarts too.
#[derive(Debug, Default)]
pub(super) struct BoundedRate {
    sent: VecDeque<Timestamp>,
    routes: BTreeMap<Box<str>, u32>,
}

impl Watcher for BoundedRate {
    fn invariant(&self) -> &'static str {
        "INV-13"
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, view: &View<'_>) -> Checked {
        match &entry.record {
            Record::SessionOpened { .. } => self.routes.clear(),
            Record::OrderPlanned { order } if order.parent.is_none() && durable => {
                if order.request.client_id.role.is_reducing() {
                    return Ok(0);
                }
                let count = self.routes.entry(order.route.clone()).or_default();
                *count += 1;
                let most = view.plan.limits.entries_per_route;
                let id = order.request.client_id;
                if *count > most && !view.truth.waives(id, Waivable::EntriesPerRoute) {
                    return Err(format!(
                        "{} has entered {count} times, {most} are allowed",
                        order.route
                    ));
                }
                return Ok(1);
            }
            _ => {}
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        // A daemon whose clock is set counts other minutes.
        let set = |fault: &crate::sim::plan::Fault| fault.kind == FaultKind::WallStep;
        if entry(sent).is_none() || view.plan.faults.iter().any(set) {
            return Ok(0);
        }
        let recent = |at: &Timestamp| view.now.since(*at) < 59 * Timestamp::SECOND;
        while self.sent.front().is_some_and(|at| !recent(at)) {
            self.sent.pop_front();
        }
        self.sent.push_back(view.now);
        let most = view.plan.limits.entries_per_minute;
        if u32::try_from(self.sent.len()).unwrap_or(u32::MAX) > most {
            return Err(format!(
                "{} entries in a minute, {most} are allowed",
                self.sent.len()
            ));
        }
        Ok(1)
    }
}
