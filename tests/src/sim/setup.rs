//! The engine, the broker and what is around them, as a plan wants them.

use std::collections::BTreeMap;

use trader_broker_sim::{Margin, SimConfig};
use trader_calendar::Calendar;
use trader_contract::{
    Built, Epoch, Qty, Settings, StrategyPlugin, Symbol, TickRule, Timeframe, Timestamp,
};
use trader_core::record::Scope;
use trader_core::{
    Authority, DayRules, EngineConfig, Instrument, Market, OrderRules, Route, Rows, Sides, Watch,
};
use trader_kernel::Surroundings;
use trader_kernel::views::{StatusFacts, StrategyFacts};
use trader_rpc::{Link, LinkState, Mode, RecordingInfo, StoreInfo};

use super::chaos;
use super::plan::{Plan, Reach, StrategyPlan, SymbolPlan};

/// A symbol that the broker has and nothing here trades, and what a share of it costs.
pub const UNTRADED: (&str, i64) = ("ZZZ", 5_000);

/// The store's generation in every run.
pub const EPOCH: Epoch = Epoch(0x0000_51ed);

/// What an engine of this plan is made of that starts now. Every start makes it anew.
#[must_use]
pub fn engine(plan: &Plan, now: Timestamp) -> EngineConfig {
    EngineConfig {
        epoch: EPOCH,
        symbols: plan
            .symbols
            .iter()
            .map(|symbol| Instrument {
                symbol: symbol.symbol,
                tick: TickRule::Rule612,
                average_daily_volume: volume_of_a_day(symbol.volume),
            })
            .collect(),
        routes: plan.symbols.iter().flat_map(routes_of(plan)).collect(),
        limits: plan.limits.clone(),
        market: Market::Sessions {
            calendar: Calendar::nyse(),
            day: DayRules::default(),
            rows: Rows::Minutes,
        },
        orders: OrderRules::default(),
        watch: Watch::NETWORK,
        authority: Authority {
            live: plan.live_account(now).map(Into::into),
            foreign: plan.foreign,
            config: format!("configuration {}", plan.configuration(now)).into(),
            program: "simulation".into(),
            ..Authority::simulated()
        },
    }
}

/// What a symbol with so many shares a minute trades on a day.
fn volume_of_a_day(minute: u64) -> Option<Qty> {
    Qty::shares(u32::try_from(minute.saturating_mul(390)).ok()?)
}

fn routes_of(plan: &Plan) -> impl Fn(&SymbolPlan) -> Vec<Route> + '_ {
    |symbol| {
        let strategies = symbol.strategies.iter();
        strategies
            .filter_map(|strategy| route(plan, symbol.symbol, *strategy))
            .collect()
    }
}

/// The name of a strategy.
const fn name(strategy: StrategyPlan) -> &'static str {
    match strategy {
        StrategyPlan::Chaos { .. } => "chaos",
        StrategyPlan::Velez => "velez",
        StrategyPlan::OpeningRange => "opening-range",
        StrategyPlan::MeanReversion => "mean-reversion",
    }
}

/// The name of the route of a strategy in a symbol.
#[must_use]
pub fn route_name(symbol: Symbol, strategy: StrategyPlan) -> String {
    format!("{}-{symbol}", name(strategy))
}

/// What a kill or an arming is about, as the engine knows it.
#[must_use]
pub fn scope(plan: &Plan, reach: Reach) -> Scope {
    let at = |place: usize| plan.symbols.get(place);
    let first = |place: usize| {
        let symbol = at(place)?;
        Some((symbol.symbol, *symbol.strategies.first()?))
    };
    match reach {
        Reach::All => None,
        Reach::Symbol(place) => at(place).map(|symbol| Scope::Symbol(symbol.symbol)),
        Reach::Route(place) => first(place).map(|(symbol, strategy)| {
            let route = route_name(symbol, strategy);
            Scope::Strategy(route.into())
        }),
        Reach::Strategy(place) => {
            first(place).map(|(_, strategy)| Scope::Strategy(name(strategy).into()))
        }
    }
    .unwrap_or(Scope::All)
}

/// Whether a kill of this scope is about a route in a symbol.
#[must_use]
pub fn is_in_scope(scope: &Scope, symbol: Symbol, route: &str) -> bool {
    match scope {
        Scope::All => true,
        Scope::Symbol(killed) => *killed == symbol,
        Scope::Strategy(killed) => {
            let strategy = route.strip_suffix(symbol.as_str());
            let strategy = strategy.and_then(|rest| rest.strip_suffix('-'));
            **killed == *route || strategy == Some(&**killed)
        }
    }
}

fn route(plan: &Plan, symbol: Symbol, strategy: StrategyPlan) -> Option<Route> {
    let (minutes, built) = match strategy {
        StrategyPlan::Chaos { first, every } => {
            let root = SymbolPlan::root(&symbol).bytes();
            let seed = plan.seed ^ root.fold(0, |sum, b| sum * 31 + u64::from(b));
            (1, chaos::build(seed, first, every))
        }
        StrategyPlan::Velez => (1, plugin(&trader_strategy_velez::PLUGIN)?),
        StrategyPlan::OpeningRange => (1, plugin(&trader_strategy_opening_range::PLUGIN)?),
        StrategyPlan::MeanReversion => (3, plugin(&trader_strategy_mean_reversion::PLUGIN)?),
    };
    Some(Route {
        name: route_name(symbol, strategy).into(),
        strategy: name(strategy).into(),
        timeframe: Timeframe::minutes(minutes)?,
        require_stop: true,
        sides: Sides::Both,
        observe: false,
        lanes: vec![(symbol, built)],
    })
}

/// An instance with the settings that the plugin has by itself.
fn plugin(plugin: &StrategyPlugin) -> Option<Built> {
    let settings = Settings::resolve(plugin.parameters, &BTreeMap::new()).ok()?;
    (plugin.build)(&settings).ok()
}

/// What is around the engine.
#[must_use]
pub fn surroundings(plan: &Plan) -> Surroundings {
    let up = |name: &str| Link {
        name: name.to_owned(),
        state: LinkState::Up,
        detail: None,
        last_heard_at: None,
    };
    Surroundings {
        facts: StatusFacts {
            mode: Mode::Simulated,
            label: "SIMULATION".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: 1,
            started_at: plan.start,
            uptime_seconds: 0,
            feed: up("simulation"),
            broker: up("simulation"),
            store: StoreInfo {
                seq: 0,
                path: None,
                writable: true,
            },
            sockets: Vec::new(),
            config_hash: String::new(),
            recording: RecordingInfo {
                enabled: false,
                session: None,
                failure: None,
            },
            journal_failure: None,
        },
        strategies: StrategyFacts::default(),
        flatten_on_stop: false,
    }
}

/// The broker with its exchange.
#[must_use]
pub fn broker(plan: &Plan) -> SimConfig {
    SimConfig {
        seed: plan.seed,
        latency: plan.broker.latency,
        split: plan.broker.split,
        slippage: plan.broker.slippage,
        half_spread_micros: plan.broker.half_spread_micros,
        fees: plan.broker.fees,
        participation: plan.broker.participation,
        margin: Some(Margin::Fixed {
            intraday: 4,
            overnight: 2,
        }),
        ..SimConfig::alpaca(plan.cash)
    }
}
