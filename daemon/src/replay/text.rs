//! A replay's report as a person reads it.

use std::fmt::Write;

use serde_json::Value;
use trader_calendar::new_york;
use trader_contract::Timestamp;
use trader_recording::{Difference, LaneView};

use super::Report;
use super::decisions::{Comparison, Decided, Filled};

/// Rows of a list that are shown; the JSON has all of them.
const ROWS: usize = 40;

impl Report {
    /// The report.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let outcome = &self.outcome;
        let _ = writeln!(
            text,
            "Session {}, recorded by traderd {} in {}: {} lives, {} events, {} bars",
            self.opening.session,
            self.opening.version,
            self.opening.mode,
            outcome.lives,
            outcome.events,
            outcome.bars,
        );
        for note in &self.notes {
            let _ = writeln!(text, "Note: {note}");
        }
        if let Some(first) = &outcome.first {
            difference(&mut text, first);
        }
        if let Some(backtest) = &self.backtest {
            compared(&mut text, ("recorded", "backtest"), backtest);
        }
        if let Some(changed) = &self.changed {
            compared(&mut text, ("as it was", "changed"), changed);
        }
        let verdict = match outcome.differences {
            0 => "the same commands, byte for byte".to_owned(),
            1 => "1 event was answered differently".to_owned(),
            many => format!("{many} events were answered differently"),
        };
        let _ = writeln!(
            text,
            "{} commands, {verdict}; hash {}",
            outcome.commands, outcome.hash
        );
        text
    }
}

fn difference(text: &mut String, first: &Difference) {
    let _ = writeln!(
        text,
        "\nThe first difference: life {}, event {}, {}{}",
        first.life,
        first.event_number,
        clock(first.at),
        first.symbol.map(|s| format!(", {s}")).unwrap_or_default(),
    );
    let _ = writeln!(text, "  event     {}", first.event);
    let place = first.first_command;
    let number = place.saturating_add(1);
    let show = |commands: &[Value]| {
        commands
            .get(place)
            .map_or_else(|| "nothing".to_owned(), Value::to_string)
    };
    let _ = writeln!(
        text,
        "  command {number} of {} recorded and {} now",
        first.recorded.len(),
        first.now.len()
    );
    let _ = writeln!(text, "  recorded  {}", show(&first.recorded));
    let _ = writeln!(text, "  now       {}", show(&first.now));
    let _ = writeln!(text, "What led to it");
    let _ = writeln!(text, "  trading   {}", first.trading);
    let holding = first.holding.as_ref();
    let holding = holding.map_or_else(|| "none".to_owned(), Value::to_string);
    let _ = writeln!(text, "  trade     {holding}");
    for lane in &first.lanes {
        lane_lines(text, lane);
    }
    text.push('\n');
}

fn lane_lines(text: &mut String, lane: &LaneView) {
    let warm = if lane.warm { "warm" } else { "warming up" };
    let _ = writeln!(
        text,
        "  lane      {} ({}), {warm}, remembers {}",
        lane.route, lane.strategy, lane.memory
    );
    if let Some(bar) = &lane.bar {
        let _ = writeln!(text, "    bar     {bar}");
    }
    for indicator in &lane.indicators {
        let value = serde_json::to_value(indicator).unwrap_or(Value::Null);
        let _ = writeln!(text, "    {value}");
    }
}

fn compared(text: &mut String, (first, second): (&str, &str), compared: &Comparison) {
    let _ = writeln!(
        text,
        "\nDecisions, {first} beside {second}: {} the same, {} not",
        compared.same_decisions,
        compared.decisions.len()
    );
    for pair in compared.decisions.iter().take(ROWS) {
        let show = |decided: &Option<Decided>| decided.as_ref().map_or("-".to_owned(), decision);
        let _ = writeln!(text, "  {first}: {}", show(&pair.first));
        let _ = writeln!(text, "  {second}: {}", show(&pair.second));
    }
    more(text, compared.decisions.len());
    let _ = writeln!(
        text,
        "Fills, {first} beside {second}: {} the same, {} not",
        compared.same_fills,
        compared.fills.len()
    );
    for difference in compared.fills.iter().take(ROWS) {
        let show = |filled: &Option<Filled>| filled.as_ref().map_or("-".to_owned(), fill);
        let _ = writeln!(
            text,
            "  {first}: {}; {second}: {}: {}",
            show(&difference.pair.first),
            show(&difference.pair.second),
            difference.why
        );
    }
    more(text, compared.fills.len());
}

fn more(text: &mut String, count: usize) {
    let more = count.saturating_sub(ROWS);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more, with --json");
    }
}

fn decision(decided: &Decided) -> String {
    format!(
        "{} {} {}: {} ({})",
        clock(decided.at),
        decided.symbol,
        decided.route,
        wanted(&decided.intent),
        decided.outcome
    )
}

/// An intent in a line: what, at which levels, and the rule with its numbers.
fn wanted(intent: &Value) -> String {
    let Some((name, body)) = intent.as_object().and_then(|fields| fields.iter().next()) else {
        return intent.to_string();
    };
    let part = |key: &str| match body.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(value) if key == "stop" => format!(", stop {}", plain(value)),
        Some(value) => format!(" {}", plain(value)),
    };
    let facts = body.pointer("/reason/facts").and_then(Value::as_array);
    let facts = facts.into_iter().flatten().map(plain).collect::<Vec<_>>();
    let rule = body.pointer("/reason/rule").map(plain).unwrap_or_default();
    let levels = ["direction", "entry", "stop"].map(part).concat();
    format!("{name}{levels}; {rule}: {}", facts.join(", "))
}

/// A value without the signs of JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            let of = |(key, value): (&String, &Value)| match key.as_str() {
                // The kinds of facts say nothing that the number does not.
                "level" | "money" | "mean" | "ratio" | "float" | "count" | "word" => plain(value),
                key => format!("{key} {}", plain(value)),
            };
            fields.iter().map(of).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

fn fill(filled: &Filled) -> String {
    format!(
        "{} {} {} {} {} at {}",
        clock(filled.at),
        filled.role,
        filled.side,
        filled.qty,
        filled.symbol,
        filled.price
    )
}

/// The time of day in New York.
fn clock(at: Timestamp) -> String {
    new_york::wall_clock(at).format("%H:%M:%S%.f").to_string()
}
