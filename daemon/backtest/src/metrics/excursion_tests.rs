//! The worst and best value of trades: by hand, and against the truth tick by tick.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic and fail the test"
)]

use proptest::prelude::*;
use trader_contract::{Bar, Direction, Money, Price, Qty, Side, Timestamp};

use super::Excursion;

const MINUTE: i64 = Timestamp::MINUTE;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn shares(count: u32) -> Qty {
    Qty::shares(count).unwrap()
}

/// A moment `seconds` after the first bar's start.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_294_669_800 + seconds)
}

fn bar(minute: i64, prices: [&str; 4]) -> Bar {
    Bar::new(at(60 * minute), prices.map(price), 1).unwrap()
}

fn check(trade: Excursion, mae: &str, mfe: &str) {
    let (worst, best) = trade.finish();
    assert_eq!(
        (worst.to_string().as_str(), best.to_string().as_str()),
        (mae, mfe)
    );
}

#[test]
fn a_bar_held_throughout_counts_with_its_extremes() {
    let mut trade = Excursion::new(Direction::Long, at(30), shares(10), price("100"));
    // Of the entry's bar the close: +5 a share, for ten shares +5.00. Its extremes may be older.
    trade.on_bar(&bar(0, ["99", "105", "90", "100.50"]), MINUTE);
    check(trade.clone(), "0", "5");
    trade.on_bar(&bar(1, ["100.50", "101", "99.80", "100"]), MINUTE);
    check(trade.clone(), "-2", "10");
    // Of the exit's bar the open, and the fill itself.
    trade.on_fill(at(150), Side::Sell, shares(10), price("99.70"));
    trade.on_bar(&bar(2, ["101.20", "120", "80", "90"]), MINUTE);
    check(trade, "-3", "12");
}

#[test]
fn a_short_is_the_mirror_of_a_long() {
    let mut trade = Excursion::new(Direction::Short, at(30), shares(10), price("100"));
    trade.on_bar(&bar(0, ["101", "110", "95", "99.50"]), MINUTE);
    trade.on_bar(&bar(1, ["99.50", "100.20", "99", "100"]), MINUTE);
    trade.on_fill(at(150), Side::Buy, shares(10), price("100.30"));
    trade.on_bar(&bar(2, ["98.80", "120", "80", "110"]), MINUTE);
    check(trade, "-3", "12");
}

#[test]
fn a_trade_inside_one_bar_is_known_by_its_fills_alone() {
    let mut trade = Excursion::new(Direction::Long, at(10), shares(10), price("100"));
    trade.on_fill(at(50), Side::Sell, shares(10), price("99"));
    trade.on_bar(&bar(0, ["100", "105", "95", "104"]), MINUTE);
    check(trade, "-10", "0");
}

#[test]
fn what_was_realised_stays_and_what_is_left_moves() {
    let mut trade = Excursion::new(Direction::Long, at(30), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "100", "100", "100"]), MINUTE);
    // Half sold at 102: 10 realised, and 10 more on paper at that price.
    trade.on_fill(at(90), Side::Sell, shares(5), price("102"));
    trade.on_bar(&bar(1, ["100", "110", "90", "101"]), MINUTE);
    check(trade.clone(), "0", "20");
    // The rest at 96 loses 4 a share of five shares: 10 - 20 = -10.
    trade.on_bar(&bar(2, ["101", "101", "96", "100"]), MINUTE);
    check(trade, "-10", "20");
}

#[test]
fn a_second_entry_raises_what_is_at_stake() {
    let mut trade = Excursion::new(Direction::Long, at(30), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "100", "100", "100"]), MINUTE);
    trade.on_fill(at(90), Side::Buy, shares(10), price("98"));
    trade.on_bar(&bar(1, ["100", "101", "97", "98"]), MINUTE);
    // Average entry 99, twenty shares: -20 at 98, both by the fill and by the close.
    check(trade.clone(), "-20", "0");
    trade.on_bar(&bar(2, ["98", "100", "97", "99"]), MINUTE);
    check(trade, "-40", "20");
}

#[test]
fn a_fill_on_the_edge_belongs_to_the_bar_that_begins_there() {
    let mut trade = Excursion::new(Direction::Long, at(60), shares(10), price("100"));
    trade.on_bar(&bar(0, ["90", "110", "80", "95"]), MINUTE);
    check(trade.clone(), "0", "0");
    trade.on_bar(&bar(1, ["90", "110", "80", "101"]), MINUTE);
    check(trade, "0", "10");
    let mut trade = Excursion::new(Direction::Long, at(0), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "110", "90", "101"]), MINUTE);
    check(trade.clone(), "0", "10");
    // Sold with the first trade of the next bar: the bar before was held to its end.
    trade.on_bar(&bar(1, ["101", "103", "98", "102"]), MINUTE);
    trade.on_fill(at(120), Side::Sell, shares(10), price("102"));
    trade.on_bar(&bar(2, ["102", "109", "91", "95"]), MINUTE);
    check(trade, "-20", "30");
}

#[test]
fn a_fill_reported_after_its_bar_still_takes_the_extremes_out() {
    let mut trade = Excursion::new(Direction::Long, at(0), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "100", "100", "100"]), MINUTE);
    trade.on_bar(&bar(1, ["101", "150", "50", "100"]), MINUTE);
    trade.on_fill(at(119), Side::Sell, shares(10), price("99"));
    check(trade, "-10", "10");
}

#[test]
fn a_bar_that_comes_after_a_later_fill_was_held_through_before_it() {
    let mut trade = Excursion::new(Direction::Long, at(0), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "100", "100", "100"]), MINUTE);
    // Half sold as the bar after the next one opens, and heard of before the next one is.
    trade.on_fill(at(120), Side::Sell, shares(5), price("100"));
    trade.on_bar(&bar(1, ["100", "102", "99", "100"]), MINUTE);
    check(trade.clone(), "-10", "20");
    trade.on_bar(&bar(2, ["103", "150", "50", "104"]), MINUTE);
    // At its open all ten were held, at its close five.
    check(trade, "-10", "30");
}

#[test]
fn fills_in_a_bar_and_after_it_leave_its_close_and_the_next_open_out() {
    let mut trade = Excursion::new(Direction::Long, at(0), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "100", "100", "100"]), MINUTE);
    trade.on_fill(at(90), Side::Sell, shares(5), price("100"));
    trade.on_fill(at(150), Side::Sell, shares(2), price("100"));
    // Ten were held at the first of these opens; nobody knows of the close and the open after it.
    trade.on_bar(&bar(1, ["101", "150", "50", "120"]), MINUTE);
    check(trade.clone(), "0", "10");
    trade.on_bar(&bar(2, ["120", "150", "50", "104"]), MINUTE);
    check(trade, "0", "12");
}

#[test]
fn a_fill_at_the_end_of_a_bar_leaves_its_close_in() {
    let mut trade = Excursion::new(Direction::Long, at(30), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "150", "50", "104"]), MINUTE);
    trade.on_fill(at(60), Side::Sell, shares(10), price("102"));
    check(trade, "0", "40");
}

#[test]
fn a_bar_after_all_fills_counts_whole_whatever_lies_between() {
    // The entry's own bar never came; the next one is after it.
    let mut trade = Excursion::new(Direction::Long, at(30), shares(10), price("100"));
    trade.on_bar(&bar(5, ["100", "102", "99", "100"]), MINUTE);
    check(trade, "-10", "20");
}

#[test]
fn fills_before_a_bar_and_in_it_leave_its_open_out() {
    let mut trade = Excursion::new(Direction::Long, at(0), shares(10), price("100"));
    trade.on_bar(&bar(0, ["100", "100", "100", "100"]), MINUTE);
    // The bar of the first of these never came.
    trade.on_fill(at(90), Side::Sell, shares(5), price("100"));
    trade.on_fill(at(150), Side::Sell, shares(2), price("100"));
    trade.on_bar(&bar(2, ["150", "150", "50", "101"]), MINUTE);
    check(trade, "0", "3");
}

/// Four bars of six ticks in cents, ten seconds apart, and fills at some ticks: which, and how many
/// shares more in the direction of the first.
#[derive(Debug, Clone)]
struct Path {
    ticks: Vec<i64>,
    fills: Vec<(usize, i64)>,
    direction: Direction,
    /// How many bars after its own a fill is heard of: -1, 0 or 1.
    delay: i64,
}

fn any_path() -> impl Strategy<Value = Path> {
    (
        prop::collection::vec(9_000_i64..11_000, 24),
        prop::collection::btree_map(0_usize..24, -3_i64..=3, 1..8),
        prop::sample::select(vec![Direction::Long, Direction::Short]),
        -1_i64..=1,
    )
        .prop_map(|(ticks, later, direction, delay)| {
            let first = later.keys().next().map_or((0, 5), |tick| (*tick, 5));
            let later = later.into_iter().filter(|fill| fill.1 != 0);
            let fills = std::iter::once(first).chain(later).collect();
            Path {
                ticks,
                fills,
                direction,
                delay,
            }
        })
}

impl Path {
    /// The worst and best value at any tick, in cents.
    fn truth(&self) -> [i64; 2] {
        let sign = if self.direction == Direction::Long {
            1
        } else {
            -1
        };
        let (mut net, mut cash, mut extremes) = (0, 0, [0, 0]);
        for (place, tick) in self.ticks.iter().enumerate() {
            // A fill at a price changes nothing at that price.
            let value = cash + net * tick;
            extremes = [extremes[0].min(value), extremes[1].max(value)];
            for (_, more) in self.fills.iter().filter(|fill| fill.0 == place) {
                net += sign * more;
                cash -= sign * more * tick;
            }
        }
        extremes
    }

    fn bar(&self, number: usize) -> Bar {
        let of = &self.ticks[6 * number..6 * number + 6];
        let (high, low) = (*of.iter().max().unwrap(), *of.iter().min().unwrap());
        let prices = [of[0], high, low, of[5]].map(|cents| Price::from_cents(cents).unwrap());
        Bar::new(at(60 * i64::try_from(number).unwrap()), prices, 1).unwrap()
    }

    fn fill(&self, trade: &mut Option<Excursion>, (place, more): (usize, i64)) {
        let at = at(10 * i64::try_from(place).unwrap());
        let qty = shares(u32::try_from(more.abs()).unwrap());
        let price = Price::from_cents(self.ticks[place]).unwrap();
        match trade {
            None => *trade = Some(Excursion::new(self.direction, at, qty, price)),
            Some(trade) if more > 0 => trade.on_fill(at, self.direction.entry_side(), qty, price),
            Some(trade) => trade.on_fill(at, self.direction.exit_side(), qty, price),
        }
    }

    /// The worst and best value as the bars tell them, in cents.
    fn told(&self) -> [i64; 2] {
        let mut trade = None;
        let mut fills = self.fills.iter().peekable();
        for number in 0..6 {
            // Fills of this bar come before it or after it, or with the bar before.
            let heard = if self.delay < 0 {
                number + 2
            } else {
                number + 1
            };
            let after = usize::from(self.delay > 0);
            while let Some(fill) = fills.next_if(|fill| fill.0 < 6 * (heard - after)) {
                self.fill(&mut trade, *fill);
            }
            if number < 4
                && let Some(trade) = &mut trade
            {
                trade.on_bar(&self.bar(number), MINUTE);
            }
        }
        let (worst, best) = trade.unwrap().finish();
        [worst, best]
            .map(|value| i64::try_from(value.femtos() / (Money::FEMTOS_PER_DOLLAR / 100)).unwrap())
    }
}

proptest! {
    #[test]
    fn neither_figure_is_ever_overstated(path in any_path()) {
        let (told, truth) = (path.told(), path.truth());
        prop_assert!(truth[0] <= told[0] && told[0] <= 0, "{told:?} {truth:?}");
        prop_assert!(truth[1] >= told[1] && told[1] >= 0, "{told:?} {truth:?}");
    }

    #[test]
    fn the_end_lies_between_worst_and_best(path in any_path()) {
        // Whatever is left is closed with the last tick.
        let mut path = path;
        let left: i64 = path.fills.iter().map(|fill| fill.1).sum();
        if left != 0 {
            path.fills.push((23, -left));
        }
        let sign = if path.direction == Direction::Long { 1 } else { -1 };
        let end: i64 = path.fills.iter().map(|(place, more)| -sign * more * path.ticks[*place]).sum();
        let [worst, best] = path.told();
        prop_assert!(worst <= end && end <= best);
    }

    #[test]
    fn a_short_on_the_mirrored_path_has_the_same_figures(path in any_path()) {
        let mirrored = Path {
            ticks: path.ticks.iter().map(|tick| 20_000 - tick).collect(),
            direction: path.direction.opposite(),
            ..path.clone()
        };
        prop_assert_eq!(path.told(), mirrored.told());
    }

    #[test]
    fn outside_of_the_bars_of_fills_both_figures_are_the_truth(ticks in prop::collection::vec(9_000_i64..11_000, 24)) {
        // Entered with the first tick of all and never left: only the first bar is in doubt.
        let mut ticks = ticks;
        ticks[..6].fill(10_000);
        let path = Path { ticks, fills: vec![(0, 5)], direction: Direction::Long, delay: 0 };
        prop_assert_eq!(path.told(), path.truth());
    }
}
