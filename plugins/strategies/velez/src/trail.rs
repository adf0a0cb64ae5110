//! What happens to an open position candle by candle: the stop follows the pullbacks, and a run of
//! strong candles ends the trade. A small state machine, the same for both sides.

use serde::{Deserialize, Serialize};
use trader_contract::{Bar, Direction, Fact, Price};

use crate::candle::{body_at_least, goes_against};
use crate::parameters::Parameters;

/// Candles with the trade that end a pullback.
const CANDLES_WITH_TO_TRAIL: u8 = 2;

/// Where the trailing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TrailState {
    /// Waits for a candle against the trade.
    #[default]
    Watching,
    /// Follows a pullback.
    PullingBack {
        /// Its low (long) or high (short) so far.
        extreme: Price,
        /// Candles with the trade since the last one against it.
        candles_with: u8,
    },
    /// A pullback has ended and the stop lies at its extreme.
    Trailing,
}

/// The memory of one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Where the trailing stands.
    pub state: TrailState,
    /// Strong candles in a row while trailing.
    pub run: u16,
}

/// What a candle asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrailStep {
    /// The extreme of the pullback that this candle ended.
    pub(crate) pullback_extreme: Option<Price>,
    /// Whether the run is long enough to leave.
    pub(crate) exit: bool,
}

impl Trail {
    /// How many candles with the trade have followed the pullback, and how many end it, as facts.
    pub(crate) fn candles_with(&self) -> (Fact, Fact) {
        let count = |candles: u8| Fact::Count(candles.into());
        let with = match self.state {
            TrailState::Watching => Fact::Word("no pullback".into()),
            TrailState::PullingBack { candles_with, .. } => count(candles_with),
            TrailState::Trailing => Fact::Word("trailing".into()),
        };
        (with, count(CANDLES_WITH_TO_TRAIL))
    }

    /// Takes the next candle of a position: first the trailing, then the test for the exit.
    pub(crate) fn on_candle(
        &mut self,
        parameters: &Parameters,
        direction: Direction,
        bar: &Bar,
    ) -> TrailStep {
        let doji = !body_at_least(bar, parameters.doji_body_pct);
        let pullback_extreme = if doji {
            None
        } else {
            self.follow(parameters, direction, bar)
        };
        // The candle that starts the trailing counts for the run already.
        let strong = !doji && body_at_least(bar, parameters.strong_body_pct);
        self.run = if self.state == TrailState::Trailing && strong {
            self.run.saturating_add(1)
        } else {
            0
        };
        TrailStep {
            pullback_extreme,
            exit: self.run >= parameters.run_bars_max,
        }
    }

    /// The state after a candle that is no doji; the extreme of the pullback if it ended one.
    fn follow(
        &mut self,
        parameters: &Parameters,
        direction: Direction,
        bar: &Bar,
    ) -> Option<Price> {
        let against = goes_against(bar, direction);
        let reached = match direction {
            Direction::Long => bar.low,
            Direction::Short => bar.high,
        };
        let pullback = |extreme| TrailState::PullingBack {
            extreme,
            candles_with: 0,
        };
        match self.state {
            TrailState::Watching if against => self.state = pullback(reached),
            TrailState::Watching => {}
            TrailState::PullingBack { extreme, .. } if against => {
                self.state = pullback(match direction {
                    Direction::Long => extreme.min(reached),
                    Direction::Short => extreme.max(reached),
                });
            }
            TrailState::PullingBack {
                extreme,
                candles_with,
            } => {
                let candles_with = candles_with.saturating_add(1);
                if candles_with >= CANDLES_WITH_TO_TRAIL {
                    self.state = TrailState::Trailing;
                    self.run = 0;
                    return Some(extreme);
                }
                self.state = TrailState::PullingBack {
                    extreme,
                    candles_with,
                };
            }
            TrailState::Trailing if against && parameters.red_ends_trailing_only => {
                self.state = TrailState::Watching;
            }
            TrailState::Trailing if against => self.state = pullback(reached),
            TrailState::Trailing => {}
        }
        None
    }
}
