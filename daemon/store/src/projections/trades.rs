//! The table of trades that have ended.

use diesel::prelude::*;
use trader_contract::{Price, Timestamp};
use trader_core::record::Trade;

use crate::StoreError;
use crate::column::{self, parse, price_opt, row_number, word};
use crate::connection::Db;
use crate::schema::trades;

const TABLE: &str = "trades";

/// A trade with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedTrade {
    /// The journal entry that closed it, which is the trade's number.
    pub id: u64,
    /// The trade.
    pub trade: Trade,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = trades, treat_none_as_default_value = false)]
pub(crate) struct Row {
    id: i64,
    intent: String,
    route: String,
    strategy: String,
    symbol: String,
    direction: String,
    qty: i64,
    entered_at: i64,
    entry_average: String,
    exited_at: i64,
    exit_average: String,
    initial_stop: Option<i64>,
    exit_reason: String,
    profit: String,
    fees: String,
}

impl TryFrom<Row> for ClosedTrade {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: column::count(TABLE, row.id)?,
            trade: Trade {
                intent: column::intent_id(TABLE, &row.intent)?,
                route: row.route.into(),
                strategy: row.strategy.into(),
                symbol: parse(TABLE, "symbol", row.symbol)?,
                direction: parse(TABLE, "direction", row.direction)?,
                qty: column::qty(TABLE, row.qty)?,
                entered_at: Timestamp::from_nanos(row.entered_at),
                entry_average: parse(TABLE, "average", row.entry_average)?,
                exited_at: Timestamp::from_nanos(row.exited_at),
                exit_average: parse(TABLE, "average", row.exit_average)?,
                initial_stop: price_opt(TABLE, row.initial_stop)?,
                exit_reason: parse(TABLE, "exit reason", row.exit_reason)?,
                profit: parse(TABLE, "amount", row.profit)?,
                fees: parse(TABLE, "amount", row.fees)?,
            },
        })
    }
}

/// Adds a trade. One without shares, an entry that ended unfilled, is none and is left out.
pub(crate) fn save(db: &mut Db, seq: u64, trade: &Trade) -> Result<(), StoreError> {
    if trade.qty.is_zero() {
        return Ok(());
    }
    let row = Row {
        id: row_number(seq),
        intent: trade.intent.to_string(),
        route: trade.route.to_string(),
        strategy: trade.strategy.to_string(),
        symbol: trade.symbol.to_string(),
        direction: word(&trade.direction),
        qty: trade.qty.nanos(),
        entered_at: trade.entered_at.nanos(),
        entry_average: trade.entry_average.to_string(),
        exited_at: trade.exited_at.nanos(),
        exit_average: trade.exit_average.to_string(),
        initial_stop: trade.initial_stop.map(Price::micros),
        exit_reason: word(&trade.exit_reason),
        profit: trade.profit.to_string(),
        fees: trade.fees.to_string(),
    };
    diesel::insert_into(trades::table)
        .values(&row)
        .execute(db)?;
    Ok(())
}
