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
            .map(|unsent| unsent.number)
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

#[test]
fn the_end_of_an_alert_is_told_after_a_restart_to_a_way_that_did_not_tell_it_before() {
    let folder = tempfile::tempdir().unwrap();
    let now = Timestamp::from_seconds(0);
    let mut store = Store::open(&folder.path().join("store.db"), now, 1).unwrap();
    let resume =
        |store: &mut Store| unsent::resume(store, "webhook", true, Severity::Warning, now).unwrap();
    assert_eq!(resume(&mut store), []);
    let alert = Alert {
        severity: Severity::Critical,
        kind: "broker_unheard".into(),
        symbol: None,
        message: "m".into(),
        action: "a".into(),
        standing: true,
    };
    let quiet = Alert {
        severity: Severity::Notice,
        kind: "quiet".into(),
        ..alert.clone()
    };
    let cleared = |kind: &str| Record::AlertCleared {
        kind: kind.into(),
        symbol: None,
    };
    let records = [
        Record::Alerted {
            alert: alert.clone(),
        },
        Record::Alerted { alert: quiet },
        cleared("quiet"),
        cleared("broker_unheard"),
    ];
    let entries = (store.next_seq()..).zip(records);
    let entries: Vec<JournalEntry> = entries
        .map(|(seq, record)| JournalEntry {
            seq,
            at: Timestamp::from_seconds(i64::try_from(seq).unwrap()),
            record,
        })
        .collect();
    store.append(&entries).unwrap();
    let told = |unsent: &[unsent::Unsent]| -> Vec<(u64, bool)> {
        unsent
            .iter()
            .map(|unsent| (unsent.number, unsent.over))
            .collect()
    };
    let unsent = resume(&mut store);
    assert_eq!(
        told(&unsent),
        [(1, false), (4, true)],
        "in order, and what is grave enough"
    );
    assert!(unsent.iter().all(|unsent| unsent.alert == alert));
    store.commit(&[unsent::done("webhook", 1, now)]).unwrap();
    assert_eq!(told(&resume(&mut store)), [(4, true)]);
    store.commit(&[unsent::done("webhook", 4, now)]).unwrap();
    assert_eq!(resume(&mut store), []);
}
