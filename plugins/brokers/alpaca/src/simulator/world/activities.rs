//! What has happened to the account, as `/v2/account/activities` lists it.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trader_broker_sim::status_name;
use trader_calendar::new_york;
use trader_contract::{Execution, NetQty, Qty, Side, Timestamp};

use super::order::side_name;
use super::{OPENING_CASH, World};
use crate::simulator::decimal;

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

impl World {
    fn activity_id(&mut self, at: Timestamp) -> String {
        let stamp = new_york::wall_clock(at).format("%Y%m%d%H%M%S%3f");
        format!("{stamp}::{}", self.ids.uuid())
    }

    /// The money that a paper account begins with.
    pub(super) fn record_deposit(&mut self) {
        let words = "opening balance of a paper account";
        let amount = Decimal::from(OPENING_CASH);
        self.record_other(("JNLC", ""), amount, words, self.now);
    }

    /// What the session's executions have been charged with; nothing is, until the admin interface
    /// says that it is.
    pub(super) fn record_fees(&mut self, at: Timestamp) {
        let fees = std::mem::take(&mut self.pending_fees);
        if !fees.is_zero() {
            self.record_other(("FEE", "REG"), -fees, "regulatory fees of the day", at);
        }
    }

    fn record_other(
        &mut self,
        (kind, sub_type): (&'static str, &str),
        amount: Decimal,
        words: &str,
        at: Timestamp,
    ) {
        let id = self.activity_id(at);
        let row = json!({
            "id": id,
            "account_id": self.account_id,
            "activity_type": kind,
            "activity_sub_type": sub_type,
            "date": new_york::date(at).to_string(),
            "net_amount": decimal::text(amount),
            "description": words,
            "status": "executed",
            "currency": "USD",
            "created_at": at.to_string(),
        });
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
