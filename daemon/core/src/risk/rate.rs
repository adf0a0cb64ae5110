//! How often entries were sent lately: the rates, and the same thing twice.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use trader_contract::{OrderRequest, Qty, Side, Symbol, Timestamp};

use super::limits::Limits;
use crate::planted::{Bug, is};

/// An entry that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// In which symbol.
    pub symbol: Symbol,
    /// On which side.
    pub side: Side,
    /// How many shares.
    pub qty: Qty,
}

impl Sent {
    /// An entry that is sent at `at`.
    #[must_use]
    pub const fn new(at: Timestamp, request: &OrderRequest) -> Self {
        Self {
            at,
            symbol: request.symbol,
            side: request.side,
            qty: request.qty,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.symbol, self.side, self.qty) == (other.symbol, other.side, other.qty)
    }
}

/// The entries of the last minute, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Recent(VecDeque<Sent>);

impl Recent {
    /// Takes what was sent, oldest first.
    pub(super) fn recall(&mut self, sent: impl IntoIterator<Item = Sent>) {
        self.0.extend(sent);
    }

    /// Counts an entry, if any limit asks for it.
    pub(super) fn note(&mut self, limits: &Limits, sent: Sent) {
        if counts(limits) && !is(Bug::RateUncapped) {
            self.0.push_back(sent);
        }
    }

    /// Forgets what no limit looks back to.
    pub(super) fn forget(&mut self, limits: &Limits, at: Timestamp) {
        let back = limits.duplicate_nanos.max(Timestamp::MINUTE);
        while self.0.front().is_some_and(|sent| at.since(sent.at) >= back) {
            self.0.pop_front();
        }
    }

    /// Entries of the minute up to `at`, in all symbols and in one.
    pub(super) fn in_a_minute(&self, at: Timestamp, symbol: Symbol) -> (u32, u32) {
        let before = self
            .0
            .partition_point(|s| at.since(s.at) >= Timestamp::MINUTE);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let minute = self.0.range(before..);
        let all = count(minute.len());
        (all, count(minute.filter(|s| s.symbol == symbol).count()))
    }

    /// How long ago the same was sent, in nanoseconds, where that is less than it may be.
    pub(super) fn twice(&self, limits: &Limits, this: &Sent) -> Option<i64> {
        let lately = self
            .0
            .iter()
            .rev()
            .map(|sent| (this.at.since(sent.at), sent));
        let mut lately = lately.take_while(|(ago, _)| *ago < limits.duplicate_nanos);
        lately.find_map(|(ago, sent)| sent.is_like(this).then_some(ago))
    }
}

/// Whether any limit looks back at all.
const fn counts(limits: &Limits) -> bool {
    limits.entries_per_minute != u32::MAX
        || limits.entries_per_minute_symbol != u32::MAX
        || limits.duplicate_nanos > 0
}
