//! The strategy as the engine sees it: one instance for one symbol of one route.

use serde::{Deserialize, Serialize};
use trader_contract::{
    Bar, BuildError, Built, Comparison, Conditions, Context, Direction, EntryPrice, EntrySize,
    Fact, IndicatorSpec, Intent, Intents, Level, Mean, Ratio, Reading, Reason, Settings, Strategy,
    TradeSummary,
};

use crate::parameters::{EntryKind, Parameters};

/// Where the indicators stand in the list that [`build`] asks for.
const AVERAGE: usize = 0;
const DEVIATION: usize = 1;
const TRUE_RANGE: usize = 2;

/// Which sides may not enter again before the close has come back towards the average.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disarmed {
    long: bool,
    short: bool,
}

/// One instance.
#[derive(Debug, Clone)]
pub struct MeanReversion {
    parameters: Parameters,
    disarmed: Disarmed,
}

/// Makes an instance with the indicators that it reads.
pub(crate) fn build(settings: &Settings) -> Result<Built, BuildError> {
    let parameters = Parameters::from_settings(settings);
    Ok(Built {
        strategy: Box::new(MeanReversion::new(parameters)),
        indicators: indicators(&parameters),
        warm_up_bars: 0,
    })
}

/// The indicators, in the order in which they are read.
pub(crate) fn indicators(parameters: &Parameters) -> Vec<IndicatorSpec> {
    let period = parameters.period;
    vec![
        IndicatorSpec::Sma { period },
        IndicatorSpec::StdDev { period },
        IndicatorSpec::Atr {
            period: parameters.atr_period,
        },
    ]
}

/// What the indicators say, once all of them are warm.
#[derive(Debug, Clone, Copy)]
struct Readings {
    average: Mean,
    deviation: f64,
    true_range: f64,
}

impl Readings {
    fn from_context(context: &Context<'_>) -> Option<Self> {
        Some(Self {
            average: context.mean(AVERAGE)?,
            deviation: context.reading(DEVIATION).map(Reading::to_float)?,
            true_range: context.reading(TRUE_RANGE).map(Reading::to_float)?,
        })
    }

    /// Standard deviations that the close lies on the cheap side of the average, seen by somebody
    /// who enters in `direction`. `None` while the price stands still.
    fn cheapness(&self, direction: Direction, bar: &Bar) -> Option<f64> {
        let close = Mean::from(bar.close);
        // The subtraction is exact, so that both sides see the very same number.
        let distance = match direction {
            Direction::Long => self.average.minus(close)?,
            Direction::Short => close.minus(self.average)?,
        };
        (self.deviation > 0.0).then(|| distance.to_dollars() / self.deviation)
    }
}

impl MeanReversion {
    /// An instance with both sides armed.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            disarmed: Disarmed::default(),
        }
    }

    const fn disarmed_mut(&mut self, direction: Direction) -> &mut bool {
        match direction {
            Direction::Long => &mut self.disarmed.long,
            Direction::Short => &mut self.disarmed.short,
        }
    }

    fn entry(
        &self,
        direction: Direction,
        bar: &Bar,
        readings: &Readings,
        z: f64,
        when: &mut Conditions,
    ) -> Option<Intent> {
        let close = Level::from(bar.close);
        let distance = level_near(readings.true_range * float(self.parameters.stop_atr));
        // A stop at the entry would allow a size without limit.
        when.check("stop_is_away", distance > Some(Level::ZERO), || {
            let found = distance.map_or(Fact::Word("no price".into()), Fact::Level);
            (found, Comparison::Above, Fact::Count(0))
        });
        let distance = distance.filter(|distance| *distance > Level::ZERO)?;
        let stop = direction.opposite().advance(close, distance);
        Some(Intent::Enter {
            direction,
            entry: match self.parameters.entry {
                EntryKind::Market => EntryPrice::Market,
                EntryKind::Limit => EntryPrice::Limit(close),
            },
            stop: Some(stop),
            target: None,
            size: EntrySize::ByRisk,
            expires_after_bars: Some(self.parameters.entry_expiry_bars),
            reason: Reason::new("far_from_the_mean")
                .with("close", Fact::Level(close))
                .with("average", Fact::Mean(readings.average))
                .with("deviation", Fact::Float(readings.deviation))
                .with("z", Fact::Float(z))
                .with("entry_z", Fact::Ratio(self.parameters.entry_z))
                .with("true_range", Fact::Float(readings.true_range))
                .with("stop", Fact::Level(stop)),
        })
    }

    fn look_for_entry(&mut self, bar: &Bar, readings: &Readings, intents: &mut Intents) {
        for direction in [Direction::Long, Direction::Short] {
            let z = readings.cheapness(direction, bar);
            let when = intents.conditions();
            when.of_side(Some(direction));
            when.check("price_moves", z.is_some(), || {
                let deviation = Fact::Float(readings.deviation);
                (deviation, Comparison::Above, Fact::Count(0))
            });
            let Some(z) = z else {
                continue;
            };
            let least = self.parameters.entry_z;
            // What is no number is not below: it says nothing of having come back.
            let came_back = z < float(least);
            when.check("far_from_the_mean", !came_back, || {
                (Fact::Float(z), Comparison::AtLeast, Fact::Ratio(least))
            });
            if came_back {
                *self.disarmed_mut(direction) = false;
            } else if when.that(
                "came_back_since_the_last_trade",
                !*self.disarmed_mut(direction),
            ) && when.that("side_wanted", self.parameters.allow(direction))
                && let Some(intent) = self.entry(direction, bar, readings, z, when)
            {
                intents.push(intent);
            }
        }
    }
}

/// A ratio as a double.
#[expect(
    clippy::cast_precision_loss,
    reason = "a named rounding to the nearest double"
)]
fn float(ratio: Ratio) -> f64 {
    ratio.billionths() as f64 / 1e9
}

/// Dollars as the nearest whole millionth; `None` for what is no distance between prices.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a named rounding; the range is checked before it"
)]
fn level_near(dollars: f64) -> Option<Level> {
    let micros = (dollars * 1e6).round();
    let fits = micros.is_finite() && micros.abs() <= 1e13;
    fits.then(|| Level::from_femtos((micros as i128).saturating_mul(1_000_000_000)))
}

impl Strategy for MeanReversion {
    fn on_bar(&mut self, context: &Context<'_>, bar: &Bar, intents: &mut Intents) {
        let Some(readings) = Readings::from_context(context) else {
            return;
        };
        let Some(position) = context.position else {
            if context.pending.is_none() {
                self.look_for_entry(bar, &readings, intents);
            }
            return;
        };
        let direction = position.direction;
        *self.disarmed_mut(direction) = true;
        let close = Mean::from(bar.close);
        let reached = match direction {
            Direction::Long => close >= readings.average,
            Direction::Short => close <= readings.average,
        };
        let when = intents.conditions();
        when.of_side(Some(direction));
        let back = when.check("back_at_the_mean", reached, || {
            let comparison = match direction {
                Direction::Long => Comparison::AtLeast,
                Direction::Short => Comparison::AtMost,
            };
            let average = Fact::Mean(readings.average);
            (Fact::Level(bar.close.into()), comparison, average)
        });
        if back && when.that("not_closing_yet", !position.exiting) {
            intents.push(Intent::Exit {
                reason: Reason::new("back_at_the_mean")
                    .with("close", Fact::Level(bar.close.into()))
                    .with("average", Fact::Mean(readings.average)),
            });
        }
    }

    fn on_position_closed(&mut self, trade: &TradeSummary) {
        // A position that opened and closed between two bars disarms its side as well.
        *self.disarmed_mut(trade.direction) = true;
    }

    fn save(&self) -> String {
        serde_json::to_string(&self.disarmed).unwrap_or_default()
    }

    fn restore(&mut self, saved: &str) -> Result<(), String> {
        self.disarmed = serde_json::from_str(saved)
            .map_err(|error| format!("no state of the mean-reversion strategy: {error}"))?;
        Ok(())
    }
}
