//! What of a download is not there yet, and whether the rest may be put beside it.

use chrono::NaiveDate;
use trader_bars::{Kind, Series, Store};
use trader_contract::Symbol;
use trader_rpc::{DownloadSpec, ErrorDetail};

use super::super::Shop;
use super::super::title::ACTIONS;
use super::{SOURCE, not_begun};
use crate::work::trouble;

/// Ranges of days, both ends included.
pub(super) type Ranges = Vec<(NaiveDate, NaiveDate)>;

/// What is missing of a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) symbol: Symbol,
    /// Whether there are bars of it already.
    pub(super) stored: bool,
    /// Days without bars.
    pub(super) bars: Ranges,
    /// Days whose splits and dividends are not known.
    pub(super) actions: Ranges,
    /// Splits and dividends that somebody imported, which are left alone.
    pub(super) others_actions: bool,
}

/// What is missing, symbol by symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan(pub(super) Vec<Missing>);

impl Plan {
    /// Compares what is wanted with what is there.
    ///
    /// # Errors
    /// Bars of another source or feed are stored, or the store cannot be read.
    pub(super) fn make(
        shop: &Shop,
        spec: &DownloadSpec,
        feed: &str,
        kind: Kind,
        (first, last): (NaiveDate, NaiveDate),
    ) -> Result<Self, ErrorDetail> {
        let catalogue = Store::open(shop.shelf.root())
            .and_then(|store| store.catalogue())
            .map_err(|error| not_begun(&error, "traderctl data verify looks at all of it"))?;
        let mut symbols = spec.symbols.clone();
        symbols.sort_unstable();
        symbols.dedup();
        let mut missing = Vec::new();
        for symbol in symbols {
            let series = Series { symbol, kind };
            let stored = catalogue.series(series);
            if let Some(entry) = stored.filter(|e| e.source != SOURCE || e.feed != feed) {
                return Err(other_origin(series, &entry.source, &entry.feed, feed));
            }
            let entry = catalogue.symbols.get(&symbol);
            let has_actions = entry.is_some_and(|entry| entry.actions.is_some());
            let others_actions = has_actions && !shop.covered.has(symbol, ACTIONS);
            let days = |data: &str, there: bool| {
                if spec.replace || !there {
                    vec![(first, last)]
                } else {
                    shop.covered.days(symbol, data, feed).missing(first, last)
                }
            };
            missing.push(Missing {
                symbol,
                stored: stored.is_some(),
                bars: days(kind.name(), stored.is_some()),
                // Most symbols have none: that there is no file says nothing.
                actions: if others_actions {
                    Vec::new()
                } else {
                    days(ACTIONS, true)
                },
                others_actions,
            });
        }
        Ok(Self(missing))
    }

    /// The first and the last day that anything is missing of; `None` if nothing is.
    pub(super) fn span(&self) -> Option<(NaiveDate, NaiveDate)> {
        let ranges = || {
            let all = self.0.iter();
            all.flat_map(|missing| missing.bars.iter().chain(&missing.actions))
        };
        let first = ranges().map(|(first, _)| *first).min()?;
        let last = ranges().map(|(_, last)| *last).max()?;
        Some((first, last))
    }

    /// The symbols of which anything is missing.
    pub(super) fn symbols(&self) -> Vec<Symbol> {
        let open = self.0.iter();
        open.filter(|missing| !missing.bars.is_empty() || !missing.actions.is_empty())
            .map(|missing| missing.symbol)
            .collect()
    }
}

fn other_origin(series: Series, source: &str, feed: &str, wanted: &str) -> ErrorDetail {
    let next = if source == SOURCE {
        format!("download with --feed {feed}, or remove them first")
    } else {
        format!(
            "remove them first: traderctl data remove {} --timeframe {}",
            series.symbol, series.kind
        )
    };
    trouble(
        "nothing was downloaded",
        format!(
            "{series} is stored from {source:?}, feed {feed}, and the rows of a series have one origin, \
             not also {SOURCE}, feed {wanted}"
        ),
        next,
    )
}
