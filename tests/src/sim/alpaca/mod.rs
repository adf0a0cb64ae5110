//! The broker's end of Alpaca's language, in front of the simulated exchange: what it keeps of orders
//! and executions, which says in Alpaca's words what the exchange says in ours. Written apart from the
//! client, so that one mistake is not made by both. When messages travel, and what befalls them on the
//! way, is the world's.

mod bodies;
mod query;
mod reading;
mod row;
mod words;

use std::collections::BTreeMap;

use trader_contract::{
    BrokerEvent, BrokerOrderId, BrokerRequest, ClientOrderId, Execution, ExecutionId, ForeignOrder,
    OrderReport, OrderRequest, Qty, Replacement, Timestamp,
};

use row::{Line, Origin, Row};

pub use reading::{Books, answer};
pub use words::refused;

/// Something in the client's requests that nobody asked for.
pub type Wrong = String;

/// The broker's records.
#[derive(Debug, Default)]
pub struct Venue {
    /// What the daemon has asked for and the client may send, by the order's id.
    asked: BTreeMap<ClientOrderId, OrderRequest>,
    changes: BTreeMap<ClientOrderId, Replacement>,
    /// How often the daemon has asked for an order, less how often the client has sent it.
    owed: BTreeMap<ClientOrderId, u32>,
    /// What orders were made of, before the exchange has said anything of them.
    origins: BTreeMap<ClientOrderId, Origin>,
    rows: BTreeMap<BrokerOrderId, Row>,
    /// Orders as they were handed in, oldest first.
    sequence: Vec<BrokerOrderId>,
    by_client: BTreeMap<ClientOrderId, BrokerOrderId>,
    /// What the owner has ordered by hand, and when.
    by_hand: BTreeMap<BrokerOrderId, (ForeignOrder, Timestamp)>,
    lines: Vec<Line>,
    /// Under which key Alpaca's client counts an execution of the exchange's, and the other way round.
    keys: BTreeMap<ExecutionId, ExecutionId>,
    originals: BTreeMap<ExecutionId, ExecutionId>,
}

impl Venue {
    /// The daemon asks for something: the client may send it once more.
    pub fn expect(&mut self, request: &BrokerRequest) {
        match request {
            BrokerRequest::Submit(order) => {
                self.asked.insert(order.client_id, *order);
                *self.owed.entry(order.client_id).or_default() += 1;
            }
            BrokerRequest::Replace(change) => {
                self.changes.insert(change.new_client_id, *change);
                *self.owed.entry(change.new_client_id).or_default() += 1;
            }
            BrokerRequest::Cancel(_) | BrokerRequest::Snapshot { .. } => {}
        }
    }

    /// The client has sent an order or a replacement under this id.
    fn sent(&mut self, id: ClientOrderId) -> Result<(), Wrong> {
        let owed = self.owed.entry(id).or_default();
        *owed = owed
            .checked_sub(1)
            .ok_or_else(|| format!("{id} was sent more often than the daemon asked for it"))?;
        Ok(())
    }

    /// Notes what the exchange says, and gives it back with each execution under the key that Alpaca's
    /// client counts it by.
    #[must_use]
    pub fn hear(&mut self, event: BrokerEvent) -> BrokerEvent {
        match event {
            BrokerEvent::Order(report) => BrokerEvent::Order(self.hear_report(report)),
            BrokerEvent::Corrected {
                client_id,
                execution,
                now,
            } => BrokerEvent::Corrected {
                client_id,
                execution: self.key(&execution),
                now: now.map(|now| self.keyed(now)),
            },
            BrokerEvent::Foreign(order) => {
                let made_at = self.by_hand.get(&order.broker_id);
                let made_at = made_at.map_or(order.at, |(_, made_at)| *made_at);
                let known = (order.clone(), made_at);
                self.by_hand.insert(order.broker_id.clone(), known);
                BrokerEvent::Foreign(order)
            }
            event => event,
        }
    }

    fn hear_report(&mut self, mut report: OrderReport) -> OrderReport {
        if let Some(execution) = report.execution.take() {
            let key = format!("{}:{}", report.broker_id, report.filled);
            self.learn(&execution.id, ExecutionId(key.into()));
            let execution = self.keyed(execution);
            self.lines.push(Line::execution(&report, &execution));
            report.execution = Some(execution);
        }
        self.take(&report);
        report
    }

    /// Takes what the exchange says of an order into the records.
    pub fn take(&mut self, report: &OrderReport) {
        if !self.rows.contains_key(&report.broker_id) {
            self.make(report);
        }
        let successor = report
            .replaced_by
            .and_then(|new| self.by_client.get(&new).cloned());
        if let Some(row) = self.rows.get_mut(&report.broker_id) {
            row.hear(report, successor.clone());
        }
        if let Some(new) = successor {
            self.hand_over(&report.broker_id, &new);
        }
    }

    fn make(&mut self, report: &OrderReport) {
        let Some(origin) = self.origins.get(&report.client_id).cloned() else {
            return;
        };
        let find = |id: &ClientOrderId| self.by_client.get(id).cloned();
        let head = origin.head.as_ref().and_then(find);
        let replaces = origin.replaces.as_ref().and_then(find);
        let id = report.broker_id.clone();
        if let Some(head) = head.as_ref().filter(|_| replaces.is_none())
            && let Some(head) = self.rows.get_mut(head)
        {
            head.legs.push(id.clone());
        }
        self.by_client.insert(report.client_id, id.clone());
        self.sequence.push(id.clone());
        let row = Row::new(origin, (head, replaces), report);
        self.rows.insert(id, row);
    }

    /// What hung on an order hangs on the one that took its place.
    fn hand_over(&mut self, old: &BrokerOrderId, new: &BrokerOrderId) {
        let Some(row) = self.rows.get_mut(old) else {
            return;
        };
        let head = row.head.clone();
        let legs = std::mem::take(&mut row.legs);
        if let Some(head) = head.and_then(|head| self.rows.get_mut(&head)) {
            for leg in head.legs.iter_mut().filter(|leg| *leg == old) {
                leg.clone_from(new);
            }
        }
        for leg in &legs {
            if let Some(leg) = self.rows.get_mut(leg) {
                leg.head = Some(new.clone());
            }
        }
        if let Some(row) = self.rows.get_mut(new) {
            row.legs.extend(legs);
        }
    }

    /// The exchange has taken an execution back, before it says so: how the client will count it.
    #[must_use]
    pub fn correct(
        &mut self,
        client_id: ClientOrderId,
        (void, now): (&Execution, Option<&Execution>),
        at: Timestamp,
    ) -> (Execution, Option<Execution>) {
        let void = self.keyed(void.clone());
        let number = self.lines.len();
        let Some(row) = self
            .by_client
            .get(&client_id)
            .and_then(|id| self.rows.get_mut(id))
        else {
            return (void, now.cloned());
        };
        row.corrected += 1;
        let stands = now.map_or(Qty::ZERO, |now| now.qty);
        let left = row.report.filled.checked_sub(void.qty);
        row.report.filled = left
            .and_then(|left| left.checked_add(stands))
            .unwrap_or(row.report.filled);
        row.report.at = at.max(row.report.at);
        let old = self.lines.iter().find(|line| line.key == void.id);
        let Some(old) = old.cloned() else {
            return (void, now.cloned());
        };
        let order = &row.report.broker_id;
        let key = format!("{order}:{}:{}", old.cumulative, row.corrected);
        let key = ExecutionId(key.into());
        if let Some(now) = now {
            self.learn(&now.id, key.clone());
        }
        let now = now.map(|now| self.keyed(now.clone()));
        self.lines
            .push(old.taken_back(number, (key, now.as_ref()), at));
        (void, now)
    }

    fn learn(&mut self, original: &ExecutionId, key: ExecutionId) {
        self.originals.insert(key.clone(), original.clone());
        self.keys.insert(original.clone(), key);
    }

    fn key(&self, original: &ExecutionId) -> ExecutionId {
        self.keys.get(original).unwrap_or(original).clone()
    }

    fn keyed(&self, execution: Execution) -> Execution {
        Execution {
            id: self.key(&execution.id),
            ..execution
        }
    }

    /// What the exchange calls an execution that Alpaca's client counts under this key.
    #[must_use]
    pub fn original(&self, key: &ExecutionId) -> ExecutionId {
        self.originals.get(key).unwrap_or(key).clone()
    }
}
