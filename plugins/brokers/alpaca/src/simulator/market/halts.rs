//! Halts: nothing is printed, quoted or made a bar of while one lasts. The market goes on beneath, and
//! where trading resumes the price may have jumped.

use trader_contract::{Bar, Timestamp};

use super::candles::Candle;
use super::tape::{PRINTS_PER_MINUTE, Print};
use super::{Feed, Market};

/// A stretch of time without trading in an asset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halt {
    asset: usize,
    from: Timestamp,
    /// When it ended, if it has.
    until: Timestamp,
}

impl Halt {
    /// Whether nothing happens at a moment: what happened as it began has happened.
    fn holds(&self, at: Timestamp) -> bool {
        self.from < at && at < self.until
    }
}

impl Market {
    /// Stops trading in an asset.
    pub(crate) fn halt(&mut self, asset: usize, at: Timestamp) {
        self.halts.push(Halt {
            asset,
            from: at,
            until: Timestamp::MAX,
        });
    }

    /// Lets trading in an asset go on.
    pub(crate) fn resume(&mut self, asset: usize, at: Timestamp) {
        for halt in &mut self.halts {
            if halt.asset == asset && halt.until > at {
                halt.until = at;
            }
        }
    }

    fn halts_of(&self, asset: usize) -> impl Iterator<Item = &Halt> {
        self.halts.iter().filter(move |halt| halt.asset == asset)
    }

    /// Whether trading in an asset was halted at a moment.
    pub(super) fn was_halted(&self, asset: usize, at: Timestamp) -> bool {
        self.halts_of(asset).any(|halt| halt.holds(at))
    }

    /// When the last halt began before a moment.
    pub(super) fn halt_before(&self, asset: usize, at: Timestamp) -> Option<Timestamp> {
        let began = self.halts_of(asset).map(|halt| halt.from);
        began.filter(|from| *from < at).max()
    }

    /// What traded in a minute; nothing if nothing did.
    pub(crate) fn candle(&self, asset: usize, bar: &Bar, feed: Feed) -> Option<Candle> {
        let end = bar.start.plus_minutes(1);
        let is_touched = self
            .halts_of(asset)
            .any(|halt| halt.from < end && bar.start < halt.until);
        if !is_touched {
            return Some(Candle::of_minute(bar, feed));
        }
        let prints = (0..PRINTS_PER_MINUTE).filter_map(|n| Print::on(bar, n, feed, false));
        let mut prints = prints.filter(|print| !self.was_halted(asset, print.at));
        let mut candle = Candle::of_print(bar.start, &prints.next()?);
        for print in prints {
            candle.add(&Candle::of_print(bar.start, &print));
        }
        Some(candle)
    }
}
