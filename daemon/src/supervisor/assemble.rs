//! From the configuration to an engine, a broker and a market.

use std::collections::BTreeSet;

use trader_broker_sim::market::{Instrument as SyntheticInstrument, Shape};
use trader_broker_sim::{Fees, Latency, Margin, Profile, SimConfig, Slippage, Split};
use trader_calendar::Calendar;
use trader_contract::{BuildError, Epoch, Level, Money, Price, Qty, Symbol, TickRule, Timestamp};
use trader_core::risk::limits::Limits;
use trader_core::{DayRules, EngineConfig, Instrument, Market, OrderRules, Route};

use crate::config::{BrokerProfile, Config};
use crate::plugins::{self, PluginError};

const MILLISECOND: i64 = 1_000_000;

/// Why the configuration makes no engine.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// A strategy is not in this build.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// A route's settings make no sense together.
    #[error("route {route}: {source}")]
    Build {
        /// The route.
        route: String,
        /// Why.
        source: BuildError,
    },
}

/// Every symbol of an enabled route, in the order of the alphabet: the order of their ids.
#[must_use]
pub fn symbols(config: &Config) -> Vec<Symbol> {
    let routes = config.routes.iter().filter(|route| route.enabled);
    let symbols: BTreeSet<Symbol> = routes.flat_map(|route| route.symbols.iter().copied()).collect();
    symbols.into_iter().collect()
}

/// What the engine is made of.
///
/// # Errors
/// A strategy is missing, or refuses its settings.
pub fn engine(
    config: &Config,
    calendar: Calendar,
    epoch: Epoch,
    symbols: &[Symbol],
) -> Result<EngineConfig, AssembleError> {
    let routes: Result<Vec<Route>, AssembleError> =
        config.routes.iter().filter(|route| route.enabled).map(route).collect();
    let minutes = |minutes: u16| i64::from(minutes).saturating_mul(Timestamp::MINUTE);
    let millis = |millis: u32| i64::from(millis).saturating_mul(MILLISECOND);
    Ok(EngineConfig {
        epoch,
        symbols: symbols
            .iter()
            .map(|&symbol| Instrument { symbol, tick: TickRule::Rule612 })
            .collect(),
        routes: routes?,
        limits: limits(config),
        market: Market::Sessions {
            calendar,
            day: DayRules {
                entries_stop_nanos: minutes(config.session.entries_stop_minutes_before_close),
                flatten_nanos: minutes(config.session.flatten_minutes_before_close),
                deadline_nanos: minutes(config.session.flat_deadline_minutes_before_close),
                ..DayRules::default()
            },
        },
        orders: OrderRules {
            partial_fill_patience_nanos: millis(config.orders.partial_fill_patience_ms),
            protect_within_nanos: millis(config.orders.protect_within_ms),
            ..OrderRules::default()
        },
    })
}

fn route(route: &crate::config::Route) -> Result<Route, AssembleError> {
    let plugin = plugins::strategy(&route.strategy)?;
    let mut lanes = Vec::with_capacity(route.symbols.len());
    for &symbol in &route.symbols {
        let built = (plugin.build)(&route.settings)
            .map_err(|source| AssembleError::Build { route: route.name.clone(), source })?;
        lanes.push((symbol, built));
    }
    Ok(Route {
        name: route.name.as_str().into(),
        strategy: route.strategy.as_str().into(),
        timeframe: route.timeframe,
        require_stop: true,
        lanes,
    })
}

fn limits(config: &Config) -> Limits {
    let risk = &config.risk;
    Limits {
        risk_per_trade: risk.risk_per_trade,
        risk_per_trade_max: risk.risk_per_trade_max,
        position_fraction: risk.position_fraction,
        position_value_max: risk.max_position_value,
        gross_exposure: risk.max_gross_exposure,
        open_positions: risk.max_open_positions,
        order_shares: Qty::shares(risk.max_order_shares).unwrap_or(Qty::ZERO),
        order_value: risk.max_order_value,
        daily_loss: risk.daily_loss_fraction,
        consecutive_losses: risk.consecutive_losses,
        entries_per_route: risk.entries_per_route_per_day,
        entries_per_minute: risk.orders_per_minute,
        price_collar: risk.price_collar,
        slippage_allowance: Level::from_femtos(risk.slippage_allowance.femtos()),
    }
}

/// What the simulated broker is set to.
#[must_use]
pub fn broker(config: &Config) -> SimConfig {
    let broker = &config.broker;
    let delay = i64::from(broker.latency_ms).saturating_mul(MILLISECOND);
    let micros = |amount: Money| amount.exact_micros().and_then(|m| u32::try_from(m).ok()).unwrap_or(0);
    let alpaca = broker.profile == BrokerProfile::Alpaca;
    SimConfig {
        profile: if alpaca { Profile::Alpaca } else { Profile::Plain },
        seed: config.market.seed,
        cash: config.account.initial_cash,
        shorting: broker.shorting,
        margin: alpaca.then_some(Margin { intraday: 4, overnight: 2 }),
        latency: Latency {
            request: delay,
            submit: delay,
            cancel: delay,
            replace: delay,
            report: delay,
            jitter: 0,
        },
        slippage: Slippage { per_share_micros: micros(broker.slippage), basis_points: 0 },
        half_spread_micros: micros(broker.half_spread),
        fees: Fees { per_share: broker.fee_per_share, per_order: broker.fee_per_order },
        participation: Some(broker.participation).filter(|p| *p < trader_contract::Ratio::ONE),
        split: Split { probability: broker.partial_fill_probability, ..Split::NONE },
        tick: TickRule::Rule612,
    }
}

/// Made-up instruments for symbols that nothing more is known of: random walks around a price that
/// follows from the name.
#[must_use]
pub fn instruments(symbols: &[Symbol]) -> Vec<SyntheticInstrument> {
    let base = |symbol: &Symbol| {
        let sum: i64 = symbol.as_str().bytes().map(i64::from).sum();
        let dollars = sum.rem_euclid(180).saturating_add(20);
        Price::from_cents(dollars.saturating_mul(100))
    };
    symbols
        .iter()
        .filter_map(|symbol| {
            Some(SyntheticInstrument {
                symbol: *symbol,
                base: base(symbol)?,
                shape: Shape::Walk,
                volume_per_minute: 5_000,
            })
        })
        .collect()
}
