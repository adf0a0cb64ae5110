//! The journal under audit: whether it is what was written, its head for the log, and a year of the
//! account's records for taxes and brokers' statements. Reads only, and never on the engine's thread.

mod accounts;
#[cfg(feature = "broker-sim")]
pub(crate) mod bench;
pub mod command;
mod export;
#[cfg(feature = "broker-sim")]
pub(crate) mod herald;
mod tables;

use std::path::Path;

use trader_rpc::{AuditResult, DataFault, JournalHead};
use trader_store::{Head, KeptHead, Reader, StoreError};

pub use export::{Export, ExportError, export};

/// Rows that are checked before somebody hears how far it is.
const STEP: u64 = 50_000;

const DAMAGED: &str = "stop the daemon, keep the file for inspection and restore the last backup";

/// Checks the whole journal of the store at `path`. `told` hears how many rows of how many are done.
///
/// # Errors
/// The store cannot be read; what is wrong with its journal is no error but a fault of the result.
pub fn verify(
    path: &Path,
    kept: Option<&KeptHead>,
    told: &mut dyn FnMut(u64, u64),
) -> Result<AuditResult, StoreError> {
    let mut reader = Reader::open(path)?;
    let mut head = Head::empty();
    let mut faults = Vec::new();
    let mut met = false;
    loop {
        match reader.audit(&head, STEP, kept) {
            Ok(step) => {
                met |= step.met;
                head = step.head;
                told(head.seq, step.newest.seq);
                if step.done {
                    break;
                }
            }
            Err(error) => {
                faults.push(fault(&head, error)?);
                break;
            }
        }
    }
    if let Some(kept) = kept
        && !met
        && faults.is_empty()
    {
        faults.push(not_met(&head, kept));
    }
    Ok(AuditResult {
        rows: head.seq,
        head: on_the_wire(&head),
        against: kept.map(ToString::to_string),
        faults,
    })
}

/// The head as clients read it.
fn on_the_wire(head: &Head) -> JournalHead {
    JournalHead {
        seq: head.seq,
        hash: head.hash.clone(),
    }
}

/// What an error says of the journal; one that says nothing of it stays an error.
fn fault(head: &Head, error: StoreError) -> Result<DataFault, StoreError> {
    let (place, what) = match error {
        StoreError::ChainBroken { seq, what } => (format!("journal row {seq}"), what),
        StoreError::Unreadable { wanted, value, .. } => (
            format!("journal, after row {}", head.seq),
            format!("{value} stands where a {wanted} belongs"),
        ),
        StoreError::Corrupt { detail } => (format!("journal, after row {}", head.seq), detail),
        other => return Err(other),
    };
    Ok(DataFault {
        place,
        what,
        next: DAMAGED.to_owned(),
    })
}

/// The journal holds together, and the head that somebody kept is not in it.
fn not_met(head: &Head, kept: &KeptHead) -> DataFault {
    let (place, what) = match kept.seq {
        Some(seq) if seq > head.seq => (
            format!("journal row {seq}"),
            format!(
                "the row that was kept is gone: the journal ends with row {}, so its end was cut off",
                head.seq
            ),
        ),
        Some(seq) => (
            format!("journal row {seq}"),
            "its hash is not the one that was kept: the journal was written anew at this row or before"
                .to_owned(),
        ),
        None => (
            "journal".to_owned(),
            format!(
                "none of its {} rows has the hash that was kept: it was written anew, or its end was \
                 cut off",
                head.seq
            ),
        ),
    };
    DataFault {
        place,
        what,
        next: format!("make sure that {kept} is of this store; then {DAMAGED}"),
    }
}
