//! From what was asked for to a whole configuration: the daemon's own, a file of the caller's, and
//! the caller's words, one over the other and checked like any other.

use toml::{Table, Value};
use trader_calendar::Calendar;
use trader_contract::{StrategyPlugin, Timeframe};
use trader_rpc::{BacktestRoute, BacktestSpec};

use crate::config::{self, Config, EndOfDay, Layer, Problems};

/// The sections that mean something in a backtest.
const SECTIONS: [&str; 6] = ["account", "broker", "risk", "session", "orders", "route"];

/// The configuration of a backtest.
///
/// # Errors
/// Everything that is wrong with what was asked for.
pub(crate) fn compose(
    base: &Config,
    spec: &BacktestSpec,
    strategies: &[&'static StrategyPlugin],
    calendar: &Calendar,
) -> Result<Config, Problems> {
    let mut problems = Problems::default();
    let own = own_layer(base, spec, &mut problems);
    let words = words_layer(spec, &mut problems);
    let file = spec.config.clone().map(|text| {
        check_sections(&text, &mut problems);
        Layer::file("the file".to_owned(), text)
    });
    check_dates(spec, calendar, &mut problems);
    problems.or(())?;
    let layers: Vec<Layer> = [Some(own), file, Some(words)]
        .into_iter()
        .flatten()
        .collect();
    let config = config::parse(&layers, strategies)?;
    let mut problems = Problems::default();
    check_end_of_day(&config, &mut problems);
    if config.routes.is_empty() {
        let message = "a backtest needs a strategy and symbols, a route of the configuration, or a \
                       file with [[route]]; name one of them";
        problems.push(None, "route", message);
    }
    problems.or(config)
}

/// The daemon's configuration with the routes that were asked for, and what has no meaning in a
/// backtest at its default.
fn own_layer(base: &Config, spec: &BacktestSpec, problems: &mut Problems) -> Layer {
    let mut routes = Vec::new();
    for name in &spec.configured_routes {
        match base.routes.iter().find(|route| route.name == *name) {
            Some(route) => {
                let mut route = route.clone();
                route.enabled = true;
                route.observe = false;
                routes.push(route);
            }
            None => {
                let names: Vec<&str> = base.routes.iter().map(|r| r.name.as_str()).collect();
                let there = if names.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has: {}", names.join(", "))
                };
                let message = format!("the configuration has no route {name:?}; {there}");
                problems.push(None, "route", message);
            }
        }
    }
    let own = Config {
        account: base.account.clone(),
        broker: base.broker.clone(),
        risk: base.risk.clone(),
        session: base.session.clone(),
        orders: base.orders.clone(),
        routes,
        ..Config::defaults()
    };
    Layer::file("the daemon's configuration".to_owned(), own.to_toml())
}

/// The caller's words as a layer over everything else.
fn words_layer(spec: &BacktestSpec, problems: &mut Problems) -> Layer {
    let mut root = Table::new();
    for (path, word) in &spec.settings {
        match path.split_once('.') {
            Some((section, key)) if SECTIONS.contains(&section) && section != "route" => {
                let table = root
                    .entry(section)
                    .or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(table) = table {
                    table.insert(key.to_owned(), Value::String(word.clone()));
                }
            }
            _ => {
                let message = "is no setting of a backtest; they are called section.key, with the \
                               sections account, broker, risk, session and orders";
                problems.push(None, path.clone(), message);
            }
        }
    }
    let mut market = Table::new();
    market.insert("seed".to_owned(), Value::String(spec.seed.to_string()));
    root.insert("market".to_owned(), Value::Table(market));
    let routes: Vec<Value> = spec
        .routes
        .iter()
        .map(|route| Value::Table(route_table(route, problems)))
        .collect();
    if !routes.is_empty() {
        root.insert("route".to_owned(), Value::Array(routes));
    }
    Layer {
        name: "the backtest".to_owned(),
        text: toml::to_string(&root).unwrap_or_default(),
        loose: true,
    }
}

fn route_table(route: &BacktestRoute, problems: &mut Problems) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, word: String| {
        table.insert(key.to_owned(), Value::String(word));
    };
    put(
        "name",
        route.name.clone().unwrap_or_else(|| route.strategy.clone()),
    );
    put("strategy", route.strategy.clone());
    match timeframe(&route.timeframe) {
        Ok(timeframe) => put("timeframe_minutes", timeframe.as_minutes().to_string()),
        Err(message) => problems.push(None, "timeframe", message),
    }
    if let Some(sides) = &route.sides {
        put("sides", sides.clone());
    }
    let symbols = route.symbols.iter().map(|s| Value::String(s.to_string()));
    table.insert("symbols".to_owned(), Value::Array(symbols.collect()));
    let settings = route
        .settings
        .iter()
        .map(|(key, word)| (key.clone(), Value::String(word.clone())));
    table.insert("settings".to_owned(), Value::Table(settings.collect()));
    table
}

/// `5min`, `1hour` or `1day` as minutes of a session.
fn timeframe(text: &str) -> Result<Timeframe, String> {
    let minutes = match text {
        "1hour" => Some(60),
        "1day" => Some(Timeframe::MAX_MINUTES),
        _ => text.strip_suffix("min").and_then(|n| n.parse().ok()),
    };
    minutes
        .and_then(Timeframe::minutes)
        .ok_or_else(|| format!("{text:?} is no timeframe: 1min to 390min, 1hour or 1day"))
}

/// A file for a backtest has nothing that a backtest would pass over.
fn check_sections(text: &str, problems: &mut Problems) {
    // What is no TOML is told where it is read.
    let Ok(table) = text.parse::<Table>() else {
        return;
    };
    for key in table.keys() {
        if !SECTIONS.contains(&key.as_str()) {
            let message = format!(
                "has no meaning in a backtest; a file for one has: {}",
                SECTIONS.join(", ")
            );
            problems.push(None, key.clone(), message);
        }
    }
}

/// A bar of a whole session ends with it, when a day that ends flat takes no more entries.
fn check_end_of_day(config: &Config, problems: &mut Problems) {
    if config.session.end_of_day == EndOfDay::Hold {
        return;
    }
    for route in &config.routes {
        if route.timeframe.as_minutes() == Timeframe::MAX_MINUTES {
            let message = format!(
                "route {} decides at the close, when a day that ends flat takes no entries; set \
                 session.end_of_day to hold (--end-of-day hold)",
                route.name
            );
            problems.push(None, "session.end_of_day", message);
        }
    }
}

fn check_dates(spec: &BacktestSpec, calendar: &Calendar, problems: &mut Problems) {
    if spec.end_date < spec.start_date {
        let message = format!(
            "ends on {} before it starts on {}; swap the dates",
            spec.end_date, spec.start_date
        );
        return problems.push(None, "end_date", message);
    }
    match calendar.sessions(spec.start_date..=spec.end_date) {
        Ok([]) => {
            let message = format!(
                "there is no session from {} to {}; choose a longer range",
                spec.start_date, spec.end_date
            );
            problems.push(None, "start_date", message);
        }
        Ok(_) => {}
        Err(error) => problems.push(None, "start_date", error.to_string()),
    }
}

/// What a result depends on of a configuration, as TOML.
#[cfg(feature = "backtest")]
pub(super) fn relevant(config: &Config) -> String {
    #[derive(serde::Serialize)]
    struct Relevant<'c> {
        account: &'c config::Account,
        broker: &'c config::BrokerSettings,
        risk: &'c config::Risk,
        session: &'c config::SessionRules,
        orders: &'c config::OrderRules,
        route: &'c [config::Route],
    }
    let relevant = Relevant {
        account: &config.account,
        broker: &config.broker,
        risk: &config.risk,
        session: &config.session,
        orders: &config.orders,
        route: &config.routes,
    };
    toml::to_string(&relevant).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins;

    fn spec(change: impl FnOnce(&mut BacktestSpec)) -> BacktestSpec {
        let mut spec: BacktestSpec = serde_json::from_str(
            r#"{ "start_date": "2011-01-03", "end_date": "2011-01-31", "routes": [
                { "strategy": "velez", "symbols": ["SPY"], "timeframe": "5min" }] }"#,
        )
        .unwrap();
        change(&mut spec);
        spec
    }

    fn composed(base: &Config, change: impl FnOnce(&mut BacktestSpec)) -> Result<Config, String> {
        let calendar = Calendar::nyse();
        compose(base, &spec(change), plugins::strategies(), &calendar)
            .map_err(|problems| problems.to_string())
    }

    fn refused(change: impl FnOnce(&mut BacktestSpec)) -> String {
        composed(&Config::defaults(), change).unwrap_err()
    }

    fn base() -> Config {
        let text = "[risk]\nmax_open_positions = 3\n[broker]\nslippage = \"0.05\"\n\
                    [market]\nsource = \"synthetic\"\nseed = 9\n[[route]]\nname = \"kept\"\n\
                    enabled = false\nstrategy = \"opening-range\"\nsymbols = [\"IBM\"]\n\
                    timeframe_minutes = 5\n";
        let layer = Layer::file("base".to_owned(), text.to_owned());
        config::parse(&[layer], plugins::strategies()).unwrap()
    }

    #[cfg(all(feature = "strategy-velez", feature = "strategy-opening-range"))]
    #[test]
    fn what_is_not_said_is_as_in_the_daemons_configuration() {
        let config = composed(&base(), |spec| {
            spec.settings
                .insert("broker.half_spread".to_owned(), "0.02".to_owned());
            spec.settings
                .insert("broker.regulatory_fees".to_owned(), "true".to_owned());
            spec.settings
                .insert("account.initial_cash".to_owned(), "25000.50".to_owned());
            spec.config = Some("[risk]\nrisk_per_trade = 0.01\n".to_owned());
            spec.routes[0]
                .settings
                .insert("sma_fast".to_owned(), "5".to_owned());
            spec.routes[0]
                .settings
                .insert("tightness_pct".to_owned(), "1.5".to_owned());
        })
        .unwrap();
        assert_eq!(config.risk.max_open_positions, 3, "the daemon's");
        assert_eq!(config.broker.slippage.to_string(), "0.05", "the daemon's");
        assert_eq!(config.risk.risk_per_trade.to_string(), "0.01", "the file's");
        assert_eq!(config.broker.half_spread.to_string(), "0.02", "the words'");
        assert!(config.broker.regulatory_fees);
        assert_eq!(config.account.initial_cash.to_string(), "25000.5");
        assert_eq!(config.market.seed, 1, "the backtest's own");
        let [route] = config.routes.as_slice() else {
            panic!("the daemon's routes are not asked for");
        };
        assert_eq!(route.name, "velez");
        assert_eq!(route.settings.integer("sma_fast"), 5);
        assert_eq!(route.settings.decimal("tightness_pct").to_string(), "1.5");
    }

    #[cfg(feature = "strategy-opening-range")]
    #[test]
    fn a_route_of_the_configuration_runs_even_if_it_is_disabled() {
        let config = composed(&base(), |spec| {
            spec.routes.clear();
            spec.configured_routes = vec!["kept".to_owned()];
        });
        assert!(config.unwrap().routes[0].enabled);
        let unknown = composed(&base(), |spec| {
            spec.configured_routes = vec!["lost".to_owned()];
        });
        assert!(
            unknown
                .unwrap_err()
                .contains("no route \"lost\"; it has: kept")
        );
    }

    /// A change that sets a key of the configuration.
    fn setting(key: &str, word: &str) -> impl FnOnce(&mut BacktestSpec) {
        let (key, word) = (key.to_owned(), word.to_owned());
        move |spec| drop(spec.settings.insert(key, word))
    }

    /// A change that sets a parameter of the strategy.
    fn parameter(key: &str, word: &str) -> impl FnOnce(&mut BacktestSpec) {
        let (key, word) = (key.to_owned(), word.to_owned());
        move |spec| drop(spec.routes[0].settings.insert(key, word))
    }

    fn check<const N: usize>(cases: [(String, &str); N]) {
        for (message, expected) in cases {
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }

    #[cfg(feature = "strategy-velez")]
    #[test]
    fn settings_that_do_not_exist_or_do_not_fit_are_refused() {
        let slip = "did you mean \"slippage\"?";
        let nothing = "is no setting of a backtest";
        check([
            (refused(setting("broker.slipage", "1")), slip),
            (
                refused(setting("risk.daily_loss_fraction", "0.9")),
                "outside the 0.001 to 0.1",
            ),
            (refused(setting("rpc.max_connections", "4")), nothing),
            (refused(setting("slippage", "4")), nothing),
            (
                refused(setting("broker.slippage", "much")),
                "broker.slippage",
            ),
            (
                refused(parameter("sma_fat", "3")),
                "did you mean \"sma_fast\"?",
            ),
            (refused(parameter("sma_fast", "x")), "sma_fast takes"),
        ]);
    }

    #[cfg(feature = "strategy-velez")]
    #[test]
    fn routes_and_files_that_make_no_sense_are_refused() {
        let timeframe = |text: &str| {
            let text = text.to_owned();
            refused(move |spec| spec.routes[0].timeframe = text)
        };
        let file = |text: &str| {
            let text = text.to_owned();
            refused(move |spec| spec.config = Some(text))
        };
        let strategy = refused(|spec| spec.routes[0].strategy = "velz".to_owned());
        check([
            (strategy, "did you mean \"velez\"?"),
            (timeframe("7hours"), "is no timeframe"),
            (timeframe("391min"), "is no timeframe"),
            (timeframe("1day"), "--end-of-day hold"),
            (
                refused(|spec| spec.routes.clear()),
                "needs a strategy and symbols",
            ),
            (file("[log]\n"), "has no meaning in a backtest"),
            (file("[risk\n"), "the file:1:"),
        ]);
    }

    #[cfg(feature = "strategy-velez")]
    #[test]
    fn days_without_a_session_are_refused() {
        let days = |from: &str, to: &str| {
            let [from, to] = [from, to].map(|day| day.parse().unwrap());
            refused(move |spec| (spec.start_date, spec.end_date) = (from, to))
        };
        check([
            (days("2011-01-03", "2011-01-02"), "before it starts"),
            (days("2011-01-01", "2011-01-02"), "there is no session"),
            (days("2011-01-03", "2040-01-02"), "2028"),
        ]);
    }
}
