//! What has happened to the account, as `/v2/account/activities` lists it.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_sim::status_name;
use trader_calendar::new_york;
use trader_contract::{Execution, NetQty, Qty, Side, Timestamp};

use super::order::side_name;
use super::{OPENING_CASH, World};
use crate::simulator::decimal;
use crate::simulator::rest::data::cusip;

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) order_id: Option<String>,
    pub(crate) row: Value,
}

impl Activity {
    pub(crate) fn is_trade(&self) -> bool {
        self.kind == "FILL"
    }
}

/// Cash that no trade has brought or taken.
pub(super) struct Payment<'a> {
    pub(super) kind: &'static str,
    pub(super) sub_type: &'a str,
    pub(super) amount: Decimal,
    pub(super) words: &'a str,
    /// The shares that it is for: asset, how many, dollars for each.
    pub(super) shares: Option<(usize, Decimal, Decimal)>,
}

impl World {
    fn activity_id(&mut self, at: Timestamp) -> String {
        let stamp = new_york::wall_clock(at).format("%Y%m%d%H%M%S%3f");
        format!("{stamp}::{}", self.ids.uuid())
    }

    /// The money that a paper account begins with.
    pub(super) fn record_deposit(&mut self) {
        let payment = Payment {
            kind: "JNLC",
            sub_type: "",
            amount: Decimal::from(OPENING_CASH),
            words: "opening balance of a paper account",
            shares: None,
        };
        self.record_other(&payment, self.now);
    }

    /// What the session's executions have been charged with; nothing is, until the admin interface
    /// says that it is.
    pub(super) fn record_fees(&mut self, at: Timestamp) {
        let fees = std::mem::take(&mut self.pending_fees);
        if !fees.is_zero() {
            let payment = Payment {
                kind: "FEE",
                sub_type: "REG",
                amount: -fees,
                words: "regulatory fees of the day",
                shares: None,
            };
            self.record_other(&payment, at);
        }
    }

    /// Writes down a payment that is booked elsewhere.
    pub(super) fn record_other(&mut self, payment: &Payment<'_>, at: Timestamp) {
        let id = self.activity_id(at);
        let kind = payment.kind;
        let mut row = json!({
            "id": id,
            "account_id": self.account_id,
            "activity_type": kind,
            "activity_sub_type": payment.sub_type,
            "date": new_york::date(at).to_string(),
            "net_amount": decimal::text(payment.amount),
            "description": payment.words,
            "status": "executed",
            "currency": "USD",
            "created_at": at.to_string(),
        });
        if let (Value::Object(members), Some((asset, qty, each))) = (&mut row, payment.shares)
            && let Some(asset) = self.market.asset(asset)
        {
            let more = [
                ("symbol", asset.symbol.to_string()),
                ("cusip", cusip(asset)),
                ("qty", decimal::text(qty)),
                ("per_share_amount", decimal::text(each)),
            ];
            members.extend(more.map(|(name, text)| (name.to_owned(), Value::String(text))));
        }
        self.activities.push(Activity {
            id,
            kind,
            at,
            order_id: None,
            row,
        });
    }

    /// A fill, with what was held before it.
    pub(super) fn record_fill(&mut self, place: usize, execution: &Execution, was: NetQty) {
        let id = self.activity_id(execution.at);
        let Some(order) = self.orders.get(place) else {
            return;
        };
        let leaves = order.remaining();
        let text = |qty: Qty| decimal::text(decimal::of_qty(qty));
        let side = match order.side {
            Side::Sell if was.nanos() <= 0 => "sell_short",
            side => side_name(side),
        };
        let symbol = self.market.asset(order.asset).map(|asset| asset.symbol);
        let row = json!({
            "id": id,
            "account_id": self.account_id,
            "activity_type": "FILL",
            "transaction_time": execution.at.to_string(),
            "type": if leaves.is_zero() { "fill" } else { "partial_fill" },
            "price": decimal::text(decimal::of_price(execution.price)),
            "qty": text(execution.qty),
            "side": side,
            "symbol": symbol.as_ref().map(trader_contract::Symbol::as_str),
            "leaves_qty": text(leaves),
            "cum_qty": text(order.filled),
            "order_id": order.id,
            "order_status": status_name(order.status),
        });
        self.activities.push(Activity {
            id,
            kind: "FILL",
            at: execution.at,
            order_id: Some(order.id.clone()),
            row,
        });
    }
}
