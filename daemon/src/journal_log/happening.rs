//! What people look for in the log, in a word: the field `TRADER_EVENT`, by which the documented queries
//! find it, and the message id that goes with it.

use trader_contract::ReportStatus;
use trader_core::record::{Decision, Record, TradingState};

/// Every word.
#[cfg(test)]
pub(crate) const ALL: [&str; 12] = [
    "fill",
    "flatten",
    "halt",
    "kill",
    "order",
    "position_differs",
    "refusal",
    "resume",
    "run_started",
    "session_closed",
    "session_opened",
    "trade_closed",
];

/// The word for an entry of the journal, if people look for such.
pub(super) const fn of(record: &Record) -> Option<&'static str> {
    Some(match record {
        Record::OrderReported { report } if report.execution.is_some() => "fill",
        Record::OrderReported { report } if matches!(report.status, ReportStatus::Rejected) => {
            "refusal"
        }
        Record::IntentTaken {
            decision: Decision::Refused { .. },
            ..
        }
        | Record::SubmitFailed { .. } => "refusal",
        Record::OrderPlanned { .. } => "order",
        Record::TradingStateSet {
            state: TradingState::Tripped(_) | TradingState::Halted(_) | TradingState::Unheard,
            ..
        } => "halt",
        Record::TradingStateSet {
            state: TradingState::Active,
            ..
        } => "resume",
        Record::Killed { .. } => "kill",
        Record::FlattenBegan { .. } => "flatten",
        Record::TradeClosed { .. } => "trade_closed",
        Record::SessionOpened { .. } => "session_opened",
        Record::SessionClosed { .. } => "session_closed",
        Record::RunStarted { .. } => "run_started",
        Record::Discrepancy { .. } => "position_differs",
        _ => return None,
    })
}
