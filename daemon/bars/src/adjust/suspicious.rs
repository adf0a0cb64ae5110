//! Bars that look as if they were on another scale than their neighbours: bad prints around a split,
//! files adjusted already, prices off by a factor. A hint for a person; nothing is changed.

use chrono::NaiveDate;
use serde::Serialize;
use trader_contract::{Bar, Price, Timestamp};

use super::actions::{Action, ActionKind, Actions};
use super::factors::midnight;
use super::ratio::{Decimal, Ratio};

const DAY: i64 = 24 * 60 * Timestamp::MINUTE;
/// How far around an ex-date its ratio is looked for, in nanoseconds.
const AROUND: i64 = 7 * DAY;
/// Bars further apart than this are not compared, in nanoseconds.
const APART_MAX: i64 = 7 * DAY;
/// A jump by more than this is suspicious anywhere.
const JUMP: f64 = 3.0;
/// Splits by less than this are lost among usual moves.
const SPLIT_MIN: f64 = 1.35;
/// How near a jump must be to a split's ratio.
const NEAR: f64 = 1.1;
/// So many closes in a row on another scale are the scale from there on.
const SETTLED: u32 = 3;

/// Why a bar is suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Against what the split makes of the price before, it is off by about the split's ratio: a
    /// print on the old scale after the ex-date, or on the new one before it.
    Split {
        /// The split's first session.
        ex_date: NaiveDate,
        /// New shares per old one.
        value: Decimal,
    },
    /// It is off by more than a factor of three.
    Jump,
}

/// A suspicious bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Suspicion {
    /// The bar's start.
    pub at: Timestamp,
    /// Its price that is furthest off.
    pub price: Price,
    /// The last close that was not off, raw.
    pub previous: Price,
    /// Why.
    pub cause: Cause,
}

/// A split, ready to be compared with.
struct Step {
    at: Timestamp,
    ex_date: NaiveDate,
    value: Decimal,
    ratio: f64,
}

/// Lists the raw bars, in order of time, that are on another scale than those before: off by about
/// the ratio of a split near its ex-date, or by more than a factor of three. The change of scale at
/// the ex-date itself is expected.
#[must_use]
pub fn suspicious(bars: &[Bar], actions: &Actions) -> Vec<Suspicion> {
    let splits: Vec<Step> = actions.rows().iter().filter_map(step).collect();
    let mut found = Vec::new();
    let mut level: Option<Level> = None;
    for bar in bars {
        let fresh = Level {
            raw: bar.close,
            expected: dollars(bar.close),
            at: bar.start,
            off: 0,
        };
        let Some(mut before) = level.filter(|level| bar.start.since(level.at) <= APART_MAX) else {
            level = Some(fresh);
            continue;
        };
        for split in &splits {
            if before.at < split.at && split.at <= bar.start {
                before.expected /= split.ratio;
            }
        }
        before.at = bar.start;
        if let Some((price, cause)) = worst(bar, before.expected, &splits) {
            found.push(Suspicion {
                at: bar.start,
                price,
                previous: before.raw,
                cause,
            });
        }
        let close_is_off =
            cause(bar.start, dollars(bar.close) / before.expected, &splits).is_some();
        before.off = before.off.saturating_add(1);
        level = match close_is_off && before.off < SETTLED {
            true => Some(before),
            false => Some(fresh),
        };
    }
    found
}

/// The price that bars are compared with.
#[derive(Clone, Copy)]
struct Level {
    raw: Price,
    /// The same in dollars and on the scale of the bar that is looked at.
    expected: f64,
    /// The last bar that was looked at.
    at: Timestamp,
    /// How many closes in a row were off.
    off: u32,
}

fn step(action: &Action) -> Option<Step> {
    let ratio = Ratio::from(action.value).nearly();
    let large = ratio.max(1.0 / ratio) >= SPLIT_MIN;
    (action.kind == ActionKind::Split && large).then(|| Step {
        at: midnight(action.ex_date),
        ex_date: action.ex_date,
        value: action.value,
        ratio,
    })
}

/// The price of a bar that is furthest from the expected one, if it is suspicious.
fn worst(bar: &Bar, expected: f64, splits: &[Step]) -> Option<(Price, Cause)> {
    // A bar's extremes are its furthest prices; open and close are among what they bound.
    let distance = |price: Price| (dollars(price) / expected).ln().abs();
    let price = if distance(bar.high) > distance(bar.low) {
        bar.high
    } else {
        bar.low
    };
    cause(bar.start, dollars(price) / expected, splits).map(|cause| (price, cause))
}

fn cause(at: Timestamp, jump: f64, splits: &[Step]) -> Option<Cause> {
    let near = |split: &&Step| {
        let ratio = split.ratio;
        let close_to = |wanted: f64| (jump / wanted).max(wanted / jump) <= NEAR;
        let around = at.since(split.at).saturating_abs() <= AROUND;
        around && (close_to(ratio) || close_to(1.0 / ratio))
    };
    if let Some(split) = splits.iter().find(near) {
        return Some(Cause::Split {
            ex_date: split.ex_date,
            value: split.value,
        });
    }
    (jump.max(1.0 / jump) > JUMP).then_some(Cause::Jump)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "it is for comparisons with a tolerance"
)]
fn dollars(price: Price) -> f64 {
    price.micros() as f64 / 1e6
}
