//! What the account's owner does by hand, beside the daemon. Orders that the owner rests have no id of
//! its making, show up as foreign, are never filled, and rest until the owner takes them back. What the
//! owner trades fills at once.

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

    /// The owner trades by hand, at a price, at once and without a fee. Whatever else is open in the
    /// symbol holds its shares or would trade with it: the owner cancels it first. False where nothing
    /// was traded: the symbol is not in the table, or the quantity does not fit.
    pub fn trade_by_hand(
        &mut self,
        symbol: Symbol,
        (side, qty, price): (Side, Qty, Price),
        now: Timestamp,
    ) -> bool {
        self.advance(now);
        let Some(index) = self.places.get(&symbol).copied() else {
            return false;
        };
        let Some(book) = self.books.get(index) else {
            return false;
        };
        let after = book.position.checked_add(side.signed(qty));
        let Some(after) = after.filter(|_| !qty.is_zero()) else {
            return false;
        };
        let reason = Some("the account's owner cancelled it");
        for number in book.open.clone() {
            self.end(number, ReportStatus::Cancelled, reason, now);
        }
        if let Some(book) = self.books.get_mut(index) {
            book.position = after;
        }
        let value = price.times(qty);
        match side {
            Side::Buy => self.cash -= value,
            Side::Sell => self.cash += value,
        }
        self.last_by_hand = self.last_by_hand.saturating_add(1);
        let order = |filled: Qty, status: ReportStatus| ForeignOrder {
            broker_id: BrokerOrderId(format!("hand-{}", self.last_by_hand).into()),
            client_id: "by hand".into(),
            symbol,
            side,
            qty,
            filled,
            kind: "market".into(),
            stop: None,
            limit: None,
            status,
            at: now,
        };
        let said = [
            order(Qty::ZERO, ReportStatus::New),
            order(qty, ReportStatus::Filled),
        ];
        for order in said {
            self.emit(now, BrokerEvent::Foreign(order));
        }
        self.arm(index);
        true
    }

    /// The orders that rest by hand, oldest first.
    #[must_use]
    pub fn by_hand(&self) -> &[ForeignOrder] {
        &self.by_hand
    }
}
