//! One lane: a strategy instance at work on one symbol of one route, with the indicators that it
//! declared. It decides nothing about orders; its intents go to the engine.

use serde::{Deserialize, Serialize};
use trader_contract::{
    Bar, Built, Context, Execution, IndicatorSpec, Intents, PendingView, PositionView, RouteId,
    SessionView, Slot, Strategy, Symbol, SymbolId, Timeframe, Timestamp, TradeSummary,
};
use trader_indicators::{Indicator, IndicatorError};

use crate::record::Seen;

/// One lane.
pub struct Lane {
    /// Its route.
    pub route: RouteId,
    /// Its symbol.
    pub symbol: SymbolId,
    /// Its symbol as text.
    pub ticker: Symbol,
    /// The length of its bars.
    pub timeframe: Timeframe,
    /// Bars since its entry was placed.
    pub entry_age: u16,
    strategy: Box<dyn Strategy>,
    specs: Vec<IndicatorSpec>,
    indicators: Vec<Indicator>,
    slots: Vec<Slot>,
    bars_seen: u32,
    bars_needed: u32,
    warm: bool,
    session_open: Option<Timestamp>,
    last_bar: Option<Bar>,
}

/// Everything that a lane remembers, its strategy's memory included.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LaneState {
    entry_age: u16,
    strategy: String,
    indicators: Vec<Indicator>,
    slots: Vec<Slot>,
    bars_seen: u32,
    warm: bool,
    session_open: Option<Timestamp>,
    last_bar: Option<Bar>,
}

/// What a lane's strategy may know beside its indicators.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// The session.
    pub session: Option<SessionView>,
    /// The lane's position.
    pub position: Option<PositionView>,
    /// The lane's waiting entry.
    pub pending: Option<PendingView>,
}

impl Lane {
    /// A lane around a built strategy.
    ///
    /// # Errors
    /// The strategy declared an indicator that cannot be made.
    pub fn new(
        route: RouteId,
        (symbol, ticker): (SymbolId, Symbol),
        timeframe: Timeframe,
        built: Built,
    ) -> Result<Self, IndicatorError> {
        let make = |spec: &IndicatorSpec| Indicator::from_spec(spec);
        let indicators = built
            .indicators
            .iter()
            .map(make)
            .collect::<Result<Vec<_>, _>>()?;
        let longest = indicators.iter().map(Indicator::warm_up).max().unwrap_or(0);
        Ok(Self {
            route,
            symbol,
            ticker,
            timeframe,
            entry_age: 0,
            strategy: built.strategy,
            specs: built.indicators,
            slots: vec![Slot::default(); indicators.len()],
            indicators,
            bars_seen: 0,
            bars_needed: longest.saturating_add(built.warm_up_bars),
            warm: false,
            session_open: None,
            last_bar: None,
        })
    }

    /// Bars seen, and bars needed before the strategy is asked.
    #[must_use]
    pub const fn warm_up(&self) -> (u32, u32) {
        (self.bars_seen, self.bars_needed)
    }

    /// Whether the strategy is asked.
    #[must_use]
    pub const fn is_warm(&self) -> bool {
        self.warm
    }

    /// The last bar that it saw.
    #[must_use]
    pub const fn last_bar(&self) -> Option<&Bar> {
        self.last_bar.as_ref()
    }

    /// The indicators' readings, in the strategy's order.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// What the strategy sees with a bar.
    #[must_use]
    pub fn seen(&self, bar: &Bar) -> Seen {
        let specs = self.specs.iter().copied();
        Seen {
            bar: *bar,
            readings: specs.zip(self.slots.iter().copied()).collect(),
        }
    }

    /// Takes a finished bar into the indicators. `session_open` tells sessions apart.
    #[inline]
    pub fn observe(&mut self, bar: &Bar, session_open: Option<Timestamp>) {
        let new_session = session_open != self.session_open;
        self.session_open = session_open;
        for (indicator, slot) in self.indicators.iter_mut().zip(&mut self.slots) {
            indicator.update(bar, new_session);
            slot.previous = slot.current;
            slot.current = indicator.reading();
        }
        if !self.warm {
            self.bars_seen = self.bars_seen.saturating_add(1);
            self.warm = self.bars_seen >= self.bars_needed
                && self.slots.iter().all(|slot| slot.current.is_some());
        }
        self.last_bar = Some(*bar);
    }

    /// Asks the strategy about a finished bar.
    #[inline]
    pub fn decide(
        &mut self,
        now: Timestamp,
        around: Surroundings,
        bar: &Bar,
        intents: &mut Intents,
    ) {
        let context = Context {
            now,
            session: around.session,
            position: around.position,
            pending: around.pending,
            indicators: &self.slots,
        };
        self.strategy.on_bar(&context, bar, intents);
    }

    /// Tells the strategy of a fill.
    pub fn filled(
        &mut self,
        now: Timestamp,
        around: Surroundings,
        fill: &Execution,
        intents: &mut Intents,
    ) {
        let context = Context {
            now,
            session: around.session,
            position: around.position,
            pending: around.pending,
            indicators: &self.slots,
        };
        self.strategy.on_fill(&context, fill, intents);
    }

    /// Tells the strategy that it is flat.
    pub fn closed(&mut self, trade: &TradeSummary) {
        self.strategy.on_position_closed(trade);
    }

    /// The strategy's state.
    #[must_use]
    pub fn save(&self) -> String {
        self.strategy.save()
    }

    /// Everything that it remembers.
    #[must_use]
    pub fn snapshot(&self) -> LaneState {
        LaneState {
            entry_age: self.entry_age,
            strategy: self.save(),
            indicators: self.indicators.clone(),
            slots: self.slots.clone(),
            bars_seen: self.bars_seen,
            warm: self.warm,
            session_open: self.session_open,
            last_bar: self.last_bar,
        }
    }

    /// Takes up what a lane of the same make remembered.
    ///
    /// # Errors
    /// It was of another make.
    pub(crate) fn resume(&mut self, state: LaneState) -> Result<(), String> {
        let unlike = |indicators: &[Indicator]| {
            let kinds = |all: &[Indicator]| all.iter().map(Indicator::spec).collect::<Vec<_>>();
            kinds(indicators) != kinds(&self.indicators)
        };
        if unlike(&state.indicators) || state.slots.len() != self.slots.len() {
            return Err("its strategy declares other indicators than it did".to_owned());
        }
        self.restore(&state.strategy)?;
        self.entry_age = state.entry_age;
        self.indicators = state.indicators;
        self.slots = state.slots;
        self.bars_seen = state.bars_seen;
        self.warm = state.warm;
        self.session_open = state.session_open;
        self.last_bar = state.last_bar;
        Ok(())
    }

    /// The indicators that its strategy declared, in its order.
    pub fn indicators(&self) -> impl Iterator<Item = IndicatorSpec> {
        self.indicators.iter().map(Indicator::spec)
    }

    /// Gives the strategy a saved state.
    ///
    /// # Errors
    /// The text is no state of this strategy.
    pub fn restore(&mut self, saved: &str) -> Result<(), String> {
        self.strategy.restore(saved)
    }
}
