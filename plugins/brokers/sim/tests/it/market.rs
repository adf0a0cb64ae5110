//! The synthetic market: its days follow from seed, symbol and date, and each shape keeps what it
//! promises for every seed.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use chrono::{Datelike, Days, NaiveDate, Weekday};
use proptest::prelude::*;
use trader_broker_sim::market::{Instrument, Phase, Shape, SyntheticMarket};
use trader_contract::{Bar, Price, Timestamp};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instrument(name: &str, shape: Shape) -> Instrument {
    Instrument {
        symbol: name.parse().unwrap(),
        base: Price::from_cents(12_000).unwrap(),
        shape,
        volume_per_minute: 20_000,
    }
}

fn day(seed: u64, shape: Shape, on: &str, minutes: u32) -> Vec<Bar> {
    let mut market = SyntheticMarket::new(seed, vec![instrument("DEMO", shape)]);
    let open = Timestamp::from_seconds(1_300_000_000);
    market.bars(0, date(on), open, minutes)
}

fn cents(price: Price) -> i64 {
    assert_eq!(price.micros() % 10_000, 0, "{price} is not on the cent");
    price.micros() / 10_000
}

#[test]
fn a_day_is_the_same_whatever_was_asked_for_before() {
    let open = Timestamp::from_seconds(1_300_000_000);
    let instruments = || {
        vec![
            instrument("DEMO", Shape::Walk),
            instrument("OTHER", Shape::Walk),
        ]
    };
    let mut market = SyntheticMarket::new(7, instruments());
    let later = market.bars(0, date("2011-03-10"), open, 390);
    let earlier = market.bars(0, date("2011-03-09"), open, 390);
    let mut turned = instruments();
    turned.reverse();
    let mut market = SyntheticMarket::new(7, turned);
    assert_eq!(market.bars(1, date("2011-03-09"), open, 390), earlier);
    assert_eq!(market.bars(1, date("2011-03-10"), open, 390), later);
    assert_ne!(market.bars(0, date("2011-03-10"), open, 390), later);
    assert!(market.bars(2, date("2011-03-10"), open, 390).is_empty());
}

#[test]
fn years_of_a_walk_stay_plausible() {
    let mut market = SyntheticMarket::new(3, vec![instrument("DEMO", Shape::Walk)]);
    let mut on = date("2015-01-05");
    let mut last: Option<Price> = None;
    let (mut gaps, mut days) = (0, 0);
    for _ in 0..2_000 {
        if !matches!(on.weekday(), Weekday::Sat | Weekday::Sun) {
            let bars = market.bars(0, on, Timestamp::from_seconds(0), 390);
            let open = bars.first().unwrap().open;
            assert!((3_000..48_000).contains(&cents(open)), "{on} {open}");
            if let Some(last) = last {
                let gap = (cents(open) - cents(last)).abs();
                assert!(gap * 100 <= cents(last) * 5, "{on}: {last} to {open}");
                gaps += i32::from(gap > 0);
                days += 1;
            }
            last = Some(bars.last().unwrap().close);
        }
        on = on.checked_add_days(Days::new(1)).unwrap();
    }
    assert!(gaps * 10 > days * 8, "{gaps} gaps on {days} days");
}

#[test]
fn a_short_session_ends_where_the_full_one_does() {
    for shape in [Shape::Walk, Shape::TrendUp, Shape::Spike] {
        let full = day(1, shape.clone(), "2011-11-25", 390);
        let half = day(1, shape, "2011-11-25", 210);
        assert_eq!((full.len(), half.len()), (390, 210));
        assert_eq!(full.last().unwrap().close, half.last().unwrap().close);
    }
}

#[test]
fn a_listed_phase_ends_exactly_where_its_drift_says() {
    let phases = vec![Phase::new(100, 100, 500), Phase::new(290, -50, 500)];
    let bars = day(5, Shape::Phases(phases), "2011-03-10", 390);
    let open = bars.first().unwrap().open.micros();
    let near = |price: Price, ppm: i64| {
        let wanted = open + open * ppm / 1_000_000;
        assert!((price.micros() - wanted).abs() <= 10_000, "{price}");
    };
    near(bars[99].close, 10_000);
    near(bars[389].close, 10_000 - 14_500);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn bars_follow_each_other_on_the_cent(seed: u64, shape in 0_usize..5, minutes in 1_u32..391) {
        let shapes = [Shape::Walk, Shape::TrendUp, Shape::TrendDown, Shape::ChopThenReverse, Shape::Spike];
        let bars = day(seed, shapes[shape].clone(), "2011-03-10", minutes);
        prop_assert_eq!(bars.len(), usize::try_from(minutes).unwrap());
        for (place, bar) in bars.iter().enumerate() {
            let prices = [bar.open, bar.high, bar.low, bar.close];
            prop_assert!(Bar::new(bar.start, prices, bar.volume).is_ok());
            prop_assert!(prices.map(cents).iter().all(|price| *price > 0));
            prop_assert!(bar.volume >= 4_000 && bar.volume < 250_000, "{}", bar.volume);
            let minute = i64::try_from(place).unwrap();
            prop_assert_eq!(bar.start, Timestamp::from_seconds(1_300_000_000).plus_minutes(minute));
        }
        for pair in bars.windows(2) {
            prop_assert_eq!(pair[0].close, pair[1].open);
        }
    }

    #[test]
    fn a_trend_breaks_out_of_a_tight_hour_and_reverses_late(seed: u64) {
        for (shape, up) in [(Shape::TrendUp, 1), (Shape::TrendDown, -1)] {
            let bars = day(seed, shape, "2011-03-10", 390);
            let level = |minute: usize| cents(bars[minute].close) * up;
            let range = bars[..60].iter().map(|bar| cents(bar.high)).max().unwrap()
                - bars[..60].iter().map(|bar| cents(bar.low)).min().unwrap();
            prop_assert!(range * 1_000 <= 8 * level(0).abs(), "the first hour is {range} cents wide");
            prop_assert!(level(64) > level(59), "no breakout");
            // Each pair of legs ends past the one before.
            for leg in 1..9 {
                prop_assert!(level(63 + leg * 26) > level(63 + (leg - 1) * 26));
            }
            let (top, end) = (level(297), level(389));
            prop_assert!(2 * (top - end) > top - level(0), "no reversal: {top} {end}");
            let strong = bars[64..298].iter().filter(|bar| {
                let body = (cents(bar.close) - cents(bar.open)).abs();
                2 * body >= cents(bar.high) - cents(bar.low)
            });
            prop_assert!(strong.count() > 140);
        }
    }

    #[test]
    fn a_spike_falls_through_every_close_stop_in_one_minute(seed: u64) {
        let bars = day(seed, Shape::Spike, "2011-03-10", 390);
        let fall = bars.iter().enumerate().max_by_key(|(_, bar)| cents(bar.open) - cents(bar.close));
        let (minute, bar) = fall.unwrap();
        prop_assert_eq!(minute, 180);
        prop_assert!((cents(bar.open) - cents(bar.close)) * 1_000 >= 29 * cents(bar.open));
        let lowest = bars[60..180].iter().map(|bar| cents(bar.low)).min().unwrap();
        prop_assert!(cents(bar.close) < lowest);
        prop_assert!(cents(bars[179].close) > cents(bars[0].open));
    }
}
