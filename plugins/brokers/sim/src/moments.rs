//! Orders that have one moment and never rest: ioc and fok at their arrival, opg in the opening
//! auction, cls in the closing auction. How much they get is matching's.
//!
//! - The moment of ioc and fok is the instant at which they reach the venue. Where no bar of the
//!   symbol plays at that instant, there is no market to take from, and they are cancelled.
//! - The opening auction of a symbol is the open of the bar that starts with the session; the closing
//!   auction is the close of the bar that ends with it or covers its end. A symbol without such a bar
//!   has no auction. Both fill at that one price, without spread or slippage.

use trader_contract::{Bar, ReportStatus, Side, TimeInForce, Timestamp};

use crate::broker::{SimBroker, VenueAction};
use crate::order::{Order, OrderNumber};

impl Order {
    /// Whether it trades in an auction only.
    pub(crate) const fn is_for_auction(&self) -> bool {
        matches!(self.time_in_force, TimeInForce::Opg | TimeInForce::Cls)
    }

    /// Whether it takes what it can at its arrival.
    pub(crate) const fn is_immediate(&self) -> bool {
        matches!(self.time_in_force, TimeInForce::Ioc | TimeInForce::Fok)
    }

    /// Whether the moment is over as soon as it has been met.
    pub(crate) const fn ends_at_once(&self) -> bool {
        self.is_immediate() || matches!(self.time_in_force, TimeInForce::Opg)
    }
}

impl SimBroker {
    /// When and at which price an auction order fills in a bar of which it sees `from..end`.
    #[cold]
    pub(crate) fn auction(
        &self,
        order: &Order,
        bar: &Bar,
        length: i64,
        (from, end): (Timestamp, Timestamp),
    ) -> Option<(Timestamp, i64)> {
        let session = self.session?;
        let (at, price) = match order.time_in_force {
            TimeInForce::Opg if bar.start == session.open => (session.open, bar.open),
            TimeInForce::Cls if bar.start.plus_nanos(length) >= session.close => {
                (session.close.plus_nanos(-1), bar.close)
            }
            _ => return None,
        };
        let is_seen = match order.time_in_force {
            TimeInForce::Opg => from == at,
            _ => from <= at && at < end,
        };
        let takes = order.kind.limit().is_none_or(|limit| match order.side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        });
        (is_seen && takes).then_some((at, price.micros()))
    }

    /// Sees to it that an order which reached the venue at `at` does not outlive its moment. A bar
    /// that starts with this instant may still be handed over.
    #[cold]
    pub(crate) fn bound(&mut self, number: OrderNumber, at: Timestamp) {
        let Some(order) = self.orders.get(&number) else {
            return;
        };
        let index = order.book;
        let plays = self.books.get(index).is_some_and(|book| {
            let ends = |bar: Bar| bar.start.plus_nanos(book.length);
            book.bar.is_some_and(|bar| at < ends(bar))
        });
        let acts = self.action(order).is_some_and(|acts_at| acts_at == at);
        if plays && !acts {
            self.lapse(number, at);
        } else {
            self.send_to_venue(at, 1, VenueAction::Lapse(number));
        }
    }

    /// Ends an order whose moment has passed.
    #[cold]
    pub(crate) fn lapse(&mut self, number: OrderNumber, at: Timestamp) {
        let Some(order) = self.orders.get(&number) else {
            return;
        };
        let index = order.book;
        let reason = match order.time_in_force {
            TimeInForce::Ioc if order.filled.is_zero() => "ioc: nothing could be had at once",
            TimeInForce::Ioc => "ioc: the rest could not be had at once",
            TimeInForce::Fok => "fok: not all of it could be had at once",
            TimeInForce::Opg if order.filled.is_zero() => "opg: it did not fill at the open",
            TimeInForce::Opg => "opg: the rest did not fill at the open",
            TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Cls => return,
        };
        self.end(number, ReportStatus::Cancelled, Some(reason), at);
        self.arm(index);
    }
}
