//! Assets, the clock and the calendar.

use chrono::{NaiveDate, NaiveTime};
use trader_contract::{Symbol, Timestamp};

use super::number::Number;
use super::tape::{Malformed, View};
use super::words::BorrowStatus;

/// What may be done with a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The symbol; `None` for what is no stock of ours.
    pub symbol: Option<Symbol>,
    /// The symbol, as it came.
    pub symbol_text: Box<str>,
    /// The company.
    pub name: Option<Box<str>>,
    /// Where it is listed.
    pub exchange: Option<Box<str>>,
    /// `us_equity` for stocks.
    pub class: Option<Box<str>>,
    /// Whether it is listed now.
    pub active: bool,
    /// Whether it may be traded.
    pub tradable: bool,
    /// Whether it may be bought with borrowed money.
    pub marginable: bool,
    /// Whether Alpaca lends it at all.
    pub shortable: bool,
    /// How its shares can be borrowed.
    pub borrow: Option<BorrowStatus>,
    /// Whether fractions of it may be traded.
    pub fractionable: bool,
    /// What of a long position must be covered by equity, in percent.
    pub margin_long: Option<Number>,
    /// The same for a short one.
    pub margin_short: Option<Number>,
    /// What else is known of it, in Alpaca's words.
    pub attributes: Vec<Box<str>>,
}

impl Asset {
    /// Reads one asset. `borrow_status` counts, and the flag that it replaced only where it is absent.
    ///
    /// # Errors
    /// It has no symbol.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let symbol_text = view.needs_text("symbol")?;
        let flag = |key: &str| view.flag(key).unwrap_or(false);
        let borrow = view.text("borrow_status").map(|w| BorrowStatus::read(&w));
        let by_flag = || {
            let easy = view.flag("easy_to_borrow")?;
            Some(if easy {
                BorrowStatus::Easy
            } else {
                BorrowStatus::Hard
            })
        };
        Ok(Self {
            symbol: symbol_text.parse().ok(),
            symbol_text: symbol_text.into(),
            name: view.boxed("name"),
            exchange: view.boxed("exchange"),
            class: view.boxed("class"),
            active: view.text("status").as_deref() == Some("active"),
            tradable: flag("tradable"),
            marginable: flag("marginable"),
            shortable: flag("shortable"),
            borrow: borrow.or_else(by_flag),
            fractionable: flag("fractionable"),
            margin_long: view.number("margin_requirement_long")?,
            margin_short: view.number("margin_requirement_short")?,
            attributes: view.texts("attributes"),
        })
    }

    /// Reads `GET /v2/assets`. One that cannot be read is left out and counted: there are ten thousand.
    ///
    /// # Errors
    /// It is no list.
    pub fn read_list(view: View<'_>) -> Result<(Vec<Self>, usize), Malformed> {
        if !view.is_list() {
            return Err(Malformed::Field {
                field: "assets",
                wanted: "a list",
            });
        }
        let (read, bad): (Vec<_>, Vec<_>) = view.items().map(Self::read).partition(Result::is_ok);
        Ok((read.into_iter().flatten().collect(), bad.len()))
    }

    /// Whether it may be traded now.
    #[must_use]
    pub const fn is_tradable(&self) -> bool {
        self.active && self.tradable
    }

    /// Whether it may be sold short now: shares that are hard to borrow need a locate, which is not
    /// bought here.
    #[must_use]
    pub fn is_shortable(&self) -> bool {
        self.is_tradable() && self.shortable && self.borrow == Some(BorrowStatus::Easy)
    }
}

/// Alpaca's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What it shows.
    pub at: Timestamp,
    /// Whether the core session is open now.
    pub is_open: bool,
    /// When the next core session opens.
    pub next_open: Timestamp,
    /// When the core session that is open now, or the next one, closes.
    pub next_close: Timestamp,
}

impl Clock {
    /// Reads `GET /v2/clock`.
    ///
    /// # Errors
    /// Something of it is missing.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            at: view.needs_time("timestamp")?,
            is_open: view.flag("is_open").ok_or(Malformed::Field {
                field: "is_open",
                wanted: "a flag",
            })?,
            next_open: view.needs_time("next_open")?,
            next_close: view.needs_time("next_close")?,
        })
    }
}

/// One day of the exchange, in New York's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarDay {
    /// The day.
    pub date: NaiveDate,
    /// When the core session opens.
    pub open: NaiveTime,
    /// When it closes.
    pub close: NaiveTime,
    /// When trading begins before it.
    pub session_open: Option<NaiveTime>,
    /// When trading ends after it.
    pub session_close: Option<NaiveTime>,
    /// When trades of that day settle.
    pub settlement: Option<NaiveDate>,
}

impl CalendarDay {
    /// Reads one day. Its times come with a colon and without.
    ///
    /// # Errors
    /// Day, open or close are missing or none.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let wrong = |field| Malformed::Field {
            field,
            wanted: "a day or a time of day",
        };
        let time = |key: &str| {
            let text = view.text(key)?;
            ["%H:%M", "%H%M", "%H:%M:%S"]
                .iter()
                .find_map(|form| NaiveTime::parse_from_str(&text, form).ok())
        };
        let day = |key: &str| view.text(key).and_then(|text| text.parse().ok());
        Ok(Self {
            date: day("date").ok_or_else(|| wrong("date"))?,
            open: time("open").ok_or_else(|| wrong("open"))?,
            close: time("close").ok_or_else(|| wrong("close"))?,
            session_open: time("session_open"),
            session_close: time("session_close"),
            settlement: day("settlement_date"),
        })
    }

    /// Reads `GET /v2/calendar`.
    ///
    /// # Errors
    /// It is no list, or one of its days is none.
    pub fn read_list(view: View<'_>) -> Result<Vec<Self>, Malformed> {
        if !view.is_list() {
            return Err(Malformed::Field {
                field: "calendar",
                wanted: "a list",
            });
        }
        view.items().map(Self::read).collect()
    }
}
