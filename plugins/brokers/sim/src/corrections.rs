//! Executions that the broker takes back, or changes: trades that were clearly erroneous, or told wrongly.

use trader_contract::{
    BrokerEvent, ClientOrderId, Execution, ExecutionId, Price, Qty, Side, Symbol, Timestamp,
};

use crate::broker::SimBroker;

/// What a correction has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The order.
    pub client_id: ClientOrderId,
    /// What it trades, and on which side.
    pub traded: (Symbol, Side),
    /// The execution that is void.
    pub void: Execution,
    /// What stands in its place, if anything does.
    pub now: Option<Execution>,
}

impl SimBroker {
    /// Takes an execution of an order back that has ended; in its place stands one of fewer shares or at
    /// another price, or none. Cash, fee and position are what they would be without the void one. `None`
    /// where there is no such execution, where its order is still open, or where more shares are named
    /// than it had.
    pub fn correct(
        &mut self,
        execution: &ExecutionId,
        now: Option<(Qty, Price)>,
        at: Timestamp,
    ) -> Option<Correction> {
        self.advance(at);
        let place = self
            .executions
            .iter()
            .position(|(_, e)| e.id == *execution)?;
        let (client_id, void) = self.executions.get(place)?.clone();
        let order = self.orders.get(self.ids.get(&client_id)?)?;
        let (index, symbol, side, number) = (order.book, order.symbol, order.side, order.number);
        let fits = now.is_none_or(|(qty, _)| !qty.is_zero() && qty <= void.qty);
        if order.is_open() || !fits {
            return None;
        }
        let now = now.map(|(qty, price)| {
            self.last_execution = self.last_execution.saturating_add(1);
            Execution {
                id: ExecutionId(format!("sim-x{}", self.last_execution).into()),
                qty,
                price,
                fee: void.fee,
                at: void.at,
            }
        });
        self.count(index, side.opposite(), &void, true);
        self.executions.remove(place);
        if let Some(now) = &now {
            self.count(index, side, now, false);
            self.executions.push((client_id, now.clone()));
        }
        if let Some(order) = self.orders.get_mut(&number) {
            let left = order.filled.checked_sub(void.qty).unwrap_or(Qty::ZERO);
            let stands = now.as_ref().map_or(Qty::ZERO, |now| now.qty);
            order.filled = left.checked_add(stands).unwrap_or(left);
        }
        let told = (client_id, void.id.clone(), now.clone());
        self.corrected.push(told);
        self.emit(
            at,
            BrokerEvent::Corrected {
                client_id,
                execution: void.id.clone(),
                now: now.clone(),
            },
        );
        self.arm(index);
        Some(Correction {
            client_id,
            traded: (symbol, side),
            void,
            now,
        })
    }

    /// Books an execution, or books it out.
    fn count(&mut self, index: usize, side: Side, execution: &Execution, back: bool) {
        let value = execution.price.times(execution.qty);
        match side {
            Side::Buy => self.cash -= value,
            Side::Sell => self.cash += value,
        }
        if back {
            self.cash += execution.fee;
            self.fees -= execution.fee;
        } else {
            self.cash -= execution.fee;
            self.fees += execution.fee;
        }
        if let Some(book) = self.books.get_mut(index) {
            let after = book.position.checked_add(side.signed(execution.qty));
            book.position = after.unwrap_or(book.position);
        }
    }
}
