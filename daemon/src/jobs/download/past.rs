//! Questions to Alpaca about the past, page by page, within half of what the plan allows in a minute: the
//! other half is for the daemon that trades.

use std::cell::Cell;
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};
use trader_broker_alpaca::face::history::BarsOf;
use trader_broker_alpaca::face::{
    Adjustment, AskError, Feed, History, MarketDataSettings, Paper, init,
};
use trader_broker_alpaca::wire::actions::CorporateAction;
use trader_calendar::new_york;
use trader_contract::{Bar, Symbol, Timestamp};
use trader_rpc::ErrorDetail;

use crate::config::{AlpacaEndpoint, AlpacaSettings};
use crate::work::trouble;
use crate::{alpaca, clock};

/// Symbols of one question: an address has an end.
const SYMBOLS: usize = 100;
/// How long after its ex-date Alpaca may act on an action: what the range of a question is about.
const ACTED_ON_WITHIN: Days = Days::new(120);

/// Bars of symbols, and how many could not be read.
#[derive(Debug, Default)]
pub(super) struct Bars {
    pub(super) rows: BTreeMap<Symbol, Vec<Bar>>,
    pub(super) unreadable: usize,
}

/// Who is asked.
#[derive(Debug)]
pub(super) struct Past {
    history: History,
    pages: Cell<u64>,
}

impl Past {
    /// Opens no connection yet.
    pub(super) fn open(settings: &AlpacaSettings, feed: Feed) -> Result<Self, ErrorDetail> {
        init();
        let unable = |why: &dyn std::fmt::Display, next: &str| {
            Err(trouble("nothing was downloaded", why, next))
        };
        let keys = match alpaca::keys(settings) {
            Ok(keys) => keys,
            Err(error) => return unable(&error, "traderctl doctor checks the keys"),
        };
        let asking = MarketDataSettings::new(keys, feed, clock::now);
        // The past is the same for every account: no question here needs one.
        let history = match settings.endpoint {
            AlpacaEndpoint::Simulator => match alpaca::simulator(settings) {
                Ok(simulator) => History::new(&simulator, &asking),
                Err(error) => return unable(&error, "set alpaca.address, where it listens"),
            },
            AlpacaEndpoint::Paper | AlpacaEndpoint::Live => History::new(&Paper::new(), &asking),
        };
        match history {
            Ok(history) => Ok(Self {
                history: history.in_bulk(),
                pages: Cell::new(0),
            }),
            Err(error) => unable(&error, "traderctl doctor checks the keys"),
        }
    }

    /// Pages that were asked for.
    pub(super) const fn pages(&self) -> u64 {
        self.pages.get()
    }

    fn count(&self) {
        self.pages.set(self.pages.get().saturating_add(1));
    }

    /// Raw bars of whole days in New York, both ends included.
    pub(super) async fn bars(
        &self,
        symbols: &[Symbol],
        timeframe: &str,
        days: (NaiveDate, NaiveDate),
    ) -> Result<Bars, AskError> {
        let (from, to) = moments(days);
        let mut bars = Bars::default();
        for symbols in symbols.chunks(SYMBOLS) {
            let of = BarsOf {
                symbols,
                timeframe,
                from,
                to,
                adjustment: Adjustment::Raw,
            };
            let mut token: Option<Box<str>> = None;
            loop {
                self.count();
                let page = self.history.bars_page(of, token.as_deref()).await?;
                bars.unreadable = bars.unreadable.saturating_add(page.bad);
                for (symbol, bar) in page.items {
                    bars.rows.entry(symbol).or_default().push(bar);
                }
                match page.next {
                    // A page that leads to itself would be walked for ever.
                    Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                    _ => break,
                }
            }
        }
        Ok(bars)
    }

    /// What companies did whose ex-dates may lie in a range of days, and how much of it could not be
    /// read.
    pub(super) async fn actions(
        &self,
        symbols: &[Symbol],
        (first, last): (NaiveDate, NaiveDate),
    ) -> Result<(Vec<CorporateAction>, usize), AskError> {
        let until = last.checked_add_days(ACTED_ON_WITHIN).unwrap_or(last);
        let count = || self.count();
        self.history.actions(symbols, (first, until), count).await
    }
}

/// The first and the last moment of days in New York.
fn moments((first, last): (NaiveDate, NaiveDate)) -> (Timestamp, Timestamp) {
    let midnight = |day: NaiveDate| new_york::timestamp(day.and_time(NaiveTime::MIN));
    let end = last.succ_opt().and_then(midnight);
    (
        midnight(first).unwrap_or(Timestamp::MIN),
        end.unwrap_or(Timestamp::MAX).plus_nanos(-1),
    )
}
