//! The store as a log of commits, in memory: a commit is there or it is not. Where a run asks for it,
//! rows are those of the database, hash chain included, and what a start reads back went through the
//! text that is stored; elsewhere the entries are kept as they are, which is much faster.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trader_contract::{ClientOrderId, Epoch, NetQty, Symbol};
use trader_core::book::Book;
use trader_core::record::{JournalEntry, Record};
use trader_store::{Batch, Head, OperatorRequest, Recovery, Row};

/// How far a disk takes a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is durable, and says so.
    Takes,
    /// It is not there, and says so.
    Refuses,
    /// It is durable, and says that it is not.
    TakesAndDenies,
}

/// How faithfully a run keeps its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// Entries as values.
    Memory,
    /// Rows as the database has them: text, hash chain and all.
    Rows,
    /// The same, and all of it into a real database at the end, which must say the same.
    Database,
}

/// What outlives the daemon.
#[derive(Debug)]
pub struct Disk {
    epoch: Epoch,
    /// The rows, for a run in which they are made.
    rows: Option<Vec<Row>>,
    /// The entries; of rows those that were read back, which need not be read again: rows never change.
    read: Vec<JournalEntry>,
    head: Head,
    /// Where the newest checkpoint is.
    checkpoint: usize,
    requests: BTreeMap<Box<str>, OperatorRequest>,
    planned: BTreeSet<ClientOrderId>,
    /// Every batch, for a run that is also written into a database.
    batches: Option<Vec<Batch>>,
}

impl Disk {
    /// An empty one of this kind.
    #[must_use]
    pub fn new(epoch: Epoch, medium: Medium) -> Self {
        Self {
            epoch,
            rows: (medium != Medium::Memory).then(Vec::new),
            read: Vec::new(),
            head: Head::empty(),
            checkpoint: 0,
            requests: BTreeMap::new(),
            planned: BTreeSet::new(),
            batches: (medium == Medium::Database).then(Vec::new),
        }
    }

    /// Writes a batch, all of it or nothing.
    ///
    /// # Errors
    /// It does not fit what is there, or cannot be written.
    pub fn commit(&mut self, batch: &Batch) -> Result<(), Box<str>> {
        match &mut self.rows {
            Some(rows) => self.head = seal(batch, &self.head, rows)?,
            None => self.head.seq = keep(batch, self.head.seq, &mut self.read)?,
        }
        for entry in &batch.entries {
            match &entry.record {
                Record::OrderPlanned { order } => {
                    self.planned.insert(order.request.client_id);
                }
                Record::Checkpoint { .. } => {
                    self.checkpoint = usize::try_from(entry.seq).unwrap_or(1).saturating_sub(1);
                }
                _ => {}
            }
        }
        for request in &batch.requests {
            let kept = self.requests.entry(request.id.clone());
            let kept = kept.or_insert_with(|| request.clone());
            if kept.result.is_none() && kept.params == request.params {
                kept.result.clone_from(&request.result);
            }
        }
        if let Some(batches) = &mut self.batches {
            batches.push(batch.clone());
        }
        Ok(())
    }

    /// The call with this id, if it was answered before.
    #[must_use]
    pub fn request(&self, id: &str) -> Option<OperatorRequest> {
        self.requests.get(id).cloned()
    }

    /// Whether the plan of an order is durable.
    #[must_use]
    pub fn explains(&self, id: ClientOrderId) -> bool {
        self.planned.contains(&id)
    }

    /// The newest row's hash.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// What a start reads: the last checkpoint and everything after it, each row checked against the
    /// one before.
    ///
    /// # Errors
    /// A row is not as it was written.
    pub fn recover(&mut self) -> Result<Recovery, String> {
        self.read_all()?;
        let entries = self.read.get(self.checkpoint..).unwrap_or_default();
        Ok(Recovery {
            epoch: self.epoch,
            next_seq: self.head.seq.saturating_add(1),
            entries: entries.to_vec(),
        })
    }

    fn read_all(&mut self) -> Result<(), String> {
        let Some(rows) = &self.rows else {
            return Ok(());
        };
        let known = self.read.len();
        let mut head = match known.checked_sub(1).and_then(|last| rows.get(last)) {
            Some(row) => row.head(),
            None => Head::empty(),
        };
        for row in rows.iter().skip(known) {
            let (entry, after) = row.read(&head).map_err(|error| error.to_string())?;
            head = after;
            self.read.push(entry);
        }
        Ok(())
    }

    /// The book that everything written so far adds up to, from the very first row on.
    ///
    /// # Errors
    /// A row is not as it was written.
    pub fn fold(&mut self) -> Result<Book, String> {
        self.read_all()?;
        let mut book = Book::default();
        for entry in self.read.iter().skip(self.checkpoint) {
            book.apply(entry.at, &entry.record);
        }
        Ok(book)
    }

    /// Every entry, oldest first.
    ///
    /// # Errors
    /// A row is not as it was written.
    pub fn entries(&mut self) -> Result<&[JournalEntry], String> {
        self.read_all()?;
        Ok(&self.read)
    }

    /// Writes everything into a database of its own, checks its chain, and compares its positions
    /// with those of the book.
    ///
    /// # Errors
    /// What is different, or what failed.
    pub fn compare_with_a_database(&mut self) -> Result<(), String> {
        let batches = self.batches.take().unwrap_or_default();
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = folder.path().join("traderd.db");
        let failed = |error: trader_store::StoreError| error.to_string();
        let now = trader_contract::Timestamp::from_seconds(0);
        let mut store = trader_store::Store::open(&path, now, self.epoch.0).map_err(failed)?;
        store.commit(&batches).map_err(failed)?;
        let head = store.verify_chain().map_err(failed)?;
        if head != self.head {
            return Err(format!(
                "the database ends with row {} ({}), the model with {} ({})",
                head.seq, head.hash, self.head.seq, self.head.hash
            ));
        }
        let mut reader = trader_store::Reader::open(&path).map_err(failed)?;
        let held: BTreeMap<Symbol, NetQty> = reader
            .positions()
            .map_err(failed)?
            .into_iter()
            .map(|position| (position.symbol, position.net))
            .collect();
        let book = self.fold()?;
        let ours: BTreeMap<Symbol, NetQty> = book
            .holdings
            .values()
            .filter(|holding| !holding.net.is_flat())
            .map(|holding| (holding.symbol, holding.net))
            .collect();
        if held == ours {
            Ok(())
        } else {
            Err(format!("the database holds {held:?}, the book {ours:?}"))
        }
    }
}

/// Makes rows of a batch, all of them or none; gives the head after it.
fn seal(batch: &Batch, head: &Head, rows: &mut Vec<Row>) -> Result<Head, Box<str>> {
    let mut head = head.clone();
    let mut sealed = Vec::with_capacity(batch.entries.len());
    for entry in &batch.entries {
        let row = Row::seal(entry, &head).map_err(|error| error.to_string())?;
        head = row.head();
        sealed.push(row);
    }
    rows.append(&mut sealed);
    Ok(head)
}

/// Takes the entries of a batch after the one with the number `last`; gives the number of the newest.
fn keep(batch: &Batch, last: u64, entries: &mut Vec<JournalEntry>) -> Result<u64, Box<str>> {
    let mut newest = last;
    for entry in &batch.entries {
        newest += 1;
        if entry.seq != newest {
            return Err(format!("entry {} follows entry {}", entry.seq, newest - 1).into());
        }
    }
    entries.extend(batch.entries.iter().map(|entry| JournalEntry::clone(entry)));
    Ok(newest)
}
