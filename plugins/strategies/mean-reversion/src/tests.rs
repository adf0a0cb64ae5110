//! Bars in, intents out, with the real indicators; and that both sides are treated alike.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use trader_contract::{
    Bar, Context, Direction, EntryPrice, Intent, Intents, Level, Mean, PositionView, Price, Qty,
    SettingValue, Settings, Slot, Strategy, Timestamp,
};
use trader_indicators::Indicator;

use crate::strategy::indicators;
use crate::{MeanReversion, PARAMETERS, Parameters};

/// Prices are reflected at half of this, in cents.
const MIRROR: i64 = 20_000;

struct Lane {
    strategy: MeanReversion,
    indicators: Vec<Indicator>,
    slots: Vec<Slot>,
    position: Option<Direction>,
}

impl Lane {
    fn new(given: &[(&str, SettingValue)]) -> Self {
        let given: BTreeMap<_, _> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let parameters = Parameters::from_settings(&Settings::resolve(PARAMETERS, &given).unwrap());
        let indicators: Vec<Indicator> = indicators(&parameters)
            .iter()
            .map(|spec| Indicator::from_spec(spec).unwrap())
            .collect();
        Self {
            strategy: MeanReversion::new(parameters),
            slots: vec![Slot::default(); indicators.len()],
            indicators,
            position: None,
        }
    }

    /// A lane of ten bars around 10.00, warm at the end.
    fn warm(given: &[(&str, SettingValue)]) -> Self {
        let small = [
            ("period", SettingValue::Integer(10)),
            ("atr_period", SettingValue::Integer(5)),
        ];
        let mut lane = Self::new(&[&small, given].concat());
        for cents in [1000, 1002, 998, 1001, 999, 1002, 998, 1001, 999, 1000] {
            assert!(lane.close(cents).is_empty());
        }
        lane
    }

    /// A bar of ten cents around a close.
    fn close(&mut self, cents: i64) -> Vec<Intent> {
        self.bar([cents, cents + 5, cents - 5, cents])
    }

    fn bar(&mut self, cents: [i64; 4]) -> Vec<Intent> {
        let start = Timestamp::from_seconds(0);
        let bar = Bar::new(start, cents.map(|c| Price::from_cents(c).unwrap()), 1).unwrap();
        for (slot, indicator) in self.slots.iter_mut().zip(&mut self.indicators) {
            indicator.update(&bar, false);
            slot.previous = slot.current;
            slot.current = indicator.reading();
        }
        let context = Context {
            now: start,
            session: None,
            position: self.position.map(|direction| PositionView {
                direction,
                qty: Qty::shares(1).unwrap(),
                entry_average: Mean::new(1, 1).unwrap(),
                stop: None,
                entered_at: start,
                exiting: false,
            }),
            pending: None,
            indicators: &self.slots,
        };
        let mut intents = Intents::default();
        self.strategy.on_bar(&context, &bar, &mut intents);
        intents.drain().collect()
    }
}

/// What is wanted, on the long side's prices if `reflected`.
fn shapes(intents: &[Intent], reflected: bool) -> Vec<String> {
    let mirror = Level::from(Price::from_cents(MIRROR).unwrap());
    let level = |level: Level| if reflected { mirror - level } else { level };
    let shape = |intent: &Intent| match intent {
        Intent::Enter {
            direction,
            entry,
            stop,
            ..
        } => {
            let direction = if reflected {
                direction.opposite()
            } else {
                *direction
            };
            let price = match entry {
                EntryPrice::Limit(limit) => level(*limit).to_string(),
                other => format!("{other:?}"),
            };
            format!("{direction} {price} stop {}", level(stop.unwrap()))
        }
        other => other.reason().rule.to_string(),
    };
    intents.iter().map(shape).collect()
}

#[test]
fn a_close_far_below_the_average_is_bought_and_one_far_above_sold_short() {
    // Ranges of 10 cents and, with the gap to the last close, 15: smoothed over five, 11; twice.
    assert_eq!(
        shapes(&Lane::warm(&[]).close(990), false),
        ["long 9.9 stop 9.68"]
    );
    assert_eq!(
        shapes(&Lane::warm(&[]).close(1010), false),
        ["short 10.1 stop 10.32"]
    );
    assert!(Lane::warm(&[]).close(997).is_empty());
}

#[test]
fn a_market_entry_names_no_price() {
    let market = ("entry", SettingValue::Word("market".to_owned()));
    let wanted = Lane::warm(&[market]).close(990);
    assert!(matches!(
        wanted[..],
        [Intent::Enter {
            entry: EntryPrice::Market,
            ..
        }]
    ));
}

#[test]
fn a_side_that_is_not_wanted_is_left_out() {
    let mut lane = Lane::warm(&[("sides", SettingValue::Word("short".to_owned()))]);
    assert!(lane.close(990).is_empty());
}

#[test]
fn the_position_is_left_when_the_close_reaches_the_average() {
    let mut lane = Lane::warm(&[]);
    lane.position = Some(Direction::Long);
    assert!(lane.close(995).is_empty());
    assert_eq!(shapes(&lane.close(1000), false), ["back_at_the_mean"]);
}

#[test]
fn after_a_trade_a_side_waits_until_the_price_has_come_back() {
    let mut lane = Lane::warm(&[]);
    lane.position = Some(Direction::Long);
    lane.close(985);
    lane.position = None;
    assert!(
        lane.close(950).is_empty(),
        "it entered right behind its stop"
    );
    for cents in [1000, 1000, 1000] {
        lane.close(cents);
    }
    assert_eq!(lane.close(900).len(), 1);
}

#[test]
fn a_price_that_stands_still_gives_no_signal() {
    let mut lane = Lane::new(&[("period", SettingValue::Integer(2))]);
    for _ in 0..40 {
        assert!(lane.bar([1000; 4]).is_empty());
    }
}

#[test]
fn what_was_saved_is_taken_up_again_and_nonsense_is_refused() {
    let mut lane = Lane::warm(&[]);
    lane.position = Some(Direction::Long);
    lane.close(985);
    let saved = lane.strategy.save();
    let mut fresh = Lane::warm(&[]);
    fresh.strategy.restore(&saved).unwrap();
    assert_eq!(fresh.strategy.save(), saved);
    assert!(fresh.strategy.restore("[]").is_err());
    assert!(fresh.close(950).is_empty());
}

proptest! {
    #[test]
    fn the_two_sides_are_mirror_images(
        steps in prop::collection::vec((-60_i64..=60, 0_i64..=20, 0_i64..=20, 0_u8..8), 30..120),
    ) {
        let small = [
            ("period", SettingValue::Integer(7)),
            ("atr_period", SettingValue::Integer(5)),
            ("entry_z", SettingValue::Decimal("1.3".parse().unwrap())),
        ];
        let (mut upright, mut mirrored) = (Lane::new(&small), Lane::new(&small));
        let mut close = MIRROR / 2;
        for (move_by, above, below, held) in steps {
            let open = close;
            close += move_by;
            let [high, low] = [open.max(close) + above, open.min(close) - below];
            upright.position = match held {
                0 => Some(Direction::Long),
                1 => Some(Direction::Short),
                _ => None,
            };
            mirrored.position = upright.position.map(Direction::opposite);
            let wanted = upright.bar([open, high, low, close]);
            let reflected = [MIRROR - open, MIRROR - low, MIRROR - high, MIRROR - close];
            let mirror_wanted = mirrored.bar(reflected);
            prop_assert_eq!(shapes(&wanted, false), shapes(&mirror_wanted, true));
        }
    }
}
