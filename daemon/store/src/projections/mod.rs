//! The tables that follow from the journal: what each record changes in them. The same fold runs
//! when a batch is appended and when the tables are made anew.

pub(crate) mod alerts;
pub(crate) mod corrections;
pub(crate) mod days;
pub(crate) mod fills;
pub(crate) mod intents;
pub(crate) mod orders;
pub(crate) mod positions;
pub(crate) mod trades;

use diesel::prelude::*;
use trader_contract::{OrderState, RequestFailure, Timestamp};
use trader_core::record::{JournalEntry, Record};

use crate::StoreError;
use crate::connection::Db;
use crate::schema;

/// Takes one entry. The journal holds it already; nothing here may refuse what it says.
pub(crate) fn apply(db: &mut Db, entry: &JournalEntry) -> Result<(), StoreError> {
    let at = entry.at;
    match &entry.record {
        Record::SessionClosed { summary } => days::save(db, entry.seq, summary),
        Record::IntentTaken { .. } => intents::save(db, entry),
        Record::OrderPlanned { order } => orders::plan(db, entry.seq, at, order),
        Record::OrderReported { report } => orders::report(db, entry.seq, at, report),
        Record::SubmitFailed { client_id, failure } => {
            orders::submit_failed(db, *client_id, failure, at)
        }
        Record::CancelAsked { .. }
        | Record::CancelFailed { .. }
        | Record::ReplaceAsked { .. }
        | Record::ReplaceFailed { .. }
        | Record::SubmitRepeated { .. }
        | Record::OrderDropped { .. } => change_order(db, at, &entry.record),
        Record::FillCorrected {
            client_id,
            execution,
            now,
        } => corrections::apply(db, (entry.seq, at), *client_id, execution, now.as_ref()),
        Record::SplitApplied { symbol, new, old } => positions::split(db, *symbol, *new, *old),
        Record::Discrepancy { symbol, broker, .. } => positions::correct(db, *symbol, *broker, at),
        Record::PositionAdopted {
            symbol, net, price, ..
        } => positions::adopt(db, *symbol, *net, *price, at),
        Record::TradeVoided { symbol, .. } => positions::forget(db, *symbol),
        Record::TradeClosed { trade } => trades::save(db, entry.seq, trade),
        Record::Alerted { alert } => alerts::save(db, entry.seq, at, alert),
        Record::AlertCleared { kind, symbol } => alerts::clear(db, at, kind, *symbol),
        Record::AlertAcknowledged { number, origin } => {
            alerts::acknowledge(db, at, *number, origin)
        }
        Record::AccountOpened { .. }
        | Record::AccountNamed { .. }
        | Record::SessionOpened { .. }
        | Record::EntryLapsed { .. }
        | Record::StopPlanned { .. }
        | Record::ExitPlanned { .. }
        | Record::TradingStateSet { .. }
        | Record::StrategySaved { .. }
        | Record::CashAdopted { .. }
        | Record::CashSetApart { .. }
        | Record::RunStarted { .. }
        | Record::RunEnded
        | Record::Killed { .. }
        | Record::KillLifted { .. }
        | Record::Armed { .. }
        | Record::Disarmed { .. }
        | Record::SymbolBlocked { .. }
        | Record::SymbolFreed { .. }
        | Record::ForeignSeen { .. }
        | Record::ForeignGone { .. }
        | Record::Exposed { .. }
        | Record::FlattenBegan { .. }
        | Record::FlattenEnded { .. }
        | Record::OverrideAsked { .. }
        | Record::OverrideMissed { .. }
        | Record::OverrideEnded { .. }
        | Record::Checkpoint { .. } => Ok(()),
    }
}

/// What was asked of an order, and what the broker's records say of it by what they lack.
fn change_order(db: &mut Db, at: Timestamp, record: &Record) -> Result<(), StoreError> {
    match record {
        Record::CancelAsked { client_id, .. } => orders::change(db, *client_id, at, |order| {
            order.cancel_asked =
                order.state.is_acknowledged() || order.state == OrderState::Unknown;
        }),
        Record::CancelFailed { client_id, .. } => {
            orders::change(db, *client_id, at, |order| order.cancel_asked = false)
        }
        Record::ReplaceAsked { replacement, .. } => {
            orders::change(db, replacement.client_id, at, |order| {
                order.replace_asked = true;
            })
        }
        Record::ReplaceFailed {
            client_id,
            new_client_id,
            failure,
        } => {
            orders::change(db, *client_id, at, |order| order.replace_asked = false)?;
            let end = match failure {
                RequestFailure::Refused { .. } => crate::column::REJECTED,
                RequestFailure::Ambiguous { .. } => crate::column::DROPPED,
            };
            orders::end(db, *new_client_id, end, at)
        }
        Record::SubmitRepeated { client_id } => {
            orders::end(db, *client_id, OrderState::Unknown, at)
        }
        Record::OrderDropped { client_id } => {
            orders::end(db, *client_id, crate::column::DROPPED, at)
        }
        _ => Ok(()),
    }
}

/// Every table that [`apply`] fills.
pub(crate) const TABLES: [&str; 7] = [
    "orders",
    "fills",
    "positions",
    "trades",
    "intents",
    "days",
    "alerts",
];

/// Empties every table that [`apply`] fills.
pub(crate) fn clear(db: &mut Db) -> Result<(), StoreError> {
    diesel::delete(schema::orders::table).execute(db)?;
    diesel::delete(schema::fills::table).execute(db)?;
    diesel::delete(schema::positions::table).execute(db)?;
    diesel::delete(schema::trades::table).execute(db)?;
    diesel::delete(schema::intents::table).execute(db)?;
    diesel::delete(schema::days::table).execute(db)?;
    diesel::delete(schema::alerts::table).execute(db)?;
    Ok(())
}
