//! The walk from day to day: where a day opens, what its phases are and where it therefore closes.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use trader_contract::{Price, Symbol};

use super::{Instrument, Phase, Shape};
use crate::dice::below;

/// Every instrument stands at its base price before this day (2000-01-03, a Monday), counted from
/// the year 1.
const ANCHOR: i32 = 730_122;

/// A month or so of one volatility.
const REGIME_DAYS: i32 = 28;

pub(super) const MILLION: i64 = 1_000_000;
const CENT: i64 = 10_000;

/// What a stream of random numbers is for; streams of one day do not touch each other.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Regime,
    Day,
    Bars,
    Volume,
}

/// The stream for a purpose on a day: a function of seed, symbol, day and purpose alone.
pub(super) fn stream(seed: u64, symbol: Symbol, day: i32, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0; 32];
    let purpose = match purpose {
        Purpose::Regime => [1],
        Purpose::Day => [2],
        Purpose::Bars => [3],
        Purpose::Volume => [4],
    };
    let parts = seed
        .to_le_bytes()
        .into_iter()
        .chain(day.to_le_bytes())
        .chain(purpose)
        .chain(symbol.as_str().bytes());
    for (place, byte) in key.iter_mut().zip(parts) {
        *place = byte;
    }
    ChaCha8Rng::from_seed(key)
}

/// A number in `-width..=width`, the middle likelier than the ends.
pub(super) fn bell(stream: &mut ChaCha8Rng, width: i64) -> i64 {
    let bound = width.saturating_add(1);
    let sum = |stream: &mut ChaCha8Rng| below(stream, bound).saturating_add(below(stream, bound));
    sum(stream).saturating_sub(width)
}

/// Rounds to the cent, to one cent at least.
pub(super) fn to_cents(micros: i64) -> Price {
    let cents = micros
        .saturating_add(CENT.checked_div(2).unwrap_or(0))
        .checked_div(CENT)
        .unwrap_or(1)
        .clamp(1, Price::MAX_MICROS.checked_div(CENT).unwrap_or(1));
    // One cent is a price, and so is everything in the clamped range.
    Price::from_cents(cents).unwrap_or(SMALLEST)
}

const SMALLEST: Price = match Price::from_cents(1) {
    Some(price) => price,
    None => unreachable!(),
};

/// `price` moved by so many parts per million, to the cent.
pub(super) fn moved(price: Price, ppm: i64) -> Price {
    let micros = i128::from(price.micros())
        .saturating_mul(i128::from(MILLION.saturating_add(ppm)))
        .checked_div(i128::from(MILLION))
        .unwrap_or(0);
    to_cents(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// The last price of a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Close {
    /// The first day that it is the close before.
    pub(super) for_day: i32,
    pub(super) price: Price,
}

/// A day before its bars are made.
pub(super) struct Day {
    pub(super) number: i32,
    pub(super) open: Price,
    pub(super) phases: Vec<Phase>,
}

impl Day {
    /// How far the phases move the price, in parts per million of the open.
    fn move_ppm(&self) -> i64 {
        let moves = self.phases.iter().map(Phase::move_ppm);
        moves.fold(0, i64::saturating_add)
    }
}

impl Phase {
    /// Makes the drift so many percent of what it is.
    fn scale(&mut self, percent: i64) {
        let drift = i64::from(self.drift_per_minute).saturating_mul(percent);
        let drift = drift
            .checked_div(100)
            .and_then(|drift| i32::try_from(drift).ok());
        self.drift_per_minute = drift.unwrap_or(self.drift_per_minute);
    }

    /// How far the phase moves the price, in parts per million of the day's open.
    pub(super) fn move_ppm(&self) -> i64 {
        i64::from(self.drift_per_minute).saturating_mul(i64::from(self.minutes))
    }
}

/// The close of the weekday before `date`, worked out from `known` if that is not later.
pub(super) fn close_before(
    seed: u64,
    instrument: &Instrument,
    date: NaiveDate,
    known: Option<Close>,
) -> Close {
    let wanted = date.num_days_from_ce();
    let start = Close {
        for_day: ANCHOR,
        price: to_cents(instrument.base.micros()),
    };
    let mut close = known
        .filter(|known| known.for_day <= wanted)
        .unwrap_or(start);
    let Some(mut day) = NaiveDate::from_num_days_from_ce_opt(close.for_day) else {
        return close;
    };
    while day < date {
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            let plan = plan(seed, instrument, day, close.price);
            close.price = moved(plan.open, plan.move_ppm());
        }
        let Some(next) = day.checked_add_days(Days::new(1)) else {
            break;
        };
        day = next;
        close.for_day = day.num_days_from_ce();
    }
    close
}

/// Where the day opens and what its phases are.
pub(super) fn plan(seed: u64, instrument: &Instrument, date: NaiveDate, before: Price) -> Day {
    let number = date.num_days_from_ce();
    let mut draws = stream(seed, instrument.symbol, number, Purpose::Day);
    let away = instrument.base.micros().saturating_sub(before.micros());
    let away_ppm = i128::from(away)
        .saturating_mul(i128::from(MILLION))
        .checked_div(i128::from(instrument.base.micros()))
        .and_then(|ppm| i64::try_from(ppm).ok())
        .unwrap_or(0);
    let (pull_percent, gap_width, phases) = match instrument.shape.phases() {
        // A shaped day goes one way every day: the pull overnight is what keeps the price near.
        Some(mut phases) => {
            if !matches!(instrument.shape, Shape::Phases(_)) {
                let percent = below(&mut draws, 41).saturating_add(80);
                phases.iter_mut().for_each(|phase| phase.scale(percent));
            }
            (30, 2_500, phases)
        }
        None => {
            let percent = regime_percent(seed, instrument.symbol, number);
            let phases = walk(&mut draws, percent);
            (2, percent.saturating_mul(60), phases)
        }
    };
    let pull = away_ppm.saturating_mul(pull_percent).checked_div(100);
    let gap = bell(&mut draws, gap_width).saturating_add(pull.unwrap_or(0));
    Day {
        number,
        open: moved(before, gap.clamp(-200_000, 200_000)),
        phases,
    }
}

/// How wild the month is, in percent of an ordinary one.
fn regime_percent(seed: u64, symbol: Symbol, day: i32) -> i64 {
    let month = day.div_euclid(REGIME_DAYS);
    let mut draws = stream(seed, symbol, month, Purpose::Regime);
    match below(&mut draws, 10) {
        0..5 => 60,
        5..8 => 100,
        8 => 170,
        _ => 250,
    }
}

/// A day of a random walk: a busy open, a quiet middle, a busy close.
fn walk(draws: &mut ChaCha8Rng, regime_percent: i64) -> Vec<Phase> {
    let parts: [(u32, i64, i64, u32); 5] = [
        (30, 7_000, 1_600, 220),
        (60, 7_000, 1_000, 120),
        (180, 7_000, 700, 70),
        (90, 7_000, 900, 100),
        (30, 5_000, 1_200, 180),
    ];
    let part = |(minutes, reach, noise, volume): (u32, i64, i64, u32)| {
        let scaled = |ppm: i64| {
            ppm.saturating_mul(regime_percent)
                .checked_div(100)
                .unwrap_or(0)
        };
        let total = bell(draws, scaled(reach));
        let drift = total.checked_div(i64::from(minutes)).unwrap_or(0);
        let noise = u32::try_from(scaled(noise)).unwrap_or(0);
        let drift = i32::try_from(drift).unwrap_or(0);
        Phase::new(minutes, drift, noise).with_volume(volume)
    };
    parts.map(part).to_vec()
}
