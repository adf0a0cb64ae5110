//! Rows of the journal: from entry to row and back, and whether a row fits the one before.

use diesel::prelude::*;
use trader_contract::Timestamp;
use trader_core::record::{IntentId, JournalEntry, Record};

use crate::StoreError;
use crate::chain::{self, Head};
use crate::column::{count, row_number};
use crate::connection::Db;
use crate::schema::journal;

/// Rows that are read or written by one statement.
pub(crate) const CHUNK: usize = 500;

/// An entry as it is stored: its record as JSON, the columns by which it is found, and the hashes
/// that tie it to the row before. A pure value: who keeps rows elsewhere than in a database, as the
/// simulation does, keeps what the database would.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal, treat_none_as_default_value = false)]
pub struct Row {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) symbol: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) intent: Option<String>,
    pub(crate) payload: String,
    pub(crate) prev: String,
    pub(crate) hash: String,
}

/// The columns beside the payload, by which rows are found.
fn keys(record: &Record) -> (Option<String>, Option<String>, Option<String>) {
    (
        record.symbol().map(|symbol| symbol.to_string()),
        record.client_id().map(|id| id.to_string()),
        record.intent().as_ref().map(IntentId::to_string),
    )
}

impl Row {
    /// Writes an entry as the row that follows `head`.
    ///
    /// Reads it back at once: a record that would come out different after a restart, such as one
    /// with a number that JSON does not have, is refused before anything is sent on its ground.
    ///
    /// # Errors
    /// [`StoreError::Gap`] and [`StoreError::Unwritable`].
    pub fn seal(entry: &JournalEntry, head: &Head) -> Result<Self, StoreError> {
        let expected = head.seq.saturating_add(1);
        if entry.seq != expected {
            return Err(StoreError::Gap {
                expected,
                got: entry.seq,
            });
        }
        let kind = entry.record.kind();
        let unwritable = |why: String| StoreError::Unwritable {
            seq: entry.seq,
            kind,
            why,
        };
        let payload =
            serde_json::to_string(&entry.record).map_err(|error| unwritable(error.to_string()))?;
        let back: Record =
            serde_json::from_str(&payload).map_err(|error| unwritable(error.to_string()))?;
        if back != entry.record {
            return Err(unwritable("it reads back as another record".to_owned()));
        }
        let (seq, at) = (row_number(entry.seq), entry.at.nanos());
        let (symbol, client_id, intent) = keys(&entry.record);
        let hash = chain::link(&head.hash, seq, at, kind, &payload);
        Ok(Self {
            seq,
            at,
            kind: kind.to_owned(),
            symbol,
            client_id,
            intent,
            payload,
            prev: head.hash.clone(),
            hash,
        })
    }

    /// The entry in the row.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub fn open(&self) -> Result<JournalEntry, StoreError> {
        let record =
            serde_json::from_str(&self.payload).map_err(|error| StoreError::Unreadable {
                table: "journal",
                wanted: "record",
                value: format!("row {}: {error}", self.seq),
            })?;
        Ok(JournalEntry {
            seq: count("journal", self.seq)?,
            at: Timestamp::from_nanos(self.at),
            record,
        })
    }

    /// The head of a journal that ends with this row.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            seq: u64::try_from(self.seq).unwrap_or(0),
            hash: self.hash.clone(),
        }
    }

    /// Checks that the row follows `head` and is what was written; gives the head after it.
    ///
    /// # Errors
    /// [`StoreError::ChainBroken`] and [`StoreError::Unreadable`].
    pub fn check(&self, head: &Head) -> Result<Head, StoreError> {
        let seq = head.seq.saturating_add(1);
        let broken = |what: &str| {
            Err(StoreError::ChainBroken {
                seq,
                what: what.to_owned(),
            })
        };
        if self.seq != row_number(seq) {
            return broken("the row is missing");
        }
        if self.prev != head.hash {
            return broken("it does not follow the row before");
        }
        if self.hash != chain::link(&self.prev, self.seq, self.at, &self.kind, &self.payload) {
            return broken("its contents are not those that were written");
        }
        let entry = self.open()?;
        let (symbol, client_id, intent) = keys(&entry.record);
        if self.kind != entry.record.kind()
            || self.symbol != symbol
            || self.client_id != client_id
            || self.intent != intent
        {
            return broken("its search columns are not those of its record");
        }
        Ok(Head {
            seq,
            hash: self.hash.clone(),
        })
    }
}

/// Adds rows at the end.
pub(crate) fn insert(db: &mut Db, rows: &[Row]) -> Result<(), StoreError> {
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(journal::table)
            .values(chunk)
            .execute(db)?;
    }
    Ok(())
}

/// The rows after `seq`, oldest first, at most [`CHUNK`].
pub(crate) fn rows_after(db: &mut Db, seq: u64) -> Result<Vec<Row>, StoreError> {
    Ok(journal::table
        .filter(journal::seq.gt(row_number(seq)))
        .order(journal::seq.asc())
        .limit(row_number(CHUNK as u64))
        .select(Row::as_select())
        .load(db)?)
}

/// The hash of the row with this number; that of the start for 0.
pub(crate) fn hash_of(db: &mut Db, seq: u64) -> Result<String, StoreError> {
    if seq == 0 {
        return Ok(chain::GENESIS.to_owned());
    }
    let hash: Option<String> = journal::table
        .filter(journal::seq.eq(row_number(seq)))
        .select(journal::hash)
        .first(db)
        .optional()?;
    hash.ok_or_else(|| StoreError::ChainBroken {
        seq,
        what: "the row is missing".to_owned(),
    })
}

/// Checks every row after `from` up to `head`, which must be the last.
pub(crate) fn verify(db: &mut Db, mut from: Head, head: &Head) -> Result<(), StoreError> {
    loop {
        let rows = rows_after(db, from.seq)?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            from = row.check(&from)?;
        }
    }
    if from == *head {
        Ok(())
    } else {
        Err(StoreError::ChainBroken {
            seq: from.seq.min(head.seq).saturating_add(1),
            what: format!(
                "the journal ends with row {}, and row {} was the newest when it was written",
                from.seq, head.seq
            ),
        })
    }
}
