//! Trades and quotes out of minutes: a print where the price stands at twelve even moments of each
//! minute and at its end, so that the prints of a minute reach all four of its corners; and a quote
//! every second around the price.

use trader_broker_sim::price_inside;
use trader_calendar::new_york;
use trader_contract::{Bar, Price, Timestamp};

use super::{Feed, HALF_SPREAD_MICROS, Market};
use crate::simulator::decimal;

/// How often a trade is printed, in nanoseconds.
const PRINT_STEP: i64 = 5 * Timestamp::SECOND;
/// How often a quote is made, in nanoseconds.
pub(crate) const QUOTE_STEP: i64 = Timestamp::SECOND;
/// How many trades a minute has.
pub(crate) const PRINTS_PER_MINUTE: u64 = 13;

/// One trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Print {
    pub(crate) at: Timestamp,
    pub(crate) price: Price,
    pub(crate) size: u64,
    pub(crate) id: i64,
    /// Whether it was made outside the session.
    pub(crate) extended: bool,
}

/// One quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quoted {
    pub(crate) at: Timestamp,
    pub(crate) bid: Price,
    pub(crate) ask: Price,
    pub(crate) bid_size: u64,
    pub(crate) ask_size: u64,
}

impl Print {
    /// The trade of a minute with this number, if the feed sees any of it.
    pub(super) fn on(bar: &Bar, number: u64, feed: Feed, extended: bool) -> Option<Self> {
        let step = i64::try_from(number).ok()?.checked_mul(PRINT_STEP)?;
        let offset = step.min(Timestamp::MINUTE.saturating_sub(1));
        let volume = feed.share(bar.volume);
        let each = volume.checked_div(PRINTS_PER_MINUTE)?;
        // What does not divide goes to the first and the last ones, so that the corners are there.
        let rest = volume.checked_rem(PRINTS_PER_MINUTE)?;
        let size = each.saturating_add(u64::from(number < rest));
        let at = bar.start.plus_nanos(offset);
        (size > 0).then_some(Self {
            at,
            price: decimal::cents(price_inside(bar, Timestamp::MINUTE, offset))?,
            size,
            extended,
            id: at
                .nanos()
                .checked_div(Timestamp::SECOND)?
                .checked_mul(2)?
                .checked_add(i64::from(number.saturating_add(1) == PRINTS_PER_MINUTE))?,
        })
    }
}

impl Quoted {
    /// The quote around the price of a moment.
    pub(crate) fn around(price: Price, at: Timestamp) -> Option<Self> {
        let half = i64::from(HALF_SPREAD_MICROS);
        let second = at.nanos().div_euclid(Timestamp::SECOND);
        let lots = |salt: i64| {
            let mixed = second.wrapping_mul(2_654_435_761).wrapping_add(salt);
            u64::try_from(mixed.rem_euclid(9))
                .unwrap_or(0)
                .saturating_add(1)
        };
        Some(Self {
            at,
            bid: price.offset(half.saturating_neg())?,
            ask: price.offset(half)?,
            bid_size: lots(1).saturating_mul(100),
            ask_size: lots(5).saturating_mul(100),
        })
    }
}

impl Market {
    /// The trades of an asset in `from..=to`, at most `limit`.
    pub(crate) fn prints(
        &mut self,
        asset: usize,
        (from, to): (Timestamp, Timestamp),
        feed: Feed,
        limit: usize,
    ) -> Vec<Print> {
        self.each_minute(asset, (from, to), limit, |market, bar, extended, prints| {
            let of_bar = (0..PRINTS_PER_MINUTE).filter_map(|n| Print::on(bar, n, feed, extended));
            let of_bar = of_bar.filter(|print| from <= print.at && print.at <= to);
            prints.extend(of_bar.filter(|print| !market.was_halted(asset, print.at)));
        })
    }

    /// The quotes of an asset in `from..=to`, at most `limit`.
    pub(crate) fn quotes(
        &mut self,
        asset: usize,
        (from, to): (Timestamp, Timestamp),
        limit: usize,
    ) -> Vec<Quoted> {
        self.each_minute(asset, (from, to), limit, |market, bar, _, quotes| {
            let steps = Timestamp::MINUTE.checked_div(QUOTE_STEP).unwrap_or(0);
            let of_bar = (0..steps).filter_map(|step| {
                let offset = step.checked_mul(QUOTE_STEP)?;
                let micros = price_inside(bar, Timestamp::MINUTE, offset);
                Quoted::around(decimal::cents(micros)?, bar.start.plus_nanos(offset))
            });
            let of_bar = of_bar.filter(|quote| from <= quote.at && quote.at <= to);
            quotes.extend(of_bar.filter(|quote| !market.was_halted(asset, quote.at)));
        })
    }

    fn each_minute<T>(
        &mut self,
        asset: usize,
        (from, to): (Timestamp, Timestamp),
        limit: usize,
        mut add: impl FnMut(&Self, &Bar, bool, &mut Vec<T>),
    ) -> Vec<T> {
        let mut found = Vec::new();
        let calendar = self.calendar.clone();
        let first = new_york::date(from).max(calendar.first_covered());
        let last = new_york::date(to).min(calendar.last_covered());
        if first > last {
            return found;
        }
        for session in calendar.sessions(first..=last).unwrap_or_default() {
            let bars = self.minutes(asset, session.date);
            let begin = bars.partition_point(|bar| bar.start.plus_minutes(1) <= from);
            let end = bars.partition_point(|bar| bar.start <= to);
            for bar in bars.get(begin..end).unwrap_or_default() {
                add(self, bar, !session.contains(bar.start), &mut found);
                if found.len() >= limit {
                    found.truncate(limit);
                    return found;
                }
            }
        }
        found
    }

    /// The last trade at a moment.
    pub(crate) fn last_print(&mut self, asset: usize, at: Timestamp, feed: Feed) -> Option<Print> {
        self.last_at(asset, at, |market, range| {
            let prints = market.prints(asset, range, feed, usize::MAX);
            prints.last().copied()
        })
    }

    /// The last quote at a moment.
    pub(crate) fn last_quote(&mut self, asset: usize, at: Timestamp) -> Option<Quoted> {
        self.last_at(asset, at, |market, range| {
            market.quotes(asset, range, usize::MAX).last().copied()
        })
    }

    /// What was last at a moment: where trading was halted since, what was last as the halt began.
    fn last_at<T>(
        &mut self,
        asset: usize,
        mut at: Timestamp,
        find: impl Fn(&mut Self, (Timestamp, Timestamp)) -> Option<T>,
    ) -> Option<T> {
        loop {
            let from = self.since_last(asset, at)?;
            if let Some(found) = find(self, (from, at)) {
                return Some(found);
            }
            at = self.halt_before(asset, at)?;
        }
    }

    /// A moment from which on there is a trade until `at`.
    fn since_last(&mut self, asset: usize, at: Timestamp) -> Option<Timestamp> {
        let playing = self.playing(asset, at).map(|bar| bar.start);
        playing.or_else(|| self.last_minute(asset, at).map(|bar| bar.start))
    }
}
