//! INV-3 and INV-7 beside what the engine makes of them: an order whose answer was lost keeps its symbol
//! shut as long as it may still arrive, and a kill cancels what waits within a second.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    BrokerEvent, BrokerRequest, ClientOrderId, OrderReport, OrderRole, RequestFailure, Symbol,
    Timestamp,
};
use trader_core::record::Scope;
use trader_core::{Event, OperatorCommand};

use super::trading::entry;
use super::{Checked, Sent, View, Watcher};

/// A request that arrives at all arrives within this.
const ARRIVES_WITHIN: i64 = 20 * Timestamp::SECOND;

/// INV-3.
#[derive(Debug, Default)]
pub(super) struct LostAnswers {
    sent: BTreeMap<ClientOrderId, (Symbol, Timestamp)>,
    unknown: BTreeSet<ClientOrderId>,
    /// What the broker has spoken of has arrived, whatever answer is lost later.
    arrived: BTreeSet<ClientOrderId>,
}

impl Watcher for LostAnswers {
    fn invariant(&self) -> &'static str {
        "INV-3"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, _view: &View<'_>) -> Checked {
        match event {
            Event::Broker(BrokerEvent::SubmitFailed {
                client_id,
                failure: RequestFailure::Ambiguous { .. },
            }) if !self.arrived.contains(client_id) => {
                self.unknown.insert(*client_id);
            }
            Event::Broker(BrokerEvent::Order(report)) => {
                self.unknown.remove(&report.client_id);
            }
            _ => {}
        }
        Ok(0)
    }

    fn reported(&mut self, report: &OrderReport, _view: &View<'_>) -> Checked {
        // From here on the broker's truth says what is open.
        self.unknown.remove(&report.client_id);
        self.arrived.insert(report.client_id);
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        if let BrokerRequest::Submit(request) = sent.request {
            let first = (request.symbol, view.now);
            self.sent.entry(request.client_id).or_insert(first);
        }
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let mut checks = 1;
        for id in &self.unknown {
            let Some((symbol, at)) = self.sent.get(id) else {
                continue;
            };
            checks += 1;
            let may_arrive = view.now.since(*at) <= ARRIVES_WITHIN;
            if *symbol == request.symbol && *id != request.client_id && may_arrive {
                return Err(format!(
                    "{} left while {id}, sent at {at}, may still arrive",
                    request.client_id
                ));
            }
        }
        Ok(checks)
    }
}

/// Cancels are on their way so soon after a kill.
const CANCELLED_WITHIN: i64 = Timestamp::SECOND;
/// An order of this age is known to the daemon on a calm day.
const KNOWN: i64 = 3 * Timestamp::SECOND;

/// INV-7.
#[derive(Debug, Default)]
pub(super) struct KillCancels {
    first_seen: BTreeMap<ClientOrderId, Timestamp>,
    cancels: BTreeSet<ClientOrderId>,
    /// A kill of this event that keeps positions.
    killed: Option<(Scope, Timestamp)>,
    /// What is to be cancelled, and since when; the life that was told.
    waiting: BTreeMap<ClientOrderId, Timestamp>,
    life: Option<Timestamp>,
}

impl Watcher for KillCancels {
    fn invariant(&self) -> &'static str {
        "INV-7"
    }

    fn told(&mut self, event: &Event, _at: Timestamp, view: &View<'_>) -> Checked {
        if let Event::Operator {
            command: OperatorCommand::Kill { scope, flatten },
            ..
        } = event
        {
            self.life = view.around.up_since;
            self.killed = (!*flatten).then(|| (scope.clone(), view.now));
        }
        Ok(0)
    }

    fn reported(&mut self, report: &OrderReport, view: &View<'_>) -> Checked {
        let seen = self.first_seen.entry(report.client_id);
        seen.or_insert(view.now);
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let BrokerRequest::Cancel(id) = sent.request else {
            return Ok(0);
        };
        self.cancels.insert(*id);
        let Some((scope, _)) = &self.killed else {
            return Ok(0);
        };
        // A kill keeps the stops of what is held.
        let stop = view.truth.open.get(id);
        let stop = stop.filter(|report| report.client_id.role == OrderRole::Stop);
        match stop.filter(|report| view.truth.held.contains_key(&report.symbol)) {
            Some(_) => Err(format!("the kill of {scope} cancels the stop {id}")),
            None => Ok(1),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let around = view.around;
        if let Some((scope, at)) = self.killed.take() {
            let clear = around.calm_from.max(around.awake_since) <= at && !around.shut_out;
            let entries = view.truth.open.values().filter(|report| {
                let killed = match &scope {
                    Scope::All => true,
                    Scope::Symbol(symbol) => *symbol == report.symbol,
                    Scope::Strategy(_) => false,
                };
                killed && clear && report.client_id.role == OrderRole::Entry
            });
            for report in entries {
                let seen = self.first_seen.get(&report.client_id).copied();
                if at.since(seen.unwrap_or(at)) > KNOWN {
                    self.waiting.insert(report.client_id, at);
                }
            }
        }
        let same_life = around.up_since == self.life && !around.journal_failed;
        if !same_life || around.calm_from > view.now || around.shut_out {
            self.waiting.clear();
        }
        let mut checks = 0;
        let (open, cancels) = (&view.truth.open, &self.cancels);
        self.waiting.retain(|id, _| {
            checks += 1;
            open.contains_key(id) && !cancels.contains(id)
        });
        for (id, at) in &self.waiting {
            if view.now.since(*at) > CANCELLED_WITHIN {
                return Err(format!("{id} was not cancelled a second after the kill"));
            }
        }
        Ok(checks)
    }
}
