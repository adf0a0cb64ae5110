//! What market data brings, as values.

use trader_contract::{Bar, FeedEvent, Price, Quote, Symbol};

use crate::wire::market::Trade;
use crate::wire::news::Article;

/// Something of market data.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedItem {
    /// What the feed says of itself.
    Feed(FeedEvent),
    /// A finished minute.
    Bar {
        /// The symbol.
        symbol: Symbol,
        /// The bar.
        bar: Bar,
    },
    /// A minute that a late trade has changed since it was told.
    Revised {
        /// The symbol.
        symbol: Symbol,
        /// The bar as it is now.
        bar: Bar,
    },
    /// The day so far.
    Day {
        /// The symbol.
        symbol: Symbol,
        /// The day's bar.
        bar: Bar,
    },
    /// Finished minutes that a lost connection missed, oldest first; told before the feed is up again.
    Missed {
        /// The symbol.
        symbol: Symbol,
        /// The bars.
        bars: Vec<Bar>,
    },
    /// A best bid and offer.
    Quote {
        /// The symbol.
        symbol: Symbol,
        /// The quote.
        quote: Quote,
    },
    /// A trade.
    Trade {
        /// The symbol.
        symbol: Symbol,
        /// The trade.
        trade: Trade,
    },
    /// A trade was taken back, or is another one now.
    Corrected {
        /// The symbol.
        symbol: Symbol,
        /// The number of the trade that is void.
        id: Option<i64>,
        /// What it is now; `None` where nothing stands in its place.
        now: Option<Trade>,
    },
    /// Trading in a symbol stopped or goes on.
    Halt {
        /// The symbol.
        symbol: Symbol,
        /// Whether it is halted now.
        halted: bool,
        /// The exchange's words.
        why: Box<str>,
    },
    /// Short sales of a symbol are restricted from now on, today and tomorrow (Reg SHO 201).
    ShortsRestricted {
        /// The symbol.
        symbol: Symbol,
    },
    /// Below and above which nothing trades.
    Bands {
        /// The symbol.
        symbol: Symbol,
        /// The lower one.
        low: Option<Price>,
        /// The upper one.
        high: Option<Price>,
    },
    /// An article.
    News(Box<Article>),
}

/// What was out of the ordinary, counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Messages that could not be read.
    pub bad: u64,
    /// Messages of a kind that is not known here.
    pub unknown: u64,
    /// Quotes that a newer one replaced before there was room.
    pub conflated: u64,
    /// Trades and articles that there was no room for.
    pub left_out: u64,
    /// Times that the stream was made.
    pub connections: u64,
}
