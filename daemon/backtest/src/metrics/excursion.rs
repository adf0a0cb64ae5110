//! How far a trade went against us and our way, from its fills and the bars it was held through.
//! Who holds what is the ledger's matter; this only values it.

use trader_contract::{Bar, Direction, Money, NetQty, Price, Qty, Side, Timestamp};

/// The worst and best value of a trade while it is open.
///
/// # Value
/// At a price, a trade is worth what its sales brought less what its purchases cost, plus what is held
/// times that price: the profit or loss of what is held against its average entry, and the realised
/// parts, in one exact sum. Fees are left out, as the price's path is meant and not its cost.
/// - A trade begins at zero, so the worst value (MAE) is not positive and the best (MFE) not negative.
/// - It ends at its profit before fees, which lies between the two.
/// - More shares count for more: an adverse tick on the full position weighs as much as it costs.
///
/// # What of a bar counts
/// A bar does not say when in it the high and the low were. Counting them beside a fill in the same
/// bar would charge a trade with prices at which it did not exist, or no longer, or held less. So:
///
/// | bar | what counts |
/// |---|---|
/// | no fill of the trade in it | its high and low, for what is held |
/// | some fill in it | its open, for what was held before; its close, for what is held after |
/// | any | each fill at its own price |
///
/// Of the bar of the first entry that leaves the close, of the bar of the last exit the open. Neither
/// figure is ever overstated; both are understated by what lies inside the bars of fills.
///
/// # Order
/// Bars come in the order of time, each when it is over; the bar of the last exit too, if its open is
/// to count. Fills come in the order of time. A fill may be heard of before the bar that precedes it or
/// after the bar it fell in, but not after the next.
#[derive(Debug, Clone)]
pub struct Excursion {
    now: Held,
    /// The fills that no bar has been settled with yet.
    fills: Option<Fills>,
    /// The latest bar and its end, kept back in case a fill in it is reported late.
    bar: Option<(Bar, Timestamp)>,
    worst: Money,
    best: Money,
}

/// What is held, and what came of all fills so far.
#[derive(Debug, Clone, Copy)]
struct Held {
    net: NetQty,
    cash: Money,
}

#[derive(Debug, Clone, Copy)]
struct Fills {
    first_at: Timestamp,
    last_at: Timestamp,
    /// What was held before the first of them.
    before: Held,
}

impl Held {
    fn value(self, price: Price) -> Money {
        self.cash + price.times_net(self.net)
    }
}

impl Excursion {
    /// A trade that begins with this entry fill.
    #[must_use]
    pub fn new(direction: Direction, at: Timestamp, qty: Qty, price: Price) -> Self {
        let flat = Held {
            net: NetQty::ZERO,
            cash: Money::ZERO,
        };
        let mut trade = Self {
            now: flat,
            fills: None,
            bar: None,
            worst: Money::ZERO,
            best: Money::ZERO,
        };
        trade.on_fill(at, direction.entry_side(), qty, price);
        trade
    }

    /// Takes a further fill of the trade, entry or exit.
    pub fn on_fill(&mut self, at: Timestamp, side: Side, qty: Qty, price: Price) {
        if self.bar.is_some_and(|(_, end)| at >= end) {
            self.settle();
        }
        let fills = self.fills.get_or_insert(Fills {
            first_at: at,
            last_at: at,
            before: self.now,
        });
        fills.last_at = fills.last_at.max(at);
        let value = price.times(qty);
        match side {
            Side::Buy => self.now.cash -= value,
            Side::Sell => self.now.cash += value,
        }
        // The ledger refuses what would pass a billion shares before it comes here.
        let net = self.now.net.checked_add(side.signed(qty));
        self.now.net = net.unwrap_or(self.now.net);
        self.count(self.now, price);
    }

    /// Takes a bar of the symbol that is over, `length_nanos` long.
    pub fn on_bar(&mut self, bar: &Bar, length_nanos: i64) {
        self.settle();
        self.bar = Some((*bar, bar.start.plus_nanos(length_nanos)));
    }

    /// The worst and the best value, (MAE, MFE): the first not positive, the second not negative.
    #[must_use]
    pub fn finish(mut self) -> (Money, Money) {
        self.settle();
        (self.worst, self.best)
    }

    /// Counts the bar that was kept back.
    fn settle(&mut self) {
        let Some((bar, end)) = self.bar.take() else {
            return;
        };
        match self.fills {
            // All of them after the bar: it was held through before them, and they wait for the next.
            Some(fills) if fills.first_at >= end => self.count_whole(fills.before, &bar),
            Some(fills) if fills.last_at >= bar.start => {
                // Where some fills came before the bar and some in it, nobody remembers what was held
                // at its open; where some came after it, what was held at its close.
                if fills.first_at >= bar.start {
                    self.count(fills.before, bar.open);
                }
                if fills.last_at < end {
                    self.count(self.now, bar.close);
                    self.fills = None;
                }
            }
            _ => {
                self.count_whole(self.now, &bar);
                self.fills = None;
            }
        }
    }

    fn count_whole(&mut self, held: Held, bar: &Bar) {
        self.count(held, bar.high);
        self.count(held, bar.low);
    }

    fn count(&mut self, held: Held, price: Price) {
        let value = held.value(price);
        self.worst = self.worst.min(value);
        self.best = self.best.max(value);
    }
}
