//! The head of a report: which backtest it is, what to know before trusting it, and what it rests
//! on.

use std::collections::BTreeMap;

use trader_rpc::{Adjustment, BacktestCounts, BacktestData, BacktestResult};

use super::spec;
use crate::output::{Output, Style};
use crate::screen::{Screen, wrapped};
use crate::show;
use crate::table::printable;

/// The first line.
pub(super) fn title(id: u64, result: &BacktestResult, output: &Output) -> String {
    let title = match &result.inputs.spec.label {
        Some(label) => format!("Backtest {id}: {}", printable(label)),
        None => format!("Backtest {id}"),
    };
    output.paint(Style::Strong, &title)
}

/// What a reader should know first.
pub(super) fn warnings(result: &BacktestResult, screen: Screen, output: &Output) -> Option<String> {
    let lines = result.warnings.iter().flat_map(|warning| {
        entry("WARNING", &printable(warning), screen)
            .into_iter()
            .enumerate()
            .map(|(at, line)| match (at, line.strip_prefix("WARNING")) {
                (0, Some(rest)) => format!("{}{rest}", output.paint(Style::Caution, "WARNING")),
                _ => line,
            })
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What was run, on what, and what happened, counted.
pub(super) fn facts(result: &BacktestResult, screen: Screen, output: &Output) -> String {
    let (inputs, counts, metrics) = (&result.inputs, &result.counts, &result.metrics);
    let mut facts: Vec<(&str, String)> = Vec::new();
    facts.extend(
        spec::routes(&inputs.spec)
            .into_iter()
            .map(|route| ("Runs", route)),
    );
    facts.push((
        "Range",
        format!(
            "{}, {} sessions, {} bars",
            spec::range(&inputs.spec),
            show::whole(counts.sessions.into()),
            show::whole(counts.bars)
        ),
    ));
    facts.extend(data(&inputs.data).into_iter().map(|line| ("Data", line)));
    facts.push((
        "Capital",
        format!(
            "{} at first, {} at last ({})",
            show::dollars(metrics.initial_equity),
            show::dollars(metrics.final_equity),
            show::gain(metrics.final_equity.saturating_sub(metrics.initial_equity)),
        ),
    ));
    if !inputs.spec.settings.is_empty() {
        let pairs = inputs
            .spec
            .settings
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        facts.push(("Settings", pairs.collect::<Vec<_>>().join(" ")));
    }
    facts.push(("Activity", activity(counts)));
    for (name, counted) in [("Refused", &counts.refusals), ("Alerts", &counts.alerts)] {
        facts.extend(tally(counted).map(|text| (name, text)));
    }
    let short = |hash: &str| printable(hash).chars().take(12).collect::<String>();
    facts.push((
        "Inputs",
        format!(
            "{}, seed {}, traderd {} ({})",
            short(&inputs.sha256),
            inputs.spec.seed,
            printable(&inputs.version),
            short(&inputs.binary_sha256)
        ),
    ));
    let mut before = "";
    let lines = facts.iter().flat_map(|(name, text)| {
        // A name that was just there is not repeated.
        let shown = if *name == before { "" } else { *name };
        before = *name;
        let style = match *name {
            "Refused" | "Alerts" => Style::Caution,
            _ => Style::Strong,
        };
        let lines = entry(shown, &printable(text), screen)
            .into_iter()
            .enumerate();
        lines.map(move |(at, line)| match line.strip_prefix(shown) {
            Some(rest) if at == 0 => format!("{}{rest}", output.paint(style, shown)),
            _ => line,
        })
    });
    lines.collect::<Vec<_>>().join("\n")
}

const NAMES_WIDE: usize = 10;

/// A name and its text, in lines that fit.
fn entry(name: &str, text: &str, screen: Screen) -> Vec<String> {
    let lines = wrapped(text, screen.width.min(115).saturating_sub(NAMES_WIDE));
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    let lines = names
        .zip(lines)
        .map(|(name, line)| format!("{name:<NAMES_WIDE$}{line}"));
    lines.collect()
}

fn activity(counts: &BacktestCounts) -> String {
    let mut text = format!(
        "{} entries decided, {} orders, {} fills",
        show::whole(counts.entries),
        show::whole(counts.orders),
        show::whole(counts.fills)
    );
    if counts.unprotected_share_seconds > 0 {
        let seconds = show::whole(counts.unprotected_share_seconds);
        text.push_str(&format!(", {seconds} unprotected share-seconds"));
    }
    text
}

/// `12: daily_loss_limit 8, one_pending_entry 4`, the most frequent first.
fn tally(counted: &BTreeMap<String, u64>) -> Option<String> {
    let total = counted
        .values()
        .fold(0_u64, |sum, count| sum.saturating_add(*count));
    let mut each: Vec<_> = counted.iter().collect();
    each.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let each = each
        .iter()
        .map(|(name, count)| format!("{name} {}", show::whole(**count)));
    let each = each.collect::<Vec<_>>().join(", ");
    (total > 0).then(|| format!("{}: {each}", show::whole(total)))
}

/// Symbols that were read from the same kind of source share a line.
fn data(data: &[BacktestData]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&BacktestData>)> = Vec::new();
    for one in data {
        let feed = match one.feed.as_str() {
            "" => String::new(),
            feed => format!(" ({feed})"),
        };
        let adjusted = match one.adjustment {
            Adjustment::Raw => "as traded",
            Adjustment::Split => "split-adjusted",
            Adjustment::All => "adjusted for splits and dividends",
        };
        let kind = format!("{}, {adjusted}, from {}{feed}", one.data, one.source);
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, members)) => members.push(one),
            None => groups.push((kind, vec![one])),
        }
    }
    let lines = groups.into_iter().map(|(kind, members)| {
        let symbols: Vec<&str> = members.iter().map(|one| one.symbol.as_str()).collect();
        let sum = |of: fn(&BacktestData) -> u64| {
            members
                .iter()
                .fold(0_u64, |sum, one| sum.saturating_add(of(one)))
        };
        let mut text = format!(
            "{}: {kind}; {} bars and {} to warm up",
            symbols.join(", "),
            show::whole(sum(|one| one.bars)),
            show::whole(sum(|one| one.warm_up_bars)),
        );
        let missing = sum(|one| one.missing_sessions);
        if missing > 0 {
            text.push_str(&format!(", {} sessions missing", show::whole(missing)));
        }
        text
    });
    lines.collect()
}
