//! Executions as they stand, and the ones that are taken back or changed.

use serde_json::{Value, json};
use trader_contract::{Execution, Side, Timestamp};

use super::positions::Holding;
use super::{Notice, World};
use crate::simulator::decimal;
use crate::simulator::request::{Fields, Refusal};

/// One execution.
#[derive(Debug, Clone)]
pub(super) struct Trade {
    /// What the stream has called it.
    id: String,
    place: usize,
    asset: usize,
    side: Side,
    /// The day on which it was made.
    day: Timestamp,
    execution: Execution,
    /// The id of its row among the activities.
    activity: String,
}

impl Trade {
    pub(super) const fn asset(&self) -> usize {
        self.asset
    }
}

impl World {
    /// Keeps an execution that has been booked.
    pub(super) fn keep_trade(&mut self, place: usize, execution: &Execution, id: &str) {
        let (Some(order), Some(activity)) = (self.orders.get(place), self.activities.last()) else {
            return;
        };
        let trade = Trade {
            id: id.to_owned(),
            place,
            asset: order.asset,
            side: order.side,
            day: self.day(),
            execution: execution.clone(),
            activity: activity.id.clone(),
        };
        self.trades.push(trade);
    }

    /// Takes an execution back, or puts another in its place: by the id that the stream told, or the
    /// last one of an order.
    pub(crate) fn correct(&mut self, fields: &Fields) -> Result<(), Refusal> {
        let of_order = fields.text("order_id").and_then(|id| self.place_of(id));
        let wanted = fields.text("execution_id");
        let is_it = |trade: &Trade| match wanted {
            Some(id) => trade.id == id,
            None => Some(trade.place) == of_order,
        };
        let found = self.trades.iter().rposition(is_it);
        let missing = || Refusal::not_found("execution not found");
        let found = found.ok_or_else(missing)?;
        let trade = self.trades.get(found).cloned().ok_or_else(missing)?;
        let asked = (fields.decimal("qty")?, fields.decimal("price")?);
        let instead = match asked {
            (None, None) => None,
            (qty, price) => {
                let qty = qty.map_or(Some(trade.execution.qty), decimal::to_qty);
                let price = price.map_or(Some(trade.execution.price), decimal::to_price);
                let wrong = || Refusal::invalid("qty and price must be a quantity and a price");
                Some(qty.zip(price).ok_or_else(wrong)?)
            }
        };
        let corrected = self.sim.correct(&trade.execution.id, instead, self.now);
        let corrected = corrected.ok_or_else(|| {
            Refusal::unprocessable(
                "an execution can be corrected once its order has ended and while its day is not \
                 over, to no more shares than it had",
            )
        })?;
        self.take_reports();
        self.stand(found, &trade, corrected.now);
        Ok(())
    }

    /// Puts what stands now in the place of a trade, and tells of it.
    fn stand(&mut self, found: usize, void: &Trade, now: Option<Execution>) {
        let id = self.ids.uuid();
        let row = self
            .activities
            .iter()
            .position(|row| row.id == void.activity);
        let event = match now {
            Some(execution) => {
                if let Some(row) = row.and_then(|row| self.activities.get_mut(row)) {
                    let (qty, price) = (execution.qty, execution.price);
                    if let Value::Object(members) = &mut row.row {
                        let qty = decimal::string(decimal::of_qty(qty));
                        members.insert("qty".to_owned(), qty);
                        let price = decimal::string(decimal::of_price(price));
                        members.insert("price".to_owned(), price);
                    }
                }
                if let Some(trade) = self.trades.get_mut(found) {
                    (trade.id, trade.execution) = (id.clone(), execution);
                }
                "trade_correct"
            }
            None => {
                row.map(|row| self.activities.remove(row));
                self.trades.remove(found);
                "trade_bust"
            }
        };
        self.add_up(void.place, void.asset);
        let shown = self.trades.get(found).filter(|trade| trade.id == id);
        let shown = shown.unwrap_or(void).execution.clone();
        let position = rust_decimal::Decimal::new(self.held(void.asset).nanos(), 9);
        let at = self.event_at(self.now).to_string();
        let data = json!({
            "event": event,
            "event_id": format!("{:026}", self.ids.count()),
            "execution_id": id,
            "previous_execution_id": void.id,
            "timestamp": at,
            "at": at,
            "price": decimal::string(decimal::of_price(shown.price)),
            "qty": decimal::string(decimal::of_qty(shown.qty)),
            "position_qty": decimal::string(position),
            "order": self.order_json(void.place, false),
        });
        self.outbox.push(Notice::Trade(data));
    }

    /// Works an order and a position out anew from the executions that stand.
    fn add_up(&mut self, place: usize, asset: usize) {
        if let Some(order) = self.orders.get_mut(place) {
            let own = self.trades.iter().filter(|trade| trade.place == place);
            let own: Vec<&Execution> = own.map(|trade| &trade.execution).collect();
            let qty = own.iter().map(|e| decimal::of_qty(e.qty)).sum();
            order.filled = decimal::to_qty(qty).unwrap_or(order.filled);
            let values = own.iter();
            let value = values.map(|e| decimal::of_price(e.price) * decimal::of_qty(e.qty));
            order.value = value.sum();
            order.updated_at = self.now;
        }
        let mut holding = self.carried(asset);
        for trade in self.trades.iter().filter(|trade| trade.asset == asset) {
            let Execution { qty, price, .. } = trade.execution;
            holding.add(trade.side, qty, price, trade.day);
            if holding.is_flat() {
                holding = Holding::default();
            }
        }
        if holding.is_flat() {
            self.holdings.remove(&asset);
        } else {
            self.holdings.insert(asset, holding);
        }
    }
}
