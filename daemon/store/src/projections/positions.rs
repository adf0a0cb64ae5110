//! The table of open positions: what the executions of a symbol add up to since it was last flat.

use diesel::prelude::*;
use trader_contract::{Direction, Execution, Money, NetQty, Price, Side, Symbol, Timestamp};
use trader_core::book::Holding;

use super::orders::Order;
use crate::StoreError;
use crate::column::{self, parse};
use crate::connection::Db;
use crate::schema::positions;

const TABLE: &str = "positions";

/// An open position; a flat symbol has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What is held.
    pub symbol: Symbol,
    /// The route whose order opened it.
    pub route: Box<str>,
    /// How much: positive is long, negative is short; never zero.
    pub net: NetQty,
    /// Sales less purchases since it was last flat, without fees, exact.
    pub flow: Money,
    /// What the broker charged since then.
    pub fees: Money,
    /// The first execution since then.
    pub opened_at: Timestamp,
    /// The last execution.
    pub updated_at: Timestamp,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = positions, primary_key(symbol))]
pub(crate) struct Row {
    symbol: String,
    route: String,
    net: i64,
    flow: String,
    fees: String,
    opened_at: i64,
    updated_at: i64,
}

impl From<&Position> for Row {
    fn from(position: &Position) -> Self {
        Self {
            symbol: position.symbol.to_string(),
            route: position.route.to_string(),
            net: position.net.nanos(),
            flow: position.flow.to_string(),
            fees: position.fees.to_string(),
            opened_at: position.opened_at.nanos(),
            updated_at: position.updated_at.nanos(),
        }
    }
}

impl TryFrom<Row> for Position {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            symbol: parse(TABLE, "symbol", row.symbol)?,
            route: row.route.into(),
            net: column::net(TABLE, row.net)?,
            flow: parse(TABLE, "amount", row.flow)?,
            fees: parse(TABLE, "amount", row.fees)?,
            opened_at: Timestamp::from_nanos(row.opened_at),
            updated_at: Timestamp::from_nanos(row.updated_at),
        })
    }
}

impl Position {
    const fn flat(symbol: Symbol, route: Box<str>, at: Timestamp) -> Self {
        Self {
            symbol,
            route,
            net: NetQty::ZERO,
            flow: Money::ZERO,
            fees: Money::ZERO,
            opened_at: at,
            updated_at: at,
        }
    }

    /// Counts an execution. One that goes through zero closes this position and opens the next,
    /// whose flow begins with what is left; its fee stays with the old one.
    fn take(&mut self, side: Side, fill: &Execution) {
        let signed = side.signed(fill.qty);
        let Some(net) = self.net.checked_add(signed) else {
            return;
        };
        let before = Direction::of(self.net);
        let turned = before.is_some() && Direction::of(net).is_some_and(|d| Some(d) != before);
        if turned {
            self.opened_at = fill.at;
            self.flow = -fill.price.times_net(net);
            self.fees = Money::ZERO;
        } else {
            self.flow -= fill.price.times_net(signed);
            self.fees += fill.fee;
        }
        self.net = net;
        self.updated_at = fill.at;
    }
}

/// Counts an execution of an order in the position of its symbol.
pub(crate) fn take_fill(db: &mut Db, order: &Order, fill: &Execution) -> Result<(), StoreError> {
    let mut position = find(db, order, fill.at)?;
    position.take(order.side, fill);
    save(db, &position)
}

/// Takes an execution out again.
pub(crate) fn take_back(db: &mut Db, order: &Order, gone: &Execution) -> Result<(), StoreError> {
    let mut position = find(db, order, gone.at)?;
    let updated_at = position.updated_at;
    let back = Execution {
        fee: -gone.fee,
        ..gone.clone()
    };
    position.take(order.side.opposite(), &back);
    position.updated_at = updated_at;
    save(db, &position)
}

/// A split: more or fewer shares for the same money.
pub(crate) fn split(db: &mut Db, symbol: Symbol, new: u32, old: u32) -> Result<(), StoreError> {
    let Some(mut position) = known(db, symbol)? else {
        return Ok(());
    };
    let scaled = i128::from(position.net.nanos())
        .checked_mul(i128::from(new))
        .and_then(|nanos| nanos.checked_div(i128::from(old)))
        .and_then(|nanos| i64::try_from(nanos).ok())
        .and_then(NetQty::from_nanos);
    let Some(net) = scaled else { return Ok(()) };
    position.net = net;
    save(db, &position)
}

/// The broker's position took the place of what the executions add up to. One on the other side is not
/// this trade's: to it the trade is flat.
pub(crate) fn correct(
    db: &mut Db,
    symbol: Symbol,
    broker: NetQty,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut position) = known(db, symbol)? else {
        return Ok(());
    };
    let turned = Direction::of(broker).is_some_and(|d| Direction::of(position.net) != Some(d));
    position.net = if turned { NetQty::ZERO } else { broker };
    position.updated_at = at;
    save(db, &position)
}

/// A position that this store did not make is looked after from now on.
pub(crate) fn adopt(
    db: &mut Db,
    symbol: Symbol,
    net: NetQty,
    price: Option<Price>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut position = Position::flat(symbol, Holding::ADOPTED.into(), at);
    position.net = net;
    position.flow = price.map_or(Money::ZERO, |price| -price.times_net(net));
    save(db, &position)
}

/// A trade of which not every execution is known is over: its symbol is free.
pub(crate) fn forget(db: &mut Db, symbol: Symbol) -> Result<(), StoreError> {
    diesel::delete(positions::table.find(symbol.to_string())).execute(db)?;
    Ok(())
}

fn known(db: &mut Db, symbol: Symbol) -> Result<Option<Position>, StoreError> {
    let row = positions::table
        .find(symbol.to_string())
        .select(Row::as_select())
        .first(db)
        .optional()?;
    row.map(Position::try_from).transpose()
}

fn find(db: &mut Db, order: &Order, at: Timestamp) -> Result<Position, StoreError> {
    let known = known(db, order.symbol)?;
    Ok(known.unwrap_or_else(|| Position::flat(order.symbol, order.route.clone(), at)))
}

fn save(db: &mut Db, position: &Position) -> Result<(), StoreError> {
    if position.net.is_flat() {
        diesel::delete(positions::table.find(position.symbol.to_string())).execute(db)?;
    } else {
        let row = Row::from(position);
        diesel::insert_into(positions::table)
            .values(&row)
            .on_conflict(positions::symbol)
            .do_update()
            .set(&row)
            .execute(db)?;
    }
    Ok(())
}
