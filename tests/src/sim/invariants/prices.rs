//! The prices that the daemon was told: the newest bar of each symbol, in the life that runs.

use std::collections::BTreeMap;

use trader_contract::{Bar, Price, Symbol, Timestamp};
use trader_core::Event;

use super::View;

/// What the life that runs was told.
#[derive(Debug, Default)]
pub(super) struct Prices {
    life: Option<Timestamp>,
    last: BTreeMap<Symbol, Bar>,
}

impl Prices {
    /// The daemon is about to be told something; a life that begins knows nothing yet.
    pub(super) fn told(&mut self, event: &Event, view: &View<'_>) {
        if self.life != view.around.up_since {
            self.life = view.around.up_since;
            self.last.clear();
        }
        let Event::Bar { symbol, bar } = event else {
            return;
        };
        let sessions = [view.plan.session, view.plan.next];
        let counts = sessions.iter().any(|session| session.contains(bar.start));
        if let Some(symbol) = view.plan.symbols.get(symbol.index()).filter(|_| counts) {
            let last = self.last.entry(symbol.symbol).or_insert(*bar);
            if bar.start >= last.start {
                *last = *bar;
            }
        }
    }

    /// The last price of a symbol.
    pub(super) fn last(&self, symbol: Symbol) -> Option<Price> {
        self.newest(symbol).map(|bar| bar.close)
    }

    /// The newest bar of a symbol.
    pub(super) fn newest(&self, symbol: Symbol) -> Option<&Bar> {
        self.last.get(&symbol)
    }
}
