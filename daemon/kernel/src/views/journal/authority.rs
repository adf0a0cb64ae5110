//! Kills, armings, overrides, blocks, alerts, flattens and the program's starts.

use trader_core::record::{OverrideEnd, Record, Waived};

use super::{foreign, words};
use crate::views::authority::reason;

/// What such an entry says; nothing for the others.
pub(super) fn sentence(record: &Record) -> String {
    match record {
        Record::AlertCleared { kind, symbol } => {
            let about = symbol.map_or_else(String::new, |symbol| format!(" in {symbol}"));
            format!("the cause of the alert {kind}{about} has gone")
        }
        Record::AlertAcknowledged { number, origin } => {
            format!("alert {number} was seen{}", words::asked_by(origin))
        }
        Record::RunStarted { program, config } => {
            format!("{program} began to trade, configuration {config}")
        }
        Record::RunEnded => "the run ended in good order".to_owned(),
        Record::Killed { scope, origin } => {
            format!(
                "{scope} is killed{}: no entries until `traderctl arm`",
                words::asked_by(origin)
            )
        }
        Record::KillLifted { scope, origin } => {
            format!("{scope} may be entered again{}", words::asked_by(origin))
        }
        Record::Armed { arming, origin } => format!(
            "account {} is armed until {}{}",
            arming.account,
            arming.until,
            words::asked_by(origin)
        ),
        Record::Disarmed { why, origin } => {
            format!("the account is disarmed{}: {why}", words::asked_by(origin))
        }
        Record::SymbolBlocked {
            symbol,
            block,
            origin,
        } => {
            let why = reason(block);
            format!("{symbol} is not entered{}: {why}", words::asked_by(origin))
        }
        Record::SymbolFreed { symbol, origin } => {
            format!("{symbol} may be entered again{}", words::asked_by(origin))
        }
        Record::FlattenBegan { origin } => format!("flattening{}", words::asked_by(origin)),
        Record::FlattenEnded { flat: true } => "flat, as the broker says".to_owned(),
        Record::FlattenEnded { flat: false } => {
            "the flatten ended, and the broker still holds something".to_owned()
        }
        record => overrides(record),
    }
}

/// What a person has sent past its limits; the code that confirms it stays with who asked.
fn overrides(record: &Record) -> String {
    match record {
        Record::OverrideAsked { asked } => format!(
            "uid {} may have {} sent past {} until {}: {}",
            asked.uid,
            asked.intent,
            asked.names(),
            asked.until,
            refusals(&asked.waived)
        ),
        Record::OverrideMissed { intent, origin } => format!(
            "a wrong code for the override of {intent}{}",
            words::asked_by(origin)
        ),
        Record::OverrideEnded {
            intent,
            end,
            origin,
        } => {
            let by = words::asked_by(origin);
            match end {
                OverrideEnd::Used => format!("{intent} is sent past its limits, once{by}"),
                OverrideEnd::Expired => {
                    format!("nobody confirmed the override of {intent} in time")
                }
                OverrideEnd::Voided => {
                    format!("the override of {intent} is void after too many wrong codes{by}")
                }
            }
        }
        record => foreign::sentence(record),
    }
}

fn refusals(waived: &[Waived]) -> String {
    let each = waived.iter().map(|waived| &*waived.detail);
    each.collect::<Vec<_>>().join("; ")
}
