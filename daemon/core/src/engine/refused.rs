//! What the broker refuses: how long is waited before it is asked again, and what is told of exits and cancels
//! that it refuses again and again. What rests meanwhile is planned elsewhere.

use trader_contract::{ClientOrderId, OrderRole, RequestFailure, Symbol, SymbolId, Timestamp};

use super::Engine;
use crate::book::{Order, TradeOrders};
use crate::command::Commands;
use crate::orders::{REFUSALS, Venue, refused_exits};
use crate::record::Severity;

/// The alert that a position cannot be closed, since the broker refuses its exits.
const EXIT_REFUSED: &str = "exit_refused";
/// The alert that an order cannot be taken out.
const CANCEL_REFUSED: &str = "cancel_refused";
/// Pauses, in units of the first one, from which on a cancel has failed often enough to tell.
const TELLING: i64 = 4;
/// The longest pause between two tries, in nanoseconds.
const RETRY_MAX: i64 = 30 * Timestamp::SECOND;
/// The same for a position that is to be closed.
const RETRY_EXIT_MAX: i64 = 5 * Timestamp::SECOND;
/// The same while no session is open.
const RETRY_NIGHT_MAX: i64 = 5 * Timestamp::MINUTE;

impl Engine {
    /// What was refused before says nothing of what comes next.
    pub(super) fn forget_back_off(&mut self, id: SymbolId) {
        if let Some(state) = self.symbols.get_mut(id.index()) {
            state.retry_nanos = 0;
            state.retry_at = Timestamp::MIN;
        }
    }

    /// Nothing is tried again in a symbol before `when`.
    pub(super) fn not_before(&mut self, id: SymbolId, when: Timestamp) {
        if let Some(state) = self.symbols.get_mut(id.index()) {
            state.retry_at = when;
        }
    }

    /// Waits before the broker is asked again, twice as long each time.
    pub(super) fn back_off(&mut self, at: Timestamp, id: SymbolId) {
        let first = self.rules.retry_nanos;
        let most = match self.symbols.get(id.index()).map(|s| self.venue(s, at)) {
            Some(Venue::Closed { .. }) => RETRY_NIGHT_MAX,
            _ if self.holding(id).is_some_and(|h| h.exit.is_some()) => RETRY_EXIT_MAX,
            _ => RETRY_MAX,
        };
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        let pause = state.retry_nanos.saturating_mul(2);
        let pause = pause.clamp(first, most.max(first));
        state.retry_nanos = pause;
        state.retry_at = at.plus_nanos(pause);
    }

    /// The broker has ended a stop or an exit that it had taken, and nobody had asked it to: waits before the next
    /// one, and tells of exits of which one after the other is rejected.
    pub(super) fn on_turned_away(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        order: ClientOrderId,
        out: &mut Commands,
    ) {
        self.back_off(at, id);
        let order = self.book.orders.get(&order).filter(|o| o.was_refused());
        if let Some(order) = order.filter(|o| self.refuses_exits(o)) {
            let why = order.reason.as_deref().unwrap_or("it does not say why");
            let (symbol, why) = (order.symbol(), why.to_owned());
            self.tell_refused_exits(at, symbol, &why, out);
        }
    }

    /// Tells of an order that the broker has refused, but of exits of which one after the other is refused
    /// only once, until the trade is over.
    pub(super) fn tell_refused(
        &mut self,
        at: Timestamp,
        order: &Order,
        why: &str,
        out: &mut Commands,
    ) {
        let symbol = order.symbol();
        if self.refuses_exits(order) {
            return self.tell_refused_exits(at, symbol, why, out);
        }
        let severity = match order.role() {
            OrderRole::Entry => Severity::Notice,
            _ => Severity::Warning,
        };
        self.alert(
            at,
            (severity, "order_refused", Some(symbol)),
            (
                format!(
                    "the broker refused {} order {}: {why}",
                    order.role(),
                    order.id()
                ),
                "nothing for an entry; a stop or an exit is tried again by itself",
            ),
            out,
        );
    }

    /// Tells of exits of which the broker has refused one after the other, at once or after it had taken them.
    fn tell_refused_exits(&mut self, at: Timestamp, symbol: Symbol, why: &str, out: &mut Commands) {
        if self.book.standing(EXIT_REFUSED, Some(symbol)).is_some() {
            return;
        }
        let message = format!(
            "{symbol}: the broker has refused {REFUSALS} exits one after the other: {why}; its stop rests again \
             where it takes one, and another exit is tried every half minute"
        );
        let action = "look at the broker why it refuses them, and close the position there by hand if it has to go";
        let what = (Severity::Critical, EXIT_REFUSED, Some(symbol));
        self.raise_standing(at, what, (message, action), out);
    }

    /// A cancel has failed again: told from the third time on, until the trade is over.
    pub(super) fn tell_cancel_failed(
        &mut self,
        at: Timestamp,
        id: SymbolId,
        (order, failure): (ClientOrderId, &RequestFailure),
        out: &mut Commands,
    ) {
        let often = self.rules.retry_nanos.saturating_mul(TELLING);
        let pause = self.symbols.get(id.index()).map_or(0, |s| s.retry_nanos);
        let Some(known) = self.book.orders.get(&order).filter(|_| pause >= often) else {
            return;
        };
        let symbol = known.symbol();
        if self.book.standing(CANCEL_REFUSED, Some(symbol)).is_some() {
            return;
        }
        let (RequestFailure::Refused { message: why, .. }
        | RequestFailure::Ambiguous { message: why }) = failure;
        let means = match order.role {
            OrderRole::Entry => "it may fill, and what fills is protected",
            _ => "the position cannot be closed while it rests",
        };
        let message = format!(
            "{symbol}: {} order {order} could not be taken out again and again: {why}; {means}; it is asked for on \
             and on",
            order.role
        );
        let action = "look at the order at the broker, and cancel it there";
        let what = (Severity::Critical, CANCEL_REFUSED, Some(symbol));
        self.raise_standing(at, what, (message, action), out);
    }

    /// The trade is over, and what was refused in it matters no more.
    pub(super) fn forget_refused(&mut self, at: Timestamp, symbol: Symbol, out: &mut Commands) {
        for kind in [EXIT_REFUSED, CANCEL_REFUSED] {
            self.clear_standing(at, kind, Some(symbol), out);
        }
    }

    /// Whether an order is an exit, and the newest exits of its trade were all refused and are enough to tell.
    fn refuses_exits(&self, order: &Order) -> bool {
        let holding = self.book.holdings.get(&order.symbol());
        let Some(holding) = holding.filter(|_| order.role() == OrderRole::Exit) else {
            return false;
        };
        let orders: TradeOrders<'_> = self.book.orders_for(holding).collect();
        refused_exits(&orders) >= REFUSALS
    }
}
