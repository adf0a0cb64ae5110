//! Bars of any length out of minutes.

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use rust_decimal::Decimal;
use trader_calendar::new_york;
use trader_contract::{Bar, Price, Timestamp};

use super::tape::Print;
use super::{Feed, Market, tape};
use crate::simulator::decimal;

/// A bar as the market data API has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candle {
    /// Where its window starts.
    pub(crate) start: Timestamp,
    pub(crate) open: Price,
    pub(crate) high: Price,
    pub(crate) low: Price,
    pub(crate) close: Price,
    pub(crate) volume: u64,
    pub(crate) trades: u64,
    /// Millionths of dollars that changed hands.
    value: i128,
}

impl Candle {
    /// A minute. Its average price is that of its trades.
    pub(crate) fn of_minute(bar: &Bar, feed: Feed) -> Self {
        let prints = (0..tape::PRINTS_PER_MINUTE).filter_map(|n| Print::on(bar, n, feed, false));
        let volume = feed.share(bar.volume);
        Self {
            start: bar.start,
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume,
            trades: tape::PRINTS_PER_MINUTE.min(volume),
            value: prints.map(|print| value_of(&print)).sum(),
        }
    }

    /// A single trade in the window that starts at `start`.
    pub(super) fn of_print(start: Timestamp, print: &Print) -> Self {
        Self {
            start,
            open: print.price,
            high: print.price,
            low: print.price,
            close: print.price,
            volume: print.size,
            trades: 1,
            value: value_of(print),
        }
    }

    /// Adds one whose trades count in the volume and move no price.
    fn add_volume(&mut self, other: &Self) {
        self.volume = self.volume.saturating_add(other.volume);
        self.trades = self.trades.saturating_add(other.trades);
        self.value = self.value.saturating_add(other.value);
    }

    /// Adds a later one.
    pub(super) fn add(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.add_volume(later);
    }

    /// The average price of a share.
    pub(crate) fn average(&self) -> Decimal {
        let micros = self.value.checked_div(i128::from(self.volume));
        let micros = micros.and_then(|micros| i64::try_from(micros).ok());
        Decimal::new(micros.unwrap_or(self.close.micros()), 6)
    }

    /// The bar with the start of a window that holds it.
    pub(crate) fn starting(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// The bar with every price moved by a factor, and its volume by another: an adjusted one.
    pub(crate) fn scaled(mut self, factor: Decimal, of_volume: Decimal) -> Self {
        for price in [
            &mut self.open,
            &mut self.high,
            &mut self.low,
            &mut self.close,
        ] {
            let moved = (decimal::of_price(*price) * factor).round_dp(4);
            *price = decimal::to_price(moved).unwrap_or(*price);
        }
        let volume = (Decimal::from(self.volume) * of_volume).round();
        self.volume = u64::try_from(volume.mantissa()).unwrap_or(self.volume);
        let moved = Decimal::try_from_i128_with_scale(self.value, 6);
        let micros = moved
            .ok()
            .map(|value| (value * factor * of_volume).round_dp(6));
        if let Some(value) = micros {
            self.value = (value * Decimal::from(1_000_000)).trunc().mantissa();
        }
        self
    }
}

/// Millionths of dollars that changed hands in a trade.
fn value_of(print: &Print) -> i128 {
    i128::from(print.price.micros()).saturating_mul(i128::from(print.size))
}

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeframe {
    Minutes(u32),
    Hours(u32),
    Day,
    Week,
    Months(u32),
}

impl Timeframe {
    /// Reads `5Min`, `1Hour`, `1D`, `1Week`, `3M` and so on.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at_checked(digits)?;
        let count: u32 = count.parse().ok()?;
        Some(match (unit, count) {
            ("Min" | "T", 1..=59) => Self::Minutes(count),
            ("Hour" | "H", 1..=23) => Self::Hours(count),
            ("Day" | "D", 1) => Self::Day,
            ("Week" | "W", 1) => Self::Week,
            ("Month" | "M", 1 | 2 | 3 | 4 | 6 | 12) => Self::Months(count),
            _ => return None,
        })
    }

    /// Where the window that holds `at` starts; days and longer ones at midnight in New York.
    pub(crate) fn start_of(self, at: Timestamp) -> Timestamp {
        let wall = new_york::wall_clock(at);
        let date = wall.date();
        let floor = |minutes: u32| {
            let minute = wall.hour().saturating_mul(60).saturating_add(wall.minute());
            let over = minute.checked_rem(minutes.max(1)).unwrap_or(0);
            let whole = at
                .nanos()
                .saturating_sub(at.nanos().rem_euclid(Timestamp::MINUTE));
            Timestamp::from_nanos(whole).plus_minutes(i64::from(over).saturating_neg())
        };
        match self {
            Self::Minutes(count) => floor(count),
            Self::Hours(count) => floor(count.saturating_mul(60)),
            Self::Day => midnight(date),
            Self::Week => {
                let back = date.weekday().num_days_from_monday();
                let monday = date.checked_sub_days(chrono::Days::new(u64::from(back)));
                midnight(monday.unwrap_or(date))
            }
            Self::Months(count) => {
                let over = date.month0().checked_rem(count.max(1)).unwrap_or(0);
                let month = date.month0().saturating_sub(over).saturating_add(1);
                let first = NaiveDate::from_ymd_opt(date.year(), month, 1);
                midnight(first.unwrap_or(date))
            }
        }
    }

    /// Whether its windows are made of whole days.
    pub(crate) const fn is_daily(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Months(_))
    }
}

/// Midnight in New York.
pub(crate) fn midnight(date: NaiveDate) -> Timestamp {
    new_york::timestamp(date.and_time(NaiveTime::MIN)).unwrap_or(Timestamp::MIN)
}

impl Market {
    /// The bars of an asset on a date that are over at `until`, shorter than a day.
    fn within_day(
        &mut self,
        asset: usize,
        date: NaiveDate,
        timeframe: Timeframe,
        until: Timestamp,
        feed: Feed,
    ) -> Vec<Candle> {
        let bars = self.minutes(asset, date);
        let mut candles: Vec<Candle> = Vec::new();
        for bar in bars.iter().filter(|bar| bar.start.plus_minutes(1) <= until) {
            let Some(minute) = self.candle(asset, bar, feed) else {
                continue;
            };
            let start = timeframe.start_of(bar.start);
            match candles.last_mut().filter(|last| last.start == start) {
                Some(last) => last.add(&minute),
                None => candles.push(Candle { start, ..minute }),
            }
        }
        candles
    }

    /// The daily bar of a date so far: none before the session's first minute is over.
    pub(crate) fn daily(
        &mut self,
        asset: usize,
        date: NaiveDate,
        until: Timestamp,
        feed: Feed,
    ) -> Option<Candle> {
        let session = self.session(date)?;
        let (_, end) = self.extended_hours(&session);
        let whole = end <= until && feed == Feed::Sip;
        if whole && let Some(known) = self.dailies.get(&(asset, date)) {
            return *known;
        }
        let bars = self.minutes(asset, date);
        let over = |bar: &&Bar| bar.start.plus_minutes(1) <= until;
        let (core, around): (Vec<&Bar>, Vec<&Bar>) =
            (bars.iter().filter(over)).partition(|bar| session.contains(bar.start));
        let minute = |bar: &&Bar| self.candle(asset, bar, feed);
        let mut day: Option<Candle> = None;
        for minute in core.iter().filter_map(minute) {
            match &mut day {
                Some(day) => day.add(&minute),
                None => day = Some(minute.starting(Timeframe::Day.start_of(session.open))),
            }
        }
        if let Some(day) = &mut day {
            let around = around.iter().filter_map(minute);
            around.for_each(|minute| day.add_volume(&minute));
        }
        if whole {
            self.dailies.insert((asset, date), day);
        }
        day
    }

    /// The bars of an asset whose windows start in `from..=to` and that have something at `until`,
    /// in order, at most `limit` of them.
    pub(crate) fn candles(
        &mut self,
        asset: usize,
        timeframe: Timeframe,
        (from, to): (Timestamp, Timestamp),
        (until, feed): (Timestamp, Feed),
        limit: usize,
    ) -> Vec<Candle> {
        let mut candles: Vec<Candle> = Vec::new();
        let calendar = self.calendar.clone();
        let first = new_york::date(timeframe.start_of(from)).max(calendar.first_covered());
        let last = new_york::date(to.min(until)).min(calendar.last_covered());
        let Some(sessions) = (first <= last).then(|| calendar.sessions(first..=last).ok()) else {
            return candles;
        };
        for session in sessions.unwrap_or_default() {
            let of_day = if timeframe.is_daily() {
                Vec::from_iter(self.daily(asset, session.date, until, feed))
            } else {
                self.within_day(asset, session.date, timeframe, until, feed)
            };
            for candle in of_day {
                let start = timeframe.start_of(candle.start);
                if start < from || start > to {
                    continue;
                }
                let is_full = candles.len() >= limit;
                match candles.last_mut().filter(|last| last.start == start) {
                    Some(last) => last.add(&candle),
                    None if is_full => return candles,
                    None => candles.push(Candle { start, ..candle }),
                }
            }
        }
        candles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_timeframes_are_read() {
        for text in [
            "1Min", "59T", "23Hour", "1H", "1Day", "1D", "1W", "12Month", "3M",
        ] {
            assert!(Timeframe::parse(text).is_some(), "{text}");
        }
        for text in [
            "0Min", "60Min", "24Hour", "2Day", "2W", "5M", "Min", "1", "1min", "é",
        ] {
            assert!(Timeframe::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn days_start_at_midnight_in_new_york_in_summer_and_in_winter() {
        let start = |text: &str| Timeframe::Day.start_of(text.parse().unwrap()).to_string();
        assert_eq!(start("2026-07-20T15:00:00Z"), "2026-07-20T04:00:00Z");
        assert_eq!(start("2026-11-20T15:00:00Z"), "2026-11-20T05:00:00Z");
    }
}
