//! What the account holds and may come to hold: positions at their last prices, and whatever may
//! still fill (planned, sent, unknown, working) at its worst price. Whether that is too much is the
//! gate's business.

use trader_contract::{
    Direction, Level, Money, OrderKind, OrderRole, Price, Qty, Ratio, Side, Timestamp,
};

use crate::book::{Book, Holding, Order};
use crate::planted::{Bug, is};

/// An amount for each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BySide {
    /// Long.
    pub long: Money,
    /// Short.
    pub short: Money,
}

impl BySide {
    const ZERO: Self = Self {
        long: Money::ZERO,
        short: Money::ZERO,
    };

    /// The amount of a direction.
    #[must_use]
    pub const fn of(self, direction: Direction) -> Money {
        match direction {
            Direction::Long => self.long,
            Direction::Short => self.short,
        }
    }

    fn add(&mut self, direction: Direction, amount: Money) {
        match direction {
            Direction::Long => self.long += amount,
            Direction::Short => self.short += amount,
        }
    }
}

/// What the account holds and may come to hold. Orders that close or protect add nothing: their
/// filling makes less of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// Positions, and waiting entries as if they had filled.
    pub may: BySide,
    /// Positions that are known and that nothing is about to close: only they make up for the other
    /// side.
    pub sure: BySide,
    /// The part of [`Exposure::may`] that belongs to the route that asks.
    pub route: Money,
    /// What everything would still lose if it filled and went to its stop.
    pub at_stops: Money,
    /// The part of [`Exposure::may`] that was sent after the broker last said what may be spent.
    pub unconfirmed: Money,
}

impl Exposure {
    /// Nothing.
    pub const NONE: Self = Self {
        may: BySide::ZERO,
        sure: BySide::ZERO,
        route: Money::ZERO,
        at_stops: Money::ZERO,
        unconfirmed: Money::ZERO,
    };

    /// Both sides together.
    #[must_use]
    pub fn gross(&self) -> Money {
        self.may.long + self.may.short
    }

    /// By how much a side may come to outweigh the other.
    #[must_use]
    pub fn net(&self, direction: Direction) -> Money {
        self.may.of(direction) - self.sure.of(direction.opposite())
    }

    /// Sums the book up. `price_of` gives the last price of what is held, `since` is when the broker
    /// last said what may be spent.
    #[must_use]
    pub fn of_book(
        book: &Book,
        route: &str,
        collar: Ratio,
        since: Timestamp,
        price_of: impl Fn(&Holding) -> Option<Price>,
    ) -> Self {
        let mut sum = Self::NONE;
        for holding in book.holdings.values() {
            if let Some(last) = price_of(holding) {
                sum.add(book, holding, last, (route, collar, since));
            }
        }
        sum
    }

    fn add(
        &mut self,
        book: &Book,
        holding: &Holding,
        last: Price,
        (route, collar, since): (&str, Ratio, Timestamp),
    ) {
        let held = last.times(holding.net.magnitude());
        let direction = Direction::of(holding.net).unwrap_or(holding.direction);
        let waiting: Money = entries(book, holding)
            .map(|o| {
                worst_value(
                    o.side(),
                    o.planned.request.kind,
                    last,
                    o.outstanding(),
                    collar,
                )
            })
            .sum();
        self.may.add(direction, held);
        self.may.add(holding.direction, waiting);
        let known = !holding.is_turned() && !book.orders_for(holding).any(Order::misses_fills);
        if holding.exit.is_none() && known {
            self.sure.add(direction, held);
        }
        let value = held + waiting;
        if *holding.route == *route {
            self.route += value;
        }
        let sent_at = book.orders.get(&holding.entry).map(|o| o.planned_at);
        if sent_at.is_none_or(|sent_at| sent_at >= since) {
            self.unconfirmed += value;
        }
        self.at_stops += loss_at_stop(book, holding, last);
    }
}

/// The entries of a trade of which something may still come to be held.
fn entries<'a>(book: &'a Book, holding: &Holding) -> impl Iterator<Item = &'a Order> + use<'a> {
    book.orders_for(holding)
        .filter(|o| o.role() == OrderRole::Entry && !o.outstanding().is_zero())
        .filter(|_| !is(Bug::ReservationsIgnored))
}

/// What a trade would still lose if its entry filled and the position went to its stop; nothing is
/// known of one without.
fn loss_at_stop(book: &Book, holding: &Holding, last: Price) -> Money {
    let Some(stop) = holding.stop else {
        return Money::ZERO;
    };
    let left = if holding.is_turned() {
        Money::ZERO
    } else {
        let gain = holding.direction.gain(Level::from(last), Level::from(stop));
        match gain < Level::ZERO {
            true => {
                (last.times(holding.net.magnitude()) - stop.times(holding.net.magnitude())).abs()
            }
            false => Money::ZERO,
        }
    };
    let waiting: Money = entries(book, holding)
        .map(|o| distance(o.planned.request.kind, last, stop, o.outstanding()))
        .sum();
    left + waiting
}

/// What an entry loses from its own price to its stop.
#[must_use]
pub fn distance(kind: OrderKind, last: Price, stop: Price, qty: Qty) -> Money {
    (own_price(kind, last).times(qty) - stop.times(qty)).abs()
}

/// The price that an entry names, or else the last one.
fn own_price(kind: OrderKind, last: Price) -> Price {
    kind.limit().or(kind.stop()).unwrap_or(last)
}

/// What an entry may cost at most, as far as its own terms and the venue's collar bound it.
#[must_use]
pub fn worst_value(side: Side, kind: OrderKind, last: Price, qty: Qty, collar: Ratio) -> Money {
    match kind {
        OrderKind::Market | OrderKind::TrailingStop { .. } => beyond(last, qty, collar),
        OrderKind::Stop { stop } => beyond(stop, qty, collar),
        OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => match side {
            Side::Buy => limit.times(qty),
            // A sale takes its limit or more.
            Side::Sell => limit.max(kind.stop().unwrap_or(last)).times(qty),
        },
    }
}

fn beyond(price: Price, qty: Qty, collar: Ratio) -> Money {
    let value = price.times(qty);
    value + value.scaled_down(collar)
}

/// The most that one share of an entry may cost, such that so many of them cost no more than their
/// number times this.
#[must_use]
pub fn worst_share(side: Side, kind: OrderKind, last: Price, collar: Ratio) -> Money {
    let Some(one) = Qty::shares(1) else {
        return Money::ZERO;
    };
    // A share of an amount is rounded down: once for many shares is less down than once for each.
    worst_value(side, kind, last, one, collar) + Money::from_femtos(1)
}
