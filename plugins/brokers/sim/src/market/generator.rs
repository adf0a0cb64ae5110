//! The bars of one planned day: noise inside each phase that ends where the phase's drift says.

use rand_chacha::ChaCha8Rng;
use trader_contract::{Bar, Price, Timestamp};

use super::days::{Day, Purpose, bell, moved, stream};
use super::{Instrument, Phase};
use crate::dice::below;

/// The bars of `day`: one for each of `minutes`, the first at `open`.
pub(super) fn bars(
    seed: u64,
    instrument: &Instrument,
    day: &Day,
    open: Timestamp,
    minutes: u32,
) -> Vec<Bar> {
    let mut draws = stream(seed, instrument.symbol, day.number, Purpose::Bars);
    let mut volumes = stream(seed, instrument.symbol, day.number, Purpose::Volume);
    let mut bars = Vec::with_capacity(usize::try_from(minutes).unwrap_or(0));
    let mut last = day.open;
    for (phase, levels) in levels(day, minutes, &mut draws) {
        for level in levels {
            let close = moved(day.open, level);
            let place = i64::try_from(bars.len()).unwrap_or(i64::MAX);
            let start = open.plus_minutes(place);
            let volume = volume(&mut volumes, instrument, &phase);
            bars.push(bar(&mut draws, start, last, close, phase.wick, volume));
            last = close;
        }
    }
    bars
}

fn bar(
    draws: &mut ChaCha8Rng,
    start: Timestamp,
    open: Price,
    close: Price,
    wick: u32,
    volume: u64,
) -> Bar {
    let bound = i64::from(wick).saturating_add(1);
    let high = moved(open.max(close), below(draws, bound))
        .max(open)
        .max(close);
    let low = moved(open.min(close), below(draws, bound).saturating_neg());
    Bar {
        start,
        open,
        high,
        low: low.min(open).min(close),
        close,
        volume,
    }
}

fn volume(draws: &mut ChaCha8Rng, instrument: &Instrument, phase: &Phase) -> u64 {
    let usual = i64::from(instrument.volume_per_minute)
        .saturating_mul(i64::from(phase.volume_percent))
        .checked_div(100)
        .unwrap_or(0);
    // From half to one and a half times the usual.
    let half = usual.checked_div(2).unwrap_or(0);
    let drawn = half.saturating_add(below(draws, usual.saturating_add(1)));
    u64::try_from(drawn).unwrap_or(0)
}

/// For each phase where each of its minutes ends, in parts per million of the day's open.
fn levels(day: &Day, minutes: u32, draws: &mut ChaCha8Rng) -> Vec<(Phase, Vec<i64>)> {
    let whole: i64 = day
        .phases
        .iter()
        .map(|phase| i64::from(phase.minutes))
        .sum();
    let mut passed = 0_i64;
    let mut ended = 0_i64;
    let mut level = 0_i64;
    let mut result = Vec::with_capacity(day.phases.len());
    for phase in &day.phases {
        passed = passed.saturating_add(i64::from(phase.minutes));
        let end = passed
            .saturating_mul(i64::from(minutes))
            .checked_div(whole)
            .unwrap_or(0);
        let length = end.saturating_sub(ended);
        let total = phase.move_ppm();
        result.push((*phase, bridge(draws, level, total, phase.noise, length)));
        level = level.saturating_add(total);
        ended = end;
    }
    result
}

/// Noise around a straight line from `from` over `length` minutes that moves by `total`.
fn bridge(draws: &mut ChaCha8Rng, from: i64, total: i64, noise: u32, length: i64) -> Vec<i64> {
    let mut strayed = 0_i64;
    let steps: Vec<i64> = (0..length)
        .map(|_| {
            strayed = strayed.saturating_add(bell(draws, i64::from(noise)));
            strayed
        })
        .collect();
    let share = |amount: i64, minute: i64| {
        amount
            .saturating_mul(minute)
            .checked_div(length)
            .unwrap_or(0)
    };
    (1_i64..)
        .zip(steps)
        .map(|(minute, step)| {
            from.saturating_add(share(total, minute))
                .saturating_add(step)
                .saturating_sub(share(strayed, minute))
        })
        .collect()
}
