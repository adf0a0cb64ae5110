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

/// An entry as it is stored, in a chain of hashes. Needs no database, so that anything that keeps
/// rows in their order can keep a journal: [`Row::seal`] after a [`Head`], [`Row::check`] when read.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal, treat_none_as_default_value = false)]
pub struct Row {
    /// The entry's number.
    pub seq: i64,
    /// When the engine wrote it, in nanoseconds since 1970.
    pub at: i64,
    /// The record's kind.
    pub kind: String,
    /// The symbol it is about.
    pub symbol: Option<String>,
    /// The order it is about.
    pub client_id: Option<String>,
    /// The decision it belongs to.
    pub intent: Option<String>,
    /// The record as JSON.
    pub payload: String,
    /// The hash of the row before.
    pub prev: String,
    /// SHA-256 over that hash and the contents, as 64 hexadecimal digits.
    pub hash: String,
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
    /// The head of a journal whose newest row is this one.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            seq: u64::try_from(self.seq).unwrap_or(0),
            hash: self.hash.clone(),
        }
    }

    /// Writes an entry as the row that follows `head`.
    ///
    /// Reads it back at once: a record that would come out different after a restart, such as one
    /// with a number that JSON does not have, is refused before anything is sent on its ground.
    ///
    /// # Errors
    /// The entry's number is not the next one, or the entry does not survive storing.
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
    /// The row holds no record that this program knows.
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

    /// Checks that the row follows `head` and is what was written; gives the head after it.
    ///
    /// # Errors
    /// The row is not the one that was written after `head`.
    pub fn check(&self, head: &Head) -> Result<Head, StoreError> {
        self.read(head).map(|(_, head)| head)
    }

    /// Does the same, and gives the entry in the row as well.
    ///
    /// # Errors
    /// The row is not the one that was written after `head`.
    pub fn read(&self, head: &Head) -> Result<(JournalEntry, Head), StoreError> {
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
        Ok((entry, self.head()))
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

#[cfg(test)]
mod tests {
    use trader_contract::Money;

    use super::*;

    #[test]
    fn a_journal_is_kept_without_a_database() {
        let mut head = Head::empty();
        let mut rows = Vec::new();
        for seq in 1_u32..=3 {
            let cash = Money::dollars(i64::from(seq));
            let entry = JournalEntry {
                seq: u64::from(seq),
                at: Timestamp::from_seconds(i64::from(seq)),
                record: Record::AccountOpened { cash },
            };
            let row = Row::seal(&entry, &head).unwrap();
            head = row.head();
            assert_eq!(row.open().unwrap(), entry);
            rows.push(row);
        }
        let read = rows
            .iter()
            .try_fold(Head::empty(), |head, row| row.check(&head));
        assert_eq!(read.unwrap(), head);
        // A row that was lost, and one that is not what was written.
        assert!(rows[2].check(&rows[0].head()).is_err());
        rows[1].payload = rows[1].payload.replace('2', "9");
        assert!(rows[1].check(&rows[0].head()).is_err());
        let again = JournalEntry {
            seq: 1,
            ..rows[0].open().unwrap()
        };
        assert!(matches!(
            Row::seal(&again, &head),
            Err(StoreError::Gap {
                expected: 4,
                got: 1
            })
        ));
    }
}
