//! INV-7: no entry leaves after a kill that was acknowledged, and what waits is cancelled. What was
//! killed is read from what was acknowledged, not from what the engine makes of it.

use std::collections::BTreeMap;

use trader_contract::{BrokerRequest, ClientOrderId, OrderRequest, OrderRole, Symbol, Timestamp};
use trader_core::record::{JournalEntry, Record, Scope};

use super::{Checked, Sent, View, Watcher};
use crate::sim::setup::is_in_scope;

/// Until when the entries that waited must be gone.
const CANCELLED_WITHIN: i64 = 15 * Timestamp::SECOND;

/// The order, if it is an entry.
pub(super) const fn entry<'a>(sent: &Sent<'a>) -> Option<&'a OrderRequest> {
    match sent.request {
        BrokerRequest::Submit(request) => match request.client_id.role {
            OrderRole::Entry => Some(request),
            OrderRole::Stop | OrderRole::Target | OrderRole::Exit => None,
        },
        _ => None,
    }
}

/// INV-7.
#[derive(Debug, Default)]
pub(super) struct KillHolds {
    killed: BTreeMap<Scope, Timestamp>,
    /// The route of each entry.
    routes: BTreeMap<ClientOrderId, Box<str>>,
}

impl KillHolds {
    /// Since when an entry is killed.
    fn since(&self, symbol: Symbol, id: ClientOrderId) -> Option<Timestamp> {
        let route = self.routes.get(&id).map_or("", |route| route);
        let killed = self.killed.iter();
        let about = killed.filter(|(scope, _)| is_in_scope(scope, symbol, route));
        about.map(|(_, since)| *since).min()
    }
}

impl Watcher for KillHolds {
    fn invariant(&self) -> &'static str {
        "INV-7"
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        if let Record::OrderPlanned { order } = &entry.record
            && order.role() == OrderRole::Entry
        {
            let id = order.request.client_id;
            self.routes.insert(id, order.route.clone());
        }
        Ok(0)
    }

    fn killed(&mut self, scope: &Scope, lifted: bool, view: &View<'_>) -> Checked {
        if lifted {
            self.killed.remove(scope);
        } else {
            self.killed.entry(scope.clone()).or_insert(view.now);
        }
        Ok(1)
    }

    fn sent(&mut self, sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let id = request.client_id;
        match self.since(request.symbol, id) {
            Some(since) => Err(format!(
                "{id} left after {} was killed at {since}",
                request.symbol
            )),
            None => Ok(1),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let around = view.around;
        let (Some(up_since), false) = (around.up_since, self.killed.is_empty()) else {
            return Ok(0);
        };
        let mut checks = 0;
        let open = view.truth.open.values();
        for report in open.filter(|report| report.client_id.role == OrderRole::Entry) {
            let Some(since) = self.since(report.symbol, report.client_id) else {
                continue;
            };
            checks += 1;
            let clear = since
                .max(up_since)
                .max(around.calm_from)
                .max(around.awake_since);
            let waits = view.now.since(clear) > CANCELLED_WITHIN && !around.shut_out;
            if waits {
                return Err(format!(
                    "{} still waits, and {} was killed at {since}",
                    report.client_id, report.symbol
                ));
            }
        }
        Ok(checks)
    }
}
