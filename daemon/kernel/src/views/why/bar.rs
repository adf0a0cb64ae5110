//! A lane at a bar: which condition was not met, and what would have kept an entry out.

use trader_contract::{Condition, Direction};
use trader_core::trace::{Asked, Evaluation, Shut};
use trader_rpc as rpc;

use super::decision::{bar_line, indicator_line};
use super::facts;
use crate::views::journal::words;

/// What a lane made of a bar, on the wire.
#[must_use]
pub fn why_bar(evaluation: &Evaluation) -> rpc::WhyBar {
    let shut = evaluation.shut.iter().map(|shut| rpc::WhyFact {
        direction: Some(shut.direction),
        holds: Some(false),
        ..facts::plain(&shut.rule, &shut.detail)
    });
    rpc::WhyBar {
        at: evaluation.at,
        route: evaluation.route.to_string(),
        strategy: evaluation.strategy.to_string(),
        bar: bar(evaluation),
        indicators: indicator_line(&evaluation.seen),
        verdict: verdict(evaluation),
        conditions: evaluation.conditions.iter().map(facts::condition).collect(),
        shut: shut.collect(),
        intents: evaluation.intents.iter().map(ToString::to_string).collect(),
    }
}

fn bar(evaluation: &Evaluation) -> String {
    let line = bar_line(&evaluation.seen.bar, Some(evaluation.timeframe));
    let length = evaluation.timeframe.as_minutes();
    match evaluation.minutes.filter(|came| *came < length) {
        Some(came) => format!("{line}; {came} of its {length} minutes came"),
        None => line,
    }
}

fn verdict(evaluation: &Evaluation) -> String {
    match evaluation.asked {
        Asked::WarmingUp { have, need } => {
            return format!("not asked: warming up, {have} of {need} bars");
        }
        Asked::EntryExpired => return "the waiting entry was given up at its age".to_owned(),
        Asked::Yes => {}
    }
    if !evaluation.intents.is_empty() {
        let ids: Vec<String> = evaluation.intents.iter().map(ToString::to_string).collect();
        return format!("decided {}", ids.join(", "));
    }
    let failed = failed(&evaluation.conditions);
    let unmet = match failed.is_empty() {
        true => "its strategy names no condition that was not met".to_owned(),
        false => failed.join("; "),
    };
    let text = match (evaluation.position, evaluation.waiting) {
        (Some(side), _) => format!("{side} already, nothing to change: {unmet}"),
        (None, Some((side, age))) => {
            format!("an entry {side} waits since {age} bars, nothing to change: {unmet}")
        }
        (None, None) => format!("no entry: {unmet}"),
    };
    match shut(&evaluation.shut) {
        Some(shut) => format!("{text}. None would have been taken: {shut}"),
        None => text,
    }
}

/// The conditions that were not met, in a few words each.
fn failed(conditions: &[Condition]) -> Vec<String> {
    let unmet = conditions.iter().filter(|condition| !condition.holds);
    let words = unmet.map(|condition| {
        let side = condition
            .direction
            .map_or_else(String::new, |side| format!("{side}: "));
        format!(
            "{side}{} {} is not {} {}",
            condition.name,
            words::number(&condition.value),
            condition.comparison.words(),
            words::number(&condition.bound)
        )
    });
    words.collect()
}

/// What keeps entries out, said once where it holds for both sides.
fn shut(shut: &[Shut]) -> Option<String> {
    let words = |shut: &Shut| format!("{}: {}", shut.rule, shut.detail);
    match shut {
        [] => None,
        [long, short] if words(long) == words(short) => Some(words(long)),
        some => {
            let each = some.iter().map(|shut| match shut.direction {
                Direction::Long => format!("long, {}", words(shut)),
                Direction::Short => format!("short, {}", words(shut)),
            });
            Some(each.collect::<Vec<_>>().join("; "))
        }
    }
}
