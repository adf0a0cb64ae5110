//! What the exchange knows of one symbol: the bar that plays, the prices that would wake it, the
//! orders that are open and the position. The matching itself is elsewhere.

use serde::{Deserialize, Serialize};
use trader_contract::{Bar, NetQty, Symbol, Timestamp};

use crate::order::OrderNumber;
use crate::path::{Approach, Path};

/// The prices that would make a resting order act. A bar that stays strictly inside needs no look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Band {
    low: i64,
    high: i64,
}

impl Band {
    /// No price wakes anything.
    pub(crate) const OPEN: Self = Self {
        low: i64::MIN,
        high: i64::MAX,
    };

    /// Every price wakes something.
    pub(crate) const SHUT: Self = Self {
        low: i64::MAX,
        high: i64::MIN,
    };

    /// Narrows the band by one trigger.
    pub(crate) fn add(&mut self, trigger: Option<(Approach, i64)>) {
        match trigger {
            None => *self = Self::SHUT,
            Some((Approach::Rising, level)) => self.high = self.high.min(level),
            Some((Approach::Falling, level)) => self.low = self.low.max(level),
        }
    }
}

/// One symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) bar: Option<Bar>,
    /// How long the bar lasts, in nanoseconds.
    pub(crate) length: i64,
    /// From when on the bar is played: its start, later if it came late or trading resumed in it.
    pub(crate) live_from: Timestamp,
    pub(crate) band: Band,
    /// When something happens next inside the bar.
    pub(crate) wake: Option<Timestamp>,
    /// Shares of the bar's volume that our orders have taken.
    pub(crate) taken_shares: i64,
    pub(crate) symbol: Symbol,
    pub(crate) halted: bool,
    pub(crate) shortable: bool,
    pub(crate) position: NetQty,
    /// Whether shares were opened in this session that no closing execution has followed.
    #[serde(default)]
    pub(crate) opened_today: bool,
    /// Every order that is not terminal, oldest first.
    pub(crate) open: Vec<OrderNumber>,
}

impl Book {
    pub(crate) const fn new(symbol: Symbol) -> Self {
        Self {
            bar: None,
            length: 0,
            live_from: Timestamp::MIN,
            band: Band::OPEN,
            wake: None,
            taken_shares: 0,
            symbol,
            halted: false,
            shortable: true,
            position: NetQty::ZERO,
            opened_today: false,
            open: Vec::new(),
        }
    }

    /// Whether the bar could make something act.
    #[inline]
    pub(crate) const fn wakes(&self, bar: &Bar) -> bool {
        bar.low.micros() <= self.band.low || bar.high.micros() >= self.band.high
    }

    /// The price at `at`, in millionths: on the path inside the bar, the close after it.
    pub(crate) fn price_at(&self, at: Timestamp) -> Option<i64> {
        let bar = self.bar?;
        Some(if at < bar.start {
            bar.open.micros()
        } else if at >= bar.start.plus_nanos(self.length) {
            bar.close.micros()
        } else {
            Path::of(&bar, self.length).price_at(at.since(bar.start))
        })
    }
}
