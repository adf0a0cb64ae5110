//! What the broker does with a request once it has arrived, and the venue once it gets there.
//! Whether an order is acceptable is decided by the rules.

use trader_contract::{
    AccountFacts, BrokerEvent, BrokerRequest, BrokerSnapshot, ClientOrderId, OrderKind,
    OrderReport, OrderRequest, Qty, Replacement, ReportStatus, RequestFailure, TimeInForce,
    Timestamp,
};

use crate::broker::{SimBroker, VenueAction};
use crate::faults::Meets;
use crate::order::{Group, Order, OrderNumber, Part, broker_id};
use crate::rules::{self, Refusal};

/// Orders for which a snapshot has room at first; it asks for more where there are more.
const SNAPSHOT_ORDERS: usize = 32;

/// The number of the simulated account.
pub const ACCOUNT: &str = "SIMULATED";

impl SimBroker {
    pub(crate) fn handle(&mut self, request: BrokerRequest, at: Timestamp) {
        if let BrokerRequest::Snapshot { number, since } = request {
            let snapshot = self.snapshot((number, since), at);
            return self.emit(at, BrokerEvent::Snapshot(snapshot));
        }
        let result = match self.faults.meet_request() {
            Meets::Failure(failure) => Err(failure),
            Meets::Nothing => self.obey(&request, at).map_err(Refusal::into_failure),
            Meets::FailureAfterActing(failure) => {
                // The answer is lost, whatever it was; a refusal is lost with it.
                let _lost = self.obey(&request, at);
                Err(failure)
            }
        };
        if let Err(failure) = result
            && let Some(event) = failed(&request, failure)
        {
            self.emit(at, event);
        }
    }

    fn obey(&mut self, request: &BrokerRequest, at: Timestamp) -> Result<(), Refusal> {
        match request {
            BrokerRequest::Submit(request) => self.submit(request, at),
            BrokerRequest::Cancel(client_id) => self.cancel(*client_id, at),
            BrokerRequest::Replace(replacement) => self.replace(replacement, at),
            BrokerRequest::Snapshot { .. } => Ok(()),
        }
    }

    /// What the broker holds, as it would tell a client at `at` that asks for a numbered snapshot with
    /// what ended and was executed since a time. Orders that ended before the session before opened are
    /// forgotten with their executions.
    #[must_use]
    pub fn snapshot(&self, (number, since): (u32, Timestamp), at: Timestamp) -> BrokerSnapshot {
        let wanted = self.executions.iter().filter(|(_, e)| e.at >= since);
        BrokerSnapshot {
            executions: wanted.cloned().collect(),
            corrected: self.corrected.clone(),
            ..self.snapshot_of_orders((number, since), at)
        }
    }

    /// The same without executions and corrections, for a venue that keeps its own records of them.
    #[must_use]
    pub fn snapshot_of_orders(
        &self,
        (number, since): (u32, Timestamp),
        at: Timestamp,
    ) -> BrokerSnapshot {
        let asked_for = |order: &&Order| order.is_open() || order.stamp >= since;
        let asked_for = self.orders.values().filter(asked_for);
        let mut orders = Vec::with_capacity(self.orders.len().min(SNAPSHOT_ORDERS));
        orders.extend(asked_for.map(|order| self.describe(order)));
        BrokerSnapshot {
            number,
            at,
            account: Box::new(AccountFacts {
                id: ACCOUNT.into(),
                blocked: self.blocked.clone(),
                shorting: self.config.shorting,
                buying_power: self.buying_power(),
                equity: None,
            }),
            foreign: self.by_hand.clone(),
            orders,
            executions: Vec::new(),
            corrected: Vec::new(),
            positions: self.positions().collect(),
            cash: self.cash,
        }
    }

    /// What the broker says of an order that nothing has just happened to.
    pub(crate) fn describe(&self, order: &Order) -> OrderReport {
        OrderReport {
            stop: self.stop_now(order),
            ..order.report(None, None)
        }
    }

    fn submit(&mut self, request: &OrderRequest, at: Timestamp) -> Result<(), Refusal> {
        let index = rules::check_submit(self, request, at)?;
        let attached = request.attached;
        let (part, target, stop) = match (request.oco_stop, attached.stop, attached.target) {
            (Some(stop), _, _) => (Part::Target, None, Some(stop)),
            (None, None, None) => (Part::Single, None, None),
            (None, stop, target) => (Part::Entry, target, stop),
        };
        let first = self.admit(request, index, part, at);
        if part != Part::Single {
            self.last_group = self.last_group.saturating_add(1);
            let id = self.last_group;
            let empty = Group {
                entry: None,
                target: None,
                stop: None,
            };
            self.groups.insert(id, empty);
            self.join(id, part, first);
            let exit = OrderRequest {
                side: match part {
                    Part::Entry => request.side.opposite(),
                    _ => request.side,
                },
                ..*request
            };
            if let Some((client_id, limit)) = target {
                let kind = OrderKind::Limit { limit };
                let request = OrderRequest {
                    client_id,
                    kind,
                    ..exit
                };
                let number = self.admit(&request, index, Part::Target, at);
                self.join(id, Part::Target, number);
            }
            if let Some((client_id, stop)) = stop {
                let kind = self.ahead.leg(client_id, stop);
                let request = OrderRequest {
                    client_id,
                    kind,
                    ..exit
                };
                let number = self.admit(&request, index, Part::Stop, at);
                self.join(id, Part::Stop, number);
            }
            for number in self
                .groups
                .get(&id)
                .map(|group| group.members())
                .into_iter()
                .flatten()
            {
                self.report_first(number, at);
            }
        } else {
            self.report_first(first, at);
        }
        if self.faults.take_reject() {
            let reason = Some("rejected by the venue (injected)");
            self.end(first, ReportStatus::Rejected, reason, at);
        } else if self.orders.get(&first).is_some_and(|o| self.may_trade(o))
            || is_immediate(request)
        {
            let delay = self.config.latency.submit;
            self.send_to_venue(at, delay, VenueAction::Activate(first));
        }
        Ok(())
    }

    /// Takes an order into the books.
    fn admit(
        &mut self,
        request: &OrderRequest,
        index: usize,
        part: Part,
        at: Timestamp,
    ) -> OrderNumber {
        self.last_number = self.last_number.saturating_add(1);
        let number = self.last_number;
        let asked = self.ahead.is_extended(request.client_id);
        let order = Order {
            number,
            broker_id: broker_id(number),
            client_id: request.client_id,
            book: index,
            symbol: request.symbol,
            side: request.side,
            qty: request.qty,
            filled: Qty::ZERO,
            kind: request.kind,
            time_in_force: request.time_in_force,
            extended: asked && matches!(request.kind, OrderKind::Limit { .. }),
            status: ReportStatus::PendingNew,
            at_venue: false,
            elected: false,
            followed: None,
            collar: None,
            live_from: at,
            resting: false,
            group: None,
            part,
            created_at: at,
            stamp: Timestamp::MIN,
            replaced_by: None,
            replaces: None,
        };
        self.orders.insert(number, order);
        self.ids.insert(request.client_id, number);
        if let Some(book) = self.books.get_mut(index) {
            book.open.push(number);
        }
        number
    }

    fn join(&mut self, id: u64, part: Part, number: OrderNumber) {
        if let Some(group) = self.groups.get_mut(&id) {
            group.set(part, number);
        }
        if let Some(order) = self.orders.get_mut(&number) {
            order.group = Some(id);
        }
    }

    fn report_first(&mut self, number: OrderNumber, at: Timestamp) {
        let goes = self.orders.get(&number).is_some_and(|o| self.may_trade(o));
        let status = match self.standing(number) {
            ReportStatus::Accepted if goes => ReportStatus::PendingNew,
            other => other,
        };
        if let Some(order) = self.orders.get_mut(&number) {
            order.status = status;
        }
        self.report(number, None, None, at);
    }

    fn cancel(&mut self, client_id: ClientOrderId, at: Timestamp) -> Result<(), Refusal> {
        let number = self.find(client_id)?;
        let order = self
            .orders
            .get_mut(&number)
            .ok_or_else(Refusal::not_found)?;
        if !order.is_open() || order.is_changing() {
            return Err(Refusal::already_in(order.status));
        }
        order.status = ReportStatus::PendingCancel;
        self.report(number, None, None, at);
        let delay = self.config.latency.cancel;
        self.send_to_venue(at, delay, VenueAction::Cancel(number));
        Ok(())
    }

    pub(crate) fn find(&self, client_id: ClientOrderId) -> Result<OrderNumber, Refusal> {
        let number = self.ids.get(&client_id).copied();
        number.ok_or_else(Refusal::not_found)
    }

    fn replace(&mut self, replacement: &Replacement, at: Timestamp) -> Result<(), Refusal> {
        let number = self.find(replacement.client_id)?;
        let old = self.orders.get(&number).ok_or_else(Refusal::not_found)?;
        let changed = rules::check_replace(self, old, replacement, at)?;
        let (old_kind, old_collar, elected) = (old.kind, old.collar, old.elected);
        let (index, part, group, extended) = (old.book, old.part, old.group, old.extended);
        let new = self.admit(&changed, index, part, at);
        if let Some(order) = self.orders.get_mut(&new) {
            order.group = group;
            order.extended = extended;
            order.replaces = Some(number);
            // A stop that was reached stays reached, unless it is moved.
            let same = (old_kind.stop(), old_kind.trail());
            order.elected = elected && (order.kind.stop(), order.kind.trail()) == same;
            order.collar = old_collar.filter(|_| order.elected);
        }
        if let Some(old) = self.orders.get_mut(&number) {
            old.status = ReportStatus::PendingReplace;
        }
        self.report(number, None, None, at);
        let delay = self.config.latency.replace;
        let action = VenueAction::Replace { old: number, new };
        self.send_to_venue(at, delay, action);
        Ok(())
    }

    /// What the venue does when something sent to it gets there.
    pub(crate) fn act_at_venue(&mut self, action: VenueAction, at: Timestamp) {
        match action {
            VenueAction::Activate(number) => self.activate(number, at),
            VenueAction::Cancel(number) => self.take_out(number, ReportStatus::Cancelled, at),
            VenueAction::Lapse(number) => self.lapse(number, at),
            VenueAction::Expire(number) => self.take_out(number, ReportStatus::Expired, at),
            VenueAction::Replace { old, new } => self.swap(old, new, at),
        }
    }

    fn take_out(&mut self, number: OrderNumber, status: ReportStatus, at: Timestamp) {
        let index = self.orders.get(&number).map(|order| order.book);
        self.end(number, status, None, at);
        if let Some(index) = index {
            self.arm(index);
        }
    }

    fn swap(&mut self, old: OrderNumber, new: OrderNumber, at: Timestamp) {
        self.follow(old, at);
        let Some(before) = self.orders.get(&old).cloned() else {
            return;
        };
        let asked = self.orders.get(&new).filter(|order| order.is_open());
        // The quantity in a group is the group's: what has filled beside it meanwhile counts.
        let total = asked.map(|order| match before.part {
            Part::Single => order.qty,
            Part::Entry | Part::Target | Part::Stop => before.qty,
        });
        let left = total
            .and_then(|total| total.checked_sub(before.filled))
            .filter(|left| !left.is_zero() && before.is_open());
        let Some(left) = left else {
            return self.keep(old, new, at);
        };
        let tick = self.config.tick;
        let Some(order) = self.orders.get_mut(&new) else {
            return;
        };
        order.qty = left;
        order.at_venue = before.at_venue;
        order.live_from = at;
        if let Some(followed) = &before.followed {
            order.trail_behind(followed.best, tick, at);
            // A trailing stop that was reached meanwhile stays reached.
            order.elected |= before.elected;
        }
        let new_id = order.client_id;
        if let Some(order) = self.orders.get_mut(&old) {
            order.replaced_by = Some(new_id);
        }
        if let Some(group) = before.group.and_then(|id| self.groups.get_mut(&id)) {
            group.set(before.part, new);
        }
        self.end(old, ReportStatus::Replaced, None, at);
        self.settle(new, None, at);
        self.arm(before.book);
        if before.at_venue && before.ends_at_once() {
            self.bound(new, at);
        }
    }

    /// A replacement that cannot be: the new order is rejected, the old one goes on if it still lives.
    fn keep(&mut self, old: OrderNumber, new: OrderNumber, at: Timestamp) {
        let reason = Some("the order ended or filled before it could be replaced");
        self.end(new, ReportStatus::Rejected, reason, at);
        if let Some(order) = self.orders.get_mut(&old).filter(|order| order.is_open()) {
            order.status = ReportStatus::New;
            self.settle(old, Some("its replacement ended first"), at);
        }
    }

    /// Gives an open order the status that it has when nothing is being done to it, and says so.
    fn settle(&mut self, number: OrderNumber, reason: Option<&str>, at: Timestamp) {
        let status = self.standing(number);
        if let Some(order) = self.orders.get_mut(&number)
            && !order.is_changing()
        {
            order.status = status;
            self.report(number, None, reason, at);
        }
    }
}

/// Whether an order is for now or never, and gets its answer at once.
const fn is_immediate(request: &OrderRequest) -> bool {
    matches!(request.time_in_force, TimeInForce::Ioc | TimeInForce::Fok)
}

fn failed(request: &BrokerRequest, failure: RequestFailure) -> Option<BrokerEvent> {
    match request {
        BrokerRequest::Submit(request) => Some(BrokerEvent::SubmitFailed {
            client_id: request.client_id,
            failure,
        }),
        BrokerRequest::Cancel(client_id) => Some(BrokerEvent::CancelFailed {
            client_id: *client_id,
            failure,
        }),
        BrokerRequest::Replace(replacement) => Some(BrokerEvent::ReplaceFailed {
            client_id: replacement.client_id,
            new_client_id: replacement.new_client_id,
            failure,
        }),
        BrokerRequest::Snapshot { .. } => None,
    }
}
