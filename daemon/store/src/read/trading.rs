//! Questions about trading: decisions, orders, executions, positions and trades.

use diesel::prelude::*;
use trader_contract::ClientOrderId;
use trader_core::record::{IntentId, JournalEntry};

use super::{
    EntryFilter, FillFilter, IntentFilter, MAX_ROWS, OrderFilter, Page, Reader, TradeFilter, typed,
};
use crate::column::row_number;
use crate::connection::Backend;
use crate::projections::{fills, intents, orders, positions, trades};
use crate::{ClosedTrade, Fill, Order, Position, StoreError, TakenIntent, schema};

/// Everything about one order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderHistory {
    /// The order.
    pub order: Order,
    /// Its executions, oldest first.
    pub fills: Vec<Fill>,
    /// The journal entries about it, oldest first.
    pub entries: Vec<JournalEntry>,
}

impl Reader {
    /// Decisions, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn intents(
        &mut self,
        filter: &IntentFilter,
        page: Page,
    ) -> Result<Vec<TakenIntent>, StoreError> {
        use schema::intents as t;
        let mut query = t::table
            .filter(t::seq.lt(page.end()))
            .into_boxed::<Backend>();
        if filter.refused_only {
            query = query.filter(diesel::dsl::not(t::accepted));
        }
        if let Some(symbol) = filter.symbol {
            query = query.filter(t::symbol.eq(symbol.to_string()));
        }
        if let Some(route) = &filter.route {
            query = query.filter(t::route.eq(route.to_string()));
        }
        typed(
            query
                .order(t::seq.desc())
                .limit(page.rows())
                .select(intents::Row::as_select())
                .load(&mut self.db)?,
        )
    }

    /// One decision.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn intent(&mut self, id: IntentId) -> Result<Option<TakenIntent>, StoreError> {
        let row = schema::intents::table
            .find(id.to_string())
            .select(intents::Row::as_select())
            .first(&mut self.db)
            .optional()?;
        row.map(TakenIntent::try_from).transpose()
    }

    /// Orders, newest plan first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn orders(&mut self, filter: &OrderFilter, page: Page) -> Result<Vec<Order>, StoreError> {
        use schema::orders as t;
        let mut query = t::table
            .filter(t::seq.lt(page.end()))
            .into_boxed::<Backend>();
        if filter.open_only {
            query = query.filter(t::is_open);
        }
        if let Some(symbol) = filter.symbol {
            query = query.filter(t::symbol.eq(symbol.to_string()));
        }
        if let Some(route) = &filter.route {
            query = query.filter(t::route.eq(route.to_string()));
        }
        if let Some(intent) = filter.intent {
            query = query.filter(t::intent.eq(intent.to_string()));
        }
        typed(
            query
                .order(t::seq.desc())
                .limit(page.rows())
                .select(orders::Row::as_select())
                .load(&mut self.db)?,
        )
    }

    /// One order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn order(&mut self, id: ClientOrderId) -> Result<Option<Order>, StoreError> {
        orders::find(&mut self.db, id)
    }

    /// One order with its executions and every journal entry about it, all of the same moment; at
    /// most [`MAX_ROWS`] of each.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn order_history(&mut self, id: ClientOrderId) -> Result<Option<OrderHistory>, StoreError> {
        self.consistently(|reader| {
            let Some(order) = reader.order(id)? else {
                return Ok(None);
            };
            let of_order = FillFilter {
                order: Some(id),
                ..FillFilter::default()
            };
            let mut fills = reader.fills(&of_order, Page::newest(MAX_ROWS))?;
            fills.reverse();
            let about = EntryFilter {
                order: Some(id),
                ..EntryFilter::default()
            };
            let mut entries = reader.entries(&about, Page::newest(MAX_ROWS))?;
            entries.reverse();
            Ok(Some(OrderHistory {
                order,
                fills,
                entries,
            }))
        })
    }

    /// Executions, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn fills(&mut self, filter: &FillFilter, page: Page) -> Result<Vec<Fill>, StoreError> {
        use schema::fills as t;
        let mut query = t::table
            .filter(t::seq.lt(page.end()))
            .into_boxed::<Backend>();
        if let Some(from) = filter.from {
            query = query.filter(t::at.ge(from.nanos()));
        }
        if let Some(until) = filter.until {
            query = query.filter(t::at.lt(until.nanos()));
        }
        if let Some(symbol) = filter.symbol {
            query = query.filter(t::symbol.eq(symbol.to_string()));
        }
        if let Some(order) = filter.order {
            query = query.filter(t::client_id.eq(order.to_string()));
        }
        typed(
            query
                .order(t::seq.desc())
                .limit(page.rows())
                .select(fills::Row::as_select())
                .load(&mut self.db)?,
        )
    }

    /// Open positions as the executions add up to, by symbol.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn positions(&mut self) -> Result<Vec<Position>, StoreError> {
        use schema::positions as t;
        typed(
            t::table
                .order(t::symbol.asc())
                .limit(i64::from(MAX_ROWS))
                .select(positions::Row::as_select())
                .load(&mut self.db)?,
        )
    }

    /// Trades that have ended, the last to end first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn trades(
        &mut self,
        filter: &TradeFilter,
        page: Page,
    ) -> Result<Vec<ClosedTrade>, StoreError> {
        use schema::{trade_tags as tags, trades as t};
        let mut query = t::table
            .filter(t::id.lt(page.end()))
            .into_boxed::<Backend>();
        if let Some(from) = filter.from {
            query = query.filter(t::exited_at.ge(from.nanos()));
        }
        if let Some(until) = filter.until {
            query = query.filter(t::exited_at.lt(until.nanos()));
        }
        if let Some(symbol) = filter.symbol {
            query = query.filter(t::symbol.eq(symbol.to_string()));
        }
        if let Some(route) = &filter.route {
            query = query.filter(t::route.eq(route.to_string()));
        }
        if let Some(intent) = filter.intent {
            query = query.filter(t::intent.eq(intent.to_string()));
        }
        if let Some(number) = filter.number {
            query = query.filter(t::id.eq(row_number(number)));
        }
        for tag in &filter.tags {
            let tagged = tags::table
                .filter(tags::tag.eq(tag.to_string()))
                .select(tags::trade);
            query = query.filter(t::id.eq_any(tagged));
        }
        typed(
            query
                .order(t::id.desc())
                .limit(page.rows())
                .select(trades::Row::as_select())
                .load(&mut self.db)?,
        )
    }
}
