//! One symbol of a case: the production aggregator and strategy, fed with the seed's averages.

use trader_contract::{
    Bar, Conditions, Context, Direction, Intent, Intents, PendingView, PositionView, Reading,
    SessionView, Slot, Strategy, Symbol,
};
use trader_core::bars::Aggregator;
use trader_strategy_velez::{Averages, Parameters, TrailState, Velez, signal};

use super::averages::{SeedAverage, exact_mean};
use super::case::Case;
use super::error::SeedError;

/// One symbol's production parts and averages.
pub struct Lane {
    /// The symbol.
    pub symbol: Symbol,
    /// Makes the candles.
    pub aggregator: Aggregator,
    /// Decides.
    pub strategy: Velez,
    /// The last bar fed, candle or not.
    pub last_bar: Option<Bar>,
    /// Candles so far, capped at the slow period.
    pub candles: u32,
    fast: SeedAverage,
    slow: SeedAverage,
    slots: [Slot; 2],
    intents: Intents,
}

/// What the lane stands in when a candle comes.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The session of the candle.
    pub session: Option<SessionView>,
    /// The position.
    pub position: Option<PositionView>,
    /// The waiting entry.
    pub pending: Option<PendingView>,
}

impl Lane {
    /// A lane without any bars.
    ///
    /// # Errors
    /// The symbol or the timeframe is none.
    pub fn new(case: &Case, symbol: &str, parameters: Parameters) -> Result<Self, SeedError> {
        Ok(Self {
            symbol: symbol
                .parse()
                .map_err(|_| SeedError::number("symbol", symbol))?,
            aggregator: Aggregator::new(case.timeframe()?),
            strategy: Velez::new(parameters),
            last_bar: None,
            candles: 0,
            fast: SeedAverage::new(parameters.sma_fast),
            slow: SeedAverage::new(parameters.sma_slow),
            slots: [Slot::default(); 2],
            intents: Intents::default(),
        })
    }

    /// Takes a candle's close into the averages.
    ///
    /// # Errors
    /// An average is no positive price.
    pub fn average(&mut self, candle: &Bar) -> Result<(), SeedError> {
        self.candles = self
            .candles
            .saturating_add(1)
            .min(self.strategy.parameters().sma_slow);
        self.fast.update(candle.close);
        self.slow.update(candle.close);
        for (slot, average) in self.slots.iter_mut().zip([&self.fast, &self.slow]) {
            slot.previous = slot.current;
            slot.current = match average.value() {
                Some(value) => {
                    let mean = exact_mean(value)
                        .ok_or_else(|| SeedError::number("a moving average", value))?;
                    Some(Reading::Mean(mean))
                }
                None => None,
            };
        }
        Ok(())
    }

    /// The averages as doubles, fast and slow.
    #[must_use]
    pub fn averages(&self) -> [Option<f64>; 2] {
        [self.fast.value(), self.slow.value()]
    }

    fn context(&self, candle: &Bar, standing: &Standing) -> Context<'_> {
        Context {
            now: candle.start.plus_nanos(self.aggregator.timeframe().nanos()),
            session: standing.session,
            position: standing.position,
            pending: standing.pending,
            indicators: &self.slots,
        }
    }

    /// Whether the candle is a long signal, whatever is held or waits.
    #[must_use]
    pub fn is_signal(&self, candle: &Bar, standing: &Standing) -> bool {
        Averages::from_context(&self.context(candle, standing)).is_some_and(|averages| {
            let parameters = self.strategy.parameters();
            let when = &mut Conditions::default();
            signal(parameters, Direction::Long, candle, &averages, when).is_ok()
        })
    }

    /// What the strategy wants at the candle; it is asked once its averages are warm.
    pub fn decide(&mut self, candle: &Bar, standing: &Standing) -> Vec<Intent> {
        if self.slots.iter().any(|slot| slot.current.is_none()) {
            return Vec::new();
        }
        let mut intents = std::mem::take(&mut self.intents);
        let mut strategy = self.strategy.clone();
        strategy.on_bar(&self.context(candle, standing), candle, &mut intents);
        self.strategy = strategy;
        let wanted = intents.drain().collect();
        self.intents = intents;
        wanted
    }

    /// The trailing's state in the seed's words.
    #[must_use]
    pub const fn trail_word(&self) -> &'static str {
        match self.strategy.trail().state {
            TrailState::Watching => "watching",
            TrailState::PullingBack { .. } => "pulling_back",
            TrailState::Trailing => "trailing",
        }
    }
}
