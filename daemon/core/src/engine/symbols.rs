//! What the engine keeps for each symbol beside the book: the last price, the aggregators, and a
//! view of the open trade that costs the bar path no look-up.

use serde::{Deserialize, Serialize};
use trader_contract::{
    Direction, Money, PendingView, PositionView, Price, Qty, Quote, SymbolId, Timeframe, Timestamp,
};

use super::minutes::Minutes;
use super::protection::Reached;
use super::{Engine, EngineError};
use crate::bars::Aggregator;
use crate::book::Holding;
use crate::config::Instrument;

/// One timeframe of a symbol, with the lanes that listen to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Feed {
    pub(super) timeframe: Timeframe,
    pub(super) aggregator: Aggregator,
    pub(super) lanes: Vec<usize>,
}

/// What the engine keeps for one symbol.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SymbolState {
    /// Its id.
    pub id: SymbolId,
    /// Its ticker and tick rule.
    pub instrument: Instrument,
    /// Close of the last bar.
    pub last: Option<Price>,
    /// When that bar started; an older one is no news.
    pub(super) last_start: Timestamp,
    /// When that bar was taken.
    pub last_at: Option<Timestamp>,
    /// The last quote.
    pub quote: Option<Quote>,
    /// When that quote was taken.
    pub(super) quote_at: Option<Timestamp>,
    /// Whether the venue has halted it.
    pub halted: bool,
    /// When that began; the earliest time before the first.
    pub(super) halted_at: Timestamp,
    /// When the last halt ended; the earliest time before the first.
    pub(super) resumed_at: Timestamp,
    /// Whether the broker lets it be traded.
    pub tradable: bool,
    /// Whether the broker lets it be sold short.
    pub shortable: bool,
    /// When the newest bar started that the provider's records have.
    pub(super) newest: Option<Timestamp>,
    /// Whether the next bar is looked at: it is the first of a session, or the symbol is halted.
    pub(super) look: bool,
    /// The minutes of the session so far.
    pub(super) minutes: Minutes,
    /// Whether no bar of the session has come yet, and one of an earlier session had.
    pub(super) first: bool,
    pub(super) feeds: Vec<Feed>,
    pub(super) lanes: Vec<usize>,
    /// The lane that owns the symbol.
    pub(super) owner: Option<usize>,
    pub(super) net_nanos: i64,
    /// Whether the book has an open trade in it.
    pub(super) held: bool,
    /// Whether that trade waits for the broker alone: no price and no time changes what is next.
    pub(super) settled: bool,
    pub(super) position: Option<PositionView>,
    pub(super) pending: Option<Direction>,
    pub(super) expires_after_bars: Option<u16>,
    pub(super) wake_at: Option<Timestamp>,
    pub(super) retry_at: Timestamp,
    pub(super) retry_nanos: i64,
    pub(super) bare_since: Option<Timestamp>,
    pub(super) bare: Option<(Timestamp, Qty)>,
    /// Shares times nanoseconds that are not written down yet.
    pub(super) bare_nanos: i128,
    /// What has become of a stop that the market has reached.
    pub(super) reached: Reached,
    /// The bar of an entry of the run before: its age is counted from there.
    pub(super) entry_since: Option<Timestamp>,
}

/// The symbol table.
pub(super) fn table(instruments: &[Instrument]) -> Result<Vec<SymbolState>, EngineError> {
    let state = |(index, instrument): (usize, &Instrument)| {
        let index = u32::try_from(index).map_err(|_| EngineError::TooMany(u32::MAX))?;
        Ok(SymbolState {
            id: SymbolId::new(index),
            instrument: *instrument,
            last: None,
            last_start: Timestamp::MIN,
            last_at: None,
            quote: None,
            quote_at: None,
            halted: false,
            halted_at: Timestamp::MIN,
            resumed_at: Timestamp::MIN,
            tradable: true,
            shortable: true,
            newest: None,
            look: false,
            minutes: Minutes::default(),
            first: false,
            feeds: Vec::new(),
            lanes: Vec::new(),
            owner: None,
            net_nanos: 0,
            held: false,
            settled: false,
            position: None,
            pending: None,
            expires_after_bars: None,
            wake_at: None,
            retry_at: Timestamp::MIN,
            retry_nanos: 0,
            bare_since: None,
            bare: None,
            bare_nanos: 0,
            reached: Reached::default(),
            entry_since: None,
        })
    };
    instruments.iter().enumerate().map(state).collect()
}

impl SymbolState {
    /// Whether the last price lies at or beyond the planned stop of the position.
    #[inline]
    pub(super) fn is_at_its_stop(&self) -> bool {
        let (Some(position), Some(last)) = (&self.position, self.last) else {
            return false;
        };
        position.stop.is_some_and(|stop| match position.direction {
            Direction::Long => last <= stop,
            Direction::Short => last >= stop,
        })
    }

    /// The waiting entry as a strategy sees it.
    pub(super) fn pending_view(&self, age_bars: u16) -> Option<PendingView> {
        self.pending.map(|direction| PendingView {
            direction,
            age_bars,
        })
    }
}

impl Engine {
    /// Brings what is kept for every symbol in line with the book.
    pub(super) fn refresh_all(&mut self) {
        let ids: Vec<SymbolId> = self.symbols.iter().map(|s| s.id).collect();
        ids.into_iter().for_each(|id| self.refresh(id));
        self.value_account();
    }

    /// Brings what is kept for a symbol in line with the book.
    pub(super) fn refresh(&mut self, id: SymbolId) {
        let Some(state) = self.symbols.get_mut(id.index()) else {
            return;
        };
        let holding = self.book.holdings.get(&state.instrument.symbol);
        let net = holding.map_or(0, |h| h.net.nanos());
        let owner = holding.and_then(|h| {
            let owns = |&lane: &usize| {
                let route = self
                    .lanes
                    .get(lane)
                    .and_then(|l| self.routes.get(usize::from(l.route.0)));
                route.is_some_and(|route| route.name == h.route)
            };
            state.lanes.iter().copied().find(owns)
        });
        state.owner = owner;
        state.held = holding.is_some();
        state.settled = false;
        state.pending = holding
            .filter(|h| h.net.is_flat() && h.entry_qty.is_zero() && h.exit.is_none())
            .map(|h| h.direction);
        state.expires_after_bars = holding.and_then(|h| h.expires_after_bars);
        state.position = holding.and_then(|h| {
            Some(PositionView {
                direction: Direction::of(h.net)?,
                qty: h.net.magnitude(),
                entry_average: h.entry_average()?,
                stop: h.stop,
                entered_at: h.entered_at?,
                exiting: h.exit.is_some(),
            })
        });
        if state.net_nanos != net {
            state.net_nanos = net;
            self.value_account();
        }
    }

    /// Cash plus positions at the last prices, computed anew; bars only move it.
    pub(super) fn value_account(&mut self) {
        let positions: Money = self
            .book
            .holdings
            .values()
            .filter_map(|h| Some(self.price_of(h)?.times_net(h.net)))
            .sum();
        self.equity = self.book.cash + positions;
    }

    /// The last price of what is held, or what comes nearest to one after a start.
    pub(super) fn price_of(&self, holding: &Holding) -> Option<Price> {
        let paid = || {
            let mean = holding.entry_average()?;
            let micros = mean.sum_micros().checked_div(i128::from(mean.count()))?;
            Price::from_micros(i64::try_from(micros).ok()?)
        };
        self.last_of(holding.symbol).or_else(paid).or(holding.stop)
    }

    fn last_of(&self, symbol: trader_contract::Symbol) -> Option<Price> {
        let id = self.by_ticker.get(&symbol)?;
        self.symbols.get(id.index())?.last
    }
}
