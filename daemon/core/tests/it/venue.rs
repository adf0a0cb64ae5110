//! A broker of a few lines: it keeps what it was sent, and does what a scenario says, when it says so.

use std::collections::{BTreeMap, BTreeSet};

use trader_contract::{
    AccountFacts, BrokerEvent, BrokerOrderId, BrokerRequest, BrokerSnapshot, ClientOrderId,
    Execution, ExecutionId, ForeignOrder, Money, NetQty, OrderReport, OrderRequest, OrderRole,
    Price, Qty, ReportStatus, Side, Symbol, Timestamp,
};

/// The broker's side of the account.
#[derive(Debug, Clone)]
pub(crate) struct Venue {
    pub(crate) orders: BTreeMap<ClientOrderId, OrderReport>,
    parents: BTreeMap<ClientOrderId, ClientOrderId>,
    executions: Vec<(ClientOrderId, Execution)>,
    positions: BTreeMap<Symbol, NetQty>,
    /// Cancels that were asked for and not answered.
    pub(crate) cancels: Vec<ClientOrderId>,
    /// Replacements that were asked for and not answered: old, new.
    pub(crate) replaces: Vec<(ClientOrderId, ClientOrderId)>,
    used: BTreeSet<ClientOrderId>,
    /// Orders that the engine has said it sends once more.
    pub(crate) repeated: BTreeSet<ClientOrderId>,
    /// Orders of somebody else.
    pub(crate) foreign: Vec<ForeignOrder>,
    /// Executions that were taken back.
    pub(crate) corrected: Vec<(ClientOrderId, ExecutionId, Option<Execution>)>,
    cash: Money,
    /// What it says of the account.
    pub(crate) account: AccountFacts,
    /// The number of the snapshot that was asked for last, and since when it is to have what ended.
    asked: (u32, Timestamp),
}

impl Venue {
    /// An account with 100,000 dollars.
    pub(crate) fn new() -> Self {
        Self {
            orders: BTreeMap::new(),
            parents: BTreeMap::new(),
            executions: Vec::new(),
            positions: BTreeMap::new(),
            cancels: Vec::new(),
            replaces: Vec::new(),
            used: BTreeSet::new(),
            repeated: BTreeSet::new(),
            foreign: Vec::new(),
            corrected: Vec::new(),
            cash: Money::dollars(100_000),
            account: AccountFacts {
                id: "SIMULATED".into(),
                blocked: None,
                shorting: true,
                buying_power: None,
                equity: None,
            },
            asked: (0, Timestamp::MIN),
        }
    }

    /// Takes a request. Nothing of it is reported before the scenario says so.
    pub(crate) fn take(&mut self, request: &BrokerRequest, at: Timestamp) {
        match request {
            BrokerRequest::Submit(order) => self.submit(order, at),
            BrokerRequest::Cancel(id) => self.cancels.push(*id),
            BrokerRequest::Replace(change) => {
                let old = self.orders[&change.client_id].clone();
                self.replaces.push((change.client_id, change.new_client_id));
                self.add(OrderReport {
                    client_id: change.new_client_id,
                    broker_id: BrokerOrderId(change.new_client_id.to_string().into()),
                    status: ReportStatus::PendingNew,
                    qty: change.qty.unwrap_or(old.qty),
                    stop: change.stop.or(old.stop),
                    filled: Qty::ZERO,
                    execution: None,
                    ..old
                });
            }
            BrokerRequest::Snapshot { number, since } => self.asked = (*number, *since),
        }
    }

    fn submit(&mut self, order: &OrderRequest, at: Timestamp) {
        if self.repeated.remove(&order.client_id) && self.has_taken(order.client_id) {
            // A broker takes an id once; the scenario says so.
            return;
        }
        self.assert_alone(order.client_id.role, order.symbol);
        let report = |id: ClientOrderId, side, status, stop, limit| OrderReport {
            client_id: id,
            broker_id: BrokerOrderId(id.to_string().into()),
            symbol: order.symbol,
            side,
            status,
            qty: order.qty,
            filled: Qty::ZERO,
            execution: None,
            stop,
            limit,
            replaced_by: None,
            at,
            reason: None,
        };
        let (stop, limit) = (order.kind.stop(), order.kind.limit());
        let status = ReportStatus::PendingNew;
        self.add(report(order.client_id, order.side, status, stop, limit));
        let exit = order.side.opposite();
        let held = ReportStatus::Held;
        if let Some((id, stop)) = order.attached.stop {
            self.add(report(id, exit, held, Some(stop), None));
            self.parents.insert(id, order.client_id);
        }
        if let Some((id, limit)) = order.attached.target {
            self.add(report(id, exit, held, None, Some(limit)));
            self.parents.insert(id, order.client_id);
        }
        if let Some((id, stop)) = order.oco_stop {
            self.add(report(id, order.side, held, Some(stop), None));
            self.parents.insert(id, order.client_id);
        }
    }

    fn add(&mut self, order: OrderReport) {
        let id = order.client_id;
        assert!(self.used.insert(id), "{id} was sent twice");
        self.orders.insert(id, order);
    }

    /// Whether it has taken an order under this id, whatever became of it.
    pub(crate) fn has_taken(&self, id: ClientOrderId) -> bool {
        self.used.contains(&id)
    }

    /// An exit never stands beside another order that may close the same shares.
    fn assert_alone(&self, role: OrderRole, symbol: Symbol) {
        if !role.is_reducing() {
            return;
        }
        // What was to take the place of an order that has ended comes to be no more.
        let over = |id: &ClientOrderId| self.orders[id].status.state().is_terminal();
        let moot = |new| {
            self.replaces
                .iter()
                .any(|(old, id)| *id == new && over(old))
        };
        let live = self.orders.values().find(|o| {
            let reduces = o.symbol == symbol && o.client_id.role.is_reducing();
            reduces && !o.status.state().is_terminal() && !moot(o.client_id)
        });
        assert!(live.is_none(), "a second closing order beside {live:?}");
    }

    /// Brings an order to a status; its report, and those of the exits that go with it.
    pub(crate) fn set(
        &mut self,
        id: ClientOrderId,
        status: ReportStatus,
        at: Timestamp,
    ) -> Vec<BrokerEvent> {
        let order = self.orders.get_mut(&id).unwrap();
        order.status = status;
        order.at = at;
        order.execution = None;
        let mut reports = vec![order.clone()];
        if status.state().is_terminal() {
            self.cancels.retain(|asked| *asked != id);
            for (member, end) in self.falls_with(id, status) {
                let order = self.orders.get_mut(&member).unwrap();
                order.status = end;
                reports.push(order.clone());
            }
        }
        reports.into_iter().map(BrokerEvent::Order).collect()
    }

    /// The other live orders of a group: an entry with its exits, or a target with its stop.
    fn group(&self, id: ClientOrderId) -> Vec<ClientOrderId> {
        let key = |id| self.parents.get(&id).copied().unwrap_or(id);
        let waits = |id| self.replaces.iter().any(|(_, new)| *new == id);
        let others = self.orders.values().filter(|o| {
            o.client_id != id
                && key(o.client_id) == key(id)
                && !o.status.state().is_terminal()
                && !waits(o.client_id)
        });
        others.map(|o| o.client_id).collect()
    }

    /// What the end of an order does to its group. As at Alpaca the stop stays held while a target
    /// works beside it.
    fn falls_with(
        &self,
        id: ClientOrderId,
        status: ReportStatus,
    ) -> Vec<(ClientOrderId, ReportStatus)> {
        let group = self.group(id);
        let pair = group.iter().any(|id| id.role == OrderRole::Target);
        let end = |member: ClientOrderId| match (id.role, status) {
            (_, ReportStatus::Replaced) => None,
            (OrderRole::Entry, ReportStatus::Filled) if pair && member.role == OrderRole::Stop => {
                None
            }
            (OrderRole::Entry, ReportStatus::Filled) => Some((member, ReportStatus::New)),
            _ => Some((member, ReportStatus::Cancelled)),
        };
        group.iter().copied().filter_map(end).collect()
    }

    /// A stop that is reached ends its target; a target that fills in part shrinks its stop.
    fn before_fill(&mut self, id: ClientOrderId, qty: Qty) -> Vec<BrokerEvent> {
        let mut reports = Vec::new();
        for member in self.group(id) {
            let order = self.orders.get_mut(&member).unwrap();
            match (id.role, member.role) {
                (OrderRole::Stop, OrderRole::Target) => order.status = ReportStatus::Cancelled,
                (OrderRole::Target, OrderRole::Stop) if order.qty > qty => {
                    order.qty = order.qty.checked_sub(qty).unwrap();
                }
                _ => continue,
            }
            reports.push(BrokerEvent::Order(order.clone()));
        }
        reports
    }

    /// Fills a part of an order, or all of it.
    pub(crate) fn fill(
        &mut self,
        id: ClientOrderId,
        qty: Qty,
        price: Price,
        at: Timestamp,
    ) -> Vec<BrokerEvent> {
        let beside = self.before_fill(id, qty);
        let order = self.orders.get_mut(&id).unwrap();
        order.filled = order.filled.checked_add(qty).unwrap();
        assert!(order.filled <= order.qty);
        let execution = Execution {
            id: ExecutionId(format!("x{}", self.executions.len()).into()),
            qty,
            price,
            fee: Money::ZERO,
            at,
        };
        self.executions.push((id, execution.clone()));
        let value = price.times(qty);
        let net = self.positions.entry(order.symbol).or_insert(NetQty::ZERO);
        *net = net.checked_add(order.side.signed(qty)).unwrap();
        match order.side {
            Side::Buy => self.cash -= value,
            Side::Sell => self.cash += value,
        }
        let status = if order.filled == order.qty {
            ReportStatus::Filled
        } else {
            ReportStatus::PartiallyFilled
        };
        let mut events = self.set(id, status, at);
        if let Some(BrokerEvent::Order(report)) = events.first_mut() {
            report.execution = Some(execution);
        }
        events.extend(beside);
        events
    }

    /// One order takes the place of another.
    pub(crate) fn replaced(&mut self, old: ClientOrderId, at: Timestamp) -> Vec<BrokerEvent> {
        let place = self
            .replaces
            .iter()
            .position(|(from, _)| *from == old)
            .unwrap();
        let (_, new) = self.replaces.remove(place);
        let before = self.orders.get_mut(&old).unwrap();
        before.replaced_by = Some(new);
        let filled = before.filled;
        let after = self.orders.get_mut(&new).unwrap();
        after.qty = after.qty.checked_sub(filled).unwrap();
        if let Some(parent) = self.parents.get(&old).copied() {
            self.parents.insert(new, parent);
        }
        let held = self.orders[&old].status == ReportStatus::Held;
        let status = if held {
            ReportStatus::Held
        } else {
            ReportStatus::New
        };
        let mut events = self.set(old, ReportStatus::Replaced, at);
        events.extend(self.set(new, status, at));
        events
    }

    /// A replacement is rejected after it was taken, and the old order goes on.
    pub(crate) fn replacement_rejected(
        &mut self,
        old: ClientOrderId,
        at: Timestamp,
    ) -> Vec<BrokerEvent> {
        let place = self
            .replaces
            .iter()
            .position(|(from, _)| *from == old)
            .unwrap();
        let (_, new) = self.replaces.remove(place);
        let mut events = self.set(new, ReportStatus::Rejected, at);
        let status = self.orders[&old].status;
        events.extend(self.set(old, status, at));
        events
    }

    /// Stops that are held for nothing but the target beside them.
    pub(crate) fn held_stops(&self) -> Vec<ClientOrderId> {
        let works = |id: &ClientOrderId| {
            matches!(
                self.orders[id].status,
                ReportStatus::New | ReportStatus::PartiallyFilled
            )
        };
        let held = self.orders.values().filter(|o| {
            let group = self.group(o.client_id);
            o.status == ReportStatus::Held
                && o.client_id.role == OrderRole::Stop
                && group
                    .iter()
                    .any(|id| id.role == OrderRole::Target && works(id))
        });
        held.map(|o| o.client_id).collect()
    }

    /// Forgets an order that never arrived, and what was attached to it.
    pub(crate) fn lose(&mut self, id: ClientOrderId) {
        let parents = &self.parents;
        self.orders
            .retain(|leg, _| *leg != id && parents.get(leg) != Some(&id));
        self.used
            .retain(|leg| *leg != id && parents.get(leg) != Some(&id));
    }

    /// What it holds.
    pub(crate) fn snapshot(&self, at: Timestamp) -> BrokerEvent {
        let waiting = |id: &ClientOrderId| self.replaces.iter().any(|(_, new)| new == id);
        let positions = self.positions.iter().filter(|(_, net)| !net.is_flat());
        let (number, since) = self.asked;
        let asked_for =
            |order: &OrderReport| !order.status.state().is_terminal() || order.at >= since;
        BrokerEvent::Snapshot(BrokerSnapshot {
            number,
            at,
            account: Box::new(self.account.clone()),
            foreign: self.foreign.clone(),
            orders: self
                .orders
                .values()
                .filter(|o| asked_for(o) && !waiting(&o.client_id))
                .cloned()
                .collect(),
            corrected: self.corrected.clone(),
            executions: (self.executions.iter())
                .filter(|(_, execution)| execution.at >= since)
                .cloned()
                .collect(),
            positions: positions.map(|(symbol, net)| (*symbol, *net)).collect(),
            cash: self.cash,
        })
    }

    /// What it would say if the question of another copy were asked of it.
    pub(crate) fn answer(&self, asked: &Self, at: Timestamp) -> BrokerEvent {
        let mut answering = self.clone();
        answering.asked = asked.asked;
        answering.snapshot(at)
    }

    /// The net position in a symbol.
    pub(crate) fn net(&self, symbol: Symbol) -> NetQty {
        self.positions.get(&symbol).copied().unwrap_or(NetQty::ZERO)
    }

    /// What it has in cash.
    pub(crate) const fn cash(&self) -> Money {
        self.cash
    }

    /// Interest, dividends and transfers come without a report.
    pub(crate) fn deposit(&mut self, amount: Money) {
        self.cash += amount;
    }

    /// Somebody else trades on the account.
    pub(crate) fn meddle(&mut self, symbol: Symbol, net: NetQty) {
        self.positions.insert(symbol, net);
    }
}
