//! Questions about alerts.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use trader_contract::{Symbol, Timestamp};

use super::{Page, Reader, typed};
use crate::column::row_number;
use crate::connection::Backend;
use crate::projections::alerts::{self, Row};
use crate::schema::alerts as t;
use crate::{RaisedAlert, StoreError};

/// The gravest first: words have no order of their own.
const GRAVEST: &str = "CASE severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END";

impl Reader {
    /// Alerts, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn alerts(&mut self, page: Page) -> Result<Vec<RaisedAlert>, StoreError> {
        typed(
            t::table
                .filter(t::id.lt(page.end()))
                .order(t::id.desc())
                .limit(page.rows())
                .select(Row::as_select())
                .load(&mut self.db)?,
        )
    }

    /// Alerts that need somebody, as [`RaisedAlert::is_open`] says: the gravest first, of equal ones the
    /// newest; at most `limit`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn open_alerts(&mut self, limit: u32) -> Result<Vec<RaisedAlert>, StoreError> {
        typed(
            t::table
                .filter(alerts::open())
                .order((sql::<BigInt>(GRAVEST), t::id.desc()))
                .limit(Page::newest(limit).rows())
                .select(Row::as_select())
                .load(&mut self.db)?,
        )
    }

    /// Alerts that were raised after the one with this number, oldest first; at most `limit`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn alerts_after(
        &mut self,
        number: u64,
        limit: u32,
    ) -> Result<Vec<RaisedAlert>, StoreError> {
        typed(
            t::table
                .filter(t::id.gt(row_number(number)))
                .order(t::id.asc())
                .limit(Page::newest(limit).rows())
                .select(Row::as_select())
                .load(&mut self.db)?,
        )
    }

    /// When alerts were raised from one moment on and before another, each of them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn alert_times(
        &mut self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let times: Vec<i64> = t::table
            .filter(t::at.ge(from.nanos()).and(t::at.lt(until.nanos())))
            .select(t::at)
            .load(&mut self.db)?;
        Ok(times.into_iter().map(Timestamp::from_nanos).collect())
    }

    /// The alert of a kind and symbol whose cause went at this time.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn alert_cleared_at(
        &mut self,
        kind: &str,
        symbol: Option<Symbol>,
        at: Timestamp,
    ) -> Result<Option<RaisedAlert>, StoreError> {
        let of_kind = t::table
            .filter(t::kind.eq(kind.to_owned()))
            .filter(t::cleared_at.eq(at.nanos()))
            .order(t::id.desc())
            .select(Row::as_select())
            .into_boxed::<Backend>();
        let query = match symbol {
            Some(symbol) => of_kind.filter(t::symbol.eq(symbol.to_string())),
            None => of_kind.filter(t::symbol.is_null()),
        };
        let row: Option<Row> = query.first(&mut self.db).optional()?;
        row.map(RaisedAlert::try_from).transpose()
    }

    /// The alert with this number.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn alert(&mut self, number: u64) -> Result<Option<RaisedAlert>, StoreError> {
        let row = t::table
            .find(row_number(number))
            .select(Row::as_select())
            .first(&mut self.db)
            .optional()?;
        row.map(RaisedAlert::try_from).transpose()
    }
}
