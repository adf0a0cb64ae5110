//! A session minute by minute: which entries wait where, and that both sides are treated alike.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use trader_contract::{
    Bar, Context, Direction, EntryPrice, Intent, Intents, Level, Mean, PendingView, PositionView,
    Price, Qty, SessionView, SettingValue, Settings, Strategy, Timestamp,
};

use crate::{OpeningRange, PARAMETERS, Parameters};

/// Prices are reflected at half of this, in cents.
const MIRROR: i64 = 20_000;

fn parameters(given: &[(&str, SettingValue)]) -> Parameters {
    let given: BTreeMap<_, _> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    Parameters::from_settings(&Settings::resolve(PARAMETERS, &given).unwrap()).unwrap()
}

fn session() -> SessionView {
    let open: Timestamp = "2011-01-10T14:30:00Z".parse().unwrap();
    SessionView {
        date: NaiveDate::from_ymd_opt(2011, 1, 10).unwrap(),
        open,
        close: open.plus_minutes(390),
    }
}

/// One minute of the session, with what the lane holds and has waiting.
struct Minute {
    number: i64,
    cents: [i64; 4],
    position: Option<Direction>,
    pending: Option<Direction>,
}

fn ask(strategy: &mut OpeningRange, minute: &Minute) -> Vec<Intent> {
    let start = session().open.plus_minutes(minute.number);
    let prices = minute.cents.map(|c| Price::from_cents(c).unwrap());
    let context = Context {
        now: start.plus_minutes(1),
        session: Some(session()),
        position: minute.position.map(|direction| PositionView {
            direction,
            qty: Qty::shares(1).unwrap(),
            entry_average: Mean::new(1, 1).unwrap(),
            stop: None,
            entered_at: start,
            exiting: false,
        }),
        pending: minute.pending.map(|direction| PendingView {
            direction,
            age_bars: 1,
        }),
        indicators: &[],
    };
    let mut intents = Intents::default();
    strategy.on_bar(&context, &Bar::new(start, prices, 1).unwrap(), &mut intents);
    intents.drain().collect()
}

/// What is wanted, on the long side's prices if `reflected`.
fn shapes(intents: &[Intent], reflected: bool) -> Vec<String> {
    let mirror = Level::from(Price::from_cents(MIRROR).unwrap());
    let level = |level: Level| if reflected { mirror - level } else { level };
    let shape = |intent: &Intent| match intent {
        Intent::Enter {
            direction,
            entry: EntryPrice::Stop(entry),
            stop,
            target,
            ..
        } => {
            let direction = if reflected {
                direction.opposite()
            } else {
                *direction
            };
            let target = target.map_or("none".to_owned(), |target| level(target).to_string());
            format!(
                "{direction} {} stop {} target {target}",
                level(*entry),
                level(stop.unwrap())
            )
        }
        other => other.reason().rule.to_string(),
    };
    intents.iter().map(shape).collect()
}

fn quiet(number: i64, cents: [i64; 4]) -> Minute {
    Minute {
        number,
        cents,
        position: None,
        pending: None,
    }
}

const RANGE: [i64; 4] = [1000, 1010, 990, 1000];
const NEAR_HIGH: [i64; 4] = [1000, 1008, 1000, 1006];
const NEAR_LOW: [i64; 4] = [1000, 1002, 993, 994];

/// A strategy after a range of five minutes from 9.90 to 10.10.
fn after_the_range(given: &[(&str, SettingValue)]) -> OpeningRange {
    let five = ("range_minutes", SettingValue::Integer(5));
    let mut strategy = OpeningRange::new(parameters(&[&[five], given].concat()));
    for number in 0..5 {
        ask(&mut strategy, &quiet(number, RANGE));
    }
    strategy
}

#[test]
fn an_entry_waits_beyond_the_nearer_side_with_stop_and_target() {
    let mut strategy = after_the_range(&[]);
    let long = ask(&mut strategy, &quiet(5, NEAR_HIGH));
    assert_eq!(shapes(&long, false), ["long 10.11 stop 9.9 target 10.53"]);
    let short = ask(&mut strategy, &quiet(6, NEAR_LOW));
    assert_eq!(shapes(&short, false), ["short 9.89 stop 10.1 target 9.47"]);
}

#[test]
fn a_fraction_of_the_range_brings_the_stop_nearer() {
    let half = SettingValue::Decimal("0.5".parse().unwrap());
    let none = SettingValue::Integer(0);
    let mut strategy = after_the_range(&[("stop_fraction", half), ("target_multiple", none)]);
    let long = ask(&mut strategy, &quiet(5, NEAR_HIGH));
    assert_eq!(shapes(&long, false), ["long 10.11 stop 10 target none"]);
}

#[test]
fn an_entry_moves_over_when_the_other_side_comes_nearer() {
    let mut strategy = after_the_range(&[]);
    let waiting = |number, cents| Minute {
        pending: Some(Direction::Long),
        ..quiet(number, cents)
    };
    assert!(ask(&mut strategy, &waiting(6, NEAR_HIGH)).is_empty());
    let moved = ask(&mut strategy, &waiting(7, NEAR_LOW));
    assert_eq!(shapes(&moved, false), ["other_side_nearer"]);
}

#[test]
fn each_side_is_traded_once_a_day() {
    let mut strategy = after_the_range(&[("sides", SettingValue::Word("long".to_owned()))]);
    let holding = Minute {
        position: Some(Direction::Long),
        ..quiet(6, NEAR_HIGH)
    };
    assert!(ask(&mut strategy, &holding).is_empty());
    assert!(ask(&mut strategy, &quiet(7, NEAR_HIGH)).is_empty());
}

#[test]
fn nothing_is_entered_after_the_entry_time_and_what_waits_is_cancelled() {
    let mut strategy = after_the_range(&[("entry_minutes", SettingValue::Integer(10))]);
    assert_eq!(ask(&mut strategy, &quiet(8, NEAR_HIGH)).len(), 1);
    assert!(ask(&mut strategy, &quiet(9, NEAR_HIGH)).is_empty());
    let waiting = Minute {
        pending: Some(Direction::Long),
        ..quiet(9, NEAR_HIGH)
    };
    assert_eq!(
        shapes(&ask(&mut strategy, &waiting), false),
        ["entry_time_over"]
    );
}

#[test]
fn a_session_joined_after_the_open_has_no_range() {
    let mut strategy = OpeningRange::new(parameters(&[]));
    for number in 3..40 {
        assert!(ask(&mut strategy, &quiet(number, NEAR_HIGH)).is_empty());
    }
}

#[test]
fn what_was_saved_is_taken_up_again_and_nonsense_is_refused() {
    let mut before = after_the_range(&[]);
    let mut after = OpeningRange::new(parameters(&[("range_minutes", SettingValue::Integer(5))]));
    after.restore(&before.save()).unwrap();
    assert!(after.restore("{\"date\":1}").is_err());
    let minute = quiet(5, NEAR_HIGH);
    assert_eq!(ask(&mut after, &minute), ask(&mut before, &minute));
}

#[test]
fn settings_without_time_for_an_entry_are_refused() {
    let given = BTreeMap::from([("entry_minutes".to_owned(), SettingValue::Integer(10))]);
    let settings = Settings::resolve(PARAMETERS, &given).unwrap();
    assert!(Parameters::from_settings(&settings).is_err());
}

proptest! {
    #[test]
    fn the_two_sides_are_mirror_images(
        steps in prop::collection::vec((-40_i64..=40, 0_i64..=20, 0_i64..=20, 0_u8..8), 20..80),
    ) {
        let five = [("range_minutes", SettingValue::Integer(5))];
        let mut upright = OpeningRange::new(parameters(&five));
        let mut mirrored = OpeningRange::new(parameters(&five));
        let mut close = MIRROR / 2;
        for (number, (move_by, above, below, held)) in (0..).zip(steps) {
            let open = close;
            close += move_by;
            let [high, low] = [open.max(close) + above, open.min(close) - below];
            let side = if held % 2 == 0 { Direction::Long } else { Direction::Short };
            let mut minute = quiet(number, [open, high, low, close]);
            minute.position = (held < 2).then_some(side);
            minute.pending = (2..4).contains(&held).then_some(side);
            let reflected = Minute {
                number,
                cents: [MIRROR - open, MIRROR - low, MIRROR - high, MIRROR - close],
                position: minute.position.map(Direction::opposite),
                pending: minute.pending.map(Direction::opposite),
            };
            let wanted = ask(&mut upright, &minute);
            let mirror_wanted = ask(&mut mirrored, &reflected);
            prop_assert_eq!(shapes(&wanted, false), shapes(&mirror_wanted, true));
        }
    }
}
