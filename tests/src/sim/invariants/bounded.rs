//! INV-13, INV-18 and INV-23: what leaves is bounded per minute, per symbol, per route and day and per
//! event, what stands is bounded, and everything carries the store's generation.

use std::collections::{BTreeMap, VecDeque};

use trader_contract::{BrokerRequest, ClientOrderId, Symbol, Timestamp};
use trader_core::record::{JournalEntry, Record};
use trader_core::risk::waiver::Waivable;

use super::known::sets_the_clock;
use super::trading::entry;
use super::{Checked, Sent, View, Watcher};
use crate::sim::setup::EPOCH;

/// INV-13, counted by what leaves: entries a minute in one symbol, entries of a route in a session.
#[derive(Debug, Default)]
pub(super) struct EntriesBounded {
    minute: BTreeMap<Symbol, VecDeque<Timestamp>>,
    routes: BTreeMap<ClientOrderId, Box<str>>,
    of_routes: BTreeMap<(Box<str>, u32), u32>,
}

impl Watcher for EntriesBounded {
    fn invariant(&self) -> &'static str {
        "INV-13"
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        if let Record::OrderPlanned { order } = &entry.record
            && !order.role().is_reducing()
        {
            let id = order.request.client_id;
            self.routes.insert(id, order.route.clone());
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let id = request.client_id;
        let limits = &view.plan.limits;
        let Some(route) = self.routes.get(&id) else {
            return Err(format!("{id} left for a route that nothing names"));
        };
        let count = self.of_routes.entry((route.clone(), id.session));
        let count = count.or_default();
        *count += 1;
        let waived = view.truth.waives(id, Waivable::EntriesPerRoute);
        if *count > limits.entries_per_route && !waived {
            let most = limits.entries_per_route;
            return Err(format!("{count} entries of {route}, {most} are allowed"));
        }
        if sets_the_clock(view.plan) {
            // A daemon whose clock is set counts other minutes.
            return Ok(1);
        }
        let recent = self.minute.entry(request.symbol).or_default();
        forget(recent, view.now);
        recent.push_back(view.now);
        let (count, most) = (recent.len(), limits.entries_per_minute_symbol);
        if u32::try_from(count).unwrap_or(u32::MAX) > most {
            return Err(format!(
                "{count} entries in {} within a minute, {most} are allowed",
                request.symbol
            ));
        }
        Ok(2)
    }
}

/// Leaves the last minute.
fn forget(recent: &mut VecDeque<Timestamp>, now: Timestamp) {
    let old = |at: &Timestamp| now.since(*at) >= Timestamp::MINUTE;
    while recent.front().is_some_and(old) {
        recent.pop_front();
    }
}

/// INV-18: whatever is sent and whatever the broker has carries the generation of this store.
#[derive(Debug, Default)]
pub(super) struct OneWriter {
    looked_at: u64,
}

impl Watcher for OneWriter {
    fn invariant(&self) -> &'static str {
        "INV-18"
    }

    fn sent(&mut self, sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        let mut checks = 0;
        for id in ids(sent.request) {
            checks += 1;
            if id.epoch != EPOCH {
                return Err(format!("{id} left under another generation"));
            }
        }
        Ok(checks)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.looked_at == view.truth.version {
            return Ok(0);
        }
        self.looked_at = view.truth.version;
        match view.truth.open.keys().find(|id| id.epoch != EPOCH) {
            Some(id) => Err(format!("the broker has {id} of another generation")),
            None => Ok(1),
        }
    }
}

/// Every order that a request names.
fn ids(request: &BrokerRequest) -> Vec<ClientOrderId> {
    match request {
        BrokerRequest::Submit(order) => {
            let legs = [order.attached.stop, order.attached.target, order.oco_stop];
            let legs = legs.into_iter().flatten().map(|(id, _)| id);
            std::iter::once(order.client_id).chain(legs).collect()
        }
        BrokerRequest::Cancel(id) => vec![*id],
        BrokerRequest::Replace(change) => vec![change.client_id, change.new_client_id],
        BrokerRequest::Snapshot { .. } => Vec::new(),
    }
}

/// Requests about one symbol in a minute, and questions for what the broker holds.
const REQUESTS: usize = 120;
/// Alerts that may stand: so many, and so many for each symbol.
const ALERTS: (usize, usize) = (12, 8);
/// What one event may be answered with: so many requests and records, and so many for each symbol.
const COMMANDS: (usize, usize) = (40, 40);

/// INV-23.
#[derive(Debug, Default)]
pub(super) struct EverythingBounded {
    symbols: BTreeMap<ClientOrderId, Symbol>,
    minutes: BTreeMap<Option<Symbol>, VecDeque<Timestamp>>,
    /// What was written and sent since the last event.
    commands: usize,
}

impl Watcher for EverythingBounded {
    fn invariant(&self) -> &'static str {
        "INV-23"
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        self.commands += 1;
        if let Record::OrderPlanned { order } = &entry.record {
            let request = &order.request;
            self.symbols.insert(request.client_id, request.symbol);
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        self.commands += 1;
        let symbol = match sent.request {
            BrokerRequest::Submit(order) => Some(order.symbol),
            BrokerRequest::Cancel(id) => self.symbols.get(id).copied(),
            BrokerRequest::Replace(change) => self.symbols.get(&change.client_id).copied(),
            BrokerRequest::Snapshot { .. } => None,
        };
        let recent = self.minutes.entry(symbol).or_default();
        forget(recent, view.now);
        recent.push_back(view.now);
        if recent.len() > REQUESTS {
            let about = symbol.map_or_else(|| "the account".to_owned(), |s| s.to_string());
            return Err(format!(
                "{} requests about {about} within a minute",
                recent.len()
            ));
        }
        Ok(1)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let commands = std::mem::take(&mut self.commands);
        let symbols = view.plan.symbols.len();
        if commands > COMMANDS.0 + COMMANDS.1 * symbols {
            return Err(format!("{commands} records and requests for one event"));
        }
        let standing = view.engine.map_or(0, |e| e.book().alerts.len());
        if standing > ALERTS.0 + ALERTS.1 * symbols {
            return Err(format!("{standing} alerts stand"));
        }
        Ok(2)
    }
}
