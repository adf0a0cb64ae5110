//! What differs between the inputs of backtests: settings by their dotted keys, the request, the
//! program and the bars.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use trader_rpc::BacktestInputs;

/// A setting or input that is not the same everywhere.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    /// Its dotted key.
    pub(super) key: String,
    /// What it is in each backtest, in their order; `null` where it is not there.
    pub(super) values: Vec<Option<String>>,
}

/// Everything that differs, by its key.
pub(super) fn between(all: &[&BacktestInputs]) -> Vec<Difference> {
    let flat: Vec<_> = all.iter().map(|inputs| flat(inputs)).collect();
    let keys: BTreeSet<&String> = flat.iter().flat_map(BTreeMap::keys).collect();
    let mut differences = Vec::new();
    for key in keys {
        let values: Vec<_> = flat.iter().map(|one| one.get(key).cloned()).collect();
        if values.windows(2).any(|pair| pair.first() != pair.last()) {
            differences.push(Difference {
                key: key.clone(),
                values,
            });
        }
    }
    differences
}

/// Why figures over these bars do not compare like with like, if they do not.
pub(super) fn in_bars(all: &[&BacktestInputs]) -> Option<&'static str> {
    let differ = |of: fn(&BacktestInputs) -> BTreeMap<String, String>| {
        let each: Vec<_> = all.iter().map(|inputs| of(inputs)).collect();
        each.windows(2).any(|pair| pair.first() != pair.last())
    };
    let asked = |inputs: &BacktestInputs| {
        let days = (inputs.spec.start_date, inputs.spec.end_date);
        let mut asked = BTreeMap::from([("days".to_owned(), format!("{days:?}"))]);
        for data in &inputs.data {
            asked.insert(
                data.symbol.to_string(),
                format!("{} {}", data.data, data.adjustment),
            );
        }
        asked
    };
    let read = |inputs: &BacktestInputs| {
        let mut read = BTreeMap::new();
        for file in inputs.data.iter().flat_map(|data| &data.files) {
            read.insert(file.file.clone(), file.sha256.clone());
        }
        read
    };
    if differ(asked) {
        Some(
            "they ran over different symbols, days or kinds of bars; the figures do not compare like with like",
        )
    } else if differ(read) {
        Some("the stored bars changed between them; run the older ones again before comparing")
    } else {
        None
    }
}

/// All inputs as text by their keys; those of the bars are looked at by [`in_bars`].
fn flat(inputs: &BacktestInputs) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    match inputs.settings.parse::<toml::Table>() {
        Ok(table) => flatten("", &toml::Value::Table(table), &mut flat),
        // Settings that cannot be taken apart still differ as a whole.
        Err(_) => drop(flat.insert("settings".to_owned(), inputs.settings_sha256.clone())),
    }
    let spec = &inputs.spec;
    let mut add = |key: &str, value: String| drop(flat.insert(key.to_owned(), value));
    add("range", super::spec::range(spec));
    add("seed", spec.seed.to_string());
    add("adjustment", spec.adjustment.to_string());
    let mut kinds: Vec<String> = inputs.data.iter().map(|data| data.data.clone()).collect();
    kinds.dedup();
    add("data", kinds.join(", "));
    add("traderd", inputs.version.clone());
    add(
        "traderd.sha256",
        inputs.binary_sha256.chars().take(12).collect(),
    );
    flat
}

/// Tables by dotted keys; `[[route]]` by the names of the routes.
fn flatten(prefix: &str, value: &toml::Value, flat: &mut BTreeMap<String, String>) {
    let below = |name: &str| {
        if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        }
    };
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                flatten(&below(name), value, flat);
            }
        }
        toml::Value::Array(items) if items.iter().all(toml::Value::is_table) => {
            for (number, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(toml::Value::as_str);
                let name = name.map_or_else(|| number.to_string(), str::to_owned);
                flatten(&below(&name), item, flat);
            }
        }
        toml::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            flat.insert(prefix.to_owned(), items.join(","));
        }
        single => drop(flat.insert(prefix.to_owned(), plain(single))),
    }
}

/// A value without its quotation marks.
fn plain(value: &toml::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_flat_and_routes_have_their_names() {
        let text = "a = 1\n[risk]\nx = \"2.50\"\n[[route]]\nname = \"r\"\nsymbols = [\"SPY\", \"QQQ\"]\n[route.settings]\nfast = 3\n";
        let mut flat = BTreeMap::new();
        flatten("", &toml::Value::Table(text.parse().unwrap()), &mut flat);
        let expected = [
            ("a", "1"),
            ("risk.x", "2.50"),
            ("route.r.name", "r"),
            ("route.r.settings.fast", "3"),
            ("route.r.symbols", "SPY,QQQ"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(flat, BTreeMap::from(expected));
    }
}
