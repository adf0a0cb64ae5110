//! Clocks and calendars of several markets, the newer form of both: full timestamps, and which part of the
//! day it is.

use chrono::NaiveDate;
use trader_contract::Timestamp;

use super::tape::{Malformed, View};
use super::words::MarketPhase;

/// One market's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketClock {
    /// The market, by its code: `XNYS`.
    pub market: Box<str>,
    /// What it shows.
    pub at: Timestamp,
    /// Whether it trades on this day at all.
    pub is_market_day: Option<bool>,
    /// When its core session next opens.
    pub next_open: Option<Timestamp>,
    /// When the one that is open now, or the next one, closes.
    pub next_close: Option<Timestamp>,
    /// Which part of the day it is.
    pub phase: MarketPhase,
    /// Until when.
    pub phase_until: Option<Timestamp>,
}

impl MarketClock {
    fn read(view: View<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            market: view.needs_text("market")?.into(),
            at: view.needs_time("timestamp")?,
            is_market_day: view.flag("is_market_day"),
            next_open: view.time("next_market_open")?,
            next_close: view.time("next_market_close")?,
            phase: MarketPhase::read(&view.needs_text("phase")?),
            phase_until: view.time("phase_until")?,
        })
    }

    /// Reads `GET /v3/clock`.
    ///
    /// # Errors
    /// It has no list, or one of its clocks shows nothing.
    pub fn read_all(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        list(view, "clocks")?.items().map(Self::read).collect()
    }
}

/// One day of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketDay {
    /// The day.
    pub date: NaiveDate,
    /// From when to when the core session goes.
    pub core: (Timestamp, Timestamp),
    /// The same of what comes before it.
    pub pre: Option<(Timestamp, Timestamp)>,
    /// The same of what comes after it.
    pub post: Option<(Timestamp, Timestamp)>,
    /// When trades of that day settle.
    pub settlement: Option<NaiveDate>,
}

impl MarketDay {
    fn read(view: View<'_>) -> Result<Self, Malformed> {
        let day = |key: &str| view.text(key).and_then(|text| text.parse().ok());
        let both = |start, end| Ok(view.time(start)?.zip(view.time(end)?));
        Ok(Self {
            date: day("date").ok_or(Malformed::Field {
                field: "date",
                wanted: "a day",
            })?,
            core: (view.needs_time("core_start")?, view.needs_time("core_end")?),
            pre: both("pre_start", "pre_end")?,
            post: both("post_start", "post_end")?,
            settlement: day("settlement_date"),
        })
    }

    /// Reads `GET /v3/calendar/{market}`.
    ///
    /// # Errors
    /// It has no list, or one of its days is none.
    pub fn read_all(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        list(view, "calendar")?.items().map(Self::read).collect()
    }
}

fn list<'a>(view: View<'a>, key: &'static str) -> Result<View<'a>, Malformed> {
    let list = view.get(key).filter(|list| list.is_list());
    list.ok_or(Malformed::Field {
        field: key,
        wanted: "a list",
    })
}
