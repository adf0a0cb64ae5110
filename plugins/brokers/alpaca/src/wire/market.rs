//! Bars, quotes and trades, by request and by stream alike: the fields have the same names. Prices
//! finer than a millionth of a dollar are rounded to it; what has no sensible price is no bar.

use trader_contract::{Bar, Price, Quote, Symbol, Timestamp};

use super::number::{Number, Rounding};
use super::tape::{Malformed, View};

fn price(view: View<'_>, key: &'static str) -> Result<Price, Malformed> {
    let number = view.needs_number(key)?;
    let price = number.price_rounded(Rounding::Nearest);
    price.ok_or(Malformed::Field {
        field: key,
        wanted: "a price",
    })
}

/// A price of a quote: nothing where there is none, or where it is zero.
fn side(view: View<'_>, key: &'static str, rounding: Rounding) -> Result<Option<Price>, Malformed> {
    let number = view.number(key)?.filter(|number| !number.is_zero());
    let Some(number) = number else {
        return Ok(None);
    };
    let price = number.price_rounded(rounding);
    price.map(Some).ok_or(Malformed::Field {
        field: key,
        wanted: "a price",
    })
}

/// A number of shares; more than fit count as the most that do.
fn size(view: View<'_>, key: &'static str) -> Result<u32, Malformed> {
    let size = view.number(key)?.unwrap_or(Number::ZERO);
    let count = size.count().ok_or(Malformed::Field {
        field: key,
        wanted: "a number of shares",
    })?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Reads a bar, stamped with its start. Fractions of shares in its volume are left out.
///
/// # Errors
/// Something of it is missing, or its prices contradict each other.
pub fn bar(view: View<'_>) -> Result<Bar, Malformed> {
    let prices = [
        price(view, "o")?,
        price(view, "h")?,
        price(view, "l")?,
        price(view, "c")?,
    ];
    let volume = view.needs_number("v")?.count().ok_or(Malformed::Field {
        field: "v",
        wanted: "a volume",
    })?;
    Bar::new(view.needs_time("t")?, prices, volume).map_err(|_| Malformed::Field {
        field: "h",
        wanted: "the highest, and l the lowest, of four prices",
    })
}

/// Reads a quote. Sizes are shares, as Alpaca sends them since November 2025.
///
/// # Errors
/// It has no time, or something that is no price or size.
pub fn quote(view: View<'_>) -> Result<Quote, Malformed> {
    Ok(Quote {
        at: view.needs_time("t")?,
        bid: side(view, "bp", Rounding::Down)?,
        ask: side(view, "ap", Rounding::Up)?,
        bid_size: size(view, "bs")?,
        ask_size: size(view, "as")?,
    })
}

/// One trade on the tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// When the venue stamped it.
    pub at: Timestamp,
    /// At which price.
    pub price: Price,
    /// How many shares.
    pub size: u32,
    /// Its number at its venue.
    pub id: Option<i64>,
    /// The venue's letter.
    pub exchange: Option<Box<str>>,
    /// What is special about it, letter by letter.
    pub conditions: Vec<Box<str>>,
    /// Whether it was taken back or changed since: `canceled`, `incorrect` or `corrected`.
    pub update: Option<Box<str>>,
}

impl Trade {
    /// Reads a trade.
    ///
    /// # Errors
    /// It has no time or price.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            at: view.needs_time("t")?,
            price: price(view, "p")?,
            size: size(view, "s")?,
            id: view.number("i")?.and_then(Number::integer),
            exchange: view.boxed("x"),
            conditions: view.texts("c"),
            update: view.boxed("u"),
        })
    }
}

/// One page of what was asked for, by symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What there is, in order.
    pub items: Vec<(Symbol, T)>,
    /// What could not be read.
    pub bad: usize,
    /// Where the next page begins; `None` when there is none, whatever the length of this one.
    pub next: Option<Box<str>>,
}

impl<T> Page<T> {
    /// Reads a page whose items lie under `key`, by symbol.
    ///
    /// # Errors
    /// There is nothing under that key, or something else.
    pub fn read(
        view: View<'_>,
        key: &'static str,
        one: impl Fn(View<'_>) -> Result<T, Malformed>,
    ) -> Result<Self, Malformed> {
        let lists = view.get(key);
        if !view.is_object() || lists.is_some_and(|lists| !lists.is_object()) {
            return Err(Malformed::Field {
                field: key,
                wanted: "lists by symbol",
            });
        }
        let mut page = Self {
            items: Vec::new(),
            bad: 0,
            next: view
                .boxed("next_page_token")
                .filter(|next| !next.is_empty()),
        };
        for (name, list) in lists.into_iter().flat_map(View::pairs) {
            let symbol = name.parse::<Symbol>().ok();
            // The latest of each comes alone, a history as a list.
            let alone = (!list.is_list()).then_some(list);
            for item in list.items().chain(alone.filter(|item| !item.is_null())) {
                match (symbol, one(item)) {
                    (Some(symbol), Ok(read)) => page.items.push((symbol, read)),
                    _ => page.bad = page.bad.saturating_add(1),
                }
            }
        }
        Ok(page)
    }
}

/// What the market is like in a symbol; anything of it may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The newest trade.
    pub trade: Option<Trade>,
    /// The newest quote.
    pub quote: Option<Quote>,
    /// The newest finished minute.
    pub minute: Option<Bar>,
    /// Today so far.
    pub day: Option<Bar>,
    /// The day before.
    pub day_before: Option<Bar>,
}

impl Snapshot {
    /// Reads `GET /v2/stocks/snapshots`, which has no wrapper around its symbols. A part that cannot be
    /// read is missing.
    ///
    /// # Errors
    /// It is no object.
    pub fn read_all(view: View<'_>) -> Result<Vec<(Symbol, Self)>, Malformed> {
        if !view.is_object() {
            return Err(Malformed::Field {
                field: "snapshots",
                wanted: "snapshots by symbol",
            });
        }
        let one = |(name, view): (std::borrow::Cow<'_, str>, View<'_>)| {
            let symbol = name.parse().ok()?;
            let part = |key: &str| view.get(key);
            let bar_of = |key: &str| part(key).and_then(|part| bar(part).ok());
            let snapshot = Self {
                trade: part("latestTrade").and_then(|part| Trade::read(part).ok()),
                quote: part("latestQuote").and_then(|part| quote(part).ok()),
                minute: bar_of("minuteBar"),
                day: bar_of("dailyBar"),
                day_before: bar_of("prevDailyBar"),
            };
            Some((symbol, snapshot))
        };
        Ok(view.pairs().filter_map(one).collect())
    }
}
