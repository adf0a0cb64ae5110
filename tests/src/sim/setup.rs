//! The engine, the broker and what is around them, as a plan wants them.

use std::collections::BTreeMap;

use trader_broker_sim::{Margin, SimConfig};
use trader_calendar::Calendar;
use trader_contract::{
    Built, Epoch, Qty, Settings, StrategyPlugin, Symbol, TickRule, Timeframe, Timestamp,
};
use trader_core::{
    Authority, DayRules, EngineConfig, Instrument, Market, OrderRules, Route, Rows, Sides, Watch,
};
use trader_kernel::Surroundings;
use trader_kernel::views::{StatusFacts, StrategyFacts};
use trader_rpc::{Link, LinkState, Mode, RecordingInfo, StoreInfo};

use super::chaos;
use super::plan::{Plan, StrategyPlan, SymbolPlan};

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
            live: plan.live.as_ref().map(|live| live.account.clone()),
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

fn route(plan: &Plan, symbol: Symbol, strategy: StrategyPlan) -> Option<Route> {
    let (name, minutes, built) = match strategy {
        StrategyPlan::Chaos { first, every } => {
            let seed = plan.seed
                ^ symbol
                    .as_str()
                    .bytes()
                    .fold(0, |sum, b| sum * 31 + u64::from(b));
            ("chaos", 1, chaos::build(seed, first, every))
        }
        StrategyPlan::Velez => ("velez", 1, plugin(&trader_strategy_velez::PLUGIN)?),
        StrategyPlan::OpeningRange => (
            "opening-range",
            1,
            plugin(&trader_strategy_opening_range::PLUGIN)?,
        ),
        StrategyPlan::MeanReversion => (
            "mean-reversion",
            3,
            plugin(&trader_strategy_mean_reversion::PLUGIN)?,
        ),
    };
    Some(Route {
        name: format!("{name}-{symbol}").into(),
        strategy: name.into(),
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
