//! The strategy as the engine sees it: one instance for one symbol of one route.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{
    Bar, BuildError, Built, Comparison, Conditions, Context, Direction, EntryPrice, EntrySize,
    Fact, Intent, Intents, Level, Price, Reason, SessionView, Settings, Strategy, TickRule,
    Timestamp, TradeSummary,
};

use crate::parameters::Parameters;

/// What is remembered of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    date: NaiveDate,
    /// Whether the bar at the open was seen; without it there is no range.
    from_the_open: bool,
    high: Price,
    low: Price,
    traded_long: bool,
    traded_short: bool,
}

/// One instance.
#[derive(Debug, Clone)]
pub struct OpeningRange {
    parameters: Parameters,
    day: Option<Day>,
}

/// Makes an instance. It asks for no indicators, so it hears every bar from the first one on.
pub(crate) fn build(settings: &Settings) -> Result<Built, BuildError> {
    Ok(Built {
        strategy: Box::new(OpeningRange::new(Parameters::from_settings(settings)?)),
        indicators: Vec::new(),
        warm_up_bars: 0,
    })
}

impl Day {
    fn new(session: SessionView, bar: &Bar) -> Self {
        Self {
            date: session.date,
            from_the_open: bar.start == session.open,
            high: bar.high,
            low: bar.low,
            traded_long: false,
            traded_short: false,
        }
    }

    /// The side of the range that `direction` breaks.
    fn edge(&self, direction: Direction) -> Level {
        match direction {
            Direction::Long => self.high.into(),
            Direction::Short => self.low.into(),
        }
    }

    const fn has_traded(&self, direction: Direction) -> bool {
        match direction {
            Direction::Long => self.traded_long,
            Direction::Short => self.traded_short,
        }
    }

    const fn mark_traded(&mut self, direction: Direction) {
        match direction {
            Direction::Long => self.traded_long = true,
            Direction::Short => self.traded_short = true,
        }
    }
}

impl OpeningRange {
    /// An instance that has seen nothing yet.
    #[must_use]
    pub const fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            day: None,
        }
    }

    /// Takes the bar into the day's range and returns the day.
    fn follow(&mut self, session: SessionView, bar: &Bar) -> Day {
        let range_end = session.open.plus_minutes(self.parameters.range_minutes);
        let day = match self.day {
            Some(mut day) if day.date == session.date => {
                if bar.start < range_end {
                    day.high = day.high.max(bar.high);
                    day.low = day.low.min(bar.low);
                }
                day
            }
            _ => Day::new(session, bar),
        };
        self.day = Some(day);
        day
    }

    /// Whether the day has a range and entries are still made.
    fn may_enter(
        &self,
        session: SessionView,
        day: &Day,
        context: &Context<'_>,
        when: &mut Conditions,
    ) -> bool {
        let minutes = || {
            let since_open = context.now.since(session.open);
            Fact::Count(since_open.checked_div(Timestamp::MINUTE).unwrap_or(0))
        };
        let count = Fact::Count;
        let Parameters {
            range_minutes,
            entry_minutes,
            ..
        } = self.parameters;
        when.that("saw_the_open", day.from_the_open)
            && when.check("range_has_a_height", day.high > day.low, || {
                (level(day.high), Comparison::Above, level(day.low))
            })
            && when.check(
                "range_complete",
                reached(session, range_minutes, context),
                || (minutes(), Comparison::AtLeast, count(range_minutes)),
            )
            && when.check(
                "entry_time_left",
                !reached(session, entry_minutes, context),
                || (minutes(), Comparison::Below, count(entry_minutes)),
            )
    }

    /// The side to wait on: allowed, not traded yet, and nearest to a close inside the range.
    fn side(&self, day: &Day, bar: &Bar, when: &mut Conditions) -> Option<Direction> {
        let close = || level(bar.close);
        if !when.check("close_below_range_high", bar.close <= day.high, || {
            (close(), Comparison::AtMost, level(day.high))
        }) || !when.check("close_above_range_low", bar.close >= day.low, || {
            (close(), Comparison::AtLeast, level(day.low))
        }) {
            return None;
        }
        let distance = |direction: Direction| direction.gain(bar.close.into(), day.edge(direction));
        let mut open_to = |direction: &Direction| {
            when.of_side(Some(*direction));
            when.that("side_wanted", self.parameters.allow(*direction))
                && when.that("side_not_traded_yet", !day.has_traded(*direction))
        };
        let sides = [Direction::Long, Direction::Short].map(|side| Some(side).filter(&mut open_to));
        let [Some(long), Some(short)] = sides else {
            let [long, short] = sides;
            return short.or(long);
        };
        // In the very middle neither side is nearer, and neither is guessed at.
        [(long, short), (short, long)]
            .into_iter()
            .find_map(|(side, other)| {
                let (near, far) = (distance(side), distance(other));
                when.of_side(Some(side));
                when.check("edge_nearer", near < far, || {
                    (Fact::Level(near), Comparison::Below, Fact::Level(far))
                })
                .then_some(side)
            })
    }

    fn entry(&self, day: &Day, direction: Direction) -> Intent {
        let parameters = &self.parameters;
        let edge = match direction {
            Direction::Long => day.high,
            Direction::Short => day.low,
        };
        let offset = parameters
            .entry_offset_ticks
            .saturating_mul(TickRule::Rule612.tick_micros(edge));
        let offset = Level::from_femtos(i128::from(offset).saturating_mul(FEMTOS_PER_MICRO));
        let entry = direction.advance(edge.into(), offset);
        let range = Level::from(day.high) - Level::from(day.low);
        let back = direction.opposite();
        let stop = back.advance(edge.into(), range.scaled_down(parameters.stop_fraction));
        let risk = direction.gain(stop, entry);
        let target = (parameters.target_multiple.billionths() > 0)
            .then(|| direction.advance(entry, risk.scaled_down(parameters.target_multiple)));
        Intent::Enter {
            direction,
            entry: EntryPrice::Stop(entry),
            stop: Some(stop),
            target,
            size: EntrySize::ByRisk,
            // It is cancelled by the rules above, not by its age.
            expires_after_bars: None,
            reason: Reason::new("opening_range_breakout")
                .with("range_high", Fact::Level(day.high.into()))
                .with("range_low", Fact::Level(day.low.into()))
                .with("range_minutes", Fact::Count(parameters.range_minutes))
                .with("entry", Fact::Level(entry))
                .with("stop", Fact::Level(stop)),
        }
    }
}

/// Whether so many minutes of the session have passed.
fn reached(session: SessionView, minutes: i64, context: &Context<'_>) -> bool {
    session.open.plus_minutes(minutes) <= context.now
}

fn level(price: Price) -> Fact {
    Fact::Level(price.into())
}

const FEMTOS_PER_MICRO: i128 = 1_000_000_000;

impl Strategy for OpeningRange {
    fn on_bar(&mut self, context: &Context<'_>, bar: &Bar, intents: &mut Intents) {
        let Some(session) = context.session else {
            intents.conditions().that("has_a_session", false);
            return;
        };
        let mut day = self.follow(session, bar);
        if let Some(position) = context.position {
            day.mark_traded(position.direction);
            self.day = Some(day);
            return;
        }
        let over = reached(session, self.parameters.entry_minutes, context);
        let when = intents.conditions();
        let side = if self.may_enter(session, &day, context, when) {
            self.side(&day, bar, when)
        } else {
            None
        };
        match (context.pending, side) {
            (None, Some(direction)) => intents.push(self.entry(&day, direction)),
            (Some(_), None) if over => intents.push(Intent::CancelEntry {
                reason: Reason::new("entry_time_over")
                    .with("entry_minutes", Fact::Count(self.parameters.entry_minutes)),
            }),
            (Some(pending), Some(direction)) if pending.direction != direction => {
                intents.push(Intent::CancelEntry {
                    reason: Reason::new("other_side_nearer")
                        .with("close", Fact::Level(bar.close.into())),
                });
            }
            // A close beyond the range leaves a waiting entry alone: it is about to fill.
            _ => {}
        }
    }

    fn on_position_closed(&mut self, trade: &TradeSummary) {
        if let Some(day) = &mut self.day {
            day.mark_traded(trade.direction);
        }
    }

    fn save(&self) -> String {
        serde_json::to_string(&self.day).unwrap_or_default()
    }

    fn restore(&mut self, saved: &str) -> Result<(), String> {
        self.day = serde_json::from_str(saved)
            .map_err(|error| format!("no state of the opening-range strategy: {error}"))?;
        Ok(())
    }
}
