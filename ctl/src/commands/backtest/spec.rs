//! A backtest's request in words.

use trader_rpc::{BacktestRoute, BacktestSpec};

/// What runs, a route a line: `velez on SPY, AAPL at 5min, both sides, sma_fast=10`.
pub(super) fn routes(spec: &BacktestSpec) -> Vec<String> {
    let mut lines: Vec<String> = spec.routes.iter().map(route).collect();
    if !spec.configured_routes.is_empty() {
        let names = spec.configured_routes.join(", ");
        lines.push(format!("{names} of the configuration"));
    }
    if lines.is_empty() {
        lines.push(if spec.config.is_some() {
            "the routes of the file".to_owned()
        } else {
            "the routes of the configuration".to_owned()
        });
    }
    lines
}

fn route(route: &BacktestRoute) -> String {
    let symbols: Vec<&str> = route.symbols.iter().map(|symbol| symbol.as_str()).collect();
    let mut text = match &route.name {
        Some(name) if *name != route.strategy => format!("{name}: {}", route.strategy),
        _ => route.strategy.clone(),
    };
    text.push_str(&format!(
        " on {} at {}",
        symbols.join(", "),
        route.timeframe
    ));
    if let Some(sides) = &route.sides {
        let words = match sides.as_str() {
            "both" => ", both sides".to_owned(),
            one => format!(", {one} only"),
        };
        text.push_str(&words);
    }
    for (key, value) in &route.settings {
        text.push_str(&format!(", {key}={value}"));
    }
    text
}

/// The same in a few words, for a list.
pub(super) fn brief(spec: &BacktestSpec) -> String {
    let mut parts: Vec<String> = spec
        .routes
        .iter()
        .map(|route| {
            let symbols: Vec<&str> = route.symbols.iter().map(|symbol| symbol.as_str()).collect();
            format!(
                "{} {} {}",
                route.strategy,
                route.timeframe,
                symbols.join(",")
            )
        })
        .collect();
    parts.extend(spec.configured_routes.iter().cloned());
    if parts.is_empty() {
        parts.push("from a file".to_owned());
    }
    parts.join("; ")
}

/// What was set, for a list, since it is often all that tells one from another: `sma_fast=10
/// broker.slippage=0.02`.
pub(super) fn settings(spec: &BacktestSpec) -> String {
    let of_routes = spec.routes.iter().flat_map(|route| &route.settings);
    let set = of_routes
        .chain(&spec.settings)
        .map(|(key, word)| format!("{key}={word}"));
    set.collect::<Vec<_>>().join(" ")
}

/// `2011-01-03 to 2011-01-31`.
pub(super) fn range(spec: &BacktestSpec) -> String {
    format!("{} to {}", spec.start_date, spec.end_date)
}
