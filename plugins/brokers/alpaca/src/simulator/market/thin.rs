//! Minutes before and after the session of a made-up market: few of them trade, and few shares in each.
//! Before the open the price goes from the close of the day before to the open, after the close it strays
//! and comes back. They follow from seed, symbol and date, as the session's own minutes do.

use trader_contract::{Bar, Price, Timestamp};

use crate::simulator::decimal;
use crate::simulator::ids::IdMaker;

/// How many of a hundred minutes trade.
const TRADED_PERCENT: u64 = 35;
/// What a minute trades of the session's usual minute: between one and four percent.
const VOLUME_PERCENT: (u64, u64) = (1, 4);
/// How far the price goes in a minute at most, in millionths of itself.
const STEP: i64 = 250;

/// A stretch of minutes without a session.
pub(super) struct Stretch {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// Where its price begins and ends.
    pub(super) from: Price,
    pub(super) to: Price,
}

impl Stretch {
    /// Its minutes with trades. `key` is what the randomness follows from, `usual` the shares of an
    /// ordinary minute of the session.
    pub(super) fn bars(&self, key: u64, usual: u64) -> Vec<Bar> {
        let mut draws = IdMaker::new(key);
        let minutes = self.end.since(self.start).div_euclid(Timestamp::MINUTE);
        let mut levels = self.levels(&mut draws, minutes).into_iter();
        let mut last = self.from;
        let mut bars = Vec::new();
        for minute in 0..minutes {
            let close = levels.next().unwrap_or(self.to);
            let start = self.start.plus_minutes(minute);
            let trades = draws.draw().checked_rem(100).unwrap_or(0) < TRADED_PERCENT;
            let volume = volume(&mut draws, usual);
            let bar = Bar::new(
                start,
                [last, last.max(close), last.min(close), close],
                volume,
            );
            if let (true, Ok(bar)) = (trades, bar) {
                bars.push(bar);
            }
            last = close;
        }
        bars
    }

    /// Where each minute ends: a walk that is bent so that the last one ends where it has to.
    fn levels(&self, draws: &mut IdMaker, minutes: i64) -> Vec<Price> {
        let reach = self.from.micros().saturating_mul(STEP);
        let reach = reach.checked_div(1_000_000).unwrap_or(0).max(1);
        let width = reach.saturating_mul(2).saturating_add(1);
        let mut strayed = 0_i64;
        let walk: Vec<i64> = (0..minutes)
            .map(|_| {
                let drawn = i64::try_from(draws.draw() >> 1).unwrap_or(0);
                let step = drawn.checked_rem(width).unwrap_or(0).saturating_sub(reach);
                strayed = strayed.saturating_add(step);
                strayed
            })
            .collect();
        let way = self.to.micros().saturating_sub(self.from.micros());
        let bend = way.saturating_sub(strayed);
        let level = |(minute, walked): (i64, i64)| {
            let bent = bend.saturating_mul(minute).checked_div(minutes);
            let micros = self.from.micros().saturating_add(walked);
            let micros = micros.saturating_add(bent.unwrap_or(0));
            decimal::cents(micros.max(10_000)).unwrap_or(self.to)
        };
        (1_i64..).zip(walk).map(level).collect()
    }
}

fn volume(draws: &mut IdMaker, usual: u64) -> u64 {
    let (least, most) = VOLUME_PERCENT;
    let span = most.saturating_sub(least).saturating_mul(usual);
    let more = draws.draw().checked_rem(span.max(1)).unwrap_or(0);
    let hundredths = least.saturating_mul(usual).saturating_add(more);
    hundredths.checked_div(100).unwrap_or(0).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch() -> Stretch {
        let at = |text: &str| text.parse().unwrap();
        Stretch {
            start: at("2026-09-15T08:00:00Z"),
            end: at("2026-09-15T13:30:00Z"),
            from: Price::from_cents(23_000).unwrap(),
            to: Price::from_cents(23_150).unwrap(),
        }
    }

    #[test]
    fn few_minutes_trade_few_shares_and_the_price_stays_between_its_ends() {
        let bars = stretch().bars(7, 120_000);
        assert!((80..160).contains(&bars.len()), "{}", bars.len());
        assert_eq!(bars, stretch().bars(7, 120_000));
        assert_ne!(bars, stretch().bars(8, 120_000));
        let near = |price: Price| (22_000..24_500).contains(&(price.micros().div_euclid(10_000)));
        assert!(bars.iter().all(|bar| near(bar.low) && near(bar.high)));
        assert!(bars.iter().all(|bar| (1_200..=4_800).contains(&bar.volume)));
    }

    #[test]
    fn the_last_minute_ends_where_the_session_begins() {
        let levels = stretch().levels(&mut IdMaker::new(7), 330);
        assert_eq!(levels.last(), Some(&stretch().to));
    }
}
