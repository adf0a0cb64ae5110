//! The rows of a series, checked, in the order of their time.

use trader_contract::{Bar, Price, Timestamp};

use crate::series::Kind;

/// One side of a quote bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideBar {
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares of the last quote.
    pub size: u64,
}

/// Bid and ask of one window; a side without a quote is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteBar {
    /// When the window starts.
    pub start: Timestamp,
    /// The buyers' side.
    pub bid: Option<SideBar>,
    /// The sellers' side.
    pub ask: Option<SideBar>,
}

/// One trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeTick {
    /// When, to the millisecond.
    pub at: Timestamp,
    /// At which price.
    pub price: Price,
    /// Shares.
    pub size: u64,
    /// The exchange's letter.
    pub exchange: Box<str>,
    /// Conditions, as the source writes them.
    pub condition: Box<str>,
    /// Whether the source doubts it.
    pub suspicious: bool,
}

/// Bid or ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuoteSide {
    /// The buyers'.
    Bid,
    /// The sellers'.
    Ask,
}

/// One change of the bid or of the ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteTick {
    /// When, to the millisecond.
    pub at: Timestamp,
    /// Which side.
    pub side: QuoteSide,
    /// At which price.
    pub price: Price,
    /// Shares.
    pub size: u64,
    /// The exchange's letter.
    pub exchange: Box<str>,
    /// Conditions, as the source writes them.
    pub condition: Box<str>,
    /// Whether the source doubts it.
    pub suspicious: bool,
}

/// Rows of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// Of [`Kind::Bars`]; starts strictly increase.
    Bars(Vec<Bar>),
    /// Of [`Kind::Quotes`]; starts strictly increase.
    Quotes(Vec<QuoteBar>),
    /// Of [`Kind::Trades`]; times do not decrease.
    Trades(Vec<TradeTick>),
    /// Of [`Kind::QuoteTicks`]; times do not decrease.
    QuoteTicks(Vec<QuoteTick>),
}

impl Rows {
    /// No rows of a kind.
    #[must_use]
    pub const fn none(kind: Kind) -> Self {
        match kind {
            Kind::Bars(_) => Self::Bars(Vec::new()),
            Kind::Quotes(_) => Self::Quotes(Vec::new()),
            Kind::Trades => Self::Trades(Vec::new()),
            Kind::QuoteTicks => Self::QuoteTicks(Vec::new()),
        }
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Bars(rows) => rows.len(),
            Self::Quotes(rows) => rows.len(),
            Self::Trades(rows) => rows.len(),
            Self::QuoteTicks(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
