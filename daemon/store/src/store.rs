//! The one writer of a store: opens it, appends to the journal with its projections, and reads
//! back what a start needs.

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use trader_contract::{Epoch, Timestamp};
use trader_core::record::JournalEntry;

use crate::batch::{self, Batch, OperatorRequest};
use crate::chain::Head;
use crate::column::{count, row_number};
use crate::connection::{self, Db};
use crate::files::Files;
use crate::journal::{self, Row};
use crate::schema::{journal as journal_table, meta};
use crate::{StoreError, audit, diary, migrate, projections};

/// Rows whose hashes are checked at every opening; [`Store::verify_chain`] checks all.
pub const TAIL: u64 = 1000;

/// What a start needs from the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// The store's generation, part of every client order id.
    pub epoch: Epoch,
    /// The number that the next entry must have.
    pub next_seq: u64,
    /// The last checkpoint and everything after it, oldest first; without one, everything.
    pub entries: Vec<JournalEntry>,
}

/// A store that is open for writing. There is one per file: see [`StoreError::OtherWriter`].
pub struct Store {
    db: Db,
    path: PathBuf,
    epoch: Epoch,
    created_at: Timestamp,
    head: Head,
    files: Files,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .field("epoch", &self.epoch)
            .field("head", &self.head.seq)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database at `path`, or makes it, readable for its owner only; the folder must exist.
    ///
    /// Refuses what is not ours, what a newer release wrote and what is damaged, before anything is
    /// changed; then runs pending migrations and checks the newest [`TAIL`] rows of the journal. A
    /// new store gets `epoch` as its generation and `now` as its birth; an old one ignores both.
    ///
    /// # Errors
    /// The file cannot be opened or written, is refused, or the journal was tampered with.
    pub fn open(path: &Path, now: Timestamp, epoch: u32) -> Result<Self, StoreError> {
        connection::create_file(path)?;
        let mut db = connection::open_for_writing(path)?;
        let existed = connection::is_ours(&mut db, path)?;
        migrate::refuse_newer(&mut db)?;
        if existed {
            connection::check_structure(&mut db)?;
        }
        connection::make_durable(&mut db)?;
        let migrated = migrate::run_pending(&mut db)?;
        let (epoch, created_at, head) = identify(&mut db, now, epoch)?;
        let mut store = Self {
            db,
            path: path.to_owned(),
            epoch,
            created_at,
            head,
            files: Files::of(path),
        };
        store.verify_tail()?;
        if existed && migrated {
            store.rebuild_projections()?;
        }
        Ok(store)
    }

    /// The files that are open.
    pub(crate) const fn files(&self) -> &Files {
        &self.files
    }

    /// Where the database lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store's generation.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// When the store was made.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The newest row of the journal.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The number that the next entry must have.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.head.seq.saturating_add(1)
    }

    /// Appends entries and what follows from them in the projections, in one transaction. When this
    /// returns `Ok`, they are on the disk.
    ///
    /// # Errors
    /// Nothing was written; see [`StoreError`] for what to do. Only after [`StoreError::Disk`] the
    /// next opening decides whether the batch is there.
    pub fn append(&mut self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        self.commit(&[Batch::from(entries.to_vec())])
    }

    /// Commits batches in one transaction: all of them or none. When this returns `Ok`, they are on
    /// the disk.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn commit(&mut self, batches: &[Batch]) -> Result<(), StoreError> {
        let mut head = self.head.clone();
        let mut rows = Vec::new();
        for entry in batches.iter().flat_map(|batch| &batch.entries) {
            let row = Row::seal(entry, &head)?;
            head = row.head();
            rows.push(row);
        }
        if batches.iter().all(Batch::is_empty) {
            return Ok(());
        }
        let ours = self.head.seq;
        self.db.immediate_transaction(|db| {
            let found = read_head(db)?.seq;
            if found != ours {
                return Err(StoreError::OtherWriter { ours, found });
            }
            journal::insert(db, &rows)?;
            for batch in batches {
                for entry in &batch.entries {
                    projections::apply(db, entry)?;
                }
                batch
                    .requests
                    .iter()
                    .try_for_each(|request| batch::save_request(db, request))?;
                batch
                    .settings
                    .iter()
                    .try_for_each(|change| batch::save_setting(db, change))?;
                batch
                    .diary
                    .iter()
                    .try_for_each(|edit| diary::save(db, edit))?;
            }
            if rows.is_empty() {
                Ok(())
            } else {
                write_head(db, &head)
            }
        })?;
        self.head = head;
        Ok(())
    }

    /// Reads the last checkpoint and everything after it, or everything where there is none. What is
    /// read is checked against its hashes.
    ///
    /// # Errors
    /// The database cannot be read, or a row is not as it was written.
    pub fn load(&mut self) -> Result<Recovery, StoreError> {
        let checkpoint: Option<i64> = journal_table::table
            .filter(journal_table::kind.eq("checkpoint"))
            .select(diesel::dsl::max(journal_table::seq))
            .first(&mut self.db)?;
        let seq = match checkpoint {
            Some(seq) => count::<u64>("journal", seq)?.saturating_sub(1),
            None => 0,
        };
        let hash = journal::hash_of(&mut self.db, seq)?;
        let mut head = Head { seq, hash };
        let mut entries = Vec::new();
        loop {
            let rows = journal::rows_after(&mut self.db, head.seq)?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let (entry, after) = row.read(&head)?;
                head = after;
                entries.push(entry);
            }
        }
        Ok(Recovery {
            epoch: self.epoch,
            next_seq: self.next_seq(),
            entries,
        })
    }

    /// The call with this id, if it was made before.
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

    /// Gives the store a new generation, after it was restored from a copy: orders made since the
    /// copy have ids that must not be used again.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn renew_epoch(&mut self, epoch: u32) -> Result<(), StoreError> {
        diesel::update(meta::table)
            .set(meta::epoch.eq(i64::from(epoch)))
            .execute(&mut self.db)?;
        self.epoch = Epoch(epoch);
        Ok(())
    }

    /// Checks the whole hash chain; gives the newest row.
    ///
    /// # Errors
    /// The first row that is not as it was written.
    pub fn verify_chain(&mut self) -> Result<Head, StoreError> {
        Ok(audit::audit(&mut self.db, &Head::empty(), u64::MAX, None)?.head)
    }

    /// Whether the store at `path` has the schema of this release, so that opening it changes nothing.
    ///
    /// # Errors
    /// It cannot be opened, or is none of ours.
    pub fn is_current(path: &Path) -> Result<bool, StoreError> {
        let mut db = connection::open_for_reading(path)?;
        Ok(connection::is_ours(&mut db, path)? && !migrate::is_pending(&mut db)?)
    }

    fn verify_tail(&mut self) -> Result<(), StoreError> {
        let seq = self.head.seq.saturating_sub(TAIL);
        let hash = journal::hash_of(&mut self.db, seq)?;
        audit::audit(&mut self.db, &Head { seq, hash }, u64::MAX, None).map(drop)
    }

    /// Empties the projections and makes them anew from the journal, in one transaction.
    ///
    /// # Errors
    /// The database cannot be read or written; the projections stay as they were.
    pub fn rebuild_projections(&mut self) -> Result<(), StoreError> {
        self.db.immediate_transaction(make_projections_anew)
    }

    /// The connection: for the comparison of projections, and for tests that need to damage something.
    pub(crate) const fn db(&mut self) -> &mut Db {
        &mut self.db
    }
}

/// Empties the projections and makes them anew from the journal.
pub(crate) fn make_projections_anew(db: &mut Db) -> Result<(), StoreError> {
    projections::clear(db)?;
    let mut seq = 0;
    loop {
        let rows = journal::rows_after(db, seq)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        seq = count("journal", last.seq)?;
        for row in &rows {
            projections::apply(db, &row.open()?)?;
        }
    }
}

/// Reads what the store is, or writes it into a new one.
fn identify(
    db: &mut Db,
    now: Timestamp,
    epoch: u32,
) -> Result<(Epoch, Timestamp, Head), StoreError> {
    db.immediate_transaction(|db| {
        let known: Option<(i64, i64)> = meta::table
            .select((meta::epoch, meta::created_at))
            .first(db)
            .optional()?;
        if let Some((epoch, created_at)) = known {
            let epoch = Epoch(count("meta", epoch)?);
            return Ok((epoch, Timestamp::from_nanos(created_at), read_head(db)?));
        }
        let rows: i64 = journal_table::table.count().get_result(db)?;
        if rows != 0 {
            return Err(StoreError::Corrupt {
                detail: format!("it has {rows} journal rows and nothing that says whose they are"),
            });
        }
        let head = Head::empty();
        diesel::insert_into(meta::table)
            .values((
                meta::id.eq(1),
                meta::epoch.eq(i64::from(epoch)),
                meta::created_at.eq(now.nanos()),
                meta::created_by.eq(env!("CARGO_PKG_VERSION")),
                meta::head_seq.eq(0),
                meta::head_hash.eq(&head.hash),
            ))
            .execute(db)?;
        Ok((Epoch(epoch), now, head))
    })
}

pub(crate) fn read_head(db: &mut Db) -> Result<Head, StoreError> {
    let (seq, hash): (i64, String) = meta::table
        .select((meta::head_seq, meta::head_hash))
        .first(db)?;
    Ok(Head {
        seq: count("meta", seq)?,
        hash,
    })
}

fn write_head(db: &mut Db, head: &Head) -> Result<(), StoreError> {
    diesel::update(meta::table)
        .set((
            meta::head_seq.eq(row_number(head.seq)),
            meta::head_hash.eq(&head.hash),
        ))
        .execute(db)?;
    Ok(())
}
