//! The exchange's day: what its opening and its close do to orders. Knows no calendar.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trader_contract::{ReportStatus, TimeInForce, Timestamp};

use crate::broker::{SimBroker, VenueAction};
use crate::config::Profile;
use crate::order::{Order, OrderNumber, Part};

/// Alpaca ends a gtc order on the day that comes so many days after the one on which it was made.
const GTC_DAYS: i64 = 90;

/// One session, from `open` until before `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) open: Timestamp,
    pub(crate) close: Timestamp,
    phase: Phase,
    /// From when on the evening before belongs to this session: auction orders are taken again.
    #[serde(default = "always")]
    evening_before: Timestamp,
    /// The hours around it in which orders that ask for them trade as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extended: Option<Extended>,
}

/// The hours before and after a session together, the session among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Extended {
    from: Timestamp,
    until: Timestamp,
    phase: Phase,
}

const fn always() -> Timestamp {
    Timestamp::MIN
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Ahead,
    Open,
    Over,
}

impl Session {
    pub(crate) const fn is_open(&self) -> bool {
        self.phase.is_open()
    }

    /// The evening after it: 19:00 in New York, nine and a half hours after an open at 9:30.
    const fn evening(&self) -> Timestamp {
        self.open.plus_minutes(570)
    }

    /// When Alpaca ends the gtc orders whose last day it is: 16:15 in New York, on half days too.
    const fn end_of_lives(&self) -> Timestamp {
        self.open.plus_minutes(405)
    }

    /// The midnight in New York before it. The clocks do not change between the two.
    const fn midnight(&self) -> Timestamp {
        self.open.plus_minutes(-570)
    }

    /// Whether the broker takes orders for an opening auction.
    pub(crate) fn takes_opening_orders(&self, at: Timestamp) -> bool {
        self.takes_until(self.open.plus_minutes(-2), at)
    }

    /// Whether the broker takes orders for a closing auction.
    pub(crate) fn takes_closing_orders(&self, at: Timestamp) -> bool {
        self.takes_until(self.close.plus_minutes(-10), at)
    }

    fn takes_until(&self, end: Timestamp, at: Timestamp) -> bool {
        at >= self.evening() || (self.evening_before <= at && at < end)
    }

    /// When it, or the hours around it, open or close next.
    pub(crate) const fn next_edge(&self) -> Option<Timestamp> {
        let own = self.phase.next(self.open, self.close);
        match (own, self.next_extended_edge()) {
            (Some(own), Some(around)) if around.nanos() < own.nanos() => Some(around),
            (None, around) => around,
            (own, _) => own,
        }
    }

    const fn next_extended_edge(&self) -> Option<Timestamp> {
        match &self.extended {
            Some(hours) => hours.phase.next(hours.from, hours.until),
            None => None,
        }
    }

    /// From when until when an order may trade today, where it may trade now.
    #[inline]
    pub(crate) fn hours_of(&self, order: &Order) -> Option<(Timestamp, Timestamp)> {
        let around = self.extended.filter(|hours| hours.phase.is_open());
        match around {
            Some(hours) if order.extended => Some((hours.from, hours.until)),
            _ => self.is_open().then_some((self.open, self.close)),
        }
    }

    /// Whether an order trades until the end of the hours around the session.
    fn keeps_past_close(&self, order: &Order) -> bool {
        order.extended && self.extended.is_some_and(|hours| !hours.phase.is_over())
    }

    /// Whether anybody may trade now.
    pub(crate) fn is_any_open(&self) -> bool {
        self.is_open() || self.extended.is_some_and(|hours| hours.phase.is_open())
    }
}

impl Phase {
    const fn next(self, open: Timestamp, close: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Ahead => Some(open),
            Self::Open => Some(close),
            Self::Over => None,
        }
    }

    const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }

    const fn is_over(self) -> bool {
        matches!(self, Self::Over)
    }
}

impl SimBroker {
    /// Announces the session from `open` until before `close`. Queued orders go to work at the
    /// open, day orders expire at the close. An earlier session that has not closed is closed
    /// first, and orders that ended before that one opened are forgotten but for their ids: who was
    /// away over the night can still ask for what the evening before came to. Announcing a session
    /// again, as after a restart, changes nothing but its close.
    pub fn open_session(&mut self, open: Timestamp, close: Timestamp) {
        if let Some(same) = self.session.as_mut().filter(|same| same.open == open) {
            same.close = close.max(open);
            return self.refresh();
        }
        if let Some(earlier) = self.session {
            if earlier.next_edge().is_some() {
                let end = earlier.extended.map_or(earlier.close, |hours| hours.until);
                self.close_session(end.min(open));
            }
            self.turn_day(earlier.open, open);
            self.forget_ended_before(earlier.open);
        }
        self.session = Some(Session {
            open,
            close: close.max(open),
            phase: Phase::Ahead,
            evening_before: self
                .session
                .map_or_else(always, |earlier| earlier.evening()),
            extended: None,
        });
        self.refresh();
    }

    /// Says between which moments around the announced session orders for extended hours trade: see
    /// [`Self::trade_extended`]. Without this they trade in the session alone, as all others do.
    pub fn extend_session(&mut self, from: Timestamp, until: Timestamp) {
        if let Some(session) = self.session.as_mut().filter(|s| s.extended.is_none()) {
            session.extended = Some(Extended {
                from: from.min(session.open),
                until: until.max(session.close),
                phase: Phase::Ahead,
            });
        }
        self.refresh();
    }

    /// Closes the session at `now`, ahead of its time if need be.
    pub fn close_session(&mut self, now: Timestamp) {
        self.advance(now);
        if let Some(session) = &mut self.session
            && session.is_open()
        {
            session.close = now;
        }
        if let Some(hours) = self.session.as_mut().and_then(|s| s.extended.as_mut())
            && hours.phase.is_open()
        {
            hours.until = now;
        }
        self.advance(now);
        if let Some(session) = &mut self.session {
            session.phase = Phase::Over;
            if let Some(hours) = &mut session.extended {
                hours.phase = Phase::Over;
            }
        }
        self.refresh();
    }

    /// Whether the session is open.
    pub(crate) fn is_open(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_open)
    }

    fn forget_ended_before(&mut self, time: Timestamp) {
        self.orders
            .retain(|_, order| order.is_open() || order.stamp >= time);
        // An order that goes on over the night keeps what has filled of it.
        let kept: BTreeSet<_> = self.orders.values().map(|order| order.client_id).collect();
        self.executions.retain(|(id, _)| kept.contains(id));
        self.corrected.retain(|(id, ..)| kept.contains(id));
        let orders = &self.orders;
        self.groups
            .retain(|_, group| group.members().any(|number| orders.contains_key(&number)));
    }

    /// Opens or closes the session or the hours around it, whichever comes next.
    pub(crate) fn cross_edge(&mut self) {
        let now = self.clock;
        for index in 0..self.books.len() {
            self.follow_all(index, now);
        }
        let Some(session) = &mut self.session else {
            return;
        };
        let own = session.phase.next(session.open, session.close);
        let next = session.next_edge();
        let phase = match &mut session.extended {
            Some(hours) if next != own => &mut hours.phase,
            _ => &mut session.phase,
        };
        match *phase {
            Phase::Ahead => {
                *phase = Phase::Open;
                self.put_to_work(now);
            }
            Phase::Open => {
                *phase = Phase::Over;
                self.expire(now, next != own);
            }
            Phase::Over => {}
        }
        self.arm_all();
    }

    /// Puts every order to work that waits and may trade now. Also those that are being changed:
    /// whatever takes their place goes to work too.
    fn put_to_work(&mut self, now: Timestamp) {
        let queued = |order: &Order| {
            order.status != ReportStatus::PendingNew
                && self.may_trade(order)
                && self.standing(order.number) == ReportStatus::Accepted
        };
        for number in self.numbers(queued) {
            self.place(number, true, now);
        }
    }

    /// Whether an order may trade now.
    pub(crate) fn may_trade(&self, order: &Order) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| session.hours_of(order).is_some())
    }

    /// Ends what runs out at the close of the session, or of the hours around it.
    fn expire(&mut self, close: Timestamp, of_extended: bool) {
        let session = self.session;
        let is_over = |order: &Order| {
            let day_is_over = !session.is_some_and(|session| session.keeps_past_close(order));
            let ran_out = match order.time_in_force {
                TimeInForce::Day => day_is_over && (order.extended || !of_extended),
                _ if of_extended => false,
                // What has one moment is never left; a closing auction may leave a rest.
                TimeInForce::Ioc | TimeInForce::Fok | TimeInForce::Opg | TimeInForce::Cls => true,
                TimeInForce::Gtc => false,
            };
            order.at_venue && ran_out
        };
        for number in self.entries_first(is_over) {
            if self.orders.get(&number).is_some_and(Order::is_open) {
                self.end(number, ReportStatus::Expired, None, close);
            }
        }
        if !of_extended && self.config.profile == Profile::Alpaca {
            self.end_lives(close);
        }
    }

    /// Sees to it that the gtc orders whose last day it is do not outlive it. With no calendar here,
    /// days are counted back from the midnight before the session: what was made within an hour of
    /// midnight, and a change of the clocks ago, may be taken for an order of the other day.
    #[cold]
    fn end_lives(&mut self, close: Timestamp) {
        let Some(session) = self.session else {
            return;
        };
        let days = GTC_DAYS.saturating_sub(1);
        let made_before = session
            .midnight()
            .plus_minutes(days.saturating_mul(-24 * 60));
        let is_over = |order: &Order| {
            order.at_venue
                && order.time_in_force == TimeInForce::Gtc
                && order.created_at < made_before
        };
        let delay = session.end_of_lives().since(close);
        for number in self.entries_first(is_over) {
            self.send_to_venue(close, delay, VenueAction::Expire(number));
        }
    }

    /// The open orders that are wanted, entries first, so that their exits end as cancelled with them.
    fn entries_first(&self, wanted: impl Fn(&Order) -> bool) -> Vec<OrderNumber> {
        let mut numbers = self.numbers(wanted);
        numbers.sort_by_key(|number| {
            let part = self.orders.get(number).map(|order| order.part);
            (part != Some(Part::Entry), *number)
        });
        numbers
    }

    fn numbers(&self, wanted: impl Fn(&Order) -> bool) -> Vec<OrderNumber> {
        let orders = self.orders.values();
        orders
            .filter(|order| order.is_open() && wanted(order))
            .map(|order| order.number)
            .collect()
    }

    fn arm_all(&mut self) {
        for index in 0..self.books.len() {
            self.arm(index);
        }
    }
}
