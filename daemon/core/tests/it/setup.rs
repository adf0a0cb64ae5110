//! What a scene is made of: limits, the rules of the day, and an engine with scripted strategies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use trader_calendar::Calendar;
use trader_contract::{
    Bar, Built, Context, Direction, Epoch, Intent, Intents, Qty, Strategy, Symbol, SymbolId,
    TickRule, Timeframe, Timestamp,
};
use trader_core::book::Book;
use trader_core::risk::limits::Limits;
use trader_core::{
    Authority, DayRules, Engine, EngineConfig, Event, Instrument, Market, OrderRules, Route, Rows,
    Sides, Watch,
};

use crate::scene::symbol;

/// What the strategies of a scene want at their next bars.
pub(crate) type Wishes = Arc<Mutex<BTreeMap<(&'static str, Symbol), Vec<Intent>>>>;

/// A strategy that wants what the scenario tells it to want, at the next bar.
struct Puppet(&'static str, Symbol, Wishes);

impl Strategy for Puppet {
    fn on_bar(&mut self, _: &Context<'_>, _: &Bar, intents: &mut Intents) {
        let mut wishes = self.2.lock().unwrap();
        for intent in wishes.remove(&(self.0, self.1)).unwrap_or_default() {
            intents.push(intent);
        }
    }
    fn save(&self) -> String {
        "{}".to_owned()
    }
    fn restore(&mut self, saved: &str) -> Result<(), String> {
        if saved == UNREADABLE {
            return Err("no such state".to_owned());
        }
        Ok(())
    }
}

/// What a scene is made with.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    /// An hour before this the engine starts.
    pub(crate) open: &'static str,
    /// The length of the routes' bars.
    pub(crate) timeframe: Timeframe,
    pub(crate) day: DayRules,
    pub(crate) rows: Rows,
    /// The sides of route `a` in a scene of this direction; route `b` may enter both.
    pub(crate) sides: fn(Direction) -> Sides,
    /// The routes that there are.
    pub(crate) routes: &'static [&'static str],
    /// Whether route `a` is only observed.
    pub(crate) observe: bool,
    /// Of both symbols.
    pub(crate) daily_volume: Option<Qty>,
    /// What is watched.
    pub(crate) watch: Watch,
    pub(crate) authority: Authority,
    /// Whether each session's end writes one.
    pub(crate) checkpoints: bool,
    /// Overrides of the calendar, as an operator writes them.
    pub(crate) overrides: &'static str,
}

/// A state of a puppet that it cannot read back.
pub(crate) const UNREADABLE: &str = "?";

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: Limits::unbounded(),
            open: "2011-01-10T14:30:00Z",
            timeframe: Timeframe::MINUTE,
            day: DayRules::default(),
            rows: Rows::Minutes,
            sides: |_| Sides::Both,
            routes: &["a", "b"],
            observe: false,
            daily_volume: None,
            watch: Watch::OFF,
            authority: Authority::simulated(),
            checkpoints: true,
            overrides: "",
        }
    }
}

/// An engine of this setup, on SPY and QQQ with the routes `a` and `b` on both.
pub(crate) fn engine(
    setup: &Setup,
    direction: Direction,
    wishes: &Wishes,
    book: Book,
    next_seq: u64,
) -> Engine {
    let engine = Engine::new(config(setup, direction, wishes), book, next_seq).unwrap();
    if setup.checkpoints {
        engine
    } else {
        engine.without_checkpoints()
    }
}

/// Warms an engine up before its first event, as a daemon does. Nothing may come of it: it would be lost.
pub(crate) fn warm_up(engine: &mut Engine, at: Timestamp) {
    let ids: Vec<SymbolId> = engine.symbols().iter().map(|s| s.id).collect();
    for symbol in ids {
        let bars = Arc::from([]);
        let came = engine.step(at, &Event::History { symbol, bars });
        assert!(came.is_empty(), "{came:?}");
    }
}

/// What such an engine is made of.
pub(crate) fn config(setup: &Setup, direction: Direction, wishes: &Wishes) -> EngineConfig {
    let tickers = ["SPY", "QQQ"];
    let lane = |route: &'static str, ticker: &str| {
        let built = Built {
            strategy: Box::new(Puppet(route, symbol(ticker), wishes.clone())),
            indicators: Vec::new(),
            warm_up_bars: 0,
        };
        (symbol(ticker), built)
    };
    let route = |name: &'static str| Route {
        name: name.into(),
        strategy: "puppet".into(),
        timeframe: setup.timeframe,
        require_stop: true,
        sides: match name {
            "a" => (setup.sides)(direction),
            _ => Sides::Both,
        },
        observe: setup.observe && name == "a",
        lanes: tickers.iter().map(|ticker| lane(name, ticker)).collect(),
    };
    EngineConfig {
        epoch: Epoch(42),
        symbols: tickers
            .iter()
            .map(|ticker| Instrument {
                symbol: symbol(ticker),
                tick: TickRule::Rule612,
                average_daily_volume: setup.daily_volume,
            })
            .collect(),
        routes: setup.routes.iter().map(|name| route(name)).collect(),
        limits: setup.limits.clone(),
        market: Market::Sessions {
            calendar: Calendar::nyse().with_overrides(setup.overrides).unwrap(),
            day: setup.day,
            rows: setup.rows,
        },
        orders: OrderRules::default(),
        watch: setup.watch,
        authority: setup.authority.clone(),
    }
}
