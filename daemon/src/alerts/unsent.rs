//! What was raised or ended before this start and was not told: each way remembers in the store up to which
//! number it is done, and begins after it. So an alert arrives at least once, however the daemon ends;
//! after a crash it may come a second time, under the same number.

use trader_contract::Timestamp;
use trader_core::record::{Alert, Record, Severity};
use trader_store::{Batch, EntryFilter, MAX_ROWS, Page, Reader, SettingChange, Store, StoreError};

/// Something that a way has still to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unsent {
    /// Its journal entry.
    pub(super) number: u64,
    /// When it was written.
    pub(super) at: Timestamp,
    /// The alert.
    pub(super) alert: Alert,
    /// Whether its cause has gone, and this is what is to be told.
    pub(super) over: bool,
}

/// The setting that keeps how far a way is.
#[must_use]
pub(super) fn key(way: &str) -> String {
    format!("alerts.{way}.done")
}

/// The change that remembers that a way is done with everything up to `number`.
#[must_use]
pub(super) fn done(way: &str, number: u64, at: Timestamp) -> Batch {
    change(way, Some(number), at)
}

fn change(way: &str, number: Option<u64>, at: Timestamp) -> Batch {
    Batch {
        settings: vec![SettingChange {
            key: key(way).into(),
            value: number.map(|number| number.to_string().into()),
            at,
        }],
        ..Batch::default()
    }
}

/// What a way has still to send, oldest first. A way that is new begins here and now: what was raised
/// before somebody wanted to hear of it is left alone. One that is no longer wanted is forgotten.
///
/// # Errors
/// The store cannot be read or written.
pub(super) fn resume(
    store: &mut Store,
    way: &str,
    wanted: bool,
    minimum: Severity,
    now: Timestamp,
) -> Result<Vec<Unsent>, StoreError> {
    let known = store.setting(&key(way))?;
    if !wanted {
        if known.is_some() {
            store.commit(&[change(way, None, now)])?;
        }
        return Ok(Vec::new());
    }
    let Some(after) = known.and_then(|number| number.parse::<u64>().ok()) else {
        let head = store.head().seq;
        store.commit(&[done(way, head, now)])?;
        return Ok(Vec::new());
    };
    let mut reader = Reader::open(store.path())?;
    let mut unsent = raised_after(&mut reader, after)?;
    unsent.append(&mut over_after(&mut reader, after)?);
    unsent.retain(|unsent| unsent.alert.severity >= minimum);
    unsent.sort_unstable_by_key(|unsent| unsent.number);
    Ok(unsent)
}

fn raised_after(reader: &mut Reader, mut after: u64) -> Result<Vec<Unsent>, StoreError> {
    let mut unsent = Vec::new();
    loop {
        let page = reader.alerts_after(after, MAX_ROWS)?;
        let Some(last) = page.last() else {
            return Ok(unsent);
        };
        after = last.id;
        unsent.extend(page.into_iter().map(|raised| Unsent {
            number: raised.id,
            at: raised.at,
            alert: raised.alert,
            over: false,
        }));
    }
}

/// Alerts whose cause has gone since; the newest [`MAX_ROWS`] of them.
fn over_after(reader: &mut Reader, after: u64) -> Result<Vec<Unsent>, StoreError> {
    let filter = EntryFilter {
        kind: Some("alert_cleared".into()),
        after: Some(after),
        ..EntryFilter::default()
    };
    let mut over = Vec::new();
    for entry in reader.entries(&filter, Page::newest(MAX_ROWS))? {
        let Record::AlertCleared { kind, symbol } = &entry.record else {
            continue;
        };
        if let Some(cleared) = reader.alert_cleared_at(kind, *symbol, entry.at)? {
            over.push(Unsent {
                number: entry.seq,
                at: entry.at,
                alert: cleared.alert,
                over: true,
            });
        }
    }
    Ok(over)
}
