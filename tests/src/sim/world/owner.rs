//! What the owner does at the broker beside the daemon: orders that rest, and trades that fill at once.

use trader_contract::{Direction, NetQty, Price, Qty, Side, Symbol};

use super::World;
use super::feed::id;
use crate::sim::plan::{Deed, HandTrade};
use crate::sim::setup::UNTRADED;

impl World<'_> {
    /// The owner does something at the broker, whether the daemon runs or not.
    pub(super) fn by_hand(&mut self, deed: Deed) {
        match deed {
            Deed::Rest(place) | Deed::Withdraw(place) => self.rest_by_hand(place, deed),
            Deed::Trade { symbol, trade } => self.trade_by_hand(symbol, trade),
            _ => {}
        }
    }

    /// The owner rests an order by hand, or takes back what rests in a symbol. It rests so far from
    /// the market that it is never filled.
    fn rest_by_hand(&mut self, place: usize, deed: Deed) {
        let symbol = self.plan.symbols.get(place).map(|symbol| symbol.symbol);
        let (Some(symbol), Some(qty), Some(limit)) =
            (symbol, Qty::shares(10), Price::from_cents(100))
        else {
            return;
        };
        self.count_deed(deed.name());
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

    /// The owner trades at the broker, if the exchange does. Where there is nothing to close in the
    /// symbol, the owner closes what there is in another one.
    fn trade_by_hand(&mut self, place: usize, trade: HandTrade) {
        if self.around.open_since.is_none() {
            return;
        }
        // What happened up to now happened before it.
        self.hear_broker();
        let opens = matches!(trade, HandTrade::Buy(_) | HandTrade::Sell(_));
        let held = |place: &usize| {
            let symbol = self.plan.symbols.get(*place).map(|symbol| symbol.symbol);
            symbol.is_some_and(|symbol| !self.truth.traded(symbol).is_flat())
        };
        let places = 0..self.plan.symbols.len();
        let place = match opens || held(&place) {
            true => Some(place),
            false => places.into_iter().find(held),
        };
        let Some((symbol, price)) = place.and_then(|place| self.quoted(place)) else {
            return;
        };
        if self.around.halted.contains(&symbol) {
            return;
        }
        let before = self.truth.traded(symbol);
        let Some((side, qty)) = order(trade, before) else {
            return;
        };
        let now = self.now;
        if !self.broker.trade_by_hand(symbol, (side, qty, price), now) {
            return;
        }
        let deed = Deed::Trade { symbol: 0, trade };
        self.count_deed(deed.name());
        self.log
            .data("by hand", &(deed.name(), symbol, side, qty, price));
        self.truth.traded_by_hand(symbol, side.signed(qty), now);
        self.hear_broker();
        self.changed = true;
    }

    /// A symbol with what a share of it costs now.
    fn quoted(&self, place: usize) -> Option<(Symbol, Price)> {
        match self.plan.symbols.get(place) {
            Some(symbol) => Some((symbol.symbol, self.broker.last_price(id(place))?)),
            None => {
                let (name, cents) = UNTRADED;
                Some((name.parse().ok()?, Price::from_cents(cents)?))
            }
        }
    }
}

/// What is ordered of whom holds this.
fn order(trade: HandTrade, held: NetQty) -> Option<(Side, Qty)> {
    let closing = || Direction::of(held).map(Direction::exit_side);
    let all = held.magnitude();
    let shares = |count: i64| Qty::shares(u32::try_from(count).ok()?);
    let found = match trade {
        HandTrade::Buy(count) => (Side::Buy, Qty::shares(count)?),
        HandTrade::Sell(count) => (Side::Sell, Qty::shares(count)?),
        HandTrade::Halve => (closing()?, shares((all.whole_shares() / 2).max(1))?),
        HandTrade::Close => (closing()?, all),
        HandTrade::Flip => (closing()?, all.checked_add(all)?),
    };
    Some(found)
}
