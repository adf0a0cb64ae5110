//! INV-7 and INV-16: no entry leaves after a kill that was acknowledged, and none while entries are
//! paused, halted, or stopped by losses. What stops them is read from what was acknowledged and written,
//! not from what the engine makes of it.

use std::collections::BTreeMap;

use trader_contract::{
    BrokerRequest, ClientOrderId, Money, OrderRequest, OrderRole, Symbol, Timestamp,
};
use trader_core::record::{JournalEntry, Origin, Record, Scope, TradingState};

use super::{Checked, Sent, View, Watcher};
use crate::sim::setup::is_in_scope;

/// Until when the entries that waited must be gone.
const CANCELLED_WITHIN: i64 = 15 * Timestamp::SECOND;

/// Until when a breaker must have tripped, undisturbed.
const TOLD_WITHIN: i64 = 70 * Timestamp::SECOND;

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

/// INV-16.
#[derive(Debug)]
pub(super) struct LossesStop {
    /// What stops entries, and since when.
    stopped: Option<(String, Timestamp)>,
    losses: u32,
    /// A person has looked since, and allowed entries all the same.
    allowed: bool,
    equity_at_open: Option<Money>,
    /// Cash, and when it last changed: whatever fills changes it.
    changed: (Money, Option<Timestamp>),
    /// Since when too much is lost, and nothing has stopped.
    low_since: Option<Timestamp>,
}

impl Default for LossesStop {
    fn default() -> Self {
        Self {
            stopped: None,
            losses: 0,
            allowed: false,
            equity_at_open: None,
            changed: (Money::ZERO, None),
            low_since: None,
        }
    }
}

impl LossesStop {
    fn state(&mut self, state: &TradingState, origin: &Origin, now: Timestamp) {
        match state {
            TradingState::Active => {
                self.stopped = None;
                self.allowed |= matches!(origin, Origin::Operator { .. });
            }
            other => {
                let since = self.stopped.as_ref().map_or(now, |(_, since)| *since);
                self.stopped = Some((format!("{other:?}"), since));
            }
        }
    }

    /// Whether the account is clearly below what the day may lose: nothing is under way, and the last
    /// change is a while ago.
    fn below_the_floor(&self, view: &View<'_>) -> Option<String> {
        let settled = self
            .changed
            .1
            .is_some_and(|at| view.now.since(at) > 5 * Timestamp::SECOND);
        let (engine, opened) = (view.engine?, self.equity_at_open?);
        if !settled || self.allowed || view.around.calm_from > view.now {
            return None;
        }
        let mut equity = view.truth.cash;
        for (symbol, held) in &view.truth.held {
            let id = engine.symbol_id(*symbol)?;
            let last = engine.symbols().get(id.index())?.last?;
            equity += last.times_net(held.net);
        }
        let most = opened.scaled_down(view.plan.limits.daily_loss);
        let slack = opened.scaled_down(trader_contract::Ratio::from_billionths(400_000));
        let lost = opened - equity;
        (lost > most + slack).then(|| format!("{lost} is lost today, at most {most} may be"))
    }
}

impl Watcher for LossesStop {
    fn invariant(&self) -> &'static str {
        "INV-16"
    }

    fn wrote(&mut self, entry: &JournalEntry, durable: bool, view: &View<'_>) -> Checked {
        if !durable {
            return Ok(0);
        }
        match &entry.record {
            Record::TradingStateSet { state, origin } => self.state(state, origin, view.now),
            Record::SessionOpened { equity, .. } => {
                self.losses = 0;
                self.allowed = false;
                self.equity_at_open = Some(*equity);
                let tripped = |what: &(String, Timestamp)| what.0.starts_with("Tripped");
                self.stopped = self.stopped.take().filter(|what| !tripped(what));
            }
            Record::TradeClosed { trade } if trade.profit < Money::ZERO => self.losses += 1,
            Record::TradeClosed { trade } if trade.profit > Money::ZERO => self.losses = 0,
            _ => return Ok(0),
        }
        Ok(1)
    }

    fn sent(&mut self, sent: &Sent<'_>, view: &View<'_>) -> Checked {
        let Some(request) = entry(sent) else {
            return Ok(0);
        };
        let id = request.client_id;
        if let Some((what, since)) = &self.stopped
            && *since < view.now
        {
            return Err(format!(
                "{id} left although entries are stopped since {since}: {what}"
            ));
        }
        let most = view.plan.limits.consecutive_losses;
        if most > 0 && self.losses >= most && !self.allowed {
            return Err(format!(
                "{id} left after {} losing trades in a row",
                self.losses
            ));
        }
        match self.below_the_floor(view) {
            Some(why) => Err(format!("{id} left although {why}")),
            None => Ok(1),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.changed.0 != view.truth.cash {
            self.changed = (view.truth.cash, Some(view.now));
        }
        let up = view
            .around
            .up_since
            .is_some_and(|since| view.now.since(since) > TOLD_WITHIN);
        let open = view.around.open_since.is_some() && up && !view.around.journal_failed;
        let low = self
            .below_the_floor(view)
            .filter(|_| open && self.stopped.is_none());
        let Some(why) = low else {
            self.low_since = None;
            return Ok(0);
        };
        let since = *self.low_since.get_or_insert(view.now);
        if view.now.since(since) > TOLD_WITHIN {
            return Err(format!("{why}, since {since}, and nothing has stopped"));
        }
        Ok(1)
    }
}
