//! The last n prices in place: a ring that is allocated once and filled with zeros, so that what
//! falls out before it is full counts for nothing in a running sum.

use serde::{Deserialize, Serialize};

/// The last n prices, in millionths of a dollar.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ring {
    prices: Box<[i64]>,
    next: usize,
    filled: u32,
    period: u32,
}

impl Ring {
    /// An empty ring for `period` prices, at least one.
    pub(crate) fn new(period: u32) -> Self {
        let period = period.max(1);
        Self {
            prices: vec![0; usize::try_from(period).unwrap_or(1)].into_boxed_slice(),
            next: 0,
            filled: 0,
            period,
        }
    }

    /// Puts a price in and returns the one that falls out: zero while the ring fills up.
    #[inline]
    pub(crate) fn push(&mut self, micros: i64) -> i64 {
        let Some(place) = self.prices.get_mut(self.next) else {
            return 0;
        };
        let oldest = std::mem::replace(place, micros);
        // Bounded by the length of the ring, so neither addition can wrap.
        self.next = self.next.wrapping_add(1);
        if self.next == self.prices.len() {
            self.next = 0;
        }
        if self.filled < self.period {
            self.filled = self.filled.wrapping_add(1);
        }
        oldest
    }

    /// Whether as many prices went in as it holds.
    #[inline]
    pub(crate) const fn is_full(&self) -> bool {
        self.filled == self.period
    }

    /// How many prices it holds when full.
    #[inline]
    pub(crate) const fn period(&self) -> u32 {
        self.period
    }
}
