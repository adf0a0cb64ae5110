//! The check of a whole journal: every row against its hash, its columns and the row before, on two
//! threads; and whether a head that somebody kept is still in it.

use std::fmt;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable};

use crate::StoreError;
use crate::chain::Head;
use crate::column::{count, row_number};
use crate::connection::Db;
use crate::journal::{self, Row};
use crate::store::read_head;

/// Rows that are read by one statement and checked by one thread at a time.
const BLOCK: u32 = 2_000;
/// A block ends early with so many bytes of records: a checkpoint alone can have a megabyte, and a store of
/// quiet days has little else.
const BLOCK_BYTES: usize = 4 << 20;
/// Blocks that may wait for the helping thread; with more waiting, who reads checks too.
const WAITING: usize = 2;

/// A head that somebody kept outside the store: from the log, from a day's summary or on paper.
/// Written as `SEQ:HASH`, or as the hash alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptHead {
    /// The row's number, where it was kept too.
    pub seq: Option<u64>,
    /// The row's hash as 64 hexadecimal digits.
    pub hash: String,
}

impl KeptHead {
    /// Whether this row is the one that was kept.
    #[must_use]
    pub fn is(&self, head: &Head) -> bool {
        self.hash == head.hash && self.seq.is_none_or(|seq| seq == head.seq)
    }
}

impl fmt::Display for KeptHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "{seq}:{}", self.hash),
            None => f.write_str(&self.hash),
        }
    }
}

/// A text that is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no head of a journal: write SEQ:HASH or the hash, which has 64 hexadecimal digits"
)]
pub struct NoHead(String);

impl FromStr for KeptHead {
    type Err = NoHead;
    fn from_str(text: &str) -> Result<Self, NoHead> {
        let refused = || NoHead(text.to_owned());
        let (seq, hash) = match text.split_once(':') {
            Some((seq, hash)) => (Some(seq.parse().map_err(|_| refused())?), hash),
            None => (None, text),
        };
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let hash = hash.to_ascii_lowercase();
        Ok(Self { seq, hash })
    }
}

/// How far a check has come without finding anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// The last row that was checked.
    pub head: Head,
    /// The newest row of the journal at that moment.
    pub newest: Head,
    /// Whether that is all there is.
    pub done: bool,
    /// Whether one of the rows is the one that was kept.
    pub met: bool,
}

/// A row as the file has it. Text that was damaged may be no text, so it comes as bytes.
type RawRow = (
    i64,
    i64,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
);
type RawColumns = (
    BigInt,
    BigInt,
    Binary,
    Nullable<Binary>,
    Nullable<Binary>,
    Nullable<Binary>,
    Binary,
    Binary,
    Binary,
);

/// Rows that follow each other.
struct Links {
    /// What the first of them follows.
    from: Head,
    /// The last of them.
    to: Head,
    /// Whether one of them is the one that was kept.
    met: bool,
}

/// Checks the rows after `after`, at most so many; it must be one that was checked before, or the
/// start. All of it sees one moment if the caller holds a transaction.
pub(crate) fn audit(
    db: &mut Db,
    after: &Head,
    most: u64,
    kept: Option<&KeptHead>,
) -> Result<Audited, StoreError> {
    let newest = read_head(db)?;
    if journal::hash_of(db, after.seq)? != after.hash {
        return Err(StoreError::ChainBroken {
            seq: after.seq,
            what: "its hash is not the one that was checked before".to_owned(),
        });
    }
    let (blocks, done) = check_all(db, after.seq, most, kept)?;
    let mut head = after.clone();
    let mut met = kept.is_some_and(|kept| kept.is(after));
    for block in blocks {
        let links = block?;
        follows(&head, &links.from)?;
        head = links.to;
        met |= links.met;
    }
    // At the newest row only another look tells whether anything stands behind it.
    let ends_well = head == newest || !done && head.seq < newest.seq;
    if ends_well {
        return Ok(Audited {
            head,
            newest,
            done,
            met,
        });
    }
    Err(StoreError::ChainBroken {
        seq: head.seq.min(newest.seq).saturating_add(1),
        what: format!(
            "the journal ends with row {}, and row {} was the newest when it was written",
            head.seq, newest.seq
        ),
    })
}

fn follows(head: &Head, from: &Head) -> Result<(), StoreError> {
    let what = if head.seq != from.seq {
        "the row is missing"
    } else if head.hash != from.hash {
        "it does not follow the row before"
    } else {
        return Ok(());
    };
    Err(StoreError::ChainBroken {
        seq: head.seq.saturating_add(1),
        what: what.to_owned(),
    })
}

type Checked = Result<Links, StoreError>;

/// Reads and checks block after block; says too whether that was the end. A block that does not hold
/// ends it. What is not yet known is whether the blocks follow each other.
fn check_all(
    db: &mut Db,
    mut seq: u64,
    most: u64,
    kept: Option<&KeptHead>,
) -> Result<(Vec<Checked>, bool), StoreError> {
    let (blocks, waiting) = sync_channel::<(usize, Vec<RawRow>)>(WAITING);
    std::thread::scope(|scope| {
        let mut helper = None;
        let mut waiting = Some(waiting);
        let mut checked = Vec::new();
        let mut left = most;
        let mut number = 0_usize;
        let done = loop {
            let wanted = left.min(u64::from(BLOCK));
            let rows = if wanted == 0 {
                Vec::new()
            } else {
                read(db, seq, wanted)?
            };
            let Some(last) = rows.last() else {
                break wanted > 0;
            };
            seq = count("journal", last.0)?;
            left = left.saturating_sub(u64::try_from(rows.len()).unwrap_or(u64::MAX));
            // The first block may be all there is.
            if number == 1
                && let Some(waiting) = waiting.take()
            {
                helper = Some(scope.spawn(move || help(&waiting, kept)));
            }
            let mine = match (&helper, blocks.try_send((number, rows))) {
                (Some(_), Ok(())) => None,
                (_, Err(TrySendError::Full(block) | TrySendError::Disconnected(block))) => {
                    Some(block)
                }
                (None, Ok(())) => waiting.as_ref().and_then(|waiting| waiting.try_recv().ok()),
            };
            if let Some((number, rows)) = mine {
                let links = check(&rows, kept);
                let broken = links.is_err();
                checked.push((number, links));
                if broken {
                    break false;
                }
            }
            number = number.saturating_add(1);
        };
        drop(blocks);
        match helper.map(std::thread::ScopedJoinHandle::join) {
            Some(Ok(more)) => checked.extend(more),
            None => {}
            Some(Err(_)) => {
                return Err(StoreError::Other {
                    message: "a thread that checked the journal has ended by a bug".to_owned(),
                });
            }
        }
        checked.sort_by_key(|(number, _)| *number);
        Ok((checked.into_iter().map(|(_, links)| links).collect(), done))
    })
}

/// Checks what waits until there is no more.
fn help(
    waiting: &Receiver<(usize, Vec<RawRow>)>,
    kept: Option<&KeptHead>,
) -> Vec<(usize, Checked)> {
    let blocks = waiting.iter();
    blocks
        .map(|(number, rows)| (number, check(&rows, kept)))
        .collect()
}

/// Checks rows that should follow each other.
fn check(rows: &[RawRow], kept: Option<&KeptHead>) -> Checked {
    let mut from = None;
    let mut to = Head::empty();
    let mut met = false;
    for raw in rows {
        let row = text(raw)?;
        if from.is_none() {
            to = Head {
                seq: count::<u64>("journal", row.seq)?.saturating_sub(1),
                hash: row.prev.clone(),
            };
            from = Some(to.clone());
        }
        to = row.check(&to)?;
        met |= kept.is_some_and(|kept| kept.is(&to));
    }
    Ok(Links {
        from: from.unwrap_or_else(Head::empty),
        to,
        met,
    })
}

/// The next rows: at most so many, and no more than a block has.
fn read(db: &mut Db, after: u64, most: u64) -> Result<Vec<RawRow>, StoreError> {
    let rows = diesel::dsl::sql::<RawColumns>(
        "SELECT seq, at, CAST(kind AS BLOB), CAST(symbol AS BLOB), CAST(client_id AS BLOB), \
         CAST(intent AS BLOB), CAST(payload AS BLOB), CAST(prev AS BLOB), CAST(hash AS BLOB) \
         FROM journal WHERE seq > ",
    )
    .bind::<BigInt, _>(row_number(after))
    .sql(" ORDER BY seq LIMIT ")
    .bind::<BigInt, _>(row_number(most));
    let mut block: Vec<RawRow> = Vec::new();
    let mut bytes = 0_usize;
    for row in rows.load_iter::<RawRow, DefaultLoadingMode>(db)? {
        let row = row?;
        bytes = bytes.saturating_add(row.6.len());
        block.push(row);
        if bytes >= BLOCK_BYTES {
            break;
        }
    }
    Ok(block)
}

/// The row, where all its text is text.
fn text(raw: &RawRow) -> Result<Row, StoreError> {
    let (seq, at, kind, symbol, client_id, intent, payload, prev, hash) = raw;
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(StoreError::ChainBroken {
            seq: count("journal", *seq)?,
            what: "it holds bytes that are no text".to_owned(),
        }),
    };
    let some = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(text).transpose();
    Ok(Row {
        seq: *seq,
        at: *at,
        kind: text(kind)?,
        symbol: some(symbol)?,
        client_id: some(client_id)?,
        intent: some(intent)?,
        payload: text(payload)?,
        prev: text(prev)?,
        hash: text(hash)?,
    })
}

#[cfg(test)]
mod tests {
    use trader_contract::Timestamp;
    use trader_core::record::{JournalEntry, Record};

    use super::*;
    use crate::{Reader, Store};

    #[test]
    fn rows_of_a_megabyte_are_not_all_held_at_once() {
        const ROWS: u64 = 24;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut store = Store::open(&path, Timestamp::MIN, 1).unwrap();
        let book: Box<str> = "x".repeat(1 << 20).into();
        for seq in 1..=ROWS {
            let record = Record::Checkpoint { book: book.clone() };
            let at = Timestamp::MIN;
            store.append(&[JournalEntry { seq, at, record }]).unwrap();
        }
        let mut db = crate::connection::open_for_reading(&path).unwrap();
        let block = read(&mut db, 0, BLOCK.into()).unwrap();
        let bytes: usize = block.iter().map(|row| row.6.len()).sum();
        assert!(bytes < BLOCK_BYTES.saturating_add(2 << 20), "{bytes}");
        let checked = Reader::open(&path)
            .unwrap()
            .audit(&Head::empty(), u64::MAX, None)
            .unwrap();
        assert_eq!((checked.head.seq, checked.done), (ROWS, true));
        assert_eq!(&checked.head, store.head());
    }

    #[test]
    fn a_kept_head_is_a_hash_with_or_without_its_row() {
        let hash = "0a".repeat(32);
        let head = Head {
            seq: 17,
            hash: hash.clone(),
        };
        for (text, is) in [
            (hash.clone(), true),
            (hash.to_uppercase(), true),
            (format!("17:{hash}"), true),
            (format!("18:{hash}"), false),
            ("0b".repeat(32), false),
        ] {
            let kept: KeptHead = text.parse().unwrap();
            assert_eq!(kept.is(&head), is, "{text}");
            assert_eq!(kept.to_string(), text.to_lowercase());
        }
        for bad in ["", "17:", "x:0a", "17", &hash[1..], &format!("-1:{hash}")] {
            let error = bad.parse::<KeptHead>().unwrap_err().to_string();
            assert!(error.contains("64 hexadecimal digits"), "{error}");
        }
    }
}
