//! Orders that were given up, because the broker's records lacked them or it had refused them, and
//! that turn up at the broker: what is not needed is cancelled, what has filled is protected.

use trader_contract::{ClientOrderId, OrderRole, SymbolId, Timestamp};

use super::Engine;
use crate::book::Order;
use crate::command::Commands;
use crate::record::{IntentId, Severity};

impl Engine {
    /// Whether a live order serves no trade, or another one does what it was for.
    pub(super) fn is_stray(&self, order: &Order) -> bool {
        let (id, symbol) = (order.id(), order.symbol());
        let Some(holding) = self.book.holdings.get(&symbol) else {
            return true;
        };
        if holding.intent() != IntentId::from(id) {
            return true;
        }
        // One that nobody has acknowledged may be refused: it is looked at again when it comes.
        self.book.orders_for(holding).any(|other| {
            let same = other.role() == order.role() && other.id() > id;
            same && other.state.is_acknowledged() && other.planned.replaces != Some(id)
        })
    }

    /// The broker has acknowledged an order: what it takes the place of, and nobody has asked to make
    /// way, serves nothing any longer.
    pub(super) fn on_acknowledged(&mut self, id: ClientOrderId) {
        let Some(order) = self.book.orders.get(&id) else {
            return;
        };
        let Some(holding) = self.book.holdings.get(&order.symbol()) else {
            return;
        };
        let trade = self.book.orders_for(holding);
        let strays: Vec<ClientOrderId> = trade
            .filter(|o| o.id() < id && o.role() == order.role() && o.is_live())
            .filter(|o| self.is_stray(o))
            .map(Order::id)
            .collect();
        self.strays.extend(strays);
    }

    /// An order that was given up has turned up at the broker.
    pub(super) fn on_late(&mut self, at: Timestamp, id: ClientOrderId, out: &mut Commands) {
        self.doubts.remove(&id);
        // What went out with it is for the broker to say.
        self.request_snapshot(out);
        let Some(order) = self.book.orders.get(&id) else {
            return;
        };
        let (symbol, role, live) = (order.symbol(), order.role(), order.is_live());
        let stray = live && self.is_stray(order);
        if stray {
            self.strays.insert(id);
        }
        let fate = if stray || (live && role == OrderRole::Entry) {
            "; it is cancelled"
        } else {
            ""
        };
        self.alert(
            at,
            (Severity::Critical, "late_order", Some(symbol)),
            (
                format!("{role} order {id}, which had been given up, is at the broker{fate}"),
                "nothing, if `traderctl positions` shows what you expect; what it filled is protected",
            ),
            out,
        );
    }

    /// Cancels the orders of a symbol that serve no trade.
    pub(super) fn cancel_strays(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(state) = self.symbols.get(id.index()) else {
            return;
        };
        let (symbol, retry_at) = (state.instrument.symbol, state.retry_at);
        let orders = &self.book.orders;
        self.strays
            .retain(|id| orders.get(id).is_some_and(Order::is_live));
        let ready = |order: &&Order| {
            order.symbol() == symbol && order.may_be_cancelled() && !order.cancel_asked
        };
        let strays = self.strays.iter().filter_map(|id| orders.get(id));
        let due: Vec<ClientOrderId> = strays.filter(ready).map(Order::id).collect();
        for order in due {
            if at >= retry_at {
                self.cancel_step(
                    at,
                    id,
                    (order, "it had been given up, and nothing needs it"),
                    out,
                );
            }
        }
    }
}
