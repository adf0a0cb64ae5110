//! The account's money: what fills do to cash and positions, what it is all worth, and what may still
//! be bought with it.

use serde::{Deserialize, Serialize};
use trader_contract::{Money, NetQty, OrderKind, OrderReport, Price, Qty, Side, Symbol, Timestamp};

use crate::broker::SimBroker;
use crate::fees::Traded;
use crate::matching::collar;
use crate::order::{Order, Part};
use crate::trailing::stop_behind;

/// The account as the broker sees it, for reconciling and for tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Cash, unsettled sales included.
    pub cash: Money,
    /// Cash and positions at their last prices.
    pub equity: Money,
    /// What opening orders may still cost; `None` where the broker does not check.
    pub buying_power: Option<Money>,
    /// Fees paid so far.
    pub fees: Money,
    /// What borrowed shares have cost and no execution has been charged with; neither in `fees` nor
    /// taken off `cash` and `equity`.
    pub accrued_fees: Money,
    /// Day trades in this session and the four before it.
    pub day_trades: u32,
    /// Every position that is not flat, with its last price.
    pub positions: Vec<(Symbol, NetQty, Option<Price>)>,
    /// Every order that is not terminal, oldest first.
    pub open_orders: Vec<OrderReport>,
}

impl SimBroker {
    /// The account now.
    #[must_use]
    pub fn account(&self) -> AccountView {
        let held = |index: usize| {
            let book = self.books.get(index)?;
            (!book.position.is_flat()).then(|| (book.symbol, book.position, self.mark(index)))
        };
        AccountView {
            cash: self.cash,
            equity: self.equity(),
            buying_power: self.buying_power(),
            fees: self.fees,
            accrued_fees: self.charges.owed.values().copied().sum(),
            day_trades: self.day_trades.total(),
            positions: (0..self.books.len()).filter_map(held).collect(),
            open_orders: self.open_orders(),
        }
    }

    /// Cash, unsettled sales included.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.cash
    }

    /// Every position that is not flat.
    pub fn positions(&self) -> impl Iterator<Item = (Symbol, NetQty)> {
        let held = self.books.iter().filter(|book| !book.position.is_flat());
        held.map(|book| (book.symbol, book.position))
    }

    /// Every order that is not terminal, oldest first.
    #[must_use]
    pub fn open_orders(&self) -> Vec<OrderReport> {
        let mut open: Vec<&Order> = self.open().collect();
        open.sort_unstable_by_key(|order| order.number);
        open.into_iter().map(|order| self.describe(order)).collect()
    }

    /// Every order that is not terminal, book by book: there are few among all that there were.
    fn open(&self) -> impl Iterator<Item = &Order> {
        let numbers = self.books.iter().flat_map(|book| &book.open);
        numbers.filter_map(|number| self.orders.get(number))
    }

    /// The last price of a symbol.
    pub(crate) fn mark(&self, index: usize) -> Option<Price> {
        let micros = self.books.get(index)?.price_at(self.clock)?;
        Price::from_micros(micros)
    }

    pub(crate) fn position_value(&self, index: usize) -> Money {
        let net = self.books.get(index).map(|book| book.position);
        match (net, self.mark(index)) {
            (Some(net), Some(price)) => price.times_net(net),
            _ => Money::ZERO,
        }
    }

    /// Cash and positions at their last prices.
    pub(crate) fn equity(&self) -> Money {
        let values = (0..self.books.len()).map(|index| self.position_value(index));
        self.cash + values.sum()
    }

    /// What opening orders may still cost: so many times the equity, less what is held and what open
    /// opening orders would cost.
    pub(crate) fn buying_power(&self) -> Option<Money> {
        self.config.margin?;
        let equity = self.equity();
        let times = self.leverage(equity)?;
        let reach = equity.femtos().max(0).saturating_mul(i128::from(times));
        let held: Money = (0..self.books.len())
            .map(|index| self.position_value(index).abs())
            .sum();
        let ordered: Money = self.open().map(|order| self.open_cost(order)).sum();
        Some(Money::from_femtos(reach) - held - ordered)
    }

    fn open_cost(&self, order: &Order) -> Money {
        if matches!(order.part, Part::Target | Part::Stop) {
            return Money::ZERO;
        }
        let cost = |order: &Order| {
            self.opening_cost(order.book, order.side, order.remaining(), order.kind)
        };
        // While an order is replaced, the dearer of the two counts, once.
        match order.replaces.and_then(|old| self.orders.get(&old)) {
            Some(old) if old.is_open() => (cost(order) - cost(old)).max(Money::ZERO),
            _ => cost(order),
        }
    }

    /// What an order costs against buying power: the part of it that would open a position, at the
    /// price that Alpaca counts. A symbol without any price yet counts as nothing.
    pub(crate) fn opening_cost(
        &self,
        index: usize,
        side: Side,
        qty: Qty,
        kind: OrderKind,
    ) -> Money {
        let opens = self.opening_qty(index, side, qty);
        self.counted_price(index, side, kind)
            .map_or(Money::ZERO, |price| price.times(opens))
    }

    fn counted_price(&self, index: usize, side: Side, kind: OrderKind) -> Option<Price> {
        let half_spread = i64::from(self.config.half_spread_micros);
        let ask = self.mark(index).and_then(|mark| mark.offset(half_spread));
        match side {
            Side::Buy => match kind {
                OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
                OrderKind::Stop { stop } => collar(stop, self.config.tick),
                OrderKind::Market => ask,
                OrderKind::TrailingStop { .. } => {
                    let tick = self.config.tick;
                    stop_behind(kind, side, self.mark(index)?, tick)
                        .and_then(|stop| collar(stop, tick))
                }
            },
            Side::Sell => {
                let raised = ask.and_then(|ask| {
                    let micros = ask.micros().saturating_mul(103).checked_div(100)?;
                    Price::from_micros(micros)
                });
                raised.max(kind.limit())
            }
        }
    }

    /// Books cash that no execution brings or takes: what the owner pays in, what a company pays out.
    pub fn book_cash(&mut self, amount: Money, now: Timestamp) {
        self.advance(now);
        self.cash += amount;
    }

    /// Books a fill and returns its fee.
    pub(crate) fn book_fill(
        &mut self,
        index: usize,
        (side, qty, price): (Side, Qty, Price),
        first_of_order: bool,
    ) -> Money {
        let fees = self.config.fees;
        let by_shares = fees
            .per_share
            .femtos()
            .saturating_mul(i128::from(qty.nanos()))
            .checked_div(i128::from(Qty::NANOS_PER_SHARE));
        let mut fee = Money::from_femtos(by_shares.unwrap_or(0));
        if first_of_order {
            fee += fees.per_order;
        }
        let value = price.times(qty);
        if fees.regulatory {
            // That of the session: hours after it may be on another date in UTC.
            let date = self.date();
            fee += self.charges.day.regulatory(&Traded {
                date,
                side,
                qty,
                value,
            });
        }
        if let Some(book) = self.books.get(index)
            && let Some(owed) = self.charges.owed.remove(&book.symbol)
        {
            let date = self.date();
            fee += self.charges.day.borrow(date, owed);
        }
        self.count_day_trade(index, side, qty);
        match side {
            Side::Buy => self.cash -= value,
            Side::Sell => self.cash += value,
        }
        self.cash -= fee;
        self.fees += fee;
        if let Some(book) = self.books.get_mut(index) {
            // The rules keep the sum of everything ordered inside the range.
            let after = book.position.checked_add(side.signed(qty));
            book.position = after.unwrap_or(book.position);
        }
        fee
    }
}
