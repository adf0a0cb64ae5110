//! The exchange's day: what its opening and its close do to orders. Knows no calendar.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trader_contract::{ReportStatus, TimeInForce, Timestamp};

use crate::broker::SimBroker;
use crate::config::Profile;
use crate::order::{Order, OrderNumber, Part};

/// Alpaca ends a gtc order so long after it was made.
const GTC_LIFE_NANOS: i64 = 90 * 24 * 60 * Timestamp::MINUTE;

/// One session, from `open` until before `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) open: Timestamp,
    pub(crate) close: Timestamp,
    phase: Phase,
    /// From when on the evening before belongs to this session: auction orders are taken again.
    #[serde(default = "always")]
    evening_before: Timestamp,
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
        matches!(self.phase, Phase::Open)
    }

    /// The evening after it: 19:00 in New York, nine and a half hours after an open at 9:30.
    const fn evening(&self) -> Timestamp {
        self.open.plus_minutes(570)
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

    /// When it opens or closes next.
    pub(crate) const fn next_edge(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Ahead => Some(self.open),
            Phase::Open => Some(self.close),
            Phase::Over => None,
        }
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
                self.close_session(earlier.close.min(open));
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
        });
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
        self.advance(now);
        if let Some(session) = &mut self.session {
            session.phase = Phase::Over;
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

    /// Opens or closes the session, whichever comes next.
    pub(crate) fn cross_edge(&mut self) {
        let now = self.clock;
        for index in 0..self.books.len() {
            self.follow_all(index, now);
        }
        let Some(session) = &mut self.session else {
            return;
        };
        match session.phase {
            Phase::Ahead => {
                session.phase = Phase::Open;
                // Also those that are being changed: whatever takes their place goes to work too.
                let queued = |order: &Order| {
                    order.status != ReportStatus::PendingNew
                        && self.standing(order.number) == ReportStatus::Accepted
                };
                for number in self.numbers(queued) {
                    self.place(number, true, now);
                }
                self.arm_all();
            }
            Phase::Open => {
                session.phase = Phase::Over;
                self.expire(now);
                self.arm_all();
            }
            Phase::Over => {}
        }
    }

    fn expire(&mut self, close: Timestamp) {
        let alpaca = self.config.profile == Profile::Alpaca;
        let is_over = |order: &Order| {
            let ran_out = match order.time_in_force {
                // What has one moment is never left; a closing auction may leave a rest.
                TimeInForce::Day
                | TimeInForce::Ioc
                | TimeInForce::Fok
                | TimeInForce::Opg
                | TimeInForce::Cls => true,
                TimeInForce::Gtc => alpaca && close.since(order.created_at) >= GTC_LIFE_NANOS,
            };
            order.at_venue && ran_out
        };
        // Entries first, so that their exits end as cancelled with them.
        let mut over = self.numbers(is_over);
        over.sort_by_key(|number| {
            let part = self.orders.get(number).map(|order| order.part);
            (part != Some(Part::Entry), *number)
        });
        for number in over {
            if self.orders.get(&number).is_some_and(Order::is_open) {
                self.end(number, ReportStatus::Expired, None, close);
            }
        }
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
