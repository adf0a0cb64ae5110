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
