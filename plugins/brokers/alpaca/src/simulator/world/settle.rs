//! What the exchange reports, written into the account: orders, positions, activities and the
//! messages of `trade_updates`, all at once.

use serde_json::{Value, json};
use trader_broker_sim::status_name;
use trader_contract::{BrokerEvent, Execution, OrderReport, ReportStatus, Timestamp};

use super::order::Moments;
use super::{Notice, World};
use crate::simulator::decimal;

impl World {
    /// Takes what the exchange says.
    pub(super) fn settle(&mut self, event: BrokerEvent) {
        if let BrokerEvent::Order(mut report) = event {
            report.at = self.event_at(report.at);
            self.settle_order(&report);
        }
    }

    fn settle_order(&mut self, report: &OrderReport) {
        let Some(&place) = self.by_sim.get(&report.client_id) else {
            return;
        };
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
            self.hand_over(place, report);
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

    /// The orders that hung on an order hang on the one that took its place.
    fn hand_over(&mut self, old: usize, report: &OrderReport) {
        let new = report
            .replaced_by
            .and_then(|id| self.by_sim.get(&id).copied());
        let Some(new) = new else {
            return;
        };
        let id = self.orders.get(new).map(|order| order.id.clone());
        let Some(before) = self.orders.get_mut(old) else {
            return;
        };
        before.replaced_by = id;
        let (parent, legs) = (before.parent, before.legs.clone());
        for leg in legs {
            if let Some(leg) = self.orders.get_mut(leg) {
                leg.parent = Some(new);
            }
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
