//! What a caller wants to see: the conditions of a query and how many rows at most.

use trader_contract::{ClientOrderId, Symbol, Timestamp};
use trader_core::record::IntentId;

/// The most rows that one query gives, whatever was asked for.
pub const MAX_ROWS: u32 = 10_000;

/// How much of a table is wanted: the newest rows first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At most this many rows; more than [`MAX_ROWS`] counts as that.
    pub limit: u32,
    /// Only rows whose journal number is below this: the last one of the page before.
    pub before: Option<u64>,
}

impl Page {
    /// The newest `limit` rows.
    #[must_use]
    pub const fn newest(limit: u32) -> Self {
        Self {
            limit,
            before: None,
        }
    }

    /// The same, from the row before `seq` on.
    #[must_use]
    pub const fn before(self, seq: u64) -> Self {
        Self {
            before: Some(seq),
            ..self
        }
    }

    pub(crate) fn rows(self) -> i64 {
        i64::from(self.limit.min(MAX_ROWS))
    }

    pub(crate) fn end(self) -> i64 {
        self.before.map_or(i64::MAX, crate::column::row_number)
    }
}

/// Which orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those that may still fill.
    pub open_only: bool,
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only this route.
    pub route: Option<Box<str>>,
    /// Only those that serve this decision.
    pub intent: Option<IntentId>,
}

/// Which trades.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TradeFilter {
    /// Only those whose last exit fill is at or after this.
    pub from: Option<Timestamp>,
    /// Only those whose last exit fill is before this.
    pub until: Option<Timestamp>,
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only this route.
    pub route: Option<Box<str>>,
    /// Only those that this decision opened.
    pub intent: Option<IntentId>,
    /// Only the one with this number.
    pub number: Option<u64>,
    /// Only those that have all of these tags.
    pub tags: Vec<Box<str>>,
}

/// Which executions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FillFilter {
    /// Only those at or after this.
    pub from: Option<Timestamp>,
    /// Only those before this.
    pub until: Option<Timestamp>,
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only this order's.
    pub order: Option<ClientOrderId>,
}

/// Which decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntentFilter {
    /// Only this symbol.
    pub symbol: Option<Symbol>,
    /// Only those of this route's strategy.
    pub route: Option<Box<str>>,
    /// Only those that were refused.
    pub refused_only: bool,
}

/// Which journal entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only those about this symbol.
    pub symbol: Option<Symbol>,
    /// Only those about this order.
    pub order: Option<ClientOrderId>,
    /// Only those that belong to this decision, with its orders and its trade.
    pub intent: Option<IntentId>,
    /// Only this kind: see [`trader_core::record::Record::kind`].
    pub kind: Option<Box<str>>,
    /// Only those numbered above this.
    pub after: Option<u64>,
}
