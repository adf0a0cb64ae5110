//! Orders that the account's owner makes by hand, beside the daemon: they have no id of its making, show
//! up as foreign, and rest until the owner takes them back. They are never filled.

use trader_contract::{
    BrokerEvent, BrokerOrderId, ForeignOrder, Price, Qty, ReportStatus, Side, Symbol, Timestamp,
};

use crate::broker::SimBroker;

impl SimBroker {
    /// The owner rests a limit order by hand; the broker's id of it.
    pub fn rest_by_hand(
        &mut self,
        symbol: Symbol,
        (side, qty, limit): (Side, Qty, Price),
        now: Timestamp,
    ) -> BrokerOrderId {
        self.advance(now);
        self.last_by_hand = self.last_by_hand.saturating_add(1);
        let broker_id = BrokerOrderId(format!("hand-{}", self.last_by_hand).into());
        let order = ForeignOrder {
            broker_id: broker_id.clone(),
            client_id: "by hand".into(),
            symbol,
            side,
            qty,
            filled: Qty::ZERO,
            kind: "limit".into(),
            stop: None,
            limit: Some(limit),
            status: ReportStatus::New,
            at: now,
        };
        self.by_hand.push(order.clone());
        self.emit(now, BrokerEvent::Foreign(order));
        broker_id
    }

    /// The owner takes back every order that rests by hand in a symbol; how many there were.
    pub fn withdraw_by_hand(&mut self, symbol: Symbol, now: Timestamp) -> usize {
        self.advance(now);
        let (gone, kept): (Vec<ForeignOrder>, Vec<ForeignOrder>) =
            std::mem::take(&mut self.by_hand)
                .into_iter()
                .partition(|order| order.symbol == symbol);
        self.by_hand = kept;
        let count = gone.len();
        for order in gone {
            let status = ReportStatus::Cancelled;
            let at = now;
            self.emit(
                now,
                BrokerEvent::Foreign(ForeignOrder {
                    status,
                    at,
                    ..order
                }),
            );
        }
        count
    }

    /// The orders that rest by hand, oldest first.
    #[must_use]
    pub fn by_hand(&self) -> &[ForeignOrder] {
        &self.by_hand
    }
}
