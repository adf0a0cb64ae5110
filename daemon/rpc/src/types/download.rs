//! Market data that the daemon asks a provider for: what is wanted, and what came.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

/// Bars of a provider, with splits and dividends, to take into the bar store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownloadSpec {
    /// Whose: 1 to 200.
    pub symbols: Vec<Symbol>,
    /// How long the bars are: `1min` or `1day`.
    pub data: String,
    /// The first day.
    pub start_date: NaiveDate,
    /// The last day; the last one that is over if it is left out or lies ahead.
    #[serde(default)]
    pub end_date: Option<NaiveDate>,
    /// Which feed: `sip`, all exchanges, which every plan may ask for days that are over, or `iex`, one
    /// of them; `sip` if it is left out.
    #[serde(default)]
    pub feed: Option<String>,
    /// Whether everything is asked for again, and takes the place of what is stored and differs.
    #[serde(default)]
    pub replace: bool,
}

/// What came of a download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadResult {
    /// How long the bars are.
    pub data: String,
    /// Who was asked: `alpaca`.
    pub source: String,
    /// Which feed.
    pub feed: String,
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// Pages that the provider was asked for; 0 where everything was there.
    pub pages: u64,
    /// Symbol by symbol.
    pub symbols: Vec<DownloadedSymbol>,
}

/// What came of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadedSymbol {
    /// Whose.
    pub symbol: Symbol,
    /// Sessions that were asked for.
    pub sessions: u64,
    /// Bars that the store did not have.
    pub new: u64,
    /// Bars that it had, the same.
    pub already: u64,
    /// Bars that took the place of different ones.
    pub replaced: u64,
    /// Bars outside 4:00 to 20:00 of a trading day, which are not stored.
    pub left_out: u64,
    /// Splits and dividends that are stored now and were not before.
    pub actions: u64,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}
