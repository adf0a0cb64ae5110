//! Questions to a store, on connections of their own that cannot write. A reader sees what was
//! committed when its question began, and never holds up the writer.

mod alerts;
mod chain;
mod diary;
mod filter;
mod pool;
mod trading;

use std::path::Path;

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use trader_contract::{Epoch, Timestamp};
use trader_core::record::JournalEntry;

use crate::batch::{self, OperatorRequest};
use crate::column::{count, row_number, word};
use crate::connection::{self, Backend, Db};
use crate::journal;
use crate::projections::days;
use crate::schema;
use crate::{Audited, ClosedDay, Head, KeptHead, StoreError, audit, migrate, store};

pub use filter::{EntryFilter, FillFilter, IntentFilter, MAX_ROWS, OrderFilter, Page, TradeFilter};
pub use pool::Readers;
pub use trading::OrderHistory;

/// What a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreInfo {
    /// Its generation.
    pub epoch: Epoch,
    /// When it was made.
    pub created_at: Timestamp,
    /// The version of the program that made it.
    pub created_by: Box<str>,
    /// The newest row of its journal.
    pub head: Head,
}

/// How many rows each table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Journal entries.
    pub entries: u64,
    /// Decisions.
    pub intents: u64,
    /// Orders.
    pub orders: u64,
    /// Orders that may still fill.
    pub open_orders: u64,
    /// Executions.
    pub fills: u64,
    /// Positions that are open.
    pub positions: u64,
    /// Trades that have ended.
    pub trades: u64,
    /// Sessions that have ended.
    pub days: u64,
    /// Alerts.
    pub alerts: u64,
}

/// One connection that only reads. Not for use by two threads at once: see [`Readers`].
pub struct Reader {
    db: Db,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

fn typed<R, T>(rows: Vec<R>) -> Result<Vec<T>, StoreError>
where
    T: TryFrom<R, Error = StoreError>,
{
    rows.into_iter().map(T::try_from).collect()
}

impl Reader {
    /// Opens the database at `path` for reading; a [`crate::Store`] must have made it.
    ///
    /// # Errors
    /// The file cannot be opened, or is none of ours, or a newer release wrote it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut db = connection::open_for_reading(path)?;
        if !connection::is_ours(&mut db, path)? {
            return Err(StoreError::NotOurs {
                path: path.to_owned(),
            });
        }
        migrate::refuse_newer(&mut db)?;
        Ok(Self { db })
    }

    /// What the store is.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn info(&mut self) -> Result<StoreInfo, StoreError> {
        use schema::meta;
        let (epoch, created_at, created_by): (i64, i64, String) = meta::table
            .select((meta::epoch, meta::created_at, meta::created_by))
            .first(&mut self.db)?;
        Ok(StoreInfo {
            epoch: Epoch(count("meta", epoch)?),
            created_at: Timestamp::from_nanos(created_at),
            created_by: created_by.into(),
            head: store::read_head(&mut self.db)?,
        })
    }

    /// Sessions that have ended, from `from` to `to` inclusive, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn days(
        &mut self,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        limit: u32,
    ) -> Result<Vec<ClosedDay>, StoreError> {
        use schema::days as t;
        let mut query = t::table.into_boxed::<Backend>();
        if let Some(from) = from {
            query = query.filter(t::date.ge(word(&from)));
        }
        if let Some(to) = to {
            query = query.filter(t::date.le(word(&to)));
        }
        let rows: Vec<days::Row> = query
            .order(t::date.desc())
            .limit(Page::newest(limit).rows())
            .select(days::Row::as_select())
            .load(&mut self.db)?;
        typed(rows)
    }

    /// Journal entries, newest first.
    ///
    /// # Errors
    /// The database cannot be read, or a row is none that this program wrote.
    pub fn entries(
        &mut self,
        filter: &EntryFilter,
        page: Page,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        use schema::journal as t;
        let mut query = t::table
            .filter(t::seq.lt(page.end()))
            .into_boxed::<Backend>();
        if let Some(symbol) = filter.symbol {
            query = query.filter(t::symbol.eq(symbol.to_string()));
        }
        if let Some(order) = filter.order {
            query = query.filter(t::client_id.eq(order.to_string()));
        }
        if let Some(intent) = filter.intent {
            query = query.filter(t::intent.eq(intent.to_string()));
        }
        if let Some(kind) = &filter.kind {
            query = query.filter(t::kind.eq(kind.to_string()));
        }
        if let Some(after) = filter.after {
            query = query.filter(t::seq.gt(row_number(after)));
        }
        let rows: Vec<journal::Row> = query
            .order(t::seq.desc())
            .limit(page.rows())
            .select(journal::Row::as_select())
            .load(&mut self.db)?;
        rows.iter().map(journal::Row::open).collect()
    }

    /// The operator's call with this id, if it was made before.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn request(&mut self, id: &str) -> Result<Option<OperatorRequest>, StoreError> {
        batch::find_request(&mut self.db, id)
    }

    /// The value of a setting.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn setting(&mut self, key: &str) -> Result<Option<Box<str>>, StoreError> {
        batch::find_setting(&mut self.db, key)
    }

    /// Checks the rows of the journal after `after`, which is the start or was checked before: each
    /// against its hash and against the row before. `most` bounds the work of one call.
    ///
    /// # Errors
    /// The first row that is not as it was written, or the database cannot be read.
    pub fn audit(
        &mut self,
        after: &Head,
        most: u64,
        kept: Option<&KeptHead>,
    ) -> Result<Audited, StoreError> {
        self.consistently(|reader| audit::audit(&mut reader.db, after, most, kept))
    }

    /// How many rows each table has.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn counts(&mut self) -> Result<Counts, StoreError> {
        use schema::{alerts, days, fills, intents, journal, orders, positions, trades};
        macro_rules! rows {
            ($query:expr) => {
                count("counts", $query.select(count_star()).first(&mut self.db)?)?
            };
        }
        Ok(Counts {
            entries: rows!(journal::table),
            intents: rows!(intents::table),
            orders: rows!(orders::table),
            open_orders: rows!(orders::table.filter(orders::is_open)),
            fills: rows!(fills::table),
            positions: rows!(positions::table),
            trades: rows!(trades::table),
            days: rows!(days::table),
            alerts: rows!(alerts::table),
        })
    }

    /// Asks several questions about the same moment.
    ///
    /// # Errors
    /// The database cannot be read, or `questions` fails.
    pub fn consistently<T>(
        &mut self,
        questions: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        connection::execute(&mut self.db, "BEGIN")?;
        let answer = questions(self);
        connection::execute(&mut self.db, "ROLLBACK")?;
        answer
    }

    /// Runs any statement, for tests.
    #[cfg(test)]
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), StoreError> {
        connection::execute(&mut self.db, sql)
    }
}
