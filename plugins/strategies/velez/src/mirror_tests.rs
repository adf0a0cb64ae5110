//! The strategy driven candle by candle: what it does in a position, and that the short side is the
//! long side on reflected prices.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use trader_contract::{
    Bar, Context, Direction, EntryPrice, Intent, Intents, Level, Mean, PendingView, PositionView,
    Price, Qty, Reading, SettingValue, Settings, Slot, Strategy, Timestamp,
};

use crate::parameters::{PARAMETERS, Parameters};
use crate::strategy::Velez;
use crate::trail::TrailState;

const CENT: i64 = 10_000;

/// Prices are reflected at half of this, in cents.
const MIRROR: i64 = 20_000;

fn settings(given: &[(&str, SettingValue)]) -> Parameters {
    let given: BTreeMap<_, _> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    Parameters::from_settings(&Settings::resolve(PARAMETERS, &given).unwrap()).unwrap()
}

fn candle([open, high, low, close]: [i64; 4]) -> Bar {
    let prices = [open, high, low, close].map(|c| Price::from_cents(c).unwrap());
    Bar::new(Timestamp::from_seconds(0), prices, 1).unwrap()
}

fn reflected([open, high, low, close]: [i64; 4]) -> [i64; 4] {
    [MIRROR - open, MIRROR - low, MIRROR - high, MIRROR - close]
}

/// A toy engine: fills an entry or not as it is told, keeps the stop rounded to the cent.
struct Lane {
    strategy: Velez,
    closes: Vec<i64>,
    slots: [Slot; 2],
    position: Option<PositionView>,
    pending: Option<(PendingView, Level)>,
}

impl Lane {
    fn new(parameters: Parameters) -> Self {
        Self {
            strategy: Velez::new(parameters),
            closes: Vec::new(),
            slots: [Slot::default(); 2],
            position: None,
            pending: None,
        }
    }

    fn enter(&mut self, direction: Direction, stop: Level) {
        self.position = Some(PositionView {
            direction,
            qty: Qty::shares(1).unwrap(),
            entry_average: Mean::new(1, 1).unwrap(),
            stop: direction.round_stop(stop, CENT),
            entered_at: Timestamp::from_seconds(0),
            exiting: false,
        });
    }

    /// Gives the strategy a candle and carries out what it wants.
    fn candle(&mut self, cents: [i64; 4], fill: bool) -> Vec<Intent> {
        if let Some((pending, stop)) = self.pending.take()
            && fill
        {
            self.enter(pending.direction, stop);
        }
        let bar = candle(cents);
        self.closes.push(bar.close.micros());
        let parameters = *self.strategy.parameters();
        for (slot, period) in self
            .slots
            .iter_mut()
            .zip([parameters.sma_fast, parameters.sma_slow])
        {
            slot.previous = slot.current;
            let window = self.closes.rchunks(period as usize).next().unwrap();
            if window.len() == period as usize {
                let sum = window.iter().map(|&m| i128::from(m)).sum();
                slot.current = Mean::new(sum, i64::from(period)).map(Reading::Mean);
            }
        }
        let wanted = self.ask(&bar);
        for intent in &wanted {
            match intent {
                Intent::Enter {
                    direction, stop, ..
                } => {
                    let view = PendingView {
                        direction: *direction,
                        age_bars: 0,
                    };
                    self.pending = Some((view, stop.unwrap()));
                }
                Intent::MoveStop { stop, .. } => {
                    let position = self.position.as_mut().unwrap();
                    position.stop = position.direction.round_stop(*stop, CENT);
                }
                Intent::Exit { .. } => self.position = None,
                Intent::CancelEntry { .. } => self.pending = None,
            }
        }
        wanted
    }

    /// What the strategy wants at `bar` as things stand.
    fn ask(&mut self, bar: &Bar) -> Vec<Intent> {
        let context = Context {
            now: bar.start,
            session: None,
            position: self.position,
            pending: self.pending.map(|(view, _)| view),
            indicators: &self.slots,
        };
        let mut intents = Intents::default();
        self.strategy.on_bar(&context, bar, &mut intents);
        intents.drain().collect()
    }

    fn stop(&self) -> String {
        self.position.unwrap().stop.unwrap().to_string()
    }
}

/// What an intent asks for, as if on the long side.
fn shape(intent: &Intent, direction: Direction) -> String {
    let level = |level: Level| match direction {
        Direction::Long => level,
        Direction::Short => Level::from(Price::from_cents(MIRROR).unwrap()) - level,
    };
    match intent {
        Intent::Enter {
            direction: way,
            entry: EntryPrice::Stop(entry),
            stop,
            ..
        } => {
            assert_eq!(*way, direction);
            format!("enter {} stop {}", level(*entry), level(stop.unwrap()))
        }
        Intent::MoveStop { stop, .. } => format!("stop {}", level(*stop)),
        Intent::Exit { .. } => "exit".to_owned(),
        other => panic!("unexpected {other:?}"),
    }
}

fn long_position(given: &[(&str, SettingValue)], stop: &str) -> Lane {
    let mut lane = Lane::new(settings(given));
    lane.enter(Direction::Long, stop.parse().unwrap());
    lane
}

const RED: [i64; 4] = [1000, 1001, 990, 992];
const GREEN: [i64; 4] = [992, 1004, 991, 1003];

#[test]
fn two_green_candles_after_a_pullback_move_the_stop_to_its_low() {
    let mut lane = long_position(&[], "9.5");
    lane.candle(RED, false);
    lane.candle([992, 996, 985, 990], false);
    assert!(lane.candle(GREEN, false).is_empty());
    let wanted = lane.candle(GREEN, false);
    assert_eq!(shape(&wanted[0], Direction::Long), "stop 9.85");
    assert_eq!(lane.stop(), "9.85");
    assert_eq!(lane.strategy.trail().state, TrailState::Trailing);
}

#[test]
fn a_red_candle_within_the_pullback_starts_the_count_of_greens_anew() {
    let mut lane = long_position(&[], "9.5");
    for cents in [RED, GREEN, RED, GREEN] {
        assert!(lane.candle(cents, false).is_empty());
    }
    assert_eq!(lane.candle(GREEN, false).len(), 1);
}

#[test]
fn a_doji_changes_nothing() {
    let mut lane = long_position(&[], "9.5");
    let doji = [1000, 1050, 900, 1001];
    lane.candle(doji, false);
    assert_eq!(lane.strategy.trail().state, TrailState::Watching);
    lane.candle(RED, false);
    let before = lane.strategy.trail().state;
    lane.candle(doji, false);
    assert_eq!(lane.strategy.trail().state, before);
}

#[test]
fn the_stop_never_gives_room_back_unless_the_original_rule_is_asked_for() {
    let candles = [RED, GREEN, GREEN];
    let mut strict = long_position(&[], "9.95");
    let mut original = long_position(&[("stop_may_loosen", SettingValue::Flag(true))], "9.95");
    for cents in candles {
        strict.candle(cents, false);
        original.candle(cents, false);
    }
    assert_eq!(
        (strict.stop(), original.stop()),
        ("9.95".into(), "9.9".into())
    );
}

#[test]
fn the_candle_that_ends_trailing_starts_the_next_pullback_unless_the_original_rule_is_asked_for() {
    let flag = ("red_ends_trailing_only", SettingValue::Flag(true));
    let mut default = long_position(&[], "9.5");
    let mut original = long_position(&[flag], "9.5");
    for cents in [RED, GREEN, GREEN, RED] {
        default.candle(cents, false);
        original.candle(cents, false);
    }
    let extreme = Price::from_cents(990).unwrap();
    let pulling_back = TrailState::PullingBack {
        extreme,
        candles_with: 0,
    };
    assert_eq!(default.strategy.trail().state, pulling_back);
    assert_eq!(original.strategy.trail().state, TrailState::Watching);
}

#[test]
fn a_run_of_strong_candles_while_trailing_ends_the_trade() {
    let mut lane = long_position(&[], "9.5");
    lane.candle(RED, false);
    lane.candle(GREEN, false);
    lane.candle(GREEN, false);
    assert!(lane.candle(GREEN, false).is_empty());
    let weak = [992, 1004, 991, 995];
    assert!(lane.candle(weak, false).is_empty());
    assert!(lane.candle(GREEN, false).is_empty());
    assert!(lane.candle(GREEN, false).is_empty());
    let wanted = lane.candle(GREEN, false);
    assert_eq!(shape(&wanted[0], Direction::Long), "exit");
}

#[test]
fn an_exit_under_way_is_left_alone() {
    let run = ("run_bars_max", SettingValue::Integer(1));
    let mut lane = long_position(&[run], "9.5");
    if let Some(position) = &mut lane.position {
        position.exiting = true;
    }
    for cents in [RED, GREEN, GREEN, GREEN] {
        assert!(lane.candle(cents, false).is_empty());
    }
}

#[test]
fn what_was_saved_is_taken_up_again_and_nonsense_is_refused() {
    let mut lane = long_position(&[], "9.5");
    lane.candle(RED, false);
    lane.candle(GREEN, false);
    let saved = lane.strategy.save();
    let mut fresh = Velez::new(*lane.strategy.parameters());
    fresh.restore(&saved).unwrap();
    assert_eq!(fresh.trail(), lane.strategy.trail());
    assert!(fresh.restore("{\"state\":\"flying\",\"run\":0}").is_err());
    assert_eq!(fresh.trail(), lane.strategy.trail());
}

#[test]
fn nothing_is_looked_for_while_an_entry_waits() {
    let mut lane = Lane::new(settings(&[
        ("sma_fast", SettingValue::Integer(1)),
        ("sma_slow", SettingValue::Integer(2)),
    ]));
    lane.candle([1000, 1000, 1000, 1000], false);
    lane.candle([1000, 1001, 1000, 1001], false);
    let steeper = [1001, 1005, 1000, 1005];
    assert_eq!(lane.candle(steeper, false).len(), 1);
    assert!(lane.pending.is_some());
    assert!(lane.ask(&candle(steeper)).is_empty());
    lane.pending = None;
    assert_eq!(lane.ask(&candle(steeper)).len(), 1);
}

proptest! {
    #[test]
    fn the_short_side_is_the_long_side_on_reflected_prices(
        steps in prop::collection::vec((-40_i64..=40, 0_i64..=20, 0_i64..=20, any::<bool>()), 30..160),
        loosen: bool, original: bool,
    ) {
        let decimal = |text: &str| SettingValue::Decimal(text.parse().unwrap());
        let parameters = |sides: &str| settings(&[
            ("sides", SettingValue::Word(sides.to_owned())),
            ("sma_fast", SettingValue::Integer(3)),
            ("sma_slow", SettingValue::Integer(7)),
            // Percentages of the price are the one thing that reflection does not keep.
            ("tightness_pct", decimal("100")),
            ("stop_buffer_pct", decimal("0")),
            ("stop_may_loosen", SettingValue::Flag(loosen)),
            ("red_ends_trailing_only", SettingValue::Flag(original)),
        ]);
        let mut long = Lane::new(parameters("long"));
        let mut short = Lane::new(parameters("short"));
        let mut close = MIRROR / 2;
        let mut wanted_at_all = 0;
        for (move_by, above, below, fill) in steps {
            let open = close;
            close += move_by;
            let cents = [open, open.max(close) + above, open.min(close) - below, close];
            let wanted = long.candle(cents, fill);
            let mirrored = short.candle(reflected(cents), fill);
            wanted_at_all += wanted.len();
            let shapes = |intents: &[Intent], direction| -> Vec<String> {
                intents.iter().map(|intent| shape(intent, direction)).collect()
            };
            prop_assert_eq!(shapes(&wanted, Direction::Long), shapes(&mirrored, Direction::Short));
        }
        prop_assume!(wanted_at_all > 0);
    }
}
