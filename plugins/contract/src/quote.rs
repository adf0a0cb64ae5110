//! The best bid and offer of a symbol.

use serde::{Deserialize, Serialize};

use crate::price::Price;
use crate::time::Timestamp;

/// The best bid and offer at one moment; a side without a quote is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// When the venue stamped it.
    pub at: Timestamp,
    /// Highest price somebody bids.
    pub bid: Option<Price>,
    /// Lowest price somebody asks.
    pub ask: Option<Price>,
    /// Shares bid for.
    pub bid_size: u32,
    /// Shares on offer.
    pub ask_size: u32,
}

impl Quote {
    /// Whether the bid stands at or above the ask, which no order may be priced from.
    #[must_use]
    pub fn is_crossed_or_locked(&self) -> bool {
        matches!((self.bid, self.ask), (Some(bid), Some(ask)) if bid >= ask)
    }
}
