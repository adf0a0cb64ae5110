//! The table of sessions that have ended, with their figures.

use diesel::prelude::*;
use trader_core::record::DaySummary;

use crate::chain::Head;
use crate::column::{self, json, parse, parse_json};
use crate::connection::Db;
use crate::schema::days;
use crate::{StoreError, journal};

const TABLE: &str = "days";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = days, primary_key(date), treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct Row {
    date: String,
    equity_at_open: String,
    equity_at_close: String,
    cash: String,
    realised: String,
    fees: String,
    trades: i64,
    winners: i64,
    losers: i64,
    refusals: i64,
    orders: i64,
    fills: i64,
    residue: String,
    unprotected_share_seconds: i64,
    alerts: i64,
    entry_slippage: String,
    stop_slippage: String,
    gaps: Option<String>,
    head_seq: i64,
    head_hash: String,
}

/// A session that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedDay {
    /// Its figures.
    pub summary: DaySummary,
    /// The newest journal row before the one that holds them.
    pub head: Head,
}

impl TryFrom<Row> for ClosedDay {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        let gaps = row.gaps.as_deref();
        let gaps = gaps.map(|gaps| parse_json(TABLE, "lacking minutes", gaps));
        let head = Head {
            seq: column::count(TABLE, row.head_seq)?,
            hash: row.head_hash,
        };
        let summary = DaySummary {
            date: parse(TABLE, "date", row.date)?,
            equity_at_open: parse(TABLE, "amount", row.equity_at_open)?,
            equity_at_close: parse(TABLE, "amount", row.equity_at_close)?,
            cash: parse(TABLE, "amount", row.cash)?,
            realised: parse(TABLE, "amount", row.realised)?,
            fees: parse(TABLE, "amount", row.fees)?,
            trades: column::count(TABLE, row.trades)?,
            winners: column::count(TABLE, row.winners)?,
            losers: column::count(TABLE, row.losers)?,
            refusals: column::count(TABLE, row.refusals)?,
            orders: column::count(TABLE, row.orders)?,
            fills: column::count(TABLE, row.fills)?,
            residue: parse_json(TABLE, "list of symbols", &row.residue)?,
            unprotected_share_seconds: column::count(TABLE, row.unprotected_share_seconds)?,
            alerts: column::count(TABLE, row.alerts)?,
            entry_slippage: parse_json(TABLE, "slippage", &row.entry_slippage)?,
            stop_slippage: parse_json(TABLE, "slippage", &row.stop_slippage)?,
            gaps: gaps.transpose()?,
        };
        Ok(Self { summary, head })
    }
}

/// Adds a session's figures, which the journal row `seq` holds; a session that is closed again after a
/// restart has the later ones.
pub(crate) fn save(db: &mut Db, seq: u64, day: &DaySummary) -> Result<(), StoreError> {
    let head_seq = seq.saturating_sub(1);
    let row = Row {
        date: day.date.to_string(),
        equity_at_open: day.equity_at_open.to_string(),
        equity_at_close: day.equity_at_close.to_string(),
        cash: day.cash.to_string(),
        realised: day.realised.to_string(),
        fees: day.fees.to_string(),
        trades: i64::from(day.trades),
        winners: i64::from(day.winners),
        losers: i64::from(day.losers),
        refusals: i64::from(day.refusals),
        orders: i64::from(day.orders),
        fills: i64::from(day.fills),
        residue: json(&day.residue),
        // The journal keeps the exact figure; 292 years of a billion shares do not come up.
        unprotected_share_seconds: i64::try_from(day.unprotected_share_seconds).unwrap_or(i64::MAX),
        alerts: i64::from(day.alerts),
        entry_slippage: json(&day.entry_slippage),
        stop_slippage: json(&day.stop_slippage),
        gaps: day.gaps.as_ref().map(json),
        head_seq: column::row_number(head_seq),
        head_hash: journal::hash_of(db, head_seq)?,
    };
    diesel::insert_into(days::table)
        .values(&row)
        .on_conflict(days::date)
        .do_update()
        .set(&row)
        .execute(db)?;
    Ok(())
}
