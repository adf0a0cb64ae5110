//! Entries of the journal as sentences, with the numbers that a trader wants to read.

mod account;
mod authority;
mod decisions;
mod foreign;
mod orders;
pub(super) mod words;

#[cfg(test)]
mod tests;

use trader_core::record::{JournalEntry, Record};
use trader_rpc as rpc;

/// An entry of the journal on the wire.
#[must_use]
pub fn journal_line(entry: &JournalEntry) -> rpc::JournalLine {
    let record = &entry.record;
    rpc::JournalLine {
        seq: entry.seq,
        at: entry.at,
        kind: record.kind().to_owned(),
        symbol: record.symbol(),
        order: record.client_id(),
        intent: record.intent().map(|id| id.to_string()),
        text: sentence(record),
    }
}

fn sentence(record: &Record) -> String {
    match record {
        Record::AccountOpened { cash } => format!("account opened with {cash} in cash"),
        Record::SessionOpened { date, equity } => {
            format!("session {date} opened with an equity of {equity}")
        }
        Record::SessionClosed { summary } => account::session_closed(summary),
        Record::IntentTaken {
            origin,
            symbol,
            intent,
            decision,
            ..
        } => decisions::intent_taken(origin, *symbol, intent, decision),
        Record::StopPlanned {
            symbol,
            stop,
            reason,
            ..
        } => format!(
            "{symbol}: the stop goes to {stop} ({})",
            words::reason(reason)
        ),
        Record::ExitPlanned {
            symbol,
            why,
            origin,
            reason,
            ..
        } => decisions::closing(*symbol, *why, origin, reason.as_ref()),
        Record::EntryLapsed { client_id, symbol } => format!(
            "{symbol} is free again: {} ended without a fill",
            words::order(*client_id)
        ),
        Record::TradeVoided { client_id, symbol } => account::trade_voided(*symbol, *client_id),
        Record::CashAdopted { ours, broker, .. } => account::cash_adopted(*ours, *broker),
        Record::AccountNamed { account } => account::account_named(account),
        Record::CashSetApart { amount, positions } => account::cash_set_apart(*amount, positions),
        Record::TradeClosed { trade } => account::trade_closed(trade),
        Record::TradingStateSet { state, origin } => account::trading_state(state, origin),
        Record::StrategySaved { route, symbol, .. } => {
            format!("{route}: state in {symbol} kept")
        }
        Record::Discrepancy {
            symbol,
            ours,
            broker,
            ..
        } => format!("{symbol}: the ledger holds {ours} shares, the broker {broker}"),
        Record::Alerted { alert } => account::alerted(alert),
        Record::Checkpoint { .. } => "checkpoint of the whole book".to_owned(),
        record => about_an_order(record),
    }
}

fn about_an_order(record: &Record) -> String {
    match record {
        Record::OrderPlanned { order } => orders::planned(order),
        Record::OrderReported { report } => orders::reported(report),
        Record::SubmitFailed { client_id, failure } => {
            orders::failed("sending", *client_id, failure)
        }
        Record::CancelAsked { client_id, why } => {
            format!("cancelling {}: {why}", words::order(*client_id))
        }
        Record::ReplaceAsked {
            replacement,
            reason,
        } => orders::replacing(replacement, reason),
        Record::CancelFailed { client_id, failure } => {
            orders::failed("cancelling", *client_id, failure)
        }
        Record::ReplaceFailed {
            client_id, failure, ..
        } => orders::failed("replacing", *client_id, failure),
        Record::OrderDropped { client_id } => {
            format!("{} never reached the broker", words::order(*client_id))
        }
        Record::SubmitRepeated { client_id } => {
            format!(
                "sending {} once more, under its id",
                words::order(*client_id)
            )
        }
        record => authority::sentence(record),
    }
}
