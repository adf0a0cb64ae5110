//! Parts of sentences that several kinds of entries share.

use rust_decimal::Decimal;
use trader_contract::{ClientOrderId, Fact, Level, Mean, Reason, Timestamp};
use trader_core::record::Origin;
use trader_rpc::convert;

/// Decimals of a level or an average in a sentence; orders carry exact prices.
const DECIMALS: u32 = 4;

/// An order by what it is for and its id.
pub(crate) fn order(id: ClientOrderId) -> String {
    format!("{} {id}", id.role)
}

/// A level in dollars, rounded for reading.
pub(crate) fn level(level: Level) -> Decimal {
    Decimal::try_from_i128_with_scale(level.femtos(), 15).map_or(Decimal::ZERO, |dollars| {
        dollars.round_dp(DECIMALS).normalize()
    })
}

/// An average in dollars, rounded for reading.
pub(crate) fn mean(mean: Mean) -> Decimal {
    convert::mean(mean).round_dp(DECIMALS).normalize()
}

/// The rule and what it looked at, in its order.
pub(crate) fn reason(reason: &Reason) -> String {
    let facts: Vec<String> = reason
        .facts
        .iter()
        .map(|(name, fact)| format!("{name} {}", number(fact)))
        .collect();
    if facts.is_empty() {
        reason.rule.to_string()
    } else {
        format!("{}: {}", reason.rule, facts.join(", "))
    }
}

pub(crate) fn number(fact: &Fact) -> String {
    match fact {
        Fact::Level(exact) => level(*exact).to_string(),
        Fact::Mean(exact) => mean(*exact).to_string(),
        Fact::Float(value) => format!("{value:.4}"),
        Fact::Money(_) | Fact::Ratio(_) | Fact::Count(_) | Fact::Word(_) => fact.to_string(),
    }
}

/// Who asked for it, as the end of a sentence.
pub(crate) fn asked_by(origin: &Origin) -> String {
    match origin {
        Origin::Strategy { route } => format!(", {route} asked for it"),
        Origin::Operator { uid, request } => format!(", uid {uid} asked for it ({request})"),
        Origin::Engine => String::new(),
    }
}

/// A span of time in the two units that matter.
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    let seconds = to
        .since(from)
        .max(0)
        .checked_div(Timestamp::SECOND)
        .unwrap_or(0);
    let units = |unit: i64| seconds.checked_div(unit).unwrap_or(0);
    let minutes = units(MINUTE);
    match seconds {
        ..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{minutes} min"),
        _ => {
            let rest = minutes.checked_rem(MINUTE).unwrap_or(0);
            format!("{} h {rest} min", units(HOUR))
        }
    }
}
