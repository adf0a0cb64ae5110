//! The broker's records in Alpaca's words: orders, lines of the history, messages of the stream and
//! refusals. Numbers are text, as they are there.

use serde_json::{Map, Value, json};
use trader_broker_sim::status_name;
use trader_contract::{
    BrokerEvent, BrokerOrderId, ForeignOrder, OrderKind, OrderReport, ReportStatus, RequestFailure,
    Side, Timestamp, Trail,
};

use super::Venue;
use super::row::{Line, Row};

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// Where the moment of an end is written.
const fn end_of(status: ReportStatus) -> Option<&'static str> {
    Some(match status {
        ReportStatus::Filled => "filled_at",
        ReportStatus::Expired => "expired_at",
        ReportStatus::Cancelled => "canceled_at",
        ReportStatus::Rejected => "failed_at",
        ReportStatus::Replaced => "replaced_at",
        _ => return None,
    })
}

/// A refusal with its status: the first three of its code's digits.
#[must_use]
pub fn refused(failure: &RequestFailure) -> (u16, Value) {
    match failure {
        RequestFailure::Refused { code, message } => {
            let status = u16::try_from(code / 100_000).unwrap_or(422);
            (status, json!({"code": code, "message": message}))
        }
        RequestFailure::Ambiguous { message } => (500, json!({"message": message})),
    }
}

impl Venue {
    /// An order, with those that belong to it where they are asked for.
    pub(super) fn order(&self, row: &Row, nested: bool) -> Value {
        let report = &row.report;
        let client_id = match row.origin.named {
            true => report.client_id.to_string(),
            false => format!("made-by-alpaca-{}", report.broker_id),
        };
        let mut order = json!({
            "id": report.broker_id,
            "client_order_id": client_id,
            "created_at": row.made_at.to_string(),
            "submitted_at": row.made_at.to_string(),
            "updated_at": report.at.to_string(),
            "asset_class": "us_equity",
            "symbol": report.symbol,
            "qty": report.qty.to_string(),
            "filled_qty": report.filled.to_string(),
            "order_class": row.origin.class,
            "type": row.origin.kind.name(),
            "order_type": row.origin.kind.name(),
            "side": side_name(report.side),
            "time_in_force": row.origin.time_in_force.name(),
            "limit_price": report.limit.map(|limit| limit.to_string()),
            "stop_price": report.stop.map(|stop| stop.to_string()),
            "status": status_name(report.status),
            "extended_hours": false,
            "replaces": row.replaces,
            "replaced_by": row.replaced_by,
        });
        if let Value::Object(members) = &mut order {
            add_trail(members, row.origin.kind);
            if let Some(end) = end_of(report.status) {
                members.insert(end.to_owned(), json!(report.at.to_string()));
            }
            if nested && !row.legs.is_empty() {
                let legs = row.legs.iter().filter_map(|leg| self.rows.get(leg));
                let legs: Vec<Value> = legs.map(|leg| self.order(leg, false)).collect();
                members.insert("legs".to_owned(), json!(legs));
            }
        }
        order
    }

    /// What happened to an order, as the stream tells it; nothing where that is no news.
    #[must_use]
    pub fn update(&self, event: &BrokerEvent) -> Option<String> {
        let data = match event {
            BrokerEvent::Order(report) => self.order_update(report)?,
            BrokerEvent::Corrected { client_id, now, .. } => {
                let row = self.rows.get(self.by_client.get(client_id)?)?;
                let mut lines = self.lines.iter().rev();
                let line = lines.find(|line| line.order == row.report.broker_id)?;
                let (previous, _) = line.previous.as_ref()?;
                let mut before = self.lines.iter();
                let before = before.find(|line| line.id == *previous)?;
                json!({
                    "event": if now.is_some() { "trade_correct" } else { "trade_bust" },
                    "execution_id": streamed(line),
                    "previous_execution_id": streamed(before),
                    "timestamp": line.at.to_string(),
                    "price": line.price.to_string(),
                    "qty": line.qty.to_string(),
                    "order": self.order(row, false),
                })
            }
            BrokerEvent::Foreign(order) => {
                let (_, made_at) = self.by_hand.get(&order.broker_id)?;
                json!({
                    "event": match order.status {
                        ReportStatus::Filled => "fill",
                        status => status_name(status),
                    },
                    "execution_id": format!("{}-{}", order.broker_id, order.at.nanos()),
                    "timestamp": order.at.to_string(),
                    "order": by_hand(order, *made_at),
                })
            }
            _ => return None,
        };
        Some(json!({"stream": "trade_updates", "data": data}).to_string())
    }

    fn order_update(&self, report: &OrderReport) -> Option<Value> {
        let row = self.rows.get(&report.broker_id)?;
        let mut data = json!({
            "event": row.news?,
            "execution_id": format!("{}@{}", report.broker_id, report.at.nanos()),
            "timestamp": report.at.to_string(),
            "order": self.order(row, false),
        });
        if let (Value::Object(members), Some(execution)) = (&mut data, &report.execution) {
            let id = json!(format!("streamed-{}", execution.id));
            members.insert("execution_id".to_owned(), id);
            let price = json!(execution.price.to_string());
            members.insert("price".to_owned(), price);
            members.insert("qty".to_owned(), json!(execution.qty.to_string()));
            let at = json!(execution.at.to_string());
            members.insert("timestamp".to_owned(), at);
        }
        Some(data)
    }
}

/// The stream numbers its executions otherwise than the history.
fn streamed(line: &Line) -> String {
    format!("streamed-{}", line.key)
}

fn add_trail(members: &mut Map<String, Value>, kind: OrderKind) {
    let (name, value) = match kind.trail() {
        Some(Trail::Price(dollars)) => ("trail_price", dollars.to_string()),
        Some(Trail::Percent(percent)) => ("trail_percent", percent.to_string()),
        None => return,
    };
    members.insert(name.to_owned(), json!(value));
}

/// An order that the owner has made by hand.
pub(super) fn by_hand(order: &ForeignOrder, made_at: Timestamp) -> Value {
    let mut said = json!({
        "id": order.broker_id,
        "client_order_id": order.client_id,
        "created_at": made_at.to_string(),
        "submitted_at": made_at.to_string(),
        "updated_at": order.at.to_string(),
        "symbol": order.symbol,
        "qty": order.qty.to_string(),
        "filled_qty": order.filled.to_string(),
        "order_class": "simple",
        "type": order.kind,
        "side": side_name(order.side),
        "time_in_force": "day",
        "limit_price": order.limit.map(|limit| limit.to_string()),
        "stop_price": order.stop.map(|stop| stop.to_string()),
        "status": status_name(order.status),
    });
    if let (Value::Object(members), Some(end)) = (&mut said, end_of(order.status)) {
        members.insert(end.to_owned(), json!(order.at.to_string()));
    }
    said
}

/// A line of the history.
pub(super) fn line(line: &Line) -> Value {
    let order: &BrokerOrderId = &line.order;
    let (kind, status) = match &line.previous {
        None if line.filled => ("fill", "executed"),
        None => ("partial_fill", "executed"),
        Some((_, true)) => ("trade_correct", "correct"),
        Some((_, false)) => ("trade_bust", "canceled"),
    };
    json!({
        "id": line.id,
        "activity_type": "FILL",
        "transaction_time": line.at.to_string(),
        "type": kind,
        "status": status,
        "previous_id": line.previous.as_ref().map(|(id, _)| id),
        "symbol": line.symbol,
        "side": side_name(line.side),
        "qty": line.qty.to_string(),
        "price": line.price.to_string(),
        "cum_qty": line.cumulative.to_string(),
        "order_id": order,
    })
}
