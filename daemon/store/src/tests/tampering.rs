//! A journal that somebody changed behind the triggers' back is found out, whatever was changed.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use trader_core::record::{Alert, JournalEntry, Record, Severity};

use super::{NOW, plain};
use crate::chain::{Head, link};
use crate::connection::execute;
use crate::schema::journal;
use crate::{Store, StoreError, TAIL};

const ROWS: u64 = 5;

/// A small journal without its triggers.
fn open_journal(folder: &tempfile::TempDir) -> Store {
    let alert = |seq| JournalEntry {
        seq,
        at: NOW.plus_seconds(i64::try_from(seq).unwrap()),
        record: Record::Alerted {
            alert: Alert {
                severity: Severity::Warning,
                kind: "late_bar".into(),
                symbol: Some("SPY".parse().unwrap()),
                message: "a bar came late".into(),
                action: "look at the feed".into(),
                standing: false,
            },
        },
    };
    let mut store = Store::open(&folder.path().join("store.db"), NOW, 1).unwrap();
    store
        .append(&[plain(1), alert(2), alert(3), plain(4), alert(5)])
        .unwrap();
    for trigger in ["update", "delete", "gaps"] {
        execute(
            store.db(),
            &format!("DROP TRIGGER journal_refuses_{trigger}"),
        )
        .unwrap();
    }
    store.verify_chain().unwrap();
    store
}

/// Changes something, expects to be found out, and takes the change back.
fn caught(store: &mut Store, what: &str, change: impl FnOnce(&mut Store)) {
    execute(store.db(), "BEGIN").unwrap();
    change(store);
    let verdict = store.verify_chain();
    assert!(
        matches!(
            verdict,
            Err(StoreError::ChainBroken { .. } | StoreError::Unreadable { .. })
        ),
        "{what} was not noticed: {verdict:?}"
    );
    execute(store.db(), "ROLLBACK").unwrap();
}

fn cell(store: &mut Store, column: &str, seq: u64) -> Option<String> {
    diesel::dsl::sql::<diesel::sql_types::Nullable<Text>>(&format!(
        "SELECT {column} FROM journal WHERE seq = {seq}"
    ))
    .get_result(store.db())
    .unwrap()
}

#[test]
fn one_changed_bit_anywhere_in_a_row_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open_journal(&folder);
    let mut changed = 0;
    for seq in 1..=ROWS {
        for column in [
            "kind",
            "symbol",
            "client_id",
            "intent",
            "payload",
            "prev",
            "hash",
        ] {
            let text = cell(&mut store, column, seq).unwrap_or_default();
            for place in 0..=text.len() {
                let mut bytes = text.clone().into_bytes();
                match bytes.get_mut(place) {
                    Some(byte) => *byte ^= 1,
                    None => bytes.push(b'x'),
                }
                let other = String::from_utf8(bytes).unwrap();
                caught(
                    &mut store,
                    &format!("row {seq} {column} {other:?}"),
                    |store| {
                        let sql = format!("UPDATE journal SET {column} = ? WHERE seq = {seq}");
                        let query = diesel::sql_query(sql).bind::<Text, _>(other);
                        assert_eq!(query.execute(store.db()).unwrap(), 1);
                    },
                );
                changed += 1;
            }
        }
        for bit in 0..63 {
            caught(&mut store, &format!("row {seq} at, bit {bit}"), |store| {
                let sql =
                    format!("UPDATE journal SET at = (at | ?1) - (at & ?1) WHERE seq = {seq}");
                let query = diesel::sql_query(sql).bind::<BigInt, _>(1_i64 << bit);
                assert_eq!(query.execute(store.db()).unwrap(), 1);
            });
        }
    }
    assert!(changed > 1000, "{changed}");
}

#[test]
fn a_removed_row_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open_journal(&folder);
    for first in 1..=ROWS {
        for last in first..=ROWS {
            caught(
                &mut store,
                &format!("removal of {first} to {last}"),
                |store| {
                    let gone = format!("DELETE FROM journal WHERE seq BETWEEN {first} AND {last}");
                    execute(store.db(), &gone).unwrap();
                },
            );
            caught(
                &mut store,
                &format!("removal of {first} to {last}, closed up"),
                |store| {
                    let gone = format!(
                        "DELETE FROM journal WHERE seq BETWEEN {first} AND {last};
                     UPDATE journal SET seq = seq - {last} + {first} - 1 WHERE seq > {last}"
                    );
                    execute(store.db(), &gone).unwrap();
                },
            );
        }
    }
}

#[test]
fn an_added_row_is_found_even_with_a_hash_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open_journal(&folder);
    for seq in 1..=ROWS + 1 {
        caught(&mut store, &format!("a row added at {seq}"), |store| {
            let prev = match seq {
                1 => Head::empty().hash,
                _ => cell(store, "hash", seq - 1).unwrap(),
            };
            let (number, at) = (i64::try_from(seq).unwrap(), NOW.nanos());
            let payload = serde_json::to_string(&plain(seq).record).unwrap();
            let kind = "account_opened";
            let hash = link(&prev, number, at, kind, &payload);
            for moved in (seq..=ROWS).rev() {
                let step = format!("UPDATE journal SET seq = seq + 1 WHERE seq = {moved}");
                execute(store.db(), &step).unwrap();
            }
            diesel::insert_into(journal::table)
                .values((
                    journal::seq.eq(number),
                    journal::at.eq(at),
                    journal::kind.eq(kind),
                    journal::payload.eq(payload),
                    journal::prev.eq(prev),
                    journal::hash.eq(hash),
                ))
                .execute(store.db())
                .unwrap();
        });
    }
}

#[test]
fn two_rows_that_changed_places_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open_journal(&folder);
    for one in 1..=ROWS {
        for other in one + 1..=ROWS {
            caught(&mut store, &format!("{one} and {other} swapped"), |store| {
                let swap = format!(
                    "UPDATE journal SET seq = 99 WHERE seq = {one};
                     UPDATE journal SET seq = {one} WHERE seq = {other};
                     UPDATE journal SET seq = {other} WHERE seq = 99"
                );
                execute(store.db(), &swap).unwrap();
            });
        }
    }
}

#[test]
fn an_opening_refuses_a_journal_whose_newest_rows_were_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open_journal(&folder);
    let path = store.path().to_owned();
    execute(
        store.db(),
        "UPDATE journal SET payload = replace(payload, '25000', '95000') WHERE seq = 4",
    )
    .unwrap();
    drop(store);
    let error = Store::open(&path, NOW, 1).unwrap_err();
    assert!(
        matches!(error, StoreError::ChainBroken { seq: 4, .. }),
        "{error}"
    );
}

#[test]
fn a_load_refuses_what_was_changed_even_far_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open_journal(&folder);
    let path = store.path().to_owned();
    let many: Vec<_> = (ROWS + 1..=ROWS + 2 * TAIL).map(plain).collect();
    store.append(&many).unwrap();
    let change = "UPDATE journal SET payload = replace(payload, '25000', '95000') WHERE seq = 4";
    execute(store.db(), change).unwrap();
    drop(store);
    let mut store = Store::open(&path, NOW, 1).unwrap();
    let error = store.load().unwrap_err();
    assert!(
        matches!(error, StoreError::ChainBroken { seq: 4, .. }),
        "{error}"
    );
}
