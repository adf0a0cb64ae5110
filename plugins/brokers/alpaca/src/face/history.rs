//! The past: bars, quotes, trades, snapshots, articles, movers and corporate actions, page by page and
//! within the limit of the data plan.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use trader_contract::{Bar, Quote, Symbol, Timestamp};

use super::account::{AskError, read, settled};
use super::endpoint::Endpoint;
use super::market_data::MarketDataSettings;
use super::trading::StartError;
use crate::protocol::backoff::Backoff;
use crate::protocol::budget::{Budget, Urgency};
use crate::protocol::machine::Method;
use crate::protocol::outcome::Answer;
use crate::sockets::Http;
use crate::wire::actions::{ActionsPage, CorporateAction};
use crate::wire::auction::Auctions;
use crate::wire::market::{self, Page, Snapshot, Trade};
use crate::wire::news::{Mover, NewsPage};
use crate::wire::path::Path;
use crate::wire::{Malformed, View};

/// Why the past has no answer.
pub type HistoryError = AskError;

/// How often a question is asked before it is given up.
const TRIES: u32 = 4;
/// The most bars of one page.
const PAGE: &str = "10000";
/// Symbols of one question: an address has an end.
const SYMBOLS: usize = 200;

/// Which prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feed {
    /// One exchange of many, some two percent of what is traded; free.
    Iex,
    /// Every exchange; needs a subscription.
    Sip,
    /// Every exchange, a quarter of an hour ago.
    DelayedSip,
}

impl Feed {
    /// Alpaca's word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Iex => "iex",
            Self::Sip => "sip",
            Self::DelayedSip => "delayed_sip",
        }
    }

    /// The word in questions about the past: what is delayed there is only what is newest.
    #[must_use]
    pub const fn past_word(self) -> &'static str {
        match self {
            Self::Iex => "iex",
            Self::Sip | Self::DelayedSip => "sip",
        }
    }

    /// Where its stream is.
    pub(super) const fn stream_path(self) -> &'static str {
        match self {
            Self::Iex => "/v2/iex",
            Self::Sip => "/v2/sip",
            Self::DelayedSip => "/v2/delayed_sip",
        }
    }

    /// Questions in a minute that the plan with this feed has.
    #[must_use]
    pub const fn requests_per_minute(self) -> u32 {
        match self {
            Self::Iex | Self::DelayedSip => 200,
            Self::Sip => 10_000,
        }
    }

    /// Symbols with quotes or trades at once that the plan with this feed has; `None` for as many as one
    /// likes.
    #[must_use]
    pub const fn symbols_max(self) -> Option<usize> {
        match self {
            Self::Iex | Self::DelayedSip => Some(30),
            Self::Sip => None,
        }
    }

    /// Whether it has volume that means something: one exchange's share of it does not.
    #[must_use]
    pub const fn has_whole_volume(self) -> bool {
        !matches!(self, Self::Iex)
    }
}

/// How prices of the past are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustment {
    /// As they were.
    Raw,
    /// For splits.
    Split,
    /// For splits, dividends and spin-offs.
    All,
}

impl Adjustment {
    const fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Split => "split",
            Self::All => "all",
        }
    }
}

/// A question about bars.
#[derive(Debug, Clone, Copy)]
pub struct BarsOf<'a> {
    /// The symbols.
    pub symbols: &'a [Symbol],
    /// In Alpaca's words: `1Min`, `1Day`.
    pub timeframe: &'a str,
    /// The first moment, included.
    pub from: Timestamp,
    /// The last moment, included.
    pub to: Timestamp,
    /// How prices are adjusted.
    pub adjustment: Adjustment,
}

/// Asks about the past.
#[derive(Debug, Clone)]
pub struct History {
    http: Http,
    feed: Feed,
    budget: Arc<Mutex<Budget>>,
    clock: fn() -> Timestamp,
    seed: u64,
    urgency: Urgency,
}

impl History {
    /// The past as an endpoint's provider has it.
    ///
    /// # Errors
    /// The keys are none, or TLS could not be set up.
    pub fn new<E: Endpoint>(
        endpoint: &E,
        settings: &MarketDataSettings,
    ) -> Result<Self, StartError> {
        let budget = Budget::new(settings.requests_per_minute);
        Ok(Self {
            http: Http::new(&endpoint.addresses().data, &settings.keys)?,
            feed: settings.feed,
            budget: Arc::new(Mutex::new(budget)),
            clock: settings.clock,
            seed: settings.seed,
            urgency: Urgency::Reading,
        })
    }

    /// The same for a collector, who leaves half of the limit to whoever else asks with these keys.
    #[must_use]
    pub fn in_bulk(self) -> Self {
        Self {
            urgency: Urgency::Collecting,
            ..self
        }
    }

    /// Waits until the limit has room for a question.
    async fn turn(&self) {
        loop {
            let now = (self.clock)();
            let taken = {
                let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
                budget.take(self.urgency, now)
            };
            let Err(until) = taken else { return };
            let nanos = u64::try_from(until.since(now)).unwrap_or_default();
            // A little later rather than a little too early.
            tokio::time::sleep(Duration::from_nanos(nanos.saturating_add(1_000_000))).await;
        }
    }

    async fn ask(&self, path: &Path) -> Result<Answer, AskError> {
        let mut backoff = Backoff::new(500_000_000, 8 * Timestamp::SECOND, self.seed);
        let mut tries = 0_u32;
        loop {
            self.turn().await;
            tries = tries.saturating_add(1);
            let result = self.http.call(Method::Get, path.as_str(), None).await;
            if let Some(answer) = result.answer() {
                let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
                budget.hear(answer.status, answer.rate, (self.clock)());
            }
            match settled(result) {
                Err(AskError::Unanswered { .. }) if tries < TRIES => {
                    let wait = u64::try_from(backoff.wait()).unwrap_or_default();
                    tokio::time::sleep(Duration::from_nanos(wait)).await;
                }
                settled => return settled,
            }
        }
    }

    async fn get<T>(
        &self,
        path: &Path,
        look: impl FnOnce(View<'_>) -> Result<T, Malformed>,
    ) -> Result<T, AskError> {
        read(&self.ask(path).await?, look)
    }

    /// One page of bars, by symbol and then by time; `token` is where it begins. Only the absence of a next
    /// one ends the walk.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn bars_page(
        &self,
        of: BarsOf<'_>,
        token: Option<&str>,
    ) -> Result<Page<Bar>, AskError> {
        let path = Path::new("/v2/stocks/bars")
            .ask("symbols", &list(of.symbols))
            .ask("timeframe", of.timeframe)
            .ask("start", &of.from.to_string())
            .ask("end", &of.to.to_string())
            .ask("limit", PAGE)
            .ask("adjustment", of.adjustment.word())
            .ask("feed", self.feed.past_word())
            .ask("sort", "asc")
            .ask_if("page_token", token);
        self.get(&path, |view| Page::read(view, "bars", market::bar))
            .await
    }

    /// Bars of all pages.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn bars(&self, of: BarsOf<'_>) -> Result<Vec<(Symbol, Bar)>, AskError> {
        let mut all = Vec::new();
        for symbols in of.symbols.chunks(SYMBOLS) {
            let of = BarsOf { symbols, ..of };
            let mut token: Option<Box<str>> = None;
            loop {
                let page = self.bars_page(of, token.as_deref()).await?;
                all.extend(page.items);
                match page.next {
                    // A page that leads to itself would be walked for ever.
                    Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                    _ => break,
                }
            }
        }
        Ok(all)
    }

    /// Raw bars of one minute, both ends included, of all pages.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn minutes(
        &self,
        symbols: &[Symbol],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Symbol, Bar)>, AskError> {
        self.bars(BarsOf {
            symbols,
            timeframe: "1Min",
            from,
            to,
            adjustment: Adjustment::Raw,
        })
        .await
    }

    /// The newest finished minute of each symbol.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn latest_bars(&self, symbols: &[Symbol]) -> Result<Vec<(Symbol, Bar)>, AskError> {
        let mut all = Vec::new();
        for symbols in symbols.chunks(SYMBOLS) {
            let path = Path::new("/v2/stocks/bars/latest")
                .ask("symbols", &list(symbols))
                .ask("feed", self.feed.word());
            let page = self.get(&path, |view| Page::read(view, "bars", market::bar));
            all.extend(page.await?.items);
        }
        Ok(all)
    }

    /// The newest quote of each symbol.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn latest_quotes(
        &self,
        symbols: &[Symbol],
    ) -> Result<Vec<(Symbol, Quote)>, AskError> {
        let path = Path::new("/v2/stocks/quotes/latest")
            .ask("symbols", &list(symbols))
            .ask("feed", self.feed.word());
        let page = self.get(&path, |view| Page::read(view, "quotes", market::quote));
        Ok(page.await?.items)
    }

    /// One page of trades of one symbol.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn trades_page(
        &self,
        symbol: Symbol,
        (from, to): (Timestamp, Timestamp),
        token: Option<&str>,
    ) -> Result<Page<Trade>, AskError> {
        let path = Path::new("/v2/stocks/trades")
            .ask("symbols", symbol.as_str())
            .ask("start", &from.to_string())
            .ask("end", &to.to_string())
            .ask("limit", PAGE)
            .ask("feed", self.feed.past_word())
            .ask_if("page_token", token);
        self.get(&path, |view| Page::read(view, "trades", Trade::read))
            .await
    }

    /// One page of quotes of one symbol.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn quotes_page(
        &self,
        symbol: Symbol,
        (from, to): (Timestamp, Timestamp),
        token: Option<&str>,
    ) -> Result<Page<Quote>, AskError> {
        let path = Path::new("/v2/stocks/quotes")
            .ask("symbols", symbol.as_str())
            .ask("start", &from.to_string())
            .ask("end", &to.to_string())
            .ask("limit", PAGE)
            .ask("feed", self.feed.past_word())
            .ask_if("page_token", token);
        self.get(&path, |view| Page::read(view, "quotes", market::quote))
            .await
    }

    /// What the market is like in each symbol.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn snapshots(&self, symbols: &[Symbol]) -> Result<Vec<(Symbol, Snapshot)>, AskError> {
        let path = Path::new("/v2/stocks/snapshots")
            .ask("symbols", &list(symbols))
            .ask("feed", self.feed.word());
        self.get(&path, Snapshot::read_all).await
    }

    /// Corporate actions by when Alpaca acts on them, both ends included, and how many of them could not be
    /// read. `count` hears of every question before it is asked.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn actions(
        &self,
        symbols: &[Symbol],
        days: (NaiveDate, NaiveDate),
        mut count: impl FnMut(),
    ) -> Result<(Vec<CorporateAction>, usize), AskError> {
        let (mut all, mut bad) = (Vec::new(), 0_usize);
        for symbols in symbols.chunks(SYMBOLS) {
            let mut token: Option<Box<str>> = None;
            loop {
                count();
                let page = self.actions_page(symbols, days, token.as_deref()).await?;
                bad = bad.saturating_add(page.bad);
                all.extend(page.actions);
                match page.next {
                    // A page that leads to itself would be walked for ever.
                    Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                    _ => break,
                }
            }
        }
        Ok((all, bad))
    }

    async fn actions_page(
        &self,
        symbols: &[Symbol],
        (first, last): (NaiveDate, NaiveDate),
        token: Option<&str>,
    ) -> Result<ActionsPage, AskError> {
        let path = Path::new("/v1/corporate-actions")
            .ask("symbols", &list(symbols))
            .ask("start", &first.to_string())
            .ask("end", &last.to_string())
            .ask("limit", "1000")
            .ask_if("page_token", token);
        self.get(&path, ActionsPage::read).await
    }

    /// One page of opening and closing auctions, which only a plan with every exchange has.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn auctions_page(
        &self,
        symbols: &[Symbol],
        (first, last): (NaiveDate, NaiveDate),
        token: Option<&str>,
    ) -> Result<Page<Auctions>, AskError> {
        let path = Path::new("/v2/stocks/auctions")
            .ask("symbols", &list(symbols))
            .ask("start", &first.to_string())
            .ask("end", &last.to_string())
            .ask("limit", PAGE)
            .ask("feed", Feed::Sip.past_word())
            .ask_if("page_token", token);
        self.get(&path, |view| Page::read(view, "auctions", Auctions::read))
            .await
    }

    /// One page of articles, newest first.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn news_page(
        &self,
        symbols: &[Symbol],
        from: Timestamp,
        token: Option<&str>,
    ) -> Result<NewsPage, AskError> {
        let path = Path::new("/v1beta1/news")
            .ask("symbols", &list(symbols))
            .ask("start", &from.to_string())
            .ask("limit", "50")
            .ask_if("page_token", token);
        self.get(&path, crate::wire::news::Article::read_page).await
    }

    /// What has risen and what has fallen most today, `top` of each.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn movers(&self, top: u8) -> Result<(Vec<Mover>, Vec<Mover>), AskError> {
        let path = Path::new("/v1beta1/screener/stocks/movers").ask("top", &top.to_string());
        let both = |view: View<'_>| {
            let gainers = Mover::read_list(view, "gainers")?;
            Ok((gainers, Mover::read_list(view, "losers")?))
        };
        self.get(&path, both).await
    }

    /// What is traded most today, by shares.
    ///
    /// # Errors
    /// As every question: see [`AskError`].
    pub async fn most_active(&self, top: u8) -> Result<Vec<Mover>, AskError> {
        let path = Path::new("/v1beta1/screener/stocks/most-actives")
            .ask("by", "volume")
            .ask("top", &top.to_string());
        self.get(&path, |view| Mover::read_list(view, "most_actives"))
            .await
    }
}

fn list(symbols: &[Symbol]) -> String {
    let symbols: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
    symbols.join(",")
}
