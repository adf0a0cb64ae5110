//! Splits that were announced by hand. The minutes behind the market know of none: from the day of a split
//! on, prices and volumes are those of the new shares.

use std::sync::Arc;

use chrono::NaiveDate;
use trader_calendar::new_york;
use trader_contract::{Bar, Price, Timestamp};

use super::Market;

const CENT: i128 = 10_000;

/// A split of shares: who held `old` holds `new` from the ex-date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) asset: usize,
    /// Shares after it; at least 1.
    pub(crate) new: u32,
    /// Shares before it; at least 1.
    pub(crate) old: u32,
    /// The first day of the new shares.
    pub(crate) ex_date: NaiveDate,
}

impl Split {
    /// Whether there are more shares after it.
    pub(crate) const fn is_forward(&self) -> bool {
        self.new > self.old
    }
}

/// How many new shares there are for how many old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Basis {
    new: i128,
    old: i128,
}

impl Basis {
    /// A price of the new shares, on a step of so many millionths and never nothing.
    fn price(self, price: Price, step: i128) -> Price {
        let product = i128::from(price.micros()).saturating_mul(self.old);
        let whole = self.new.saturating_mul(step);
        let half = whole.div_euclid(2);
        let steps = product.saturating_add(half).checked_div(whole);
        let micros = steps.unwrap_or(0).max(1).saturating_mul(step);
        let micros = i64::try_from(micros).ok();
        micros.and_then(Price::from_micros).unwrap_or(price)
    }

    fn bar(self, bar: &Bar) -> Bar {
        let price = |price: Price| self.price(price, CENT);
        let volume = i128::from(bar.volume)
            .saturating_mul(self.new)
            .checked_div(self.old)
            .and_then(|volume| u64::try_from(volume).ok());
        Bar {
            start: bar.start,
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            volume: volume.unwrap_or(bar.volume).max(bar.volume.min(1)),
        }
    }
}

impl Market {
    /// Adds a split. Nothing of its day may have been worked out into anything that is kept.
    pub(crate) fn announce_split(&mut self, split: Split) {
        self.splits.push(split);
        self.splits
            .sort_by_key(|split| (split.ex_date, split.asset));
        self.days.clear();
        self.dailies.clear();
    }

    /// The splits with an ex-date in a range, in order.
    pub(crate) fn splits(&self, first: NaiveDate, last: NaiveDate) -> Vec<Split> {
        let in_range = |split: &&Split| first <= split.ex_date && split.ex_date <= last;
        self.splits.iter().filter(in_range).copied().collect()
    }

    /// What the splits of an asset come to whose ex-date is after one day and not after another.
    fn basis(&self, asset: usize, after: Option<NaiveDate>, until: NaiveDate) -> Option<Basis> {
        let counts = |split: &&Split| {
            let is_later = after.is_none_or(|after| split.ex_date > after);
            split.asset == asset && is_later && split.ex_date <= until
        };
        let mut splits = self.splits.iter().filter(counts).peekable();
        splits.peek()?;
        let one = Basis { new: 1, old: 1 };
        Some(splits.fold(one, |basis, split| Basis {
            new: basis.new.saturating_mul(i128::from(split.new)),
            old: basis.old.saturating_mul(i128::from(split.old)),
        }))
    }

    /// The minutes of a day in prices of the shares that there are on it.
    pub(super) fn on_basis(&self, asset: usize, date: NaiveDate, bars: Arc<[Bar]>) -> Arc<[Bar]> {
        match self.basis(asset, None, date) {
            Some(basis) => bars.iter().map(|bar| basis.bar(bar)).collect(),
            None => bars,
        }
    }

    /// A price of a moment in prices of the shares that there are on a later day.
    pub(super) fn carried(
        &self,
        asset: usize,
        (price, at): (Price, Timestamp),
        date: NaiveDate,
    ) -> Price {
        let basis = self.basis(asset, Some(new_york::date(at)), date);
        basis.map_or(price, |basis| basis.price(price, 1))
    }
}
