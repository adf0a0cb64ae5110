//! Opening and closing auctions, which only the feed of every exchange has.

use chrono::NaiveDate;
use trader_contract::{Price, Timestamp};

use super::number::Rounding;
use super::tape::{Malformed, View};

/// The condition of the official opening price, and of the official closing price.
const OFFICIAL: [&str; 2] = ["Q", "M"];

/// The auctions of a day in a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auctions {
    /// The day.
    pub date: NaiveDate,
    /// Prints at the open, as they came.
    pub opening: Vec<AuctionPrint>,
    /// Prints at the close, as they came.
    pub closing: Vec<AuctionPrint>,
}

/// One print of an auction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionPrint {
    /// When.
    pub at: Timestamp,
    /// At which price.
    pub price: Price,
    /// How many shares, where that is told.
    pub size: Option<u64>,
    /// The exchange's letter.
    pub exchange: Option<Box<str>>,
    /// What kind of print it is, by its letter.
    pub condition: Option<Box<str>>,
}

impl Auctions {
    /// Reads the auctions of a day.
    ///
    /// # Errors
    /// It has no day, or a print has no time or price.
    pub fn read(view: View<'_>) -> Result<Self, Malformed> {
        let date = view.text("d").and_then(|text| text.parse().ok());
        let prints = |key: &str| {
            let list = view.get(key).into_iter().flat_map(View::items);
            list.map(AuctionPrint::read).collect::<Result<_, _>>()
        };
        Ok(Self {
            date: date.ok_or(Malformed::Field {
                field: "d",
                wanted: "a day",
            })?,
            opening: prints("o")?,
            closing: prints("c")?,
        })
    }

    /// The official opening and closing price, as far as they are there.
    #[must_use]
    pub fn official(&self) -> (Option<Price>, Option<Price>) {
        let official = |prints: &[AuctionPrint]| {
            let is_official = |print: &&AuctionPrint| {
                let condition = print.condition.as_deref();
                condition.is_some_and(|condition| OFFICIAL.contains(&condition))
            };
            prints.iter().find(is_official).map(|print| print.price)
        };
        (official(&self.opening), official(&self.closing))
    }
}

impl AuctionPrint {
    fn read(view: View<'_>) -> Result<Self, Malformed> {
        let price = view.needs_number("p")?.price_rounded(Rounding::Nearest);
        Ok(Self {
            at: view.needs_time("t")?,
            price: price.ok_or(Malformed::Field {
                field: "p",
                wanted: "a price",
            })?,
            size: view.number("s")?.and_then(super::Number::count),
            exchange: view.boxed("x"),
            condition: view.boxed("c"),
        })
    }
}
