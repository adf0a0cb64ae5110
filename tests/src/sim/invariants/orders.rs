//! INV-2 and INV-10: one intent has at most one live order for each role, an id is never used for two
//! orders, and orders go only along their graph.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    BrokerEvent, BrokerRequest, ClientOrderId, OrderReport, OrderRequest, OrderState, Qty,
    ReportStatus, Timestamp,
};
use trader_core::record::{Decision, IntentId, JournalEntry, Record};

use super::{Checked, Sent, View, Watcher};

/// INV-2 by the broker's truth and by what leaves.
#[derive(Debug, Default)]
pub(super) struct OneOrderPerIntent {
    sent: BTreeMap<ClientOrderId, Left>,
    /// What was sent before under the ids of other orders.
    before: BTreeMap<ClientOrderId, OrderRequest>,
    /// Ids under which the broker has made an order.
    made: BTreeSet<ClientOrderId>,
    looked_at: u64,
}

/// What was last sent under an id.
#[derive(Debug, Clone, Copy)]
struct Left {
    request: OrderRequest,
    /// Whether the disk had its plan.
    explained: bool,
}

impl Watcher for OneOrderPerIntent {
    fn invariant(&self) -> &'static str {
        "INV-2"
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        if let Record::IntentTaken { id, decision, .. } = &entry.record
            && let Decision::Accepted {
                order: Some(order), ..
            } = decision
        {
            if IntentId::from(*order) != *id {
                return Err(format!("{order} does not follow from intent {id:?}"));
            }
            return Ok(1);
        }
        Ok(0)
    }

    fn sent(&mut self, sent: &Sent<'_>, _view: &View<'_>) -> Checked {
        let BrokerRequest::Submit(request) = sent.request else {
            return Ok(0);
        };
        let id = request.client_id;
        let left = Left {
            request: *request,
            explained: sent.explained,
        };
        match self.sent.insert(id, left) {
            Some(before) if before.request != *request => {
                // One that left while the disk was full, and that the broker did not take, is known to
                // nobody after a restart.
                if before.explained || self.made.contains(&id) {
                    let before = before.request;
                    return Err(format!(
                        "{id} was sent as {before:?} and then as {request:?}"
                    ));
                }
                self.before.insert(id, before.request);
                Ok(1)
            }
            _ => Ok(1),
        }
    }

    fn reported(&mut self, report: &OrderReport, _view: &View<'_>) -> Checked {
        let id = report.client_id;
        self.made.insert(id);
        let late = self
            .before
            .get(&id)
            .filter(|before| before.qty == report.qty);
        let last = self.sent.get(&id).map(|left| left.request);
        match (late, last) {
            (Some(before), Some(last)) if last.qty != before.qty => Err(format!(
                "the broker has made {before:?}, and {last:?} was sent under its id since"
            )),
            _ => Ok(0),
        }
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        if self.looked_at == view.truth.version {
            return Ok(0);
        }
        self.looked_at = view.truth.version;
        let mut checks = 0;
        let mut last: Option<(ClientOrderId, bool)> = None;
        // Orders of one role and intent stand side by side in the order of their ids.
        for (id, report) in &view.truth.open {
            checks += 1;
            let changing = report.status == ReportStatus::PendingReplace;
            if let Some((other, other_changes)) = last
                && other.with_role(id.role) == id.with_role(id.role)
                && other.role == id.role
                && !changing
                && !other_changes
            {
                return Err(format!("the broker has {other} and {id} at the same time"));
            }
            last = Some((*id, changing));
        }
        Ok(checks)
    }
}

/// INV-10 by what the daemon makes of its own orders.
#[derive(Debug, Default)]
pub(super) struct MonotoneOrders {
    known: BTreeMap<ClientOrderId, (OrderState, Qty)>,
    heard_at: BTreeMap<ClientOrderId, Timestamp>,
    life: Option<Timestamp>,
    touched: Vec<ClientOrderId>,
}

impl Watcher for MonotoneOrders {
    fn invariant(&self) -> &'static str {
        "INV-10"
    }

    fn wrote(&mut self, entry: &JournalEntry, _durable: bool, _view: &View<'_>) -> Checked {
        self.touched.extend(entry.record.client_id());
        Ok(0)
    }

    fn heard(&mut self, event: &BrokerEvent, view: &View<'_>) -> Checked {
        let BrokerEvent::Order(report) = event else {
            return Ok(0);
        };
        let id = report.client_id;
        let order = view.engine.and_then(|engine| engine.book().orders.get(&id));
        let older = self
            .heard_at
            .get(&id)
            .is_some_and(|newest| report.at < *newest);
        let (Some(order), Some((before, _)), true) = (order, self.known.get(&id), older) else {
            return Ok(0);
        };
        let said = report.status.state();
        if order.state != *before && order.state == said && !said.is_terminal() {
            return Err(format!(
                "{id} was {before} and is {said} again, by an older report"
            ));
        }
        Ok(1)
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        let Some(engine) = view.engine else {
            return Ok(0);
        };
        if self.life != view.around.up_since {
            // What was not on the disk is forgotten with the life that knew it.
            self.life = view.around.up_since;
            self.known.clear();
            self.heard_at.clear();
            self.touched = engine.book().orders.keys().copied().collect();
        }
        let mut checks = 0;
        for id in self.touched.drain(..) {
            let Some(order) = engine.book().orders.get(&id) else {
                continue;
            };
            checks += 1;
            // What the broker takes back had filled all the same.
            let ever = order.filled.checked_add(order.voided);
            let ever = ever.unwrap_or(order.filled);
            let before = self.known.insert(id, (order.state, ever));
            let (state, filled) = before.unwrap_or((OrderState::Planned, Qty::ZERO));
            // That the broker's records lack an order is inferred, and gives way to its word.
            if let Err(why) = state.overruled(true).transition(order.state) {
                return Err(format!("{id}: {why}"));
            }
            if let Some(at) = order.reported_at.filter(|_| order.is_live()) {
                let newest = self.heard_at.entry(id).or_insert(at);
                if at < *newest {
                    return Err(format!(
                        "{id} is as it was at {at}, and was known as at {newest}"
                    ));
                }
                *newest = at;
            }
            let most = order.planned.request.qty;
            if ever < filled || ever > most {
                return Err(format!("{id} had filled {filled} and now {ever} of {most}"));
            }
        }
        Ok(checks)
    }
}
