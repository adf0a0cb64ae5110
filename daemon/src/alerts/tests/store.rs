//! What did not arrive before a start, as the store remembers it.

use trader_core::record::{Alert, JournalEntry, Record};
use trader_store::Store;

use super::*;
use crate::alerts::unsent;

fn alerts(store: &mut Store, severities: &[Severity]) {
    let entries: Vec<JournalEntry> = (store.next_seq()..)
        .zip(severities)
        .map(|(seq, severity)| JournalEntry {
            seq,
            at: Timestamp::from_seconds(0),
            record: Record::Alerted {
                alert: Alert {
                    severity: *severity,
                    kind: "not_flat".into(),
                    symbol: None,
                    message: "m".into(),
                    action: "a".into(),
                    standing: false,
                },
            },
        })
        .collect();
    store.append(&entries).unwrap();
}

#[test]
fn a_way_begins_where_it_was_wanted_first_and_goes_on_where_it_was() {
    use Severity::{Critical, Notice, Warning};
    let folder = tempfile::tempdir().unwrap();
    let now = Timestamp::from_seconds(0);
    let mut store = Store::open(&folder.path().join("store.db"), now, 1).unwrap();
    let left = |store: &mut Store, wanted| {
        let unsent = unsent::resume(store, "webhook", wanted, Warning, now).unwrap();
        unsent
            .into_iter()
            .map(|raised| raised.id)
            .collect::<Vec<_>>()
    };
    alerts(&mut store, &[Critical, Critical]);
    assert_eq!(
        left(&mut store, true),
        [0_u64; 0],
        "nobody wanted to hear of them"
    );
    alerts(&mut store, &[Critical, Notice, Warning]);
    assert_eq!(left(&mut store, true), [3, 5]);
    assert_eq!(left(&mut store, true), [3, 5], "until they are done");
    store.commit(&[unsent::done("webhook", 3, now)]).unwrap();
    assert_eq!(left(&mut store, true), [5]);
    // Turned off and on again it begins anew.
    assert_eq!(left(&mut store, false), [0_u64; 0]);
    alerts(&mut store, &[Critical]);
    assert_eq!(left(&mut store, true), [0_u64; 0]);
    alerts(&mut store, &[Critical]);
    assert_eq!(left(&mut store, true), [7]);
    let other = unsent::resume(&mut store, "command", true, Notice, now).unwrap();
    assert_eq!(other, []);
}
