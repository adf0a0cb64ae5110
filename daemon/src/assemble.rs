//! From the configuration to what the engine and the simulated exchange are made of.

use trader_calendar::Calendar;
use trader_contract::{Built, Epoch, Level, Qty, Symbol, Timestamp};
use trader_core::risk::limits::Limits;
use trader_core::{Authority, DayRules, EngineConfig, Instrument, Market, Rows, Watch};

use crate::config::{
    BrokerKind, Config, EndOfDay, ForeignPolicy, OrderRules, Risk, Route, SessionRules, Sides,
    WatchRules,
};
use crate::plugins;

/// A route whose strategy cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("route {route}: {reason}; correct its settings")]
pub struct RouteError {
    /// The route.
    pub route: String,
    /// Why.
    pub reason: String,
}

/// The limits of the gate.
#[must_use]
pub fn limits(risk: &Risk) -> Limits {
    Limits {
        risk_per_trade: risk.risk_per_trade,
        risk_per_trade_max: risk.risk_per_trade_max,
        position_fraction: risk.position_fraction,
        position_value_max: risk.max_position_value,
        gross_exposure: risk.max_gross_exposure,
        net_exposure: risk.max_net_exposure,
        route_exposure: risk.max_route_exposure,
        buying_power_reserve: risk.buying_power_reserve,
        open_positions: risk.max_open_positions,
        order_shares: Qty::shares(risk.max_order_shares).unwrap_or(Qty::ZERO),
        order_value: risk.max_order_value,
        volume_share: risk.volume_share,
        daily_loss: risk.daily_loss_fraction,
        drawdown: risk.max_drawdown,
        consecutive_losses: risk.consecutive_losses,
        entries_per_route: risk.rates.entries_per_route_per_day,
        entries_per_minute: risk.rates.orders_per_minute,
        entries_per_minute_symbol: risk.rates.orders_per_minute_per_symbol,
        messages_per_minute: risk.rates.messages_per_minute,
        stop_moves_per_minute: risk.rates.stop_moves_per_minute_per_symbol,
        cancels_per_fill: risk.rates.cancels_per_fill,
        duplicate_nanos: nanos(risk.rates.duplicate_window_ms),
        price_collar: risk.prices.price_collar,
        fill_collar: risk.prices.fill_collar,
        spread: risk.prices.max_spread,
        quote_age_nanos: seconds(risk.prices.quote_age_seconds),
        restricted: risk.restricted.iter().copied().collect(),
        slippage_allowance: Level::from_femtos(risk.slippage_allowance.femtos()),
    }
}

/// The limits of a backtest. What halts until a person resumes would end it there, since there is no
/// such person: a drawdown is shown and stops nothing, and neither entries nor messages are counted by
/// the minute.
#[must_use]
pub fn backtest_limits(risk: &Risk) -> Limits {
    let unbounded = Limits::unbounded();
    Limits {
        drawdown: unbounded.drawdown,
        entries_per_minute: unbounded.entries_per_minute,
        entries_per_minute_symbol: unbounded.entries_per_minute_symbol,
        messages_per_minute: unbounded.messages_per_minute,
        stop_moves_per_minute: unbounded.stop_moves_per_minute,
        cancels_per_fill: unbounded.cancels_per_fill,
        ..limits(risk)
    }
}

/// What is checked again and again where broker and market are inside this program: neither can fall
/// silent, and no clock is compared.
#[must_use]
pub fn local_watch(rules: &WatchRules) -> Watch {
    let network = network_watch(rules);
    Watch {
        orders_alive_nanos: None,
        data_alive_nanos: None,
        account_nanos: None,
        skew_nanos: None,
        ..network
    }
}

/// What is checked again and again behind a network.
#[must_use]
pub fn network_watch(rules: &WatchRules) -> Watch {
    Watch {
        sweep_nanos: Some(seconds(rules.sweep_seconds)),
        reconcile_nanos: Some(seconds(rules.reconcile_seconds)),
        answer_nanos: seconds(rules.answer_seconds),
        unknown_nanos: seconds(rules.unknown_seconds),
        orders_alive_nanos: Some(seconds(rules.orders_alive_seconds)),
        data_alive_nanos: Some(seconds(rules.data_alive_seconds)),
        bar_late_nanos: seconds(rules.bar_late_seconds),
        account_nanos: Some(seconds(rules.account_seconds)),
        skew_nanos: Some(nanos(rules.skew_ms)),
    }
}

/// Under whose authority the engine trades: `live` is the account that may be traded with real money,
/// `program` is version and build.
#[must_use]
pub fn authority(config: &Config, live: Option<Box<str>>, program: &str) -> Authority {
    Authority {
        live,
        config: config.hash().into(),
        program: program.into(),
        observe: config.trading.observe,
        foreign: match config.foreign.policy {
            ForeignPolicy::Surface => trader_core::ForeignPolicy::Surface,
            ForeignPolicy::Adopt => trader_core::ForeignPolicy::Adopt,
            ForeignPolicy::Ignore => trader_core::ForeignPolicy::Ignore,
        },
        adopted_stop: config.foreign.adopted_stop,
    }
}

/// The rules of the day's end.
#[must_use]
pub fn day_rules(session: &SessionRules) -> DayRules {
    let minutes = |minutes: u16| i64::from(minutes).saturating_mul(Timestamp::MINUTE);
    DayRules {
        end_of_day: match session.end_of_day {
            EndOfDay::Flat => trader_core::EndOfDay::Flat,
            EndOfDay::Hold => trader_core::EndOfDay::Hold,
        },
        entries_stop_nanos: minutes(session.entries_stop_minutes_before_close),
        flatten_nanos: minutes(session.flatten_minutes_before_close),
        deadline_nanos: minutes(session.flat_deadline_minutes_before_close),
        ..DayRules::default()
    }
}

/// How orders are worked.
#[must_use]
pub fn order_rules(orders: &OrderRules) -> trader_core::OrderRules {
    trader_core::OrderRules {
        partial_fill_patience_nanos: nanos(orders.partial_fill_patience_ms),
        protect_within_nanos: nanos(orders.protect_within_ms),
        ..trader_core::OrderRules::default()
    }
}

fn seconds(seconds: u32) -> i64 {
    i64::from(seconds).saturating_mul(Timestamp::SECOND)
}

fn nanos(milliseconds: u32) -> i64 {
    i64::from(milliseconds).saturating_mul(1_000_000)
}

/// Every symbol of every route, once, in alphabetical order. Those of a disabled route too: what it
/// still holds is watched, protected and closed.
#[must_use]
pub fn symbols(config: &Config) -> Vec<Symbol> {
    let routes = config.routes.iter();
    let mut symbols: Vec<Symbol> = routes
        .flat_map(|route| route.symbols.iter().copied())
        .collect();
    symbols.sort();
    symbols.dedup();
    symbols
}

/// The same as the engine takes them.
#[must_use]
pub fn instruments(config: &Config) -> Vec<Instrument> {
    let symbols = symbols(config).into_iter();
    symbols.map(Instrument::plain).collect()
}

/// The enabled routes with one strategy instance for each symbol, in the order of the configuration.
///
/// # Errors
/// A strategy of this build is missing or refuses its settings.
pub fn routes(config: &Config) -> Result<Vec<trader_core::Route>, RouteError> {
    enabled(config).map(route).collect()
}

fn enabled(config: &Config) -> impl Iterator<Item = &Route> {
    config.routes.iter().filter(|route| route.enabled)
}

fn route(route: &Route) -> Result<trader_core::Route, RouteError> {
    let refused = |reason: String| RouteError {
        route: route.name.clone(),
        reason,
    };
    let plugin = plugins::strategy(&route.strategy).map_err(|error| refused(error.to_string()))?;
    let build = |symbol: &Symbol| -> Result<(Symbol, Built), RouteError> {
        let built = (plugin.build)(&route.settings).map_err(|error| refused(error.to_string()))?;
        Ok((*symbol, built))
    };
    Ok(trader_core::Route {
        name: route.name.as_str().into(),
        strategy: route.strategy.as_str().into(),
        timeframe: route.timeframe,
        require_stop: true,
        sides: match route.sides {
            Sides::Both => trader_core::Sides::Both,
            Sides::Long => trader_core::Sides::Long,
            Sides::Short => trader_core::Sides::Short,
        },
        observe: route.observe,
        lanes: route.symbols.iter().map(build).collect::<Result<_, _>>()?,
    })
}

/// What an engine of this configuration is made of that trades sessions minute by minute: `live` is the
/// account that may be traded with real money, `program` is version and build.
///
/// # Errors
/// A strategy of this build is missing or refuses its settings.
pub fn engine(
    config: &Config,
    calendar: &Calendar,
    epoch: Epoch,
    (live, program): (Option<Box<str>>, &str),
) -> Result<EngineConfig, RouteError> {
    Ok(EngineConfig {
        epoch,
        symbols: instruments(config),
        routes: routes(config)?,
        limits: limits(&config.risk),
        market: Market::Sessions {
            calendar: calendar.clone(),
            day: day_rules(&config.session),
            rows: Rows::Minutes,
        },
        orders: order_rules(&config.orders),
        watch: match config.broker.kind {
            BrokerKind::Sim => local_watch(&config.watch),
            BrokerKind::Alpaca => network_watch(&config.watch),
        },
        authority: authority(config, live, program),
    })
}

/// The simulated broker's settings.
#[cfg(feature = "broker-sim")]
#[must_use]
pub fn sim_broker(config: &Config) -> trader_broker_sim::SimConfig {
    use trader_broker_sim::{Fees, Latency, Margin, SimConfig, Slippage, Split};

    use crate::config::{BrokerProfile, MarginRules};

    let broker = &config.broker;
    let cash = config.account.initial_cash;
    let base = match broker.profile {
        BrokerProfile::Alpaca => SimConfig::alpaca(cash),
        BrokerProfile::Plain => SimConfig::plain(cash),
    };
    // The configuration keeps both within ten dollars and whole millionths.
    let micros = |money: trader_contract::Money| {
        let micros = money.exact_micros().unwrap_or(0);
        u32::try_from(micros).unwrap_or(u32::MAX)
    };
    SimConfig {
        seed: config.market.seed,
        shorting: broker.shorting,
        latency: Latency {
            request: nanos(broker.latency_ms),
            ..Latency::NONE
        },
        slippage: Slippage {
            per_share_micros: micros(broker.slippage),
            basis_points: 0,
        },
        half_spread_micros: micros(broker.half_spread),
        fees: Fees {
            per_share: broker.fee_per_share,
            per_order: broker.fee_per_order,
            regulatory: broker.regulatory_fees,
        },
        borrow_rate: broker.borrow_rate,
        margin: match broker.margin {
            MarginRules::None => None,
            MarginRules::Fixed => Some(Margin::Fixed {
                intraday: 4,
                overnight: 2,
            }),
            MarginRules::ByDate => Some(Margin::ByDate),
        },
        participation: Some(broker.participation),
        split: Split {
            probability: broker.partial_fill_probability,
            ..Split::NONE
        },
        ..base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rules_are_the_engines_own() {
        let config = Config::defaults();
        assert_eq!(day_rules(&config.session), DayRules::default());
        assert_eq!(
            order_rules(&config.orders),
            trader_core::OrderRules::default()
        );
        assert_eq!(local_watch(&config.watch), Watch::LOCAL);
        assert_eq!(network_watch(&config.watch), Watch::NETWORK);
        let simulated = Authority {
            config: config.hash().into(),
            ..Authority::simulated()
        };
        assert_eq!(authority(&config, None, ""), simulated);
        assert_eq!(limits(&config.risk).slippage_allowance.to_string(), "0.02");
        assert_eq!(limits(&config.risk).order_shares.whole_shares(), 5_000);
    }

    #[cfg(feature = "broker-sim")]
    #[test]
    fn margin_is_the_profiles_unless_it_is_set() {
        use trader_broker_sim::{Margin, SimConfig};
        use trader_contract::Money;

        use crate::config::{BrokerProfile, MarginRules};

        let mut config = Config::defaults();
        let margin = |config: &Config| sim_broker(config).margin;
        assert_eq!(margin(&config), SimConfig::alpaca(Money::ZERO).margin);
        config.broker.margin = MarginRules::ByDate;
        assert_eq!(margin(&config), Some(Margin::ByDate));
        config.broker.profile = BrokerProfile::Plain;
        config.broker.margin = MarginRules::None;
        assert_eq!(margin(&config), None);
    }

    #[cfg(feature = "broker-sim")]
    #[test]
    fn the_brokers_costs_are_what_the_configuration_says() {
        let sim = sim_broker(&Config::defaults());
        assert_eq!(sim.half_spread_micros, 5_000);
        assert_eq!(sim.slippage.per_share_micros, 10_000);
        assert_eq!(sim.latency.request, 50_000_000);
        assert_eq!(sim.participation.unwrap().to_string(), "0.1");
        assert!(!sim.fees.regulatory && sim.borrow_rate == trader_contract::Ratio::ZERO);
    }
}
