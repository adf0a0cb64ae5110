//! What is linked into this build: the one list of strategies and brokers, by cargo feature.

use trader_contract::StrategyPlugin;

static STRATEGIES: &[&StrategyPlugin] = &[
    #[cfg(feature = "strategy-velez")]
    &trader_strategy_velez::PLUGIN,
    #[cfg(feature = "strategy-opening-range")]
    &trader_strategy_opening_range::PLUGIN,
    #[cfg(feature = "strategy-mean-reversion")]
    &trader_strategy_mean_reversion::PLUGIN,
];

/// The brokers of this build, by the name of their feature.
pub const BROKERS: &[&str] = &[
    #[cfg(feature = "broker-sim")]
    "sim",
    // What trades is made with the exchange inside this program.
    #[cfg(all(feature = "broker-alpaca", feature = "broker-sim"))]
    "alpaca",
];

/// Why a plugin was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// No strategy of this build has the name.
    #[error("there is no strategy {name:?}; this build has: {}", list(.available))]
    Strategy {
        /// What was asked for.
        name: String,
        /// What there is.
        available: Vec<&'static str>,
    },
    /// No broker of this build has the name.
    #[error(
        "this build has no broker {name:?}, only: {}; build it with --features {}",
        list(.available),
        features_for(name)
    )]
    Broker {
        /// What was asked for.
        name: String,
        /// What there is.
        available: Vec<&'static str>,
    },
    /// Backtests are not in this build.
    #[error("this build runs no backtests; build it with --features backtest")]
    Backtest,
}

/// What a build needs to trade at a broker: what trades is made with the exchange inside this program.
fn features_for(broker: &str) -> String {
    match broker {
        "sim" => "broker-sim".to_owned(),
        other => format!("broker-{other},broker-sim"),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// The strategies of this build.
#[must_use]
pub fn strategies() -> &'static [&'static StrategyPlugin] {
    STRATEGIES
}

/// The strategy of that name.
///
/// # Errors
/// This build has none of that name; the message lists those it has.
pub fn strategy(name: &str) -> Result<&'static StrategyPlugin, PluginError> {
    strategies()
        .iter()
        .copied()
        .find(|plugin| plugin.name == name)
        .ok_or_else(|| PluginError::Strategy {
            name: name.to_owned(),
            available: strategies().iter().map(|plugin| plugin.name).collect(),
        })
}

/// Checks that this build has the broker of that name.
///
/// # Errors
/// It has not; the message says how to build one that has.
pub fn require_broker(name: &str) -> Result<(), PluginError> {
    if BROKERS.contains(&name) {
        return Ok(());
    }
    Err(PluginError::Broker {
        name: name.to_owned(),
        available: BROKERS.to_vec(),
    })
}

/// Checks that this build can run backtests.
///
/// # Errors
/// It cannot; the message says how to build one that can.
pub const fn require_backtest() -> Result<(), PluginError> {
    if cfg!(feature = "backtest") {
        Ok(())
    } else {
        Err(PluginError::Backtest)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use trader_contract::Settings;

    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_what_there_is() {
        let error = strategy("moon").unwrap_err().to_string();
        assert!(
            error.starts_with("there is no strategy \"moon\"; this build has: "),
            "{error}"
        );
        let error = require_broker("moon").unwrap_err().to_string();
        assert!(
            error.ends_with("build it with --features broker-moon,broker-sim"),
            "{error}"
        );
    }

    #[test]
    fn names_differ_and_every_default_is_within_its_own_range() {
        let names: BTreeSet<&str> = strategies().iter().map(|plugin| plugin.name).collect();
        assert_eq!(names.len(), strategies().len());
        for plugin in strategies() {
            assert!(strategy(plugin.name).is_ok());
            let defaults = Settings::resolve(plugin.parameters, &BTreeMap::new()).unwrap();
            let given = defaults
                .iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect();
            let settings = Settings::resolve(plugin.parameters, &given);
            assert_eq!(settings.as_ref(), Ok(&defaults), "{}", plugin.name);
            assert!((plugin.build)(&defaults).is_ok(), "{}", plugin.name);
        }
    }
}
