//! A decision as steps: the bar, the indicators, the signal, the sizing and the gate.

use trader_calendar::new_york;
use trader_contract::{Bar, ClientOrderId, IndicatorSpec, Reading, Slot, Timeframe};
use trader_core::record::{Decision, GateCheck, JournalEntry, Record, Seen, Sizing};
use trader_rpc::{self as rpc, convert};

use super::facts;
use crate::views::journal::words;
use crate::views::journal_line;

/// The steps of a decision.
pub(super) fn steps(row: &JournalEntry, steps: &mut Vec<rpc::WhyStep>) {
    let Record::IntentTaken {
        intent,
        bar,
        seen,
        decision,
        ..
    } = &row.record
    else {
        return;
    };
    let order = match decision {
        Decision::Accepted { order, .. } => *order,
        Decision::Refused { .. } => None,
    };
    let mut add = |kind: &str, text: String, facts: Vec<rpc::WhyFact>| {
        steps.push(line(row, order, kind, text, facts));
    };
    if let Some(seen) = seen {
        let timeframe = bar.map(|(timeframe, _)| timeframe);
        add("bar", bar_line(&seen.bar, timeframe), Vec::new());
        if !seen.readings.is_empty() {
            add("indicators", indicator_line(seen), Vec::new());
        }
    }
    let reason = intent.reason();
    let of_signal = (reason.facts.iter()).map(|(name, fact)| facts::fact(name, fact));
    add("signal", signal(row), of_signal.collect());
    let (checks, sizing, refused) = match decision {
        Decision::Accepted { checks, sizing, .. } => (checks, sizing, None),
        Decision::Refused {
            rule,
            detail,
            checks,
            sizing,
        } => (checks, sizing, Some(format!("{rule}: {detail}"))),
    };
    if let Some(sizing) = sizing {
        add("sizing", sizing_line(sizing), bounds(sizing));
    }
    if !checks.is_empty() {
        let passed = checks.iter().filter(|check| check.holds).count();
        let text = match passed == checks.len() {
            true => format!("{passed} checks, all passed"),
            false => format!("{} checks, {passed} passed", checks.len()),
        };
        add("gate", text, checks.iter().map(check).collect());
    }
    if let Some(refused) = refused {
        add("refused", refused, Vec::new());
    }
}

fn check(check: &GateCheck) -> rpc::WhyFact {
    facts::check(check)
}

fn line(
    row: &JournalEntry,
    order: Option<ClientOrderId>,
    kind: &str,
    text: String,
    facts: Vec<rpc::WhyFact>,
) -> rpc::WhyStep {
    rpc::WhyStep {
        seq: row.seq,
        at: row.at,
        kind: kind.to_owned(),
        order,
        asked: false,
        text,
        facts,
    }
}

/// What was wanted, without its numbers: they stand beside it.
fn signal(row: &JournalEntry) -> String {
    let text = journal_line(row).text;
    let Record::IntentTaken { intent, .. } = &row.record else {
        return text;
    };
    let rule = &intent.reason().rule;
    match text.find(&format!(" ({rule}")) {
        Some(end) => format!("{} ({rule})", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// "5 min from 09:30: open 168.6, high 168.8, low 168.5, close 168.7, volume 12300".
pub(super) fn bar_line(bar: &Bar, timeframe: Option<Timeframe>) -> String {
    let length = timeframe.map_or_else(String::new, |t| format!("{} min ", t.as_minutes()));
    let start = new_york::wall_clock(bar.start).format("%H:%M");
    format!(
        "{length}from {start}: open {}, high {}, low {}, close {}, volume {}",
        bar.open, bar.high, bar.low, bar.close, bar.volume
    )
}

/// "sma(20) 168.41 (168.39 before), sma(200) 167.9 (167.8 before)".
pub(super) fn indicator_line(seen: &Seen) -> String {
    let each = seen
        .readings
        .iter()
        .map(|(spec, slot)| reading(*spec, slot));
    each.collect::<Vec<_>>().join(", ")
}

fn reading(spec: IndicatorSpec, slot: &Slot) -> String {
    let value = |reading: Option<Reading>| match reading {
        Some(Reading::Mean(mean)) => words::mean(mean).to_string(),
        Some(Reading::Float(value)) => format!("{value:.4}"),
        None => "not warm".to_owned(),
    };
    match slot.previous {
        Some(_) => format!(
            "{spec} {} ({} before)",
            value(slot.current),
            value(slot.previous)
        ),
        None => format!("{spec} {}", value(slot.current)),
    }
}

fn sizing_line(sizing: &Sizing) -> String {
    let opens = words::level(sizing.opens_at);
    let stop = (sizing.stop).map_or_else(String::new, |stop| format!(", given up at {stop}"));
    let equity = facts::money_of(convert::money(sizing.equity));
    format!(
        "{} shares by {}: opens at {opens}{stop}, equity {equity}",
        sizing.shares, sizing.decided_by
    )
}

fn bounds(sizing: &Sizing) -> Vec<rpc::WhyFact> {
    let bound = |bound: &trader_core::record::SizeBound| {
        let amounts = bound.amount.zip(bound.per_share);
        let of = amounts.map(|(amount, per_share)| {
            let amount = facts::money_of(convert::money(amount));
            format!("{amount} at {} a share", words::level(per_share))
        });
        rpc::WhyFact {
            comparison: of.is_some().then(|| "shares of".to_owned()),
            bound: of,
            ..facts::plain(&bound.bound, bound.shares)
        }
    };
    sizing.bounds.iter().map(bound).collect()
}
