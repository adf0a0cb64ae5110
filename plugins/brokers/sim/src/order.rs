//! An order as the exchange keeps it, and the groups that tie orders together. What happens to them
//! is decided elsewhere.

use serde::{Deserialize, Serialize};
use trader_contract::{
    BrokerOrderId, ClientOrderId, Execution, OrderKind, OrderReport, Price, Qty, ReportStatus,
    Side, Symbol, TimeInForce, Timestamp,
};

use crate::book::Band;
use crate::path::Approach;
use crate::trailing::{Followed, approach};

/// The number of an order at this broker, in the order of arrival.
pub(crate) type OrderNumber = u64;

/// What an order is to its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// In no group.
    Single,
    /// The entry that the exits wait for.
    Entry,
    /// The profit target.
    Target,
    /// The protective stop.
    Stop,
}

/// Orders that live and die together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) entry: Option<OrderNumber>,
    pub(crate) target: Option<OrderNumber>,
    pub(crate) stop: Option<OrderNumber>,
}

impl Group {
    pub(crate) fn set(&mut self, part: Part, number: OrderNumber) {
        match part {
            Part::Single => {}
            Part::Entry => self.entry = Some(number),
            Part::Target => self.target = Some(number),
            Part::Stop => self.stop = Some(number),
        }
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = OrderNumber> + use<> {
        [self.entry, self.target, self.stop].into_iter().flatten()
    }
}

/// What the client knows an order by.
pub(crate) fn broker_id(number: OrderNumber) -> BrokerOrderId {
    BrokerOrderId(format!("sim-{number}").into())
}

/// An order that is being restored, until its name is made anew.
fn unnamed() -> BrokerOrderId {
    BrokerOrderId("".into())
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) number: OrderNumber,
    /// What the client knows it by, made of its number: see [`broker_id`].
    #[serde(skip, default = "unnamed")]
    pub(crate) broker_id: BrokerOrderId,
    pub(crate) client_id: ClientOrderId,
    /// The place of its symbol's book.
    pub(crate) book: usize,
    pub(crate) symbol: Symbol,
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    pub(crate) filled: Qty,
    pub(crate) kind: OrderKind,
    pub(crate) time_in_force: TimeInForce,
    /// Whether it also trades in the hours around the session, where there are any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) extended: bool,
    pub(crate) status: ReportStatus,
    /// Whether the venue matches it. A bracket's stop may be `held` to the client and yet watched.
    pub(crate) at_venue: bool,
    /// Whether its stop price has been traded.
    pub(crate) elected: bool,
    /// How far a trailing stop has come. Boxed, since hardly any order is one.
    #[serde(default)]
    pub(crate) followed: Option<Box<Followed>>,
    /// The limit that an elected buy stop has under Alpaca's rules.
    pub(crate) collar: Option<Price>,
    /// When it can fill next.
    pub(crate) live_from: Timestamp,
    /// Whether it stands in the book at its limit, so that the market comes to it.
    pub(crate) resting: bool,
    pub(crate) group: Option<u64>,
    pub(crate) part: Part,
    pub(crate) created_at: Timestamp,
    /// The stamp of its last report.
    pub(crate) stamp: Timestamp,
    pub(crate) replaced_by: Option<ClientOrderId>,
    /// The order whose place it is to take.
    pub(crate) replaces: Option<OrderNumber>,
}

impl Order {
    /// What has not filled.
    pub(crate) fn remaining(&self) -> Qty {
        self.qty.checked_sub(self.filled).unwrap_or(Qty::ZERO)
    }

    pub(crate) const fn is_open(&self) -> bool {
        !self.status.state().is_terminal()
    }

    /// Whether a cancel or a replacement is under way.
    pub(crate) const fn is_changing(&self) -> bool {
        matches!(
            self.status,
            ReportStatus::PendingCancel | ReportStatus::PendingReplace
        )
    }

    /// Where it wakes or woke, as far as that is known.
    pub(crate) fn stop_now(&self) -> Option<Price> {
        let trailed = || self.followed.as_ref()?.stop;
        self.kind.stop().or_else(trailed)
    }

    /// Whether it is a stop that has not been reached.
    pub(crate) const fn is_asleep(&self) -> bool {
        !self.elected && (self.kind.stop().is_some() || self.kind.trail().is_some())
    }

    /// The worst price it takes now.
    pub(crate) fn effective_limit(&self) -> Option<Price> {
        self.kind.limit().or(self.collar)
    }

    /// The status of an order that works, after what it has filled.
    pub(crate) const fn working_status(&self) -> ReportStatus {
        if self.filled.is_zero() {
            ReportStatus::New
        } else {
            ReportStatus::PartiallyFilled
        }
    }

    /// What the path has to do for it, and at which level; `None` if it acts at any price.
    pub(crate) fn trigger(&self, half_spread: i64) -> Option<(Approach, i64)> {
        if self.is_asleep() {
            return Some((approach(self.side), self.stop_now()?.micros()));
        }
        let limit = self.effective_limit()?.micros();
        Some(match self.side {
            Side::Buy => (Approach::Falling, limit.saturating_sub(half_spread)),
            Side::Sell => (Approach::Rising, limit.saturating_add(half_spread)),
        })
    }

    /// Adds the prices that make it act to a band. A trailing stop also wakes for a better price.
    pub(crate) fn add_to(&self, band: &mut Band, half_spread: i64) {
        band.add(self.trigger(half_spread));
        if let Some(followed) = self.followed.as_ref().filter(|_| self.is_trailing()) {
            let best = followed.best.micros();
            band.add(Some(match self.side {
                Side::Sell => (Approach::Rising, best.saturating_add(1)),
                Side::Buy => (Approach::Falling, best.saturating_sub(1)),
            }));
        }
    }

    /// The stamp of a report made at `at`: later than the one before.
    pub(crate) fn next_stamp(&self, at: Timestamp) -> Timestamp {
        at.max(self.stamp.plus_nanos(1))
    }

    /// What the broker says of it now.
    pub(crate) fn report(
        &self,
        execution: Option<Execution>,
        reason: Option<Box<str>>,
    ) -> OrderReport {
        OrderReport {
            client_id: self.client_id,
            broker_id: self.broker_id.clone(),
            symbol: self.symbol,
            side: self.side,
            status: self.status,
            qty: self.qty,
            filled: self.filled,
            execution,
            stop: self.stop_now(),
            limit: self.effective_limit(),
            replaced_by: self.replaced_by,
            at: self.stamp,
            reason,
        }
    }
}
