//! What may be read from outside: plain values, no handles.

use trader_calendar::Session;
use trader_contract::{Epoch, Money, OrderRole, OrderState, Qty, Symbol, SymbolId, Timestamp};

use super::{Engine, Phase, RouteInfo, SymbolState};
use crate::book::{Book, Holding, Order, TradeOrders};
use crate::config::{Authority, EndOfDay, Market, Watch};
use crate::lane::Lane;
use crate::orders::protected_qty;
use crate::risk::gate::Gate;

/// Whether a position has a stop that the broker has acknowledged, and that fills if it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// There is no position.
    Flat,
    /// Its route goes without stops.
    NotWanted,
    /// The whole position has one.
    Protected,
    /// This many shares have none.
    Bare(Qty),
}

impl Protection {
    /// Whether nothing that should have a stop is without one.
    #[must_use]
    pub const fn is_protected(self) -> bool {
        !matches!(self, Self::Bare(_))
    }
}

/// How far a lane is warmed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// Bars seen.
    pub have: u32,
    /// Bars needed.
    pub need: u32,
    /// Whether its strategy is asked.
    pub warm: bool,
}

impl Engine {
    /// What is checked again and again, and how old what is known may be.
    #[must_use]
    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Under whose authority it trades.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The durable state.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// The store's generation.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The number that the journal's next entry gets.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The gate with its limits and counters.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Cash plus positions at the last prices.
    #[must_use]
    pub const fn equity(&self) -> Money {
        self.equity
    }

    /// The latest stamp.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Where in the trading day we are.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.schedule.phase
    }

    /// The session that is open, or the next one; `None` without sessions or past the calendar.
    #[must_use]
    pub const fn session(&self) -> Option<Session> {
        self.schedule.session
    }

    /// The session after [`Engine::session`]; `None` without sessions or past the calendar.
    #[must_use]
    pub fn following_session(&self) -> Option<Session> {
        let Market::Sessions { calendar, .. } = &self.market else {
            return None;
        };
        calendar
            .next_session_after(self.schedule.session?.open)
            .ok()
    }

    /// When positions must be flat, in the session that [`Engine::session`] names; `None` where they
    /// are held over the night.
    #[must_use]
    pub fn flat_deadline(&self) -> Option<Timestamp> {
        let Market::Sessions { day, .. } = &self.market else {
            return None;
        };
        let close = self.schedule.session?.close;
        if day.end_of_day == EndOfDay::Hold {
            return None;
        }
        Some(close.plus_nanos(day.deadline_nanos.saturating_neg()))
    }

    /// Since when shares of a symbol have been without an acknowledged stop, or have had one that was
    /// reached and did not fill.
    #[must_use]
    pub fn unprotected_since(&self, ticker: Symbol) -> Option<Timestamp> {
        let id = self.symbol_id(ticker)?;
        self.symbols.get(id.index())?.bare_since
    }

    /// Whether the broker has been heard since the start.
    #[must_use]
    pub const fn is_reconciled(&self) -> bool {
        self.reconciling.is_done()
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub const fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// Whether a flatten was asked for and the broker has not confirmed it yet.
    #[must_use]
    pub const fn is_flattening(&self) -> bool {
        self.book.flatten.is_some()
    }

    /// The symbols, in the order of their ids.
    #[must_use]
    pub fn symbols(&self) -> &[SymbolState] {
        &self.symbols
    }

    /// The id of a ticker.
    #[must_use]
    pub fn symbol_id(&self, ticker: Symbol) -> Option<SymbolId> {
        self.by_ticker.get(&ticker).copied()
    }

    /// The routes, in the order of their ids.
    #[must_use]
    pub fn routes(&self) -> &[RouteInfo] {
        &self.routes
    }

    /// The lanes of all routes.
    #[must_use]
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// How far a lane is warmed up.
    #[must_use]
    pub const fn warm_up_of(lane: &Lane) -> WarmUp {
        let (have, need) = lane.warm_up();
        WarmUp {
            have,
            need,
            warm: lane.is_warm(),
        }
    }

    /// Whether a position is protected.
    #[must_use]
    pub fn protection(&self, holding: &Holding) -> Protection {
        if holding.net.is_flat() {
            return match self
                .book
                .orders_for(holding)
                .any(|o| o.role() == OrderRole::Entry && o.is_live())
            {
                true => Protection::Bare(Qty::ZERO),
                false => Protection::Flat,
            };
        }
        if holding.stop.is_none() {
            return Protection::NotWanted;
        }
        let orders: TradeOrders<'_> = self.book.orders_for(holding).collect();
        let covered = if self.has_failed_stop(holding.symbol) {
            Qty::ZERO
        } else {
            protected_qty(&orders)
        };
        match holding.net.magnitude().checked_sub(covered) {
            None => Protection::Protected,
            Some(bare) if bare.is_zero() => Protection::Protected,
            Some(bare) => Protection::Bare(bare),
        }
    }

    /// The live stop of an open trade.
    #[must_use]
    pub fn resting_stop(&self, holding: &Holding) -> Option<&Order> {
        self.book
            .orders_for(holding)
            .find(|o| o.role() == OrderRole::Stop && o.is_live() && o.state != OrderState::Sent)
    }

    /// Shares times seconds without an acknowledged stop in this session, rounded up.
    #[must_use]
    pub fn unprotected_share_seconds(&self) -> u64 {
        self.book
            .day
            .as_ref()
            .map_or(0, |day| self.summary(day).unprotected_share_seconds)
    }
}
