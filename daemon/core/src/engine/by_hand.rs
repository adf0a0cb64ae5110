//! What somebody else does at the broker to an order of ours.

use trader_contract::{ClientOrderId, OrderRole, OrderState, Outcome, Price, SymbolId, Timestamp};

use super::Engine;
use crate::book::{Holding, Order, TradeOrders};
use crate::command::Commands;
use crate::record::Severity;

impl Engine {
    /// The newest stop of an open trade, if it was cancelled at the broker without anybody here having asked
    /// for that or for what takes it along, and no other one has been sent since.
    pub(super) fn stop_taken_out(&self, id: SymbolId) -> Option<(ClientOrderId, Option<Price>)> {
        let state = self.symbols.get(id.index())?;
        let holding = self.book.holdings.get(&state.instrument.symbol)?;
        if holding.exit.is_some() || self.is_splitting(state) {
            return None;
        }
        let stop = self.last_stop(holding)?;
        Some((stop.id(), stop.stop))
    }

    fn last_stop(&self, holding: &Holding) -> Option<&Order> {
        let orders: TradeOrders<'_> = self.book.orders_for(holding).collect();
        let stops = orders.iter().filter(|o| o.role() == OrderRole::Stop);
        let known = stops.clone().filter(|o| o.broker_id.is_some());
        let newest = *known.max_by_key(|o| o.id())?;
        // A change of it that never came to be is none that was sent since.
        let mut later = stops.filter(|o| o.id() > newest.id());
        let is_set_again = later.any(|o| o.planned.replaces.is_none());
        let cancelled = newest.state == OrderState::Done(Outcome::Cancelled) && !newest.unwanted;
        let takes_along = orders.iter().any(|other| ends_with_it(other, newest));
        (cancelled && !is_set_again && !takes_along).then_some(newest)
    }

    /// Tells that a stop was cancelled by hand, and that another one is sent.
    pub(super) fn tell_stop_taken_out(
        &mut self,
        at: Timestamp,
        (old, price): (ClientOrderId, Option<Price>),
        new: ClientOrderId,
        out: &mut Commands,
    ) {
        let Some(order) = self.book.orders.get(&new) else {
            // The gate has refused it, and that is told.
            return;
        };
        let symbol = order.symbol();
        let at_price = price.map_or_else(String::new, |price| format!(" at {price}"));
        let message = format!(
            "{symbol}: its stop{at_price} ({old}) was cancelled at the broker, and not by traderd; it is set again as \
             {new}"
        );
        let action = format!(
            "to be rid of the position: `traderctl close {symbol}`; to look after it by hand: `traderctl stop` \
             first, since no position is left without a stop while traderd runs"
        );
        let what = (Severity::Warning, "stop_cancelled", Some(symbol));
        self.alert(at, what, (message, &action), out);
    }
}

/// Whether an order of a stop's group has ended in a way that ends the stop with it: the entry short of its
/// whole, the target other than by a cancel.
fn ends_with_it(other: &Order, stop: &Order) -> bool {
    let Some(parent) = stop.planned.parent else {
        return false;
    };
    let is_of_group = other.id() == parent || other.planned.parent == Some(parent);
    is_of_group
        && match (other.role(), other.state) {
            (OrderRole::Entry, state) => state != OrderState::Done(Outcome::Filled),
            (OrderRole::Target, OrderState::Done(outcome)) => outcome != Outcome::Cancelled,
            _ => false,
        }
}
