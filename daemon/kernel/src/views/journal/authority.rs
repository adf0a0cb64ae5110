//! Kills, armings, blocks, alerts, flattens and the program's starts.

use trader_core::record::Record;

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
        record => foreign::sentence(record),
    }
}
