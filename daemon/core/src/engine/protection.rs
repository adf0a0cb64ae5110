//! Which shares are without protection, and since when: those without an acknowledged stop, and those
//! whose stop the market has reached without filling it. What becomes of them is planned elsewhere.

use serde::{Deserialize, Serialize};
use trader_contract::{Level, OrderRole, Qty, Symbol, SymbolId, Timestamp};

use super::working::CHASE;
use super::{Engine, SymbolState};
use crate::book::{Holding, Order, TradeOrders};
use crate::command::Commands;
use crate::config::{Market, Rows};
use crate::orders::{Venue, is_closing, protected_qty, stop_in_force};
use crate::planted::{Bug, is};
use crate::record::Record;

/// What has become of a stop that the market has reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reached {
    seen: bool,
    since: Option<Timestamp>,
    failed: bool,
}

impl Reached {
    /// Whether the stop in force has been reached and not filled.
    pub(super) const fn is_seen(self) -> bool {
        self.seen
    }

    /// Since when it could have filled; `None` while nothing can.
    pub(super) const fn since(self) -> Option<Timestamp> {
        self.since
    }
}

impl Engine {
    /// Measures which shares are without protection, and for how long. Those that an acknowledged exit
    /// is closing are not without.
    pub(super) fn measure_protection(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        self.measure(at, id);
        let state = self.symbols.get(id.index());
        if state.is_some_and(|s| s.bare.is_none() && s.bare_nanos > 0) {
            self.count_exposure(at, id, out);
        }
    }

    fn measure(&mut self, at: Timestamp, id: SymbolId) {
        let Some(state) = self.symbols.get(id.index()) else {
            return;
        };
        let holding = self.book.holdings.get(&state.instrument.symbol);
        let stopped = holding.filter(|h| h.stop.is_some());
        let orders: TradeOrders<'_> = stopped
            .map(|h| self.book.orders_for(h).collect())
            .unwrap_or_default();
        let net = stopped.map_or(Qty::ZERO, |h| h.net.magnitude());
        let covered = protected_qty(&orders).min(net);
        let exposed = if is_closing(&orders) { Qty::ZERO } else { net };
        let was = state.reached;
        let seen = stopped.is_some_and(|h| self.is_reached(state, h, &orders));
        let since = (seen && self.may_fill(state, at)).then(|| was.since.unwrap_or(at));
        let patience = self.rules.protect_within_nanos;
        let failed = since.is_some_and(|since| at >= since.plus_nanos(patience));
        let bare = if failed {
            exposed
        } else {
            exposed.checked_sub(covered).unwrap_or(Qty::ZERO)
        };
        let mut nanos = state
            .bare
            .map_or(0, |(from, qty)| share_nanos(from, at, qty));
        if let (Some(since), true, false) = (since, failed, was.failed) {
            // Only now is it known that it protected nothing.
            nanos = nanos.saturating_add(share_nanos(since, at, covered.min(exposed)));
        }
        let from = since.filter(|_| failed).unwrap_or(at);
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        state.reached = Reached {
            seen,
            since,
            failed,
        };
        state.bare_nanos = state.bare_nanos.saturating_add(nanos);
        state.bare = (!bare.is_zero()).then_some((at, bare));
        let first = state.bare_since.map_or(from, |first| first.min(from));
        state.bare_since = state.bare.map(|_| first);
    }

    /// Writes down for how long shares were without protection, as far as it is not written yet.
    fn count_exposure(&mut self, at: Timestamp, id: SymbolId, out: &mut Commands) {
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        let nanos = std::mem::take(&mut state.bare_nanos);
        let symbol = state.instrument.symbol;
        let micros = nanos.saturating_add(999).checked_div(1_000).unwrap_or(0);
        if micros > 0 {
            let share_micros = u64::try_from(micros).unwrap_or(u64::MAX);
            let record = Record::Exposed {
                symbol,
                share_micros,
            };
            self.write(at, record, out);
        }
    }

    /// The session ends: what is without protection now counts to it as far as it has come.
    pub(super) fn count_exposures(&mut self, at: Timestamp, out: &mut Commands) {
        for id in self.held_symbols() {
            self.measure_protection(at, id, out);
            self.count_exposure(at, id, out);
        }
    }

    /// Shares times nanoseconds without protection that are not written down yet.
    pub(super) fn open_exposure(&self) -> i128 {
        let of = |state: &SymbolState| {
            let running = state
                .bare
                .map(|(from, qty)| share_nanos(from, self.now, qty));
            state.bare_nanos.saturating_add(running.unwrap_or(0))
        };
        self.symbols.iter().map(of).fold(0, i128::saturating_add)
    }

    /// From when on the time counts after which a position without a stop is closed. After a split
    /// the broker has until the open to say what became of its orders.
    pub(super) fn bare_too_long_from(&self, state: &SymbolState) -> Option<Timestamp> {
        let since = state.bare_since.into_iter().chain(state.reached.since());
        since.min().filter(|_| !self.is_splitting(state))
    }

    /// Whether the market has reached the stop in force, and it is not filled: the broker has filled a
    /// part of it, or the last bar ended at or beyond it. That bar ended after the stop was there; while
    /// the price stays beyond, a later change of the order alters nothing.
    fn is_reached(&self, state: &SymbolState, holding: &Holding, orders: &[&Order]) -> bool {
        let Some(stop) = stop_in_force(orders).filter(|_| !holding.net.is_flat()) else {
            return false;
        };
        if is(Bug::ReachedStopProtects) {
            return false;
        }
        if !stop.reported_filled.is_zero() {
            return true;
        }
        let (Some(price), Some(last)) = (stop.stop, state.last) else {
            return false;
        };
        let short_of_it = (holding.direction).is_better(Level::from(last), Level::from(price));
        let there = orders
            .iter()
            .filter(|o| o.role() == OrderRole::Entry || o.id() == stop.id())
            .map(|o| o.updated_at)
            .max();
        !short_of_it && (state.reached.seen || self.end_of_last_bar(state) > there)
    }

    /// When the last bar ended; `None` before the first one of this run.
    fn end_of_last_bar(&self, state: &SymbolState) -> Option<Timestamp> {
        let taken_at = state.last_at?;
        Some(match &self.market {
            Market::Sessions {
                rows: Rows::Minutes,
                ..
            } => state.last_start.plus_minutes(1),
            _ => taken_at,
        })
    }

    /// Whether the venue can fill an order of the symbol now.
    fn may_fill(&self, state: &SymbolState, at: Timestamp) -> bool {
        matches!(self.venue(state, at), Venue::Open { .. })
    }

    /// Whether orders of a symbol can fill at `at`.
    pub(super) fn venue(&self, state: &SymbolState, at: Timestamp) -> Venue {
        let open = match &self.market {
            Market::Sessions { .. } => {
                let session = self.schedule.session.filter(|s| s.contains(at));
                session.map(|session| session.open)
            }
            Market::EveryRow => Some(Timestamp::MIN),
        };
        match open {
            Some(_) if state.halted => Venue::Halted,
            Some(open) => Venue::Open {
                since: open.max(state.resumed_at),
            },
            None => Venue::Closed {
                residue: self.residue_since(state.instrument.symbol),
            },
        }
    }

    /// How long an answer is waited for; `None` where none can be lost, the broker being part of the
    /// program: there an exit that waits for volume is not helped by another one.
    pub(super) const fn chase(&self) -> Option<i64> {
        match self.watch.orders_alive_nanos {
            Some(_) => Some(CHASE),
            None => None,
        }
    }

    fn reached(&self, symbol: Symbol) -> Reached {
        let id = self.by_ticker.get(&symbol);
        let state = id.and_then(|id| self.symbols.get(id.index()));
        state.map(|s| s.reached).unwrap_or_default()
    }

    /// Whether the stop of a symbol was reached, and did not fill in the time that it had.
    pub(super) fn has_failed_stop(&self, symbol: Symbol) -> bool {
        self.reached(symbol).failed
    }

    /// Whether the stop of a symbol was reached, and has time left to fill.
    pub(super) fn awaits_stop(&self, symbol: Symbol) -> bool {
        let reached = self.reached(symbol);
        reached.since.is_some() && !reached.failed
    }
}

/// Shares times nanoseconds, whole shares only.
fn share_nanos(from: Timestamp, to: Timestamp, qty: Qty) -> i128 {
    i128::from(to.since(from)).saturating_mul(i128::from(qty.whole_shares()))
}
