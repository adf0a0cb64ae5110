//! What somebody wanted, and what became of it.

use trader_contract::{EntryPrice, EntrySize, Fact, Intent, Reason, Symbol};
use trader_core::record::{Decision, ExitReason, GateCheck, Origin};

use super::words;

/// "velez-1: long SPY: buy stop 168.81, 148 shares, stop 168.58 (breakout: close 168.7)".
pub(super) fn intent_taken(
    origin: &Origin,
    symbol: Symbol,
    intent: &Intent,
    decision: &Decision,
) -> String {
    let who = match origin {
        Origin::Strategy { route } => route.to_string(),
        Origin::Operator { uid, .. } => format!("uid {uid}"),
        Origin::Engine => "engine".to_owned(),
    };
    let wants = wanted(symbol, intent, decision);
    let why = words::reason(intent.reason());
    let sentence = format!("{who}: {wants} ({why})");
    match decision {
        Decision::Accepted { .. } => sentence,
        Decision::Refused { rule, detail, .. } => {
            format!("{sentence}: refused by {rule}: {detail}")
        }
    }
}

/// "SPY: closing it (end_of_day; flatten_before_close: minutes_before_close 10)".
pub(super) fn closing(
    symbol: Symbol,
    why: ExitReason,
    origin: &Origin,
    reason: Option<&Reason>,
) -> String {
    let rule = reason.map_or_else(String::new, |reason| format!("; {}", words::reason(reason)));
    format!(
        "{symbol}: closing it ({why}{rule}){}",
        words::asked_by(origin)
    )
}

fn wanted(symbol: Symbol, intent: &Intent, decision: &Decision) -> String {
    let Intent::Enter {
        direction,
        entry,
        stop,
        target,
        size,
        ..
    } = intent
    else {
        return match intent {
            Intent::MoveStop { stop, .. } => {
                format!("{symbol}: move the stop to {}", words::level(*stop))
            }
            Intent::CancelEntry { .. } => format!("{symbol}: cancel the waiting entry"),
            Intent::Exit { .. } | Intent::Enter { .. } => format!("{symbol}: close the position"),
        };
    };
    let side = direction.entry_side();
    let mut parts = vec![format!("{direction} {symbol}: {side} {}", price(*entry))];
    parts.extend(shares(*size, decision).map(|shares| format!("{shares} shares")));
    parts.extend(stop.map(|stop| format!("stop {}", words::level(stop))));
    parts.extend(target.map(|target| format!("target {}", words::level(target))));
    parts.join(", ")
}

fn price(entry: EntryPrice) -> String {
    match entry {
        EntryPrice::Market => "at the market".to_owned(),
        EntryPrice::Limit(level) => format!("limit {}", words::level(level)),
        EntryPrice::Stop(level) => format!("stop {}", words::level(level)),
        EntryPrice::StopLimit { trigger, limit } => format!(
            "stop {} limit {}",
            words::level(trigger),
            words::level(limit)
        ),
    }
}

/// The size that the gate looked at, or else the one that was asked for.
fn shares(size: EntrySize, decision: &Decision) -> Option<String> {
    let sized = |check: &GateCheck| match check.value {
        Fact::Count(shares) if check.limit == "order_shares" => Some(shares.to_string()),
        _ => None,
    };
    let checked = match decision {
        Decision::Accepted { checks, .. } => checks.iter().find_map(sized),
        Decision::Refused { .. } => None,
    };
    checked.or(match size {
        EntrySize::Shares(qty) => Some(qty.to_string()),
        EntrySize::ByRisk => None,
    })
}
