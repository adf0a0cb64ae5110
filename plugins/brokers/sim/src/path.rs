//! The way a price takes inside a bar, in exact integers: straight lines between four knots.
//!
//! Open, nearer extreme, farther extreme, close; the extremes at one and two thirds of the bar, the
//! close one nanosecond before its end, so that all of it lies inside the bar. Where both extremes
//! are equally near, a rising bar goes to its low first and a falling one to its high; a bar that
//! closes where it opened goes to its low first.

use trader_contract::Bar;

/// The price inside `bar`, which lasts `length_nanos`, so many nanoseconds after its start, in
/// millionths of a dollar: where the exchange has it at that moment.
#[must_use]
pub fn price_inside(bar: &Bar, length_nanos: i64, offset_nanos: i64) -> i64 {
    Path::of(bar, length_nanos).price_at(offset_nanos)
}

/// The path of one bar. Offsets are nanoseconds from its start, prices millionths of a dollar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path {
    knots: [Knot; 4],
}

#[derive(Debug, Clone, Copy)]
struct Knot {
    offset: i64,
    micros: i64,
}

/// Which way a level is approached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approach {
    /// Reached when the price is at or above it.
    Rising,
    /// Reached when the price is at or below it.
    Falling,
}

impl Approach {
    /// Whether a price of `micros` has reached `level`.
    pub(crate) const fn has_reached(self, micros: i64, level: i64) -> bool {
        match self {
            Self::Rising => micros >= level,
            Self::Falling => micros <= level,
        }
    }
}

impl Path {
    /// The path of `bar`, which lasts `length` nanoseconds.
    pub(crate) fn of(bar: &Bar, length: i64) -> Self {
        let [open, high, low, close] =
            [bar.open, bar.high, bar.low, bar.close].map(trader_contract::Price::micros);
        let above = high.saturating_sub(open);
        let below = open.saturating_sub(low);
        let high_first = above < below || (above == below && close < open);
        let (first, second) = if high_first { (high, low) } else { (low, high) };
        let length = length.max(1);
        let third = length.checked_div(3).unwrap_or(0);
        let two_thirds = third.saturating_mul(2);
        let knot = |offset, micros| Knot { offset, micros };
        Self {
            knots: [
                knot(0, open),
                knot(third, first),
                knot(two_thirds, second),
                knot(length.saturating_sub(1).max(two_thirds), close),
            ],
        }
    }

    fn segments(&self) -> impl Iterator<Item = (Knot, Knot)> + '_ {
        self.knots
            .iter()
            .zip(self.knots.iter().skip(1))
            .map(|(a, b)| (*a, *b))
    }

    /// The price at `offset`, cut toward the price that the line started from, so that it has
    /// reached a level exactly from [`Self::first_at`] on.
    pub(crate) fn price_at(&self, offset: i64) -> i64 {
        let [first, .., last] = self.knots;
        if offset <= first.offset {
            return first.micros;
        }
        self.segments()
            .find(|(_, b)| offset < b.offset)
            .map_or(last.micros, |(a, b)| between(a, b, offset))
    }

    /// Whether `offset` lies on a line rather than on a knot.
    pub(crate) fn is_between_knots(&self, offset: i64) -> bool {
        self.knots.iter().all(|knot| knot.offset != offset)
    }

    /// The offsets after `from` and up to `to` between which the path is straight; `to` is the last.
    pub(crate) fn stations(&self, from: i64, to: i64) -> impl Iterator<Item = i64> + use<> {
        let knots = self.knots.map(|knot| knot.offset);
        let between = knots.into_iter().filter(move |at| from < *at && *at < to);
        between.chain((to > from).then_some(to))
    }

    /// The first offset from `from` on at which `level` has been reached.
    pub(crate) fn first_at(&self, approach: Approach, level: i64, from: i64) -> Option<i64> {
        if approach.has_reached(self.price_at(from), level) {
            return Some(from);
        }
        self.segments()
            .filter(|(_, b)| b.offset > from)
            .find(|(_, b)| approach.has_reached(b.micros, level))
            // At `from` it is not: in a bar so short that knots lie on one offset, the first of them counts.
            .map(|(a, b)| crossing(a, b, level).max(from.saturating_add(1)))
    }
}

fn between(a: Knot, b: Knot, offset: i64) -> i64 {
    let rise = i128::from(b.micros.saturating_sub(a.micros));
    let run = i128::from(b.offset.saturating_sub(a.offset));
    let passed = i128::from(offset.saturating_sub(a.offset));
    let moved = rise.saturating_mul(passed).checked_div(run).unwrap_or(rise);
    // Between the two knots, so it fits.
    a.micros
        .saturating_add(i64::try_from(moved).unwrap_or_default())
}

/// Where the line from `a` to `b` comes to `level`, rounded up.
fn crossing(a: Knot, b: Knot, level: i64) -> i64 {
    let rise = i128::from(b.micros.saturating_sub(a.micros)).saturating_abs();
    let run = i128::from(b.offset.saturating_sub(a.offset));
    let wanted = i128::from(level.saturating_sub(a.micros)).saturating_abs();
    let passed = wanted
        .saturating_mul(run)
        .saturating_add(rise.saturating_sub(1))
        .checked_div(rise)
        .unwrap_or(0);
    a.offset
        .saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::arithmetic_side_effects,
        reason = "small numbers; an overflow would panic"
    )]

    use super::*;
    use proptest::prelude::*;
    use trader_contract::{Price, Timestamp};

    fn bar(open: i64, high: i64, low: i64, close: i64) -> Bar {
        let prices = [open, high, low, close].map(|c| Price::from_cents(c).unwrap());
        Bar::new(Timestamp::from_seconds(0), prices, 0).unwrap()
    }

    fn cents(bar: &Bar) -> [i64; 4] {
        let path = Path::of(bar, 300);
        [0, 100, 200, 299].map(|offset| path.price_at(offset) / 10_000)
    }

    #[test]
    fn the_nearer_extreme_comes_first() {
        assert_eq!(cents(&bar(100, 103, 90, 95)), [100, 103, 90, 95]);
        assert_eq!(cents(&bar(100, 110, 97, 95 + 5)), [100, 97, 110, 100]);
    }

    #[test]
    fn equally_near_extremes_go_against_the_bar_first() {
        assert_eq!(cents(&bar(100, 105, 95, 104)), [100, 95, 105, 104]);
        assert_eq!(cents(&bar(100, 105, 95, 96)), [100, 105, 95, 96]);
        assert_eq!(cents(&bar(100, 105, 95, 100)), [100, 95, 105, 100]);
    }

    #[test]
    fn in_a_bar_of_two_nanoseconds_the_open_is_first() {
        let path = Path::of(&bar(105, 105, 90, 90), 2);
        let level = 1_040_000;
        assert_eq!(path.first_at(Approach::Falling, level, 0), Some(1));
    }

    proptest! {
        #[test]
        fn a_level_is_reached_exactly_from_the_first_time_on(
            prices in prop::array::uniform4(100_i64..200),
            length in 1_i64..100_000,
            level in 95_i64..205,
            from in 0_i64..100_000,
            rising: bool,
        ) {
            let [open, close, a, b] = prices;
            let high = open.max(close).max(a).max(b);
            let low = open.min(close).min(a).min(b);
            let path = Path::of(&bar(open, high, low, close), length);
            let approach = if rising { Approach::Rising } else { Approach::Falling };
            let from = from % length;
            let level = level.saturating_mul(10_000);
            let reached = |offset| approach.has_reached(path.price_at(offset), level);
            let step = (length / 500).max(1);
            let slow = (from..length).step_by(usize::try_from(step).unwrap()).find(|&t| reached(t));
            match path.first_at(approach, level, from) {
                Some(first) => {
                    prop_assert!(first >= from && first < length);
                    prop_assert!(reached(first), "not reached at {first}");
                    prop_assert!(first == from || !reached(first.saturating_sub(1)));
                    prop_assert!(slow.is_none_or(|t| t >= first));
                }
                None => prop_assert_eq!(slow, None),
            }
        }

        #[test]
        fn the_path_never_leaves_the_bar(
            prices in prop::array::uniform4(100_i64..200),
            offset in 0_i64..1000,
        ) {
            let [open, close, a, b] = prices;
            let high = open.max(close).max(a).max(b);
            let low = open.min(close).min(a).min(b);
            let price = Path::of(&bar(open, high, low, close), 1000).price_at(offset);
            prop_assert!(price >= low * 10_000 && price <= high * 10_000);
        }
    }
}
