//! From the configuration to what the engine and the simulated exchange are made of.

use trader_contract::{Built, Level, Qty, Symbol, TickRule};
use trader_core::risk::limits::Limits;
use trader_core::{DayRules, Instrument};

use crate::config::{Config, EndOfDay, OrderRules, Risk, Route, SessionRules, Sides};
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

/// The rules of the day's end.
#[must_use]
pub fn day_rules(session: &SessionRules) -> DayRules {
    let minutes =
        |minutes: u16| i64::from(minutes).saturating_mul(trader_contract::Timestamp::MINUTE);
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
    symbols(config)
        .into_iter()
        .map(|symbol| Instrument {
            symbol,
            tick: TickRule::Rule612,
        })
        .collect()
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
        lanes: route.symbols.iter().map(build).collect::<Result<_, _>>()?,
    })
}

/// The simulated broker's settings.
#[cfg(feature = "broker-sim")]
#[must_use]
pub fn sim_broker(config: &Config) -> trader_broker_sim::SimConfig {
    use trader_broker_sim::{Fees, Latency, SimConfig, Slippage, Split};

    use crate::config::BrokerProfile;

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
        assert_eq!(limits(&config.risk).slippage_allowance.to_string(), "0.02");
        assert_eq!(limits(&config.risk).order_shares.whole_shares(), 5_000);
    }

    #[cfg(feature = "broker-sim")]
    #[test]
    fn the_brokers_costs_are_what_the_configuration_says() {
        let sim = sim_broker(&Config::defaults());
        assert_eq!(sim.half_spread_micros, 5_000);
        assert_eq!(sim.slippage.per_share_micros, 10_000);
        assert_eq!(sim.latency.request, 50_000_000);
        assert_eq!(sim.participation.unwrap().to_string(), "0.1");
    }
}
