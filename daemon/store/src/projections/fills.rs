//! The table of executions. One counts once per order, however often the broker tells of it.

use diesel::prelude::*;
use trader_contract::{ClientOrderId, Execution, ExecutionId, Price, Side, Symbol, Timestamp};

use super::orders::Order;
use crate::StoreError;
use crate::column::{self, parse, row_number, word};
use crate::connection::Db;
use crate::schema::fills;

const TABLE: &str = "fills";

/// One execution of one of our orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The order.
    pub client_id: ClientOrderId,
    /// The journal entry that brought it.
    pub seq: u64,
    /// What was traded.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// The execution itself.
    pub execution: Execution,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = fills)]
pub(crate) struct Row {
    client_id: String,
    execution_id: String,
    seq: i64,
    symbol: String,
    side: String,
    qty: i64,
    price: i64,
    fee: String,
    at: i64,
}

impl TryFrom<Row> for Fill {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            client_id: parse(TABLE, "order id", row.client_id)?,
            seq: column::count(TABLE, row.seq)?,
            symbol: parse(TABLE, "symbol", row.symbol)?,
            side: parse(TABLE, "side", row.side)?,
            execution: Execution {
                id: parse(TABLE, "execution id", row.execution_id)?,
                qty: column::qty(TABLE, row.qty)?,
                price: column::price(TABLE, row.price)?,
                fee: parse(TABLE, "amount", row.fee)?,
                at: Timestamp::from_nanos(row.at),
            },
        })
    }
}

/// Adds an execution; `false` if it was known.
pub(crate) fn save(
    db: &mut Db,
    seq: u64,
    order: &Order,
    fill: &Execution,
) -> Result<bool, StoreError> {
    let row = Row {
        client_id: order.client_id.to_string(),
        execution_id: fill.id.to_string(),
        seq: row_number(seq),
        symbol: order.symbol.to_string(),
        side: word(&order.side),
        qty: fill.qty.nanos(),
        price: Price::micros(fill.price),
        fee: fill.fee.to_string(),
        at: fill.at.nanos(),
    };
    let added = diesel::insert_into(fills::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(db)?;
    Ok(added == 1)
}

/// Removes an execution; gives it if it was known.
pub(crate) fn remove(
    db: &mut Db,
    order: ClientOrderId,
    execution: &ExecutionId,
) -> Result<Option<Execution>, StoreError> {
    let key = (order.to_string(), execution.to_string());
    let row = fills::table
        .find(key.clone())
        .select(Row::as_select())
        .first(db)
        .optional()?;
    let Some(known) = row else { return Ok(None) };
    diesel::delete(fills::table.find(key)).execute(db)?;
    Ok(Some(Fill::try_from(known)?.execution))
}
