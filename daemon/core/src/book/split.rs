//! What a split does to shares and prices.

use serde::{Deserialize, Serialize};
use trader_contract::{Direction, Level, NetQty, Price, Qty, Symbol, TickRule};

use super::{Book, Holding};

/// A split of a symbol's shares, kept until the session after its first one opens, so that it counts
/// once however often it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Shares after it; at least 1.
    pub new: u32,
    /// Shares before it; at least 1.
    pub old: u32,
    /// Whether its first session has opened.
    pub used: bool,
}

impl Split {
    /// Shares on the new basis, exact to the billionth; what is finer than that is cut off.
    #[must_use]
    pub fn shares(self, before: NetQty) -> Option<NetQty> {
        NetQty::from_nanos(self.nanos(before.nanos())?)
    }

    fn qty(self, before: Qty) -> Qty {
        let after = self.nanos(before.nanos()).and_then(Qty::from_nanos);
        after.unwrap_or(before)
    }

    fn nanos(self, before: i64) -> Option<i64> {
        let product = i128::from(before).checked_mul(i128::from(self.new))?;
        i64::try_from(product.checked_div(i128::from(self.old))?).ok()
    }

    /// A price on the new basis, exact to the millionth.
    #[must_use]
    pub fn price(self, before: Price) -> Option<Price> {
        let product = i128::from(before.micros()).checked_mul(i128::from(self.old))?;
        let after = product.checked_div(i128::from(self.new))?;
        Price::from_micros(i64::try_from(after).ok()?)
    }

    fn level(self, before: Price) -> Option<Level> {
        let femtos = Level::from(before)
            .femtos()
            .checked_mul(i128::from(self.old))?;
        Some(Level::from_femtos(
            femtos.checked_div(i128::from(self.new))?,
        ))
    }

    /// A protective price on the new basis, on the usual tick and never tighter than before.
    fn stop(self, direction: Direction, before: Price) -> Option<Price> {
        let tick = TickRule::Rule612.tick_micros(self.price(before)?);
        direction.round_stop(self.level(before)?, tick)
    }

    /// Where a profit is taken on the new basis, on the usual tick and never closer than before.
    fn target(self, direction: Direction, before: Price) -> Option<Price> {
        let tick = TickRule::Rule612.tick_micros(self.price(before)?);
        direction.opposite().round_stop(self.level(before)?, tick)
    }
}

impl Holding {
    /// Counts in new shares. What was paid stays.
    fn split(&mut self, split: Split) {
        self.net = split.shares(self.net).unwrap_or(self.net);
        self.entry_qty = split.qty(self.entry_qty);
        self.exit_qty = split.qty(self.exit_qty);
        let direction = self.direction;
        let moved = |stop: Option<Price>| stop.and_then(|p| split.stop(direction, p));
        self.stop = moved(self.stop);
        self.initial_stop = moved(self.initial_stop);
        self.target = self.target.and_then(|p| split.target(direction, p));
    }
}

impl Book {
    pub(super) fn split(&mut self, symbol: Symbol, new: u32, old: u32) {
        let used = false;
        let split = Split { new, old, used };
        if let Some(holding) = self.holdings.get_mut(&symbol) {
            holding.split(split);
        }
        self.splits.insert(symbol, split);
    }

    /// A session opens: splits that waited for it have had their first one.
    pub(super) fn use_splits(&mut self) {
        self.splits.retain(|_, split| !split.used);
        self.splits.values_mut().for_each(|split| split.used = true);
    }
}
