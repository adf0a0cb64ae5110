//! One open trade: from the planning of its entry until it is flat and every order has ended.

use serde::{Deserialize, Serialize};
use trader_contract::{
    ClientOrderId, Direction, Execution, Mean, Money, NetQty, OrderRole, Price, Qty, Side, Symbol,
    Timeframe, Timestamp,
};

use crate::record::{ExitReason, IntentId, PlannedOrder};

/// One open trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// What is traded.
    pub symbol: Symbol,
    /// The route that owns the symbol until this ends.
    pub route: Box<str>,
    /// The entry order.
    pub entry: ClientOrderId,
    /// Long or short.
    pub direction: Direction,
    /// The position now.
    pub net: NetQty,
    /// Shares entered.
    pub entry_qty: Qty,
    /// What they cost or brought, without a sign.
    pub entry_value: Money,
    /// Shares exited.
    pub exit_qty: Qty,
    /// What they brought or cost, without a sign.
    pub exit_value: Money,
    /// What the broker charged.
    pub fees: Money,
    /// What shares that came by hand were worth then, less those that went: no fill of ours tells.
    #[serde(default)]
    pub by_hand: Money,
    /// First entry fill.
    pub entered_at: Option<Timestamp>,
    /// Last fill of any order.
    pub last_fill_at: Option<Timestamp>,
    /// Where the first protective stop was planned.
    pub initial_stop: Option<Price>,
    /// Where the protective stop is meant to rest.
    pub stop: Option<Price>,
    /// Where the profit is taken.
    pub target: Option<Price>,
    /// Cancel the entry at this many later bars.
    pub expires_after_bars: Option<u16>,
    /// The bar that the entry was decided on: timeframe and start.
    pub decided_on: Option<(Timeframe, Timestamp)>,
    /// The position is to be closed, and why.
    pub exit: Option<ExitReason>,
    /// What the last exit fill was for.
    pub last_exit: Option<ExitReason>,
    /// Whether the position is the broker's word, and not what the fills add up to.
    pub adopted: bool,
}

impl Holding {
    /// The trade that an entry is to open.
    #[must_use]
    pub fn planned(entry: &PlannedOrder) -> Self {
        let request = &entry.request;
        let attached = &request.attached;
        let stop = attached.stop.map(|(_, price)| price);
        Self {
            initial_stop: stop,
            stop,
            target: attached.target.map(|(_, price)| price),
            expires_after_bars: entry.expires_after_bars,
            decided_on: entry.decided_on,
            ..Self::empty(
                request.symbol,
                &entry.route,
                request.client_id,
                opens(request.side),
            )
        }
    }

    /// What an execution leaves that comes after its trade is over: nobody wants it.
    #[must_use]
    pub fn left_over(order: &PlannedOrder, side: Side) -> Self {
        let request = &order.request;
        let entry = request.client_id.with_role(OrderRole::Entry);
        Self {
            exit: Some(ExitReason::Unprotected),
            adopted: true,
            ..Self::empty(request.symbol, &order.route, entry, opens(side))
        }
    }

    /// A position that this store did not make, at the price at which it was found.
    #[must_use]
    pub fn found(
        symbol: Symbol,
        entry: ClientOrderId,
        net: NetQty,
        (price, at): (Option<Price>, Timestamp),
    ) -> Option<Self> {
        let qty = net.magnitude();
        Some(Self {
            net,
            entry_qty: qty,
            entry_value: price.map_or(Money::ZERO, |price| price.times(qty)),
            entered_at: Some(at),
            adopted: true,
            ..Self::empty(symbol, Self::ADOPTED, entry, Direction::of(net)?)
        })
    }

    /// Whether it was found at the broker at this very moment: nobody knows yet whether that is on the
    /// disk.
    #[must_use]
    pub fn was_found_at(&self, at: Timestamp) -> bool {
        self.adopted && self.entered_at == Some(at) && &*self.route == Self::ADOPTED
    }

    /// The route of what was adopted; no configured one has such a name.
    pub const ADOPTED: &str = "(adopted)";

    fn empty(symbol: Symbol, route: &str, entry: ClientOrderId, direction: Direction) -> Self {
        Self {
            symbol,
            route: route.into(),
            entry,
            direction,
            net: NetQty::ZERO,
            entry_qty: Qty::ZERO,
            entry_value: Money::ZERO,
            exit_qty: Qty::ZERO,
            exit_value: Money::ZERO,
            fees: Money::ZERO,
            by_hand: Money::ZERO,
            entered_at: None,
            last_fill_at: None,
            initial_stop: None,
            stop: None,
            target: None,
            expires_after_bars: None,
            decided_on: None,
            exit: None,
            last_exit: None,
            adopted: false,
        }
    }

    /// The intent that opened it.
    #[must_use]
    pub fn intent(&self) -> IntentId {
        IntentId::from(self.entry)
    }

    /// Whether its exits have filled more than was entered.
    #[must_use]
    pub fn is_turned(&self) -> bool {
        Direction::of(self.net).is_some_and(|direction| direction != self.direction)
    }

    /// Counts an execution of one of its orders.
    pub fn take_fill(&mut self, side: Side, execution: &Execution, exit: Option<ExitReason>) {
        let value = execution.price.times(execution.qty);
        if let Some(net) = self.net.checked_add(side.signed(execution.qty)) {
            self.net = net;
        }
        self.fees += execution.fee;
        // Executions may be heard of in any order.
        let newest = self.last_fill_at.is_none_or(|last| execution.at >= last);
        self.last_fill_at = self.last_fill_at.max(Some(execution.at));
        let (qty, total) = if side == self.direction.entry_side() {
            let first = self
                .entered_at
                .map_or(execution.at, |at| at.min(execution.at));
            self.entered_at = Some(first);
            (&mut self.entry_qty, &mut self.entry_value)
        } else {
            if newest || self.last_exit.is_none() {
                self.last_exit = exit.or(self.last_exit);
            }
            (&mut self.exit_qty, &mut self.exit_value)
        };
        *qty = qty.checked_add(execution.qty).unwrap_or(*qty);
        *total += value;
    }

    /// Takes an execution out again that the broker has declared void.
    pub fn take_back(&mut self, side: Side, execution: &Execution) {
        let value = execution.price.times(execution.qty);
        if let Some(net) = self.net.checked_add(side.opposite().signed(execution.qty)) {
            self.net = net;
        }
        self.fees -= execution.fee;
        let (qty, total) = if side == self.direction.entry_side() {
            (&mut self.entry_qty, &mut self.entry_value)
        } else {
            (&mut self.exit_qty, &mut self.exit_value)
        };
        *qty = qty.checked_sub(execution.qty).unwrap_or(Qty::ZERO);
        *total -= value;
    }

    /// Takes the broker's position in place of what the fills add up to. One on a side on which the fills
    /// left nothing is not this trade's: to it the trade is flat. What came or went counts at `price`.
    pub fn adopt(&mut self, broker: NetQty, price: Option<Price>) {
        let before = self.net;
        let side = Direction::of(broker);
        let ours =
            side.is_none() || side == Some(self.direction) || side == Direction::of(self.net);
        self.net = if ours { broker } else { NetQty::ZERO };
        self.adopted = true;
        if let (Some(price), Some(came)) = (price, self.net.checked_add(-before)) {
            self.by_hand += price.times_net(came);
        }
    }

    /// What the fills so far brought, fees taken off, and what came and went by hand; the position itself is
    /// not in it.
    #[must_use]
    pub fn cash_flow(&self) -> Money {
        let traded = match self.direction {
            Direction::Long => self.exit_value - self.entry_value,
            Direction::Short => self.entry_value - self.exit_value,
        };
        traded - self.fees - self.by_hand
    }

    /// Profit or loss if the position were closed at `last`.
    #[must_use]
    pub fn profit_at(&self, last: Price) -> Money {
        self.cash_flow() + last.times_net(self.net)
    }

    /// Exact average of the entry fills.
    #[must_use]
    pub fn entry_average(&self) -> Option<Mean> {
        average(self.entry_value, self.entry_qty)
    }

    /// Exact average of the exit fills.
    #[must_use]
    pub fn exit_average(&self) -> Option<Mean> {
        average(self.exit_value, self.exit_qty)
    }
}

/// The direction that an order on this side opens.
const fn opens(side: Side) -> Direction {
    match side {
        Side::Buy => Direction::Long,
        Side::Sell => Direction::Short,
    }
}

/// Value over quantity; in whole shares where it can be.
pub(crate) fn average(value: Money, qty: Qty) -> Option<Mean> {
    match (value.exact_micros(), qty.is_whole()) {
        (Some(micros), true) => Mean::new(i128::from(micros), qty.whole_shares()),
        _ => Mean::new(value.femtos(), qty.nanos()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_is_the_fraction_of_value_and_shares() {
        let value: Money = "505.5".parse().unwrap();
        let mean = average(value, Qty::shares(3).unwrap()).unwrap();
        assert_eq!((mean.sum_micros(), mean.count()), (505_500_000, 3));
        let half = average("84.25".parse().unwrap(), "0.5".parse().unwrap()).unwrap();
        assert_eq!(half, Mean::from("168.5".parse::<Price>().unwrap()));
        assert!(average(value, Qty::ZERO).is_none());
    }

    #[test]
    fn a_position_on_the_other_side_is_the_trades_only_where_its_fills_made_one() {
        let net = |shares: i64| NetQty::from_nanos(shares * 1_000_000_000).unwrap();
        let id = "00000001-20250317-1-e1".parse().unwrap();
        let symbol = "SPY".parse().unwrap();
        for (filled, broker, kept) in [(0, -5, 0), (0, 40, 40), (-130, -20, -20), (-130, 5, 5)] {
            let found = Holding::found(symbol, id, net(100), (None, Timestamp::MIN));
            let mut holding = found.unwrap();
            holding.net = holding.net.checked_add(net(filled)).unwrap();
            holding.adopt(net(broker), None);
            assert_eq!(holding.net, net(kept), "{filled} and {broker}");
        }
    }
}
