//! What the broker's words change in the book: reports, each counted once in whatever order they come,
//! executions that it takes back, and positions that are not of our making.

use trader_contract::{
    ClientOrderId, Execution, ExecutionId, NetQty, OrderReport, OrderRole, OrderState, Outcome,
    Price, Qty, Side, Symbol, Timestamp,
};

use super::{Book, Holding, Order};
use crate::planted::{Bug, is};
use crate::record::{ExitReason, PlannedOrder};

impl Book {
    pub(super) fn take_report(&mut self, report: &OrderReport, at: Timestamp) {
        let Some(order) = self.orders.get(&report.client_id) else {
            return;
        };
        let late = order.is_late();
        if late {
            self.doubt_legs(report.client_id);
        }
        if let Some(mut new) = report.replaced_by.and_then(|new| self.orders.get_mut(&new)) {
            // What took its place is there, whatever was inferred about it before.
            new.state = new.state.overruled(new.broker_id.is_some());
        }
        let Some(mut order) = self.orders.get_mut(&report.client_id) else {
            return;
        };
        order.state = order.state.overruled(order.broker_id.is_some());
        order.updated_at = at;
        order.reported_filled = order.reported_filled.max(report.filled);
        let current = order.is_current(report);
        // What the broker itself puts in an order's place goes on under its name with an id of its own.
        if order.broker_id.is_none()
            || (current && order.broker_id.as_ref() != Some(&report.broker_id))
        {
            order.broker_id = Some(report.broker_id.clone());
        }
        if current {
            order.move_to(report);
        }
        if report.reason.is_some() {
            order.reason.clone_from(&report.reason);
        }
        if order.state.is_terminal() {
            order.cancel_asked = false;
            order.replace_asked = false;
        }
        let kept = order.planned.replaces.filter(|_| order.was_refused());
        let revived = (late && order.is_live() && order.role() == OrderRole::Entry).then(|| {
            order.unwanted = true;
            order.planned.clone()
        });
        drop(order);
        if let Some(planned) = revived {
            self.holdings
                .entry(report.symbol)
                .or_insert_with(|| Holding::planned(&planned));
        }
        if let Some(old) = kept {
            self.change(old, at, |order| order.replace_asked = false);
        }
        if !report.filled.is_zero() {
            self.infer_entry(report.client_id);
        }
        if let Some(execution) = &report.execution {
            self.count(report.client_id, execution, at);
        }
    }

    /// An exit that went out with its entry wakes only once the entry has filled completely: where it
    /// fills, so has the entry, heard of or not.
    fn infer_entry(&mut self, exit: ClientOrderId) {
        let parent = self.orders.get(&exit).and_then(|o| o.planned.parent);
        let Some(mut entry) = parent.and_then(|parent| self.orders.get_mut(&parent)) else {
            return;
        };
        let complete = OrderState::Done(Outcome::Filled);
        if entry.role() == OrderRole::Entry && (entry.is_live() || entry.state == complete) {
            entry.reported_filled = entry.reported_filled.max(entry.qty);
        }
    }

    /// Where an order turns up that had been given up, the exits that went out with it may too.
    fn doubt_legs(&mut self, id: ClientOrderId) {
        let legs = self.orders.values();
        let legs = legs.filter(|leg| leg.planned.parent == Some(id));
        let legs: Vec<ClientOrderId> = legs.map(Order::id).collect();
        for leg in legs {
            if let Some(mut leg) = self.orders.get_mut(&leg) {
                leg.state = leg.state.overruled(leg.broker_id.is_some());
            }
        }
    }

    /// Counts an execution, unless it was heard of before.
    fn count(&mut self, id: ClientOrderId, execution: &Execution, at: Timestamp) {
        let Some(mut order) = self.orders.get_mut(&id) else {
            return;
        };
        if order.executions.contains(&execution.id) && !is(Bug::DeltaFills) {
            return;
        }
        order.executions.push(execution.id.clone());
        order.fills.push(execution.clone());
        order.first_fill_at.get_or_insert(at);
        order.filled = order
            .filled
            .checked_add(execution.qty)
            .unwrap_or(order.filled);
        order.filled_value += execution.price.times(execution.qty);
        let exit = match order.role() {
            OrderRole::Entry => None,
            OrderRole::Stop => Some(ExitReason::StopLoss),
            OrderRole::Target => Some(ExitReason::Target),
            OrderRole::Exit => order.planned.exit_reason,
        };
        let (symbol, side) = (order.symbol(), order.side());
        let planned = &order.planned;
        if let Some(plan) = planned.plan()
            && !self.splits.contains_key(&symbol)
            && let Some(day) = &mut self.day
            && let Some(slippage) = day.slippage(planned.role())
        {
            slippage.take(side, plan, execution);
        }
        self.holdings
            .entry(symbol)
            .or_insert_with(|| opened_by(planned, side));
        drop(order);
        self.take_fill(symbol, side, execution, exit);
    }

    fn take_fill(
        &mut self,
        symbol: Symbol,
        side: Side,
        fill: &Execution,
        exit: Option<ExitReason>,
    ) {
        let value = fill.price.times(fill.qty);
        match side {
            Side::Buy => self.cash -= value,
            Side::Sell => self.cash += value,
        }
        if !is(Bug::FeesDropped) {
            self.cash -= fill.fee;
        }
        self.fees += fill.fee;
        if let Some(day) = &mut self.day {
            day.fills = day.fills.saturating_add(1);
            day.fees += fill.fee;
        }
        if let Some(holding) = self.holdings.get_mut(&symbol) {
            holding.take_fill(side, fill, exit);
        }
    }

    /// Takes an execution back, and counts what stands in its place. One that was never heard of does
    /// not count when it is heard of later.
    pub(super) fn correct_fill(
        &mut self,
        id: ClientOrderId,
        void: &ExecutionId,
        now: Option<&Execution>,
        at: Timestamp,
    ) {
        let Some(mut order) = self.orders.get_mut(&id) else {
            return;
        };
        order.updated_at = at;
        let place = order.fills.iter().position(|fill| fill.id == *void);
        let before = place.map(|place| order.fills.remove(place));
        if !order.executions.contains(void) {
            order.executions.push(void.clone());
            order.voided_unheard = true;
        }
        let now = now.filter(|now| {
            let replaces_itself = now.id == *void && before.is_some();
            replaces_itself || !order.executions.contains(&now.id)
        });
        let lost = before.as_ref().map_or(Qty::ZERO, |fill| fill.qty);
        let gained = now.map_or(Qty::ZERO, |fill| fill.qty);
        order.filled = order.filled.checked_sub(lost).unwrap_or(Qty::ZERO);
        let voided = order.voided.checked_add(lost).unwrap_or(order.voided);
        order.voided = voided.checked_sub(gained).unwrap_or(Qty::ZERO);
        if let Some(fill) = &before {
            order.filled_value -= fill.price.times(fill.qty);
        }
        if let Some(fill) = now {
            order.executions.retain(|known| *known != fill.id);
        }
        let (symbol, side, planned) = (order.symbol(), order.side(), order.planned.clone());
        drop(order);
        if let Some(fill) = &before {
            self.take_back(&planned, symbol, side, fill);
        }
        if let Some(fill) = now {
            self.count(id, fill, at);
        }
    }

    fn take_back(&mut self, planned: &PlannedOrder, symbol: Symbol, side: Side, fill: &Execution) {
        let value = fill.price.times(fill.qty);
        match side {
            Side::Buy => self.cash += value,
            Side::Sell => self.cash -= value,
        }
        self.cash += fill.fee;
        self.fees -= fill.fee;
        if let Some(day) = &mut self.day {
            day.fees -= fill.fee;
            if let Some(plan) = planned.plan()
                && !self.splits.contains_key(&symbol)
                && let Some(slippage) = day.slippage(planned.role())
            {
                slippage.take_back(side, plan, fill);
            }
        }
        // What is left of a trade that was over lies on the other side of the void execution.
        self.holdings
            .entry(symbol)
            .or_insert_with(|| Holding::left_over(planned, side.opposite()))
            .take_back(side, fill);
    }

    pub(super) fn adopt_position(
        &mut self,
        symbol: Symbol,
        (net, price): (NetQty, Option<Price>),
        entry: ClientOrderId,
        stop: Option<Price>,
        at: Timestamp,
    ) {
        self.intents = self.intents.saturating_add(1);
        if let Some(mut holding) = Holding::found(symbol, entry, net, (price, at)) {
            holding.stop = stop;
            holding.initial_stop = stop;
            self.holdings.entry(symbol).or_insert(holding);
        }
    }
}

/// The trade of an execution that comes when its symbol has none.
fn opened_by(planned: &PlannedOrder, side: Side) -> Holding {
    match planned.role() {
        OrderRole::Entry => Holding::planned(planned),
        _ => Holding::left_over(planned, side),
    }
}
