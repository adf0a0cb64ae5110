//! Trailing stops: the best price since an order went to work, and where its stop stands behind it.
//! What happens once the stop is reached is matching's.
//!
//! The best price follows the path of every bar in the session, not while trading is halted. It is
//! brought up to date where somebody looks, where the stop is reached and at the end of each bar.

use serde::{Deserialize, Serialize};
use trader_contract::{Bar, OrderKind, Price, Side, TickRule, Timestamp};

use crate::book::Book;
use crate::broker::SimBroker;
use crate::order::{Order, OrderNumber};
use crate::path::{Approach, Path};

/// How far a trailing stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// The best price that it has seen.
    pub(crate) best: Price,
    /// Up to when it has followed the path.
    to: Timestamp,
    /// Where the stop stands behind the best price; nowhere if that is no price.
    pub(crate) stop: Option<Price>,
}

/// What a path does to a trailing stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trailed {
    /// The best price, in millionths.
    pub(crate) best: i64,
    /// When and at which price the stop is reached: an offset and millionths.
    pub(crate) hit: Option<(i64, i64)>,
}

/// Goes along a path between two offsets with a best price so far, in millionths.
fn trail_along(
    (kind, side): (OrderKind, Side),
    path: &Path,
    best: Option<i64>,
    (from, to): (i64, i64),
    tick: TickRule,
) -> Trailed {
    let approach = approach(side);
    let better = |a: i64, b: i64| match side {
        Side::Sell => a.max(b),
        Side::Buy => a.min(b),
    };
    let stop = |best: i64| {
        let best = Price::from_micros(best)?;
        stop_behind(kind, side, best, tick).map(Price::micros)
    };
    let (mut at, mut price) = (from, path.price_at(from));
    let mut best = best.map_or(price, |best| better(best, price));
    if let Some(level) = stop(best)
        && approach.has_reached(price, level)
    {
        let hit = Some((from, level));
        return Trailed { best, hit };
    }
    for next in path.stations(from, to) {
        let next_price = path.price_at(next);
        let level = stop(best).filter(|level| approach.has_reached(next_price, *level));
        if let Some(level) = level
            && !approach.has_reached(price, level)
            && let Some(first) = path.first_at(approach, level, at)
        {
            let hit = Some((first, level));
            return Trailed { best, hit };
        }
        best = better(best, next_price);
        (at, price) = (next, next_price);
    }
    Trailed { best, hit: None }
}

/// The way the price goes to the stop of an order on `side`.
pub(crate) const fn approach(side: Side) -> Approach {
    match side {
        Side::Buy => Approach::Rising,
        Side::Sell => Approach::Falling,
    }
}

/// Where the stop of an order stands behind the best price, to the tick: never nearer than the
/// trail says.
pub(crate) fn stop_behind(
    kind: OrderKind,
    side: Side,
    best: Price,
    tick: TickRule,
) -> Option<Price> {
    let level = kind.trail()?.behind(best, side);
    let tick = tick.tick_micros(best);
    match side {
        Side::Sell => level.floor_to(tick),
        Side::Buy => level.ceil_to(tick),
    }
}

impl Order {
    /// Whether it trails and has not been reached.
    pub(crate) const fn is_trailing(&self) -> bool {
        self.kind.trail().is_some() && !self.elected
    }

    /// The best price that it has seen.
    pub(crate) fn best(&self) -> Option<Price> {
        self.followed.as_ref().map(|followed| followed.best)
    }

    /// Takes the best price up to `at`.
    pub(crate) fn trail_behind(&mut self, best: Price, tick: TickRule, at: Timestamp) {
        self.followed = Some(Box::new(Followed {
            best,
            to: at,
            stop: stop_behind(self.kind, self.side, best, tick),
        }));
    }

    /// What its path does from `from`, or from where it has been followed to, until before `end`.
    #[cold]
    pub(crate) fn trailed(
        &self,
        bar: &Bar,
        path: &Path,
        (from, end): (Timestamp, Timestamp),
        tick: TickRule,
    ) -> Trailed {
        let offset = |at: Timestamp| at.since(bar.start);
        let last = offset(end).saturating_sub(1);
        let followed_to = self.followed.as_ref().map_or(from, |f| f.to);
        let best = self.best().map(Price::micros);
        let first = offset(from.max(followed_to)).min(last);
        trail_along((self.kind, self.side), path, best, (first, last), tick)
    }
}

impl SimBroker {
    /// Brings a trailing stop up to `at`.
    pub(crate) fn follow(&mut self, number: OrderNumber, at: Timestamp) {
        let best = self
            .orders
            .get(&number)
            .and_then(|order| self.best_until(order, at));
        let tick = self.config.tick;
        if let (Some(best), Some(order)) = (best, self.orders.get_mut(&number)) {
            order.trail_behind(best, tick, at);
        }
    }

    /// Brings every trailing stop of a symbol up to `at`.
    pub(crate) fn follow_all(&mut self, index: usize, at: Timestamp) {
        let open = self.books.get(index).map(|book| book.open.clone());
        for number in open.into_iter().flatten() {
            self.follow(number, at);
        }
    }

    /// Where the stop of an order stands now.
    pub(crate) fn best_of(&self, order: &Order) -> Option<Price> {
        self.best_until(order, self.clock).or_else(|| order.best())
    }

    /// Where an order wakes now.
    pub(crate) fn stop_now(&self, order: &Order) -> Option<Price> {
        match self.best_until(order, self.clock) {
            Some(best) => stop_behind(order.kind, order.side, best, self.config.tick),
            None => order.stop_now(),
        }
    }

    /// The best price up to `at` of a trailing stop that works.
    fn best_until(&self, order: &Order, at: Timestamp) -> Option<Price> {
        if !order.is_trailing() || !order.at_venue {
            return None;
        }
        let book = self.books.get(order.book)?;
        let Some((bar, from, end)) = self.playing(order, book).filter(|(_, from, _)| *from <= at)
        else {
            return order.best();
        };
        let path = Path::of(&bar, book.length);
        let until = end.min(at.plus_nanos(1));
        let trailed = order.trailed(&bar, &path, (from, until), self.config.tick);
        Price::from_micros(trailed.best)
    }

    /// The bar that plays for an order, with the part of it that the order sees.
    fn playing(&self, order: &Order, book: &Book) -> Option<(Bar, Timestamp, Timestamp)> {
        let session = self.session.as_ref().filter(|session| session.is_open())?;
        let bar = book.bar.filter(|_| !book.halted)?;
        let end = bar.start.plus_nanos(book.length).min(session.close);
        let from = book.live_from.max(session.open).max(order.live_from);
        (from < end).then_some((bar, from, end))
    }

    /// Where a trailing stop that goes to work in the session begins: at the last price of the day.
    /// One that goes to work at the open begins with the day's first price.
    #[cold]
    pub(crate) fn begin_to_trail(&mut self, number: OrderNumber, at: Timestamp) {
        let Some(order) = self.orders.get(&number) else {
            return;
        };
        if !order.at_venue || !order.is_trailing() || order.followed.is_some() {
            return;
        }
        let open = self.session.map(|session| session.open);
        let book = self.books.get(order.book);
        let today = book.filter(|book| book.bar.is_some_and(|bar| Some(bar.start) >= open));
        let price = today
            .and_then(|book| book.price_at(at))
            .and_then(Price::from_micros);
        let tick = self.config.tick;
        if let (Some(price), Some(order)) = (price, self.orders.get_mut(&number)) {
            order.trail_behind(price, tick, at);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "small numbers; an overflow would panic"
    )]

    use super::*;
    use proptest::prelude::*;
    use trader_contract::{Ratio, Trail};

    /// The same, one nanosecond after the other.
    fn step_by_step(
        (kind, side): (OrderKind, Side),
        path: &Path,
        (from, to): (i64, i64),
        tick: TickRule,
    ) -> Trailed {
        let mut best = path.price_at(from);
        for at in from..=to {
            let price = path.price_at(at);
            best = match side {
                Side::Sell => best.max(price),
                Side::Buy => best.min(price),
            };
            let stop = stop_behind(kind, side, Price::from_micros(best).unwrap(), tick);
            let level = stop.map(Price::micros);
            if let Some(level) = level.filter(|level| approach(side).has_reached(price, *level)) {
                let hit = Some((at, level));
                return Trailed { best, hit };
            }
        }
        Trailed { best, hit: None }
    }

    proptest! {
        #[test]
        fn a_path_is_followed_as_if_every_nanosecond_were_looked_at(
            prices in prop::array::uniform4(9_900_i64..10_100),
            length in 1_i64..2_000,
            part in prop::array::uniform2(0_i64..2_000),
            cents in 1_i64..150,
            in_percent: bool,
            sells: bool,
        ) {
            let [open, close, a, b] = prices;
            let high = open.max(close).max(a).max(b);
            let low = open.min(close).min(a).min(b);
            let prices = [open, high, low, close].map(|cents| Price::from_cents(cents).unwrap());
            let bar = Bar::new(Timestamp::from_seconds(0), prices, 0).unwrap();
            let path = Path::of(&bar, length);
            let [from, to] = part.map(|at| at % length);
            let span = (from.min(to), from.max(to));
            let trail = if in_percent {
                Trail::Percent(Ratio::from_billionths(cents * 10_000_000))
            } else {
                Trail::Price(Price::from_cents(cents).unwrap())
            };
            let side = if sells { Side::Sell } else { Side::Buy };
            let order = (OrderKind::TrailingStop { trail }, side);
            let tick = TickRule::Rule612;
            prop_assert_eq!(
                trail_along(order, &path, None, span, tick),
                step_by_step(order, &path, span, tick)
            );
        }
    }
}
