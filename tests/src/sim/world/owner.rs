//! What the owner does beside the daemon: orders by hand at the broker, and the leave taken back.

use trader_contract::{Price, Qty, Side};
use trader_core::{Event, OperatorCommand};

use super::World;
use crate::sim::plan::Deed;

impl World<'_> {
    /// The owner rests an order by hand, or takes back what rests in a symbol. It rests so far from
    /// the market that it is never filled.
    pub(super) fn by_hand(&mut self, symbol: usize, deed: Deed) {
        let symbol = self.plan.symbols.get(symbol).map(|symbol| symbol.symbol);
        let (Some(symbol), Some(qty), Some(limit)) =
            (symbol, Qty::shares(10), Price::from_cents(100))
        else {
            return;
        };
        *self.deeds.entry(deed.name()).or_default() += 1;
        self.log.data("by hand", &(deed.name(), symbol));
        let now = self.now;
        match deed {
            Deed::Rest(_) => {
                self.broker
                    .rest_by_hand(symbol, (Side::Buy, qty, limit), now);
            }
            _ => {
                self.broker.withdraw_by_hand(symbol, now);
            }
        }
        self.changed = true;
    }

    /// Takes the leave to trade live back: the engine is asked as the handlers ask it.
    pub(super) fn disarm(&mut self, index: usize) {
        let event = Event::Operator {
            command: OperatorCommand::Disarm,
            uid: 1_000,
            request: format!("deed-{index}").into(),
        };
        self.feed(&event);
    }
}
