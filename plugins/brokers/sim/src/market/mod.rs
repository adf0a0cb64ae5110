//! A made-up market: one-minute bars from a seed, for demonstrations and tests. It is synthetic and
//! proves nothing about any market, least of all that a strategy earns money.
//!
//! The bars of a day follow from the seed, the symbol and the date alone, in integers: in whatever
//! order days are asked for, they come out the same. Each day opens near the close of the weekday
//! before (the market knows no holidays, so that the day after one may gap more) and is pulled softly
//! toward the instrument's base price, so that prices stay plausible for decades. A short session is
//! the full one told faster: it ends at the same price.

mod days;
mod generator;
mod shapes;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{Bar, Price, Symbol, Timestamp};

use days::Close;
pub use shapes::{Phase, Shape};

/// What a symbol is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Its name; two instruments of one name have the same days.
    pub symbol: Symbol,
    /// Where its price wanders around; at least ten dollars gives bars with some detail.
    pub base: Price,
    /// What its days look like.
    pub shape: Shape,
    /// Shares traded in an average minute; a few hundred make a thin market.
    pub volume_per_minute: u32,
}

/// A market of made-up instruments.
#[derive(Debug, Clone)]
pub struct SyntheticMarket {
    seed: u64,
    instruments: Vec<Instrument>,
    /// Per instrument: the last close worked out, from which the next ones follow.
    closes: Vec<Option<Close>>,
}

impl SyntheticMarket {
    /// Makes a market; an instrument's index is its place in the list.
    #[must_use]
    pub fn new(seed: u64, instruments: Vec<Instrument>) -> Self {
        let closes = vec![None; instruments.len()];
        Self {
            seed,
            instruments,
            closes,
        }
    }

    /// The instruments, in the order of their indices.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The bars of the session of `date`: one for each of its `minutes`, the first at `open`. None
    /// for an index that is not in the list.
    pub fn bars(
        &mut self,
        index: usize,
        date: NaiveDate,
        open: Timestamp,
        minutes: u32,
    ) -> Vec<Bar> {
        let Some(before) = self.close_before(index, date) else {
            return Vec::new();
        };
        let Some(instrument) = self.instruments.get(index) else {
            return Vec::new();
        };
        let day = days::plan(self.seed, instrument, date, before);
        generator::bars(self.seed, instrument, &day, open, minutes)
    }

    /// The close of the weekday before `date`, which the day's open starts from.
    pub fn close_before(&mut self, index: usize, date: NaiveDate) -> Option<Price> {
        let instrument = self.instruments.get(index)?;
        let known = self.closes.get(index).copied().flatten();
        let close = days::close_before(self.seed, instrument, date, known);
        if let Some(place) = self.closes.get_mut(index) {
            *place = Some(close);
        }
        Some(close.price)
    }
}
