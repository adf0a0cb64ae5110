//! `[[route]]`: which strategy trades which symbols on which bars, with which settings.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use trader_contract::{ParameterKind, SettingValue, Settings, StrategyPlugin, Symbol, Timeframe};

use super::layers::{Node, Value};
use super::problem::{Place, Problems};
use super::section::{Section, choice, exact};

/// The most routes.
const ROUTES_MAX: usize = 64;
/// The most symbols of one route.
const SYMBOLS_MAX: usize = 200;
/// The longest name of a route, in characters.
const NAME_MAX: usize = 32;

choice! {
    /// The sides that a route may enter.
    Sides {
        /// Long and short.
        Both = "both",
        /// Long only.
        Long = "long",
        /// Short only.
        Short = "short",
    }
}

/// Symbols bound to a strategy with settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Its name: `a-z`, `0-9` and `-`, a letter first, at most 32 characters.
    pub name: String,
    /// Whether it may enter.
    pub enabled: bool,
    /// The strategy's name.
    pub strategy: String,
    /// What it trades, in the order given; no symbol twice.
    pub symbols: Vec<Symbol>,
    /// The length of its bars in minutes.
    #[serde(rename = "timeframe_minutes")]
    pub timeframe: Timeframe,
    /// The sides that it may enter.
    pub sides: Sides,
    /// Whether its signals are written down and nothing is entered.
    pub observe: bool,
    /// The strategy's settings, defaults filled in.
    #[serde(serialize_with = "as_toml")]
    pub settings: Settings,
}

fn as_toml<S: Serializer>(settings: &Settings, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Plain<'v> {
        Integer(i64),
        Flag(bool),
        Word(&'v str),
        Decimal(String),
    }
    serializer.collect_map(settings.iter().map(|(name, value)| {
        let plain = match value {
            SettingValue::Integer(number) => Plain::Integer(*number),
            SettingValue::Decimal(number) => Plain::Decimal(number.to_string()),
            SettingValue::Flag(flag) => Plain::Flag(*flag),
            SettingValue::Word(word) => Plain::Word(word),
        };
        (name, plain)
    }))
}

impl Route {
    /// Reads one route; `None` if it lacks what nothing can stand in for.
    pub(super) fn read(
        mut section: Section<'_>,
        strategies: &[&'static StrategyPlugin],
    ) -> Option<(Option<Place>, Self)> {
        let place = section.place();
        let name = read_name(&mut section, place.as_ref());
        let enabled = section.flag("enabled", true);
        let symbols = read_symbols(&mut section, place.as_ref());
        let minutes = section.integer("timeframe_minutes", 1, 1..=Timeframe::MAX_MINUTES);
        let sides = section.word("sides", Sides::Both);
        let observe = section.flag("observe", false);
        let plugin = read_strategy(&mut section, place.as_ref(), strategies);
        let settings = match plugin {
            Some(plugin) => read_settings(section.section("settings"), plugin),
            None => {
                section.take("settings");
                None
            }
        };
        section.finish();
        let route = Self {
            name: name?,
            enabled,
            strategy: plugin?.name.to_owned(),
            symbols: symbols?,
            timeframe: Timeframe::minutes(minutes)?,
            sides,
            observe,
            settings: settings?,
        };
        Some((place, route))
    }
}

/// Notes names that more than one route has.
pub(super) fn refuse_clashes(routes: &[(Option<Place>, Route)], problems: &mut Problems) {
    let mut first: BTreeMap<&str, &Option<Place>> = BTreeMap::new();
    for (place, route) in routes {
        if let Some(taken) = first.get(route.name.as_str()) {
            let at = taken
                .as_ref()
                .map(|p| format!(" at {p}"))
                .unwrap_or_default();
            let message = format!(
                "another route is called {:?}{at}; names must differ",
                route.name
            );
            problems.push(place.clone(), "route.name", message);
        } else {
            first.insert(&route.name, place);
        }
    }
    if routes.len() > ROUTES_MAX {
        let message = format!(
            "{} routes are more than the {ROUTES_MAX} that one daemon runs",
            routes.len()
        );
        problems.push(None, "route", message);
    }
}

fn read_name(section: &mut Section<'_>, route: Option<&Place>) -> Option<String> {
    let before = section.place_of("name");
    let Some((place, name)) = section.text("name") else {
        if before.is_none() {
            let message = "a route needs a name, which orders and reports will carry, like name = \"velez-spy\"";
            section.problem(route.cloned(), "name", message);
        }
        return None;
    };
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(legal)
    {
        return Some(name);
    }
    let message = format!(
        "{name:?} is no name for a route: use 1 to {NAME_MAX} characters of a-z, 0-9 and '-', a letter first"
    );
    section.problem(Some(place), "name", message);
    None
}

fn read_symbols(section: &mut Section<'_>, route: Option<&Place>) -> Option<Vec<Symbol>> {
    let Some(Node { place, value }) = section.take("symbols") else {
        let message = "a route needs symbols, like symbols = [\"SPY\"]";
        section.problem(route.cloned(), "symbols", message);
        return None;
    };
    let Value::List(list) = value else {
        let message = format!("takes a list like [\"SPY\"], not {}", value.describe());
        section.problem(Some(place), "symbols", message);
        return None;
    };
    if list.is_empty() || list.len() > SYMBOLS_MAX {
        let message = format!("a route has 1 to {SYMBOLS_MAX} symbols, not {}", list.len());
        section.problem(Some(place), "symbols", message);
        return None;
    }
    let mut symbols = Vec::new();
    let mut seen = BTreeSet::new();
    for item in list {
        let parsed = match &item.value {
            Value::Text(text) | Value::Loose(text) => {
                text.parse::<Symbol>().map_err(|error| error.to_string())
            }
            other => Err(format!(
                "a symbol is a text in quotes, not {}",
                other.describe()
            )),
        };
        match parsed {
            Ok(symbol) if seen.insert(symbol) => symbols.push(symbol),
            Ok(symbol) => {
                section.problem(
                    Some(item.place),
                    "symbols",
                    format!("{symbol} stands here twice; name it once"),
                );
            }
            Err(message) => section.problem(Some(item.place), "symbols", message),
        }
    }
    Some(symbols)
}

fn read_strategy(
    section: &mut Section<'_>,
    route: Option<&Place>,
    strategies: &[&'static StrategyPlugin],
) -> Option<&'static StrategyPlugin> {
    let before = section.place_of("strategy");
    let names: Vec<&str> = strategies.iter().map(|plugin| plugin.name).collect();
    let built_in = if names.is_empty() {
        "this build has none: build it with a feature like strategy-velez".to_owned()
    } else {
        format!("this build has: {}", names.join(", "))
    };
    let Some((place, name)) = section.text("strategy") else {
        if before.is_none() {
            section.problem(
                route.cloned(),
                "strategy",
                format!("a route needs a strategy; {built_in}"),
            );
        }
        return None;
    };
    let found = strategies.iter().find(|plugin| plugin.name == name);
    if found.is_none() {
        let hint = trader_contract::settings::nearest(&name, names.iter().copied())
            .map(|nearest| format!("did you mean {nearest:?}? "))
            .unwrap_or_default();
        section.problem(
            Some(place),
            "strategy",
            format!("there is no strategy {name:?}; {hint}{built_in}"),
        );
    }
    found.copied()
}

fn read_settings(mut section: Section<'_>, plugin: &'static StrategyPlugin) -> Option<Settings> {
    let place = section.place();
    let mut given = BTreeMap::new();
    let mut sound = true;
    for (key, node) in section.take_all() {
        let value = match setting(node.value, plugin, &key) {
            Ok(value) => value,
            Err(message) => {
                section.problem(Some(node.place), &key, message);
                sound = false;
                continue;
            }
        };
        // One at a time, so that every wrong setting is told with its place, not only the first.
        let alone = BTreeMap::from([(key.clone(), value.clone())]);
        match Settings::resolve(plugin.parameters, &alone) {
            Ok(_) => {
                given.insert(key, value);
            }
            Err(error) => {
                let message = format!("{error} (strategy {})", plugin.name);
                section.problem(Some(node.place), &key, message);
                sound = false;
            }
        }
    }
    if !sound {
        return None;
    }
    let settings = Settings::resolve(plugin.parameters, &given).ok()?;
    match (plugin.build)(&settings) {
        Ok(_) => Some(settings),
        Err(error) => {
            let message = format!(
                "strategy {} cannot work with these settings: {error}",
                plugin.name
            );
            section.problem(place, "", message);
            None
        }
    }
}

/// A value as the plugin contract has it. Quotes around a decimal number are allowed, as for ratios.
fn setting(value: Value, plugin: &StrategyPlugin, key: &str) -> Result<SettingValue, String> {
    let kind = plugin
        .parameters
        .iter()
        .find(|p| p.name == key)
        .map(|p| p.kind);
    let value = match kind {
        Some(ParameterKind::Integer { .. }) => value.into_whole(),
        Some(ParameterKind::Flag { .. }) => value.into_flag(),
        _ => value.into_text(),
    };
    match (&value, kind) {
        (Value::Flag(flag), _) => Ok(SettingValue::Flag(*flag)),
        (Value::Whole(_, Some(number)), _) => Ok(SettingValue::Integer(*number)),
        (Value::Text(_), Some(ParameterKind::Decimal { .. })) | (Value::Float(_), _) => {
            match exact(&value) {
                Some(Ok(number)) => Ok(SettingValue::Decimal(number)),
                _ => Err(format!(
                    "{} is no plain number with at most nine decimals",
                    value.describe()
                )),
            }
        }
        (Value::Text(text) | Value::Loose(text), _) => Ok(SettingValue::Word(text.clone())),
        _ => Err(format!(
            "takes a number, true, false or a word, not {}",
            value.describe()
        )),
    }
}
