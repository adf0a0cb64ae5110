//! What a client may say of an order beyond its request, in advance: Alpaca lets a stop leg have a
//! limit, a replacement another time in force and a limit order the hours around the session, which
//! the daemon's own requests never have. Also what can be read and set while the exchange runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, OrderKind, Price, TimeInForce, Timestamp};

use crate::broker::SimBroker;
use crate::config::SimConfig;

/// What was said of orders to come, by the ids that they will have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Ahead {
    leg_limits: BTreeMap<ClientOrderId, Price>,
    lifetimes: BTreeMap<ClientOrderId, TimeInForce>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    extended: BTreeSet<ClientOrderId>,
}

impl Ahead {
    pub(crate) fn is_empty(&self) -> bool {
        self.leg_limits.is_empty() && self.lifetimes.is_empty() && self.extended.is_empty()
    }

    /// The kind of a stop leg.
    pub(crate) fn leg(&mut self, id: ClientOrderId, stop: Price) -> OrderKind {
        match self.leg_limits.remove(&id) {
            Some(limit) => OrderKind::StopLimit { stop, limit },
            None => OrderKind::Stop { stop },
        }
    }

    /// The limit that a stop leg will have.
    pub(crate) fn leg_limit(&self, id: ClientOrderId) -> Option<Price> {
        self.leg_limits.get(&id).copied()
    }

    /// Whether an order is for the hours around the session too.
    pub(crate) fn is_extended(&mut self, id: ClientOrderId) -> bool {
        self.extended.remove(&id)
    }

    /// The time in force of a replacement, where it has one of its own.
    pub(crate) fn lifetime(&self, id: ClientOrderId) -> Option<TimeInForce> {
        self.lifetimes.get(&id).copied()
    }
}

impl SimBroker {
    /// Says that the stop leg with this id, once it is submitted, takes no worse price than `limit`.
    pub fn limit_leg(&mut self, id: ClientOrderId, limit: Price) {
        self.ahead.leg_limits.insert(id, limit);
    }

    /// Says how long the replacement with this id, once it is requested, stands.
    pub fn replace_lifetime(&mut self, id: ClientOrderId, time_in_force: TimeInForce) {
        self.ahead.lifetimes.insert(id, time_in_force);
    }

    /// Says that the order with this id, once it is submitted, trades in the hours around the session
    /// as well, if it is a limit order. What takes its place does too. The hours are those of
    /// [`SimBroker::extend_session`].
    pub fn trade_extended(&mut self, id: ClientOrderId) {
        self.ahead.extended.insert(id);
    }

    /// Forgets what was said in advance of an order that was refused.
    pub fn forget_ahead(&mut self, id: ClientOrderId) {
        self.ahead.leg_limits.remove(&id);
        self.ahead.lifetimes.remove(&id);
        self.ahead.extended.remove(&id);
    }

    /// Changes what the broker is set to. What has been asked of it goes on as it began.
    pub fn configure(&mut self, change: impl FnOnce(&mut SimConfig)) {
        change(&mut self.config);
    }

    /// Plays everything up to `now`, so that prices and sums are those of that moment.
    pub fn move_to(&mut self, now: Timestamp) {
        self.advance(now);
    }

    /// What the broker is set to.
    #[must_use]
    pub const fn config(&self) -> &SimConfig {
        &self.config
    }

    /// The best price that a trailing stop has seen, and where it stands behind it.
    #[must_use]
    pub fn trailing(&self, id: ClientOrderId) -> Option<(Price, Option<Price>)> {
        let order = self.orders.get(self.ids.get(&id)?)?;
        let best = self.best_of(order)?;
        Some((best, self.stop_now(order)))
    }
}
