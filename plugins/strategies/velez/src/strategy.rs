//! The strategy as the engine sees it: one instance for one symbol of one route.

use trader_contract::{
    Bar, BuildError, Built, Comparison, Conditions, Context, Direction, EntryPrice, EntrySize,
    Fact, IndicatorSpec, Intent, Intents, Level, PositionView, Reason, Settings, Strategy,
    TradeSummary,
};

use crate::parameters::Parameters;
use crate::signal::{Averages, entry_level, planned_stop, signal};
use crate::trail::Trail;

/// One instance.
#[derive(Debug, Clone)]
pub struct Velez {
    parameters: Parameters,
    trail: Trail,
}

/// Makes an instance with the indicators that it reads: the fast average, then the slow one.
pub(crate) fn build(settings: &Settings) -> Result<Built, BuildError> {
    let parameters = Parameters::from_settings(settings)?;
    Ok(Built {
        strategy: Box::new(Velez::new(parameters)),
        indicators: vec![
            IndicatorSpec::Sma {
                period: parameters.sma_fast,
            },
            IndicatorSpec::Sma {
                period: parameters.sma_slow,
            },
        ],
        // A signal compares with the candle before.
        warm_up_bars: 1,
    })
}

impl Velez {
    /// An instance without a position.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            trail: Trail::default(),
        }
    }

    /// Its settings.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Where the trailing of its position stands.
    #[must_use]
    pub const fn trail(&self) -> Trail {
        self.trail
    }

    /// What the candle says to somebody who is flat, with the direction it says it for.
    fn look_for_entry(
        &self,
        context: &Context<'_>,
        bar: &Bar,
        when: &mut Conditions,
    ) -> Option<Intent> {
        let averages = Averages::from_context(context)?;
        [Direction::Long, Direction::Short]
            .into_iter()
            .find_map(|direction| {
                when.of_side(Some(direction));
                if !when.that("side_wanted", self.parameters.sides.allow(direction)) {
                    return None;
                }
                let reason = signal(&self.parameters, direction, bar, &averages, when).ok()?;
                Some(self.entry(direction, bar, reason))
            })
    }

    fn entry(&self, direction: Direction, bar: &Bar, reason: Reason) -> Intent {
        let entry = entry_level(&self.parameters, direction, bar);
        let stop = planned_stop(&self.parameters, direction, bar);
        Intent::Enter {
            direction,
            entry: EntryPrice::Stop(entry),
            stop: Some(stop),
            target: None,
            size: EntrySize::ByRisk,
            expires_after_bars: Some(self.parameters.entry_expiry_bars),
            reason: reason
                .with("entry", Fact::Level(entry))
                .with("stop", Fact::Level(stop)),
        }
    }

    fn manage(&mut self, position: &PositionView, bar: &Bar, intents: &mut Intents) {
        let direction = position.direction;
        let step = self.trail.on_candle(&self.parameters, direction, bar);
        let may_loosen = self.parameters.stop_may_loosen;
        let when = intents.conditions();
        when.of_side(Some(direction));
        when.check("pullback_ended", step.pullback_extreme.is_some(), || {
            let (with, needed) = self.trail.candles_with();
            (with, Comparison::AtLeast, needed)
        });
        if let Some(extreme) = step.pullback_extreme {
            let stop = Level::from(extreme);
            let resting = position.stop.map(Level::from);
            let tightens = resting.is_none_or(|resting| direction.is_better(stop, resting));
            if when.check("stop_may_move", tightens || may_loosen, || {
                let ahead = match direction {
                    _ if may_loosen => Comparison::Equal,
                    Direction::Long => Comparison::Above,
                    Direction::Short => Comparison::Below,
                };
                let bound = match resting {
                    Some(resting) if !may_loosen => Fact::Level(resting),
                    _ => Fact::Word("any".into()),
                };
                (Fact::Level(stop), ahead, bound)
            }) {
                let reason = Reason::new("velez_pullback_ended")
                    .with("pullback_extreme", Fact::Level(stop))
                    .with("close", Fact::Level(bar.close.into()));
                let reason = match resting {
                    Some(resting) => reason.with("stop_before", Fact::Level(resting)),
                    None => reason,
                };
                intents.push(Intent::MoveStop { stop, reason });
            }
        }
        if intents.check("run_long_enough", step.exit, || {
            let (run, most) = (self.trail.run, self.parameters.run_bars_max);
            let count = |bars: u16| Fact::Count(bars.into());
            (count(run), Comparison::AtLeast, count(most))
        }) {
            let reason = Reason::new("velez_run")
                .with("run", Fact::Count(self.trail.run.into()))
                .with(
                    "run_bars_max",
                    Fact::Count(self.parameters.run_bars_max.into()),
                )
                .with("close", Fact::Level(bar.close.into()));
            intents.push(Intent::Exit { reason });
        }
    }
}

impl Strategy for Velez {
    fn on_bar(&mut self, context: &Context<'_>, bar: &Bar, intents: &mut Intents) {
        match (&context.position, &context.pending) {
            // An exit that is under way is the engine's to finish.
            (Some(position), _) if position.exiting => {}
            (Some(position), _) => self.manage(position, bar, intents),
            (None, Some(_)) => self.trail = Trail::default(),
            (None, None) => {
                self.trail = Trail::default();
                let wanted = self.look_for_entry(context, bar, intents.conditions());
                if let Some(intent) = wanted {
                    intents.push(intent);
                }
            }
        }
    }

    fn on_position_closed(&mut self, _trade: &TradeSummary) {
        self.trail = Trail::default();
    }

    fn save(&self) -> String {
        serde_json::to_string(&self.trail).unwrap_or_default()
    }

    fn restore(&mut self, saved: &str) -> Result<(), String> {
        self.trail = serde_json::from_str(saved)
            .map_err(|error| format!("no state of the velez strategy: {error}"))?;
        Ok(())
    }
}
