//! What the exchange reports, written into the account: orders, positions, activities and the
//! messages of `trade_updates`, all at once.

use serde_json::{Value, json};
use trader_broker_sim::status_name;
use trader_contract::{BrokerEvent, Execution, OrderReport, ReportStatus, Timestamp};

use super::order::{Moments, Order};
use super::{Notice, World};
use crate::simulator::decimal;

impl World {
    /// Takes what the exchange says.
    pub(super) fn settle(&mut self, event: BrokerEvent) {
        if let BrokerEvent::Order(mut report) = event {
            report.at = self.event_at(report.at);
            if report.status == ReportStatus::Cancelled && self.came_too_late(&report) {
                report.status = ReportStatus::Rejected;
            }
            self.settle_order(&report);
        }
    }

    /// Whether the order that this one was to replace has ended before it could be. Then there is nothing
    /// to cancel, whoever has asked for that meanwhile: the replacement has failed.
    fn came_too_late(&self, report: &OrderReport) -> bool {
        let new = self.by_sim.get(&report.client_id);
        let new = new.and_then(|place| self.orders.get(*place));
        let old = new.and_then(|new| self.place_of(new.replaces.as_deref()?));
        let old = old.and_then(|place| self.orders.get(place));
        old.is_some_and(|old| !old.is_open() && old.status != ReportStatus::Replaced)
    }

    fn settle_order(&mut self, report: &OrderReport) {
        let Some(&place) = self.by_sim.get(&report.client_id) else {
            return;
        };
        if self.shrinks_by_itself(place, report) {
            return self.replace_shrunken(place, report);
        }
        let trailing = self.sim.trailing(report.client_id);
        let Some(order) = self.orders.get_mut(place) else {
            return;
        };
        let (before, told, qty) = (order.status, order.told, order.qty);
        order.status = report.status;
        order.told = true;
        order.qty = report.qty;
        order.updated_at = report.at;
        if !order.is_open() {
            self.open.remove(&place);
        }
        stamp(&mut order.moments, report.status, report.at);
        if let Some((best, behind)) = trailing {
            (order.hwm, order.stop) = (Some(best), behind);
        }
        // What has filled is counted from the executions: each exactly once.
        if let Some(execution) = &report.execution {
            let filled = order.filled.checked_add(execution.qty);
            order.filled = filled.unwrap_or(order.filled);
            order.value += decimal::of_price(execution.price) * decimal::of_qty(execution.qty);
            self.book(place, execution);
        }
        if report.status == ReportStatus::Replaced {
            let new = report.replaced_by.and_then(|id| self.by_sim.get(&id));
            if let Some(&new) = new {
                self.hand_over(place, new);
            }
        }
        let execution_id = match report.status {
            ReportStatus::PendingNew => None,
            _ => Some(self.ids.uuid()),
        };
        if let (Some(execution), Some(id)) = (&report.execution, &execution_id) {
            self.keep_trade(place, execution, id);
        }
        let Some(event) = event_name(before, report, told, report.qty != qty) else {
            return;
        };
        let silent = self.switches.silent_sibling_cancel
            && report.reason.as_deref() == Some("the other exit filled");
        if !silent {
            self.tell(place, event, execution_id, report);
        }
    }

    /// Books an execution: position and activity.
    fn book(&mut self, place: usize, execution: &Execution) {
        let Some(order) = self.orders.get(place) else {
            return;
        };
        let (asset, side) = (order.asset, order.side);
        let was = self.held(asset);
        let at = self.day();
        self.holdings
            .entry(asset)
            .or_default()
            .add(side, execution.qty, execution.price, at);
        self.holdings.retain(|_, holding| !holding.is_flat());
        self.pending_fees += decimal::of_money(execution.fee);
        self.record_fill(place, execution, was);
    }

    /// Whether an exit is made smaller that nobody has asked to change: its sibling has filled in part.
    fn shrinks_by_itself(&self, place: usize, report: &OrderReport) -> bool {
        let rests = matches!(report.status, ReportStatus::Held | ReportStatus::New);
        self.orders.get(place).is_some_and(|order| {
            let is_exit = order.parent.is_some() && order.filled.is_zero();
            let same = order.status == report.status && report.execution.is_none();
            is_exit && same && rests && report.qty < order.qty
        })
    }

    /// Alpaca makes no order smaller: it puts another one in its place, of its own accord. To the exchange
    /// the two are one.
    fn replace_shrunken(&mut self, old: usize, report: &OrderReport) {
        let Some(before) = self.orders.get_mut(old) else {
            return;
        };
        before.status = ReportStatus::Replaced;
        before.updated_at = report.at;
        stamp(&mut before.moments, before.status, report.at);
        let before = before.clone();
        self.open.remove(&old);
        let new = Order {
            id: self.ids.uuid(),
            client_order_id: self.ids.uuid(),
            qty: report.qty,
            status: report.status,
            ..before.successor(report.at)
        };
        let new = self.add(new);
        self.hand_over(old, new);
        let event_id = Some(self.ids.uuid());
        self.tell(old, status_name(before.status), event_id, report);
        let report = OrderReport {
            at: self.event_at(report.at),
            ..report.clone()
        };
        if let Some(new) = self.orders.get_mut(new) {
            new.updated_at = report.at;
        }
        let event_id = Some(self.ids.uuid());
        self.tell(new, status_name(report.status), event_id, &report);
    }

    /// The orders that hung on an order hang on the one that took its place.
    fn hand_over(&mut self, old: usize, new: usize) {
        let id = self.orders.get(new).map(|order| order.id.clone());
        let Some(before) = self.orders.get_mut(old) else {
            return;
        };
        before.replaced_by = id;
        let (parent, legs) = (before.parent, before.legs.clone());
        for leg in &legs {
            if let Some(leg) = self.orders.get_mut(*leg) {
                leg.parent = Some(new);
            }
        }
        // They may have been replaced since it was made.
        if let Some(new) = self.orders.get_mut(new) {
            new.legs = legs;
        }
        if let Some(parent) = parent.and_then(|parent| self.orders.get_mut(parent)) {
            for leg in &mut parent.legs {
                if *leg == old {
                    *leg = new;
                }
            }
        }
    }

    fn tell(
        &mut self,
        place: usize,
        event: &str,
        execution_id: Option<String>,
        report: &OrderReport,
    ) {
        let event_id = format!("{:026}", self.ids.count());
        let mut data = json!({
            "event": event,
            "event_id": event_id,
            "execution_id": execution_id,
            "timestamp": report.at.to_string(),
            "at": report.at.to_string(),
            "order": self.order_json(place, false),
        });
        if let (Value::Object(members), Some(execution)) = (&mut data, &report.execution) {
            let asset = self.orders.get(place).map(|order| order.asset);
            let position = asset.map(|asset| self.held(asset).nanos()).unwrap_or(0);
            let position = rust_decimal::Decimal::new(position, 9);
            let price = decimal::string(decimal::of_price(execution.price));
            let qty = decimal::string(decimal::of_qty(execution.qty));
            members.insert("price".to_owned(), price);
            members.insert("qty".to_owned(), qty);
            members.insert("position_qty".to_owned(), decimal::string(position));
        }
        self.outbox.push(Notice::Trade(data));
    }
}

fn stamp(moments: &mut Moments, status: ReportStatus, at: Timestamp) {
    let moment = match status {
        ReportStatus::Filled => &mut moments.filled,
        ReportStatus::Expired => &mut moments.expired,
        ReportStatus::Cancelled => &mut moments.canceled,
        ReportStatus::Rejected => &mut moments.failed,
        ReportStatus::Replaced => &mut moments.replaced,
        ReportStatus::PendingCancel => &mut moments.cancel_requested,
        _ => return,
    };
    *moment = Some(at);
}

/// What the stream calls a report; nothing if it tells nothing new.
fn event_name(
    before: ReportStatus,
    report: &OrderReport,
    told: bool,
    resized: bool,
) -> Option<&'static str> {
    let now = report.status;
    if report.execution.is_some() {
        return Some(if now == ReportStatus::Filled {
            "fill"
        } else {
            "partial_fill"
        });
    }
    if told && before == now {
        return resized.then_some("restated");
    }
    let works = matches!(now, ReportStatus::New | ReportStatus::PartiallyFilled);
    Some(match before {
        ReportStatus::PendingReplace if works => "order_replace_rejected",
        ReportStatus::PendingCancel if works => "order_cancel_rejected",
        _ if now == ReportStatus::PartiallyFilled => return None,
        _ => status_name(now),
    })
}
