//! The written rules of the aggregator, one by one, and what must hold for any stream of minutes.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use proptest::prelude::*;
use trader_contract::{Bar, Price, Timeframe, Timestamp};

use super::{Aggregator, ClosedBars, SessionWindow, Taken};

const OPEN: i64 = 1_294_669_800; // 2011-01-10 14:30 UTC

fn session(minutes: i64) -> SessionWindow {
    let open = Timestamp::from_seconds(OPEN);
    SessionWindow {
        open,
        close: open.plus_minutes(minutes),
    }
}

fn next_session() -> SessionWindow {
    let open = Timestamp::from_seconds(OPEN).plus_minutes(24 * 60);
    SessionWindow {
        open,
        close: open.plus_minutes(390),
    }
}

/// Minute `minute` after the first open, around `cents`.
fn minute(minute: i64, cents: i64) -> Bar {
    let price = |cents| Price::from_cents(cents).unwrap();
    let prices = [
        price(cents),
        price(cents + 3),
        price(cents - 2),
        price(cents + 1),
    ];
    let start = Timestamp::from_seconds(OPEN).plus_minutes(minute);
    Bar::new(start, prices, 10).unwrap()
}

/// `open high low close volume @ minute` of every bar that closed.
struct Run {
    aggregator: Aggregator,
    closed: Vec<String>,
}

impl Run {
    fn new(minutes: u16) -> Self {
        Self {
            aggregator: Aggregator::new(Timeframe::minutes(minutes).unwrap()),
            closed: Vec::new(),
        }
    }

    fn note(&mut self, bar: &Bar) {
        let at = bar.start.since(Timestamp::from_seconds(OPEN)) / Timestamp::MINUTE;
        self.closed.push(format!(
            "{} {} {} {} {} @{at}",
            bar.open, bar.high, bar.low, bar.close, bar.volume
        ));
    }

    fn feed_in(&mut self, session: SessionWindow, bar: &Bar) -> Taken {
        let mut closed = ClosedBars::default();
        let taken = self.aggregator.on_minute(session, bar, &mut closed);
        while let Some(bar) = closed.take() {
            self.note(&bar);
        }
        taken
    }

    fn feed(&mut self, minute_no: i64, cents: i64) -> Taken {
        self.feed_in(session(390), &minute(minute_no, cents))
    }

    fn timer(&mut self, minute: i64, grace_seconds: i64) {
        let now = Timestamp::from_seconds(OPEN).plus_minutes(minute);
        let grace = grace_seconds * Timestamp::SECOND;
        if let Some(bar) = self.aggregator.close_due(now, grace) {
            self.note(&bar);
        }
    }
}

#[test]
fn a_window_closes_with_its_last_minute() {
    let mut run = Run::new(2);
    assert_eq!(run.feed(0, 1000), Taken::Accepted);
    assert!(run.closed.is_empty());
    assert_eq!(run.feed(1, 1010), Taken::Accepted);
    assert_eq!(run.closed, ["10 10.13 9.98 10.11 20 @0"]);
    assert_eq!(run.aggregator.next_close_at(), None);
}

#[test]
fn one_minute_bars_pass_through_and_each_only_once() {
    let mut run = Run::new(1);
    assert_eq!(run.feed(5, 1000), Taken::Accepted);
    assert_eq!(run.closed, ["10 10.03 9.98 10.01 10 @5"]);
    assert_eq!(run.feed(5, 1000), Taken::Late);
    assert_eq!(run.feed(4, 1000), Taken::Late);
    assert_eq!(run.closed.len(), 1);
    assert_eq!(run.aggregator.counts().late, 2);
}

#[test]
fn a_bar_of_a_later_window_closes_the_one_before_and_starts_its_own() {
    let mut run = Run::new(5);
    run.feed(0, 1000);
    run.feed(3, 1010);
    assert_eq!(run.feed(7, 1020), Taken::Accepted);
    assert_eq!(run.closed, ["10 10.13 9.98 10.11 20 @0"]);
    let end = Timestamp::from_seconds(OPEN).plus_minutes(10);
    assert_eq!(run.aggregator.next_close_at(), Some(end));
    assert_eq!(run.aggregator.counts().incomplete_windows, 1);
}

#[test]
fn the_timer_closes_an_incomplete_window_after_the_grace_and_not_before() {
    let mut run = Run::new(5);
    run.feed(1, 1000);
    run.timer(5, 10);
    assert!(run.closed.is_empty());
    run.timer(6, 60);
    assert_eq!(run.closed, ["10 10.03 9.98 10.01 10 @0"]);
    run.timer(100, 0);
    assert_eq!(run.closed.len(), 1, "a window without bars gave one");
}

#[test]
fn the_sessions_close_cuts_the_last_window() {
    let mut run = Run::new(7);
    let day = session(10);
    for minute_no in 7..10 {
        run.feed_in(day, &minute(minute_no, 1000));
    }
    assert_eq!(run.closed, ["10 10.03 9.98 10.01 30 @7"]);
}

#[test]
fn one_minute_can_close_two_windows() {
    let mut run = Run::new(3);
    let day = session(4);
    run.feed_in(day, &minute(0, 1000));
    run.feed_in(day, &minute(3, 1010));
    assert_eq!(
        run.closed,
        ["10 10.03 9.98 10.01 10 @0", "10.1 10.13 10.08 10.11 10 @3"]
    );
}

#[test]
fn bars_outside_the_session_or_off_the_minute_are_ignored() {
    let mut run = Run::new(2);
    assert_eq!(run.feed(-1, 1000), Taken::OutsideSession);
    assert_eq!(run.feed(390, 1000), Taken::OutsideSession);
    let mut odd = minute(0, 1000);
    odd.start = odd.start.plus_seconds(17);
    assert_eq!(run.feed_in(session(390), &odd), Taken::OffMinute);
    run.feed(389, 1000);
    run.feed(400, 1000);
    assert!(run.closed.is_empty(), "an evening bar closed a window");
    let counts = run.aggregator.counts();
    assert_eq!((counts.outside_session, counts.off_minute), (3, 1));
}

#[test]
fn a_late_minute_is_merged_in_its_place_while_the_window_is_open() {
    let mut run = Run::new(3);
    run.feed(0, 1000);
    run.feed(2, 1020);
    assert_eq!(run.feed(1, 900), Taken::Merged);
    assert_eq!(run.closed, ["10 10.23 8.98 10.21 30 @0"]);
}

#[test]
fn a_late_first_minute_gives_the_window_its_open() {
    let mut run = Run::new(3);
    run.feed(1, 1000);
    run.feed(0, 990);
    run.feed(2, 1000);
    assert_eq!(run.closed, ["9.9 10.03 9.88 10.01 30 @0"]);
}

#[test]
fn an_identical_minute_is_ignored_and_a_correction_replaces_the_first() {
    let mut run = Run::new(2);
    run.feed(0, 1000);
    assert_eq!(run.feed(0, 1000), Taken::Duplicate);
    assert_eq!(run.feed(0, 1100), Taken::Corrected);
    run.feed(1, 1000);
    assert_eq!(run.closed, ["11 11.03 9.98 10.01 20 @0"]);
    let counts = run.aggregator.counts();
    assert_eq!((counts.duplicate, counts.corrected), (1, 1));
}

#[test]
fn a_closed_bar_never_changes_and_what_comes_for_it_is_counted() {
    let mut run = Run::new(2);
    run.feed(0, 1000);
    run.timer(2, 0);
    for late in [0, 1] {
        assert_eq!(run.feed(late, 1100), Taken::Late);
    }
    run.feed(6, 1000);
    assert_eq!(
        run.feed(3, 1000),
        Taken::Late,
        "a window that was passed over"
    );
    assert_eq!(run.closed.len(), 1);
    assert_eq!(run.aggregator.counts().late, 3);
}

#[test]
fn a_partial_window_of_an_earlier_session_is_dropped_at_the_next() {
    let mut run = Run::new(10);
    run.feed(385, 1000);
    let tomorrow = minute(24 * 60, 2000);
    assert_eq!(run.feed_in(next_session(), &tomorrow), Taken::Accepted);
    run.feed(386, 1000);
    assert!(
        run.closed.is_empty(),
        "yesterday's window was emitted today"
    );
    let counts = run.aggregator.counts();
    assert_eq!((counts.dropped_windows, counts.late), (1, 1));
}

#[test]
fn a_dropped_window_stays_dropped() {
    let mut run = Run::new(5);
    run.feed(0, 1000);
    run.aggregator.drop_partial();
    assert_eq!(run.feed(1, 1000), Taken::Late);
    assert_eq!(run.feed(5, 1000), Taken::Accepted);
    run.timer(10, 0);
    assert_eq!(run.closed, ["10 10.03 9.98 10.01 10 @5"]);
}

#[test]
fn what_was_saved_goes_on_where_it_stopped() {
    let mut run = Run::new(2);
    run.feed(0, 1000);
    let saved = serde_json::to_string(&run.aggregator).unwrap();
    run.aggregator = serde_json::from_str(&saved).unwrap();
    run.feed(1, 1010);
    assert_eq!(run.closed, ["10 10.13 9.98 10.11 20 @0"]);
}

proptest! {
    /// Whatever the order of arrival within the windows, the bars partition the minutes.
    #[test]
    fn every_minute_of_a_session_ends_up_in_exactly_one_bar(
        length in 1_u16..=60,
        present in prop::collection::vec(any::<bool>(), 120),
        swaps in prop::collection::vec(any::<bool>(), 120),
    ) {
        let mut order: Vec<i64> = (0..120).filter(|&m| present[usize::try_from(m).unwrap()]).collect();
        for at in 1..order.len() {
            let same_window = order[at - 1] / i64::from(length) == order[at] / i64::from(length);
            if swaps[at] && same_window {
                order.swap(at - 1, at);
            }
        }
        let mut aggregator = Aggregator::new(Timeframe::minutes(length).unwrap());
        let (mut bars, mut closed) = (Vec::new(), ClosedBars::default());
        for &minute_no in &order {
            let bar = minute(minute_no, 1000 + minute_no);
            let taken = aggregator.on_minute(session(120), &bar, &mut closed);
            prop_assert!(matches!(taken, Taken::Accepted | Taken::Merged));
            while let Some(bar) = closed.take() {
                bars.push(bar);
            }
        }
        bars.extend(aggregator.close_due(Timestamp::MAX, 0));
        let volume: u64 = bars.iter().map(|bar| bar.volume).sum();
        prop_assert_eq!(volume, 10 * u64::try_from(order.len()).unwrap());
        for bar in &bars {
            let start = bar.start.since(session(120).open) / Timestamp::MINUTE;
            prop_assert_eq!(start % i64::from(length), 0);
            let inside = order.iter().filter(|&&m| m >= start && m < start + i64::from(length));
            let (first, last) = (inside.clone().min().unwrap(), inside.max().unwrap());
            prop_assert_eq!(bar.open, minute(*first, 1000 + first).open);
            prop_assert_eq!(bar.low, minute(*first, 1000 + first).low);
            prop_assert_eq!(bar.high, minute(*last, 1000 + last).high);
            prop_assert_eq!(bar.close, minute(*last, 1000 + last).close);
        }
    }
}
