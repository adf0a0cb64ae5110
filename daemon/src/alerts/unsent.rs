//! What was raised before this start and did not arrive: each way remembers in the store up to which
//! number it is done, and begins after it. So an alert arrives at least once, however the daemon ends;
//! after a crash it may come a second time, under the same number.

use trader_contract::Timestamp;
use trader_core::record::Severity;
use trader_store::{Batch, MAX_ROWS, RaisedAlert, Reader, SettingChange, Store, StoreError};

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
) -> Result<Vec<RaisedAlert>, StoreError> {
    let known = store.setting(&key(way))?;
    if !wanted {
        if known.is_some() {
            store.commit(&[change(way, None, now)])?;
        }
        return Ok(Vec::new());
    }
    let Some(mut after) = known.and_then(|number| number.parse::<u64>().ok()) else {
        let head = store.head().seq;
        store.commit(&[done(way, head, now)])?;
        return Ok(Vec::new());
    };
    let mut reader = Reader::open(store.path())?;
    let mut unsent = Vec::new();
    loop {
        let page = reader.alerts_after(after, MAX_ROWS)?;
        let Some(last) = page.last() else {
            return Ok(unsent);
        };
        after = last.id;
        unsent.extend(
            page.into_iter()
                .filter(|raised| raised.alert.severity >= minimum),
        );
    }
}
