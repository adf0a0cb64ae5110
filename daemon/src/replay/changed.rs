//! Other settings for a strategy, put into a configuration's text; whether they make sense is the
//! reader's to say.

use toml::{Table, Value};

use super::request::Change;

/// The configuration with the changes.
pub(super) fn apply(config: &str, changes: &[Change]) -> Result<String, String> {
    if changes.is_empty() {
        return Ok(config.to_owned());
    }
    let mut root: Table = config
        .parse()
        .map_err(|error| format!("its configuration is no TOML: {error}"))?;
    for change in changes {
        let routes = root.get_mut("route").and_then(Value::as_array_mut);
        let mut met = false;
        for route in routes.into_iter().flatten().filter_map(Value::as_table_mut) {
            let named =
                |key: &str| route.get(key).and_then(Value::as_str) == Some(&change.strategy);
            if !named("strategy") && !named("name") {
                continue;
            }
            met = true;
            let settings = route
                .entry("settings")
                .or_insert_with(|| Value::Table(Table::new()));
            if let Some(settings) = settings.as_table_mut() {
                let value = like(settings.get(&change.key), &change.value);
                settings.insert(change.key.clone(), value);
            }
        }
        if !met {
            return Err(format!(
                "it has no route of a strategy {:?}",
                change.strategy
            ));
        }
    }
    toml::to_string(&root).map_err(|error| error.to_string())
}

/// A text as a value of the kind that is there.
fn like(there: Option<&Value>, text: &str) -> Value {
    let read = match there {
        Some(Value::Integer(_)) => text.parse().ok().map(Value::Integer),
        Some(Value::Boolean(_)) => text.parse().ok().map(Value::Boolean),
        _ => None,
    };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[[route]]\nname = \"a\"\nstrategy = \"velez\"\n\
        settings = { sma_fast = 5, entry = \"0.1\" }\n[[route]]\nname = \"b\"\nstrategy = \"other\"\n";

    #[test]
    fn a_setting_of_a_strategy_changes_in_its_routes_alone() {
        let changes = ["velez.sma_fast=8", "a.entry=0.2"].map(|text| text.parse().unwrap());
        let changed: Table = apply(CONFIG, &changes).unwrap().parse().unwrap();
        let routes = changed["route"].as_array().unwrap();
        assert_eq!(routes[0]["settings"]["sma_fast"].as_integer(), Some(8));
        assert_eq!(routes[0]["settings"]["entry"].as_str(), Some("0.2"));
        assert!(routes[1].get("settings").is_none());
    }

    #[test]
    fn a_strategy_that_no_route_has_is_refused() {
        let change = ["moon.phase=1"].map(|text| text.parse().unwrap());
        let error = apply(CONFIG, &change).unwrap_err();
        assert_eq!(error, "it has no route of a strategy \"moon\"");
    }
}
