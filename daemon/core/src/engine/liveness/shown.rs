//! What may be read from outside of links, of clocks and of what comes of a symbol.

use trader_contract::{Channel, Symbol, Timestamp};

use super::{DataState, LinkState};
use crate::engine::Engine;

impl Engine {
    /// The link of the order reports.
    #[must_use]
    pub const fn orders_link(&self) -> LinkState {
        self.links.orders
    }

    /// The link of a channel of market data.
    #[must_use]
    pub fn data_link(&self, channel: Channel) -> LinkState {
        match channel {
            Channel::Bars => LinkState {
                heard_at: self.bars_heard_at(),
                ..self.links.bars
            },
            Channel::Quotes => LinkState {
                heard_at: self.links.quotes.heard_at.max(self.newest_quote_at()),
                ..self.links.quotes
            },
        }
    }

    fn newest_quote_at(&self) -> Timestamp {
        let newest = self.symbols.iter().filter_map(|s| s.quote_at).max();
        newest.unwrap_or(Timestamp::MIN)
    }

    /// How far our clock is ahead of the broker's, in nanoseconds; `None` before it was compared.
    #[must_use]
    pub const fn clock_skew(&self) -> Option<i64> {
        self.links.skew
    }

    /// What comes of a symbol on a channel; `None` for a symbol that is not traded here.
    #[must_use]
    pub fn data_state(&self, symbol: Symbol, channel: Channel) -> Option<DataState> {
        let id = self.by_ticker.get(&symbol)?;
        let state = self.symbols.get(id.index())?;
        let at = self.now;
        if state.halted {
            return Some(DataState::Halted);
        }
        let link = self.data_link(channel);
        let silent = self.is_silent(at, link.heard_at, self.watch.data_alive_nanos);
        let (last_at, lasts, lacks) = match channel {
            Channel::Bars => {
                let lasts = Timestamp::MINUTE.saturating_add(self.watch.bar_late_nanos);
                (state.last_at, lasts, self.lacks_bars(state, at))
            }
            Channel::Quotes => (state.quote_at, self.watch.bar_late_nanos, false),
        };
        Some(if !link.up || silent || lacks {
            DataState::Mute
        } else if last_at.is_some_and(|last| at.since(last) <= lasts) {
            DataState::Live
        } else {
            DataState::Quiet
        })
    }
}
