//! A check of a journal that is too long for one block, in parts, against heads that were kept; and
//! projections that are not what the journal makes.

use trader_core::record::{JournalEntry, Record};

use super::NOW;
use super::example::{append, fixture, opening_of_the_trade};
use crate::connection::execute;
use crate::{After, Difference, Head, KeptHead, Reader, Store, StoreError};

/// More than two blocks, so that both threads check.
const MANY: u64 = 9_500;

fn exposed(seq: u64) -> JournalEntry {
    JournalEntry {
        seq,
        at: NOW.plus_nanos(i64::try_from(seq).unwrap()),
        record: Record::Exposed {
            symbol: "SPY".parse().unwrap(),
            share_micros: seq,
        },
    }
}

/// A long journal without its triggers.
fn long() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("store.db"), NOW, 1).unwrap();
    let entries: Vec<_> = (1..=MANY).map(exposed).collect();
    store.append(&entries).unwrap();
    for trigger in ["update", "delete", "gaps"] {
        let drop = format!("DROP TRIGGER journal_refuses_{trigger}");
        execute(store.db(), &drop).unwrap();
    }
    (folder, store)
}

/// What a change is found as: the row that is named.
fn found(store: &mut Store, change: &str) -> u64 {
    execute(store.db(), "BEGIN").unwrap();
    execute(store.db(), change).unwrap();
    let verdict = store.verify_chain();
    execute(store.db(), "ROLLBACK").unwrap();
    match verdict {
        Err(StoreError::ChainBroken { seq, .. }) => seq,
        other => panic!("{change}: {other:?}"),
    }
}

#[test]
fn whatever_is_changed_in_a_long_journal_is_found_at_its_row() {
    let (_folder, mut store) = long();
    assert_eq!(store.verify_chain().unwrap().seq, MANY);
    // At the edges of blocks, and anywhere.
    let edges = [1, 2, 1_999, 2_000, 2_001, 4_000, 4_001, 6_000, 8_001, MANY];
    for seq in edges.into_iter().chain((1..MANY).step_by(977)) {
        let changed = format!("UPDATE journal SET at = at + 1 WHERE seq = {seq}");
        assert_eq!(found(&mut store, &changed), seq);
        let symbol = format!("UPDATE journal SET symbol = 'QQQ' WHERE seq = {seq}");
        assert_eq!(found(&mut store, &symbol), seq);
        let bytes = format!(
            "UPDATE journal SET payload = CAST(x'ff' AS TEXT) || payload WHERE seq = {seq}"
        );
        assert_eq!(found(&mut store, &bytes), seq);
        let gone = format!("DELETE FROM journal WHERE seq = {seq}");
        assert_eq!(found(&mut store, &gone), seq);
        let closed_up = format!("{gone}; UPDATE journal SET seq = seq - 1 WHERE seq > {seq}");
        assert_eq!(found(&mut store, &closed_up), seq);
        if seq < MANY {
            let cut = format!("DELETE FROM journal WHERE seq > {seq}");
            assert_eq!(found(&mut store, &cut), seq + 1);
        }
    }
}

#[test]
fn parts_come_to_the_whole_and_a_kept_head_is_met_where_it_is() {
    let (folder, mut store) = long();
    let end = store.verify_chain().unwrap();
    let mut reader = Reader::open(&folder.path().join("store.db")).unwrap();
    let kept: KeptHead = end.to_string().parse().unwrap();
    let (mut head, mut met) = (Head::empty(), Vec::new());
    loop {
        let step = reader.audit(&head, 2_500, Some(&kept)).unwrap();
        assert_eq!(step.newest, end);
        head = step.head;
        met.push((head.seq, step.met, step.done));
        if step.done {
            break;
        }
    }
    assert_eq!(
        met,
        [
            (2_500, false, false),
            (5_000, false, false),
            (7_500, false, false),
            (MANY, true, true)
        ]
    );
    // A head that was checked before is no longer there.
    let other = Head {
        seq: 2_500,
        ..Head::empty()
    };
    assert!(matches!(
        reader.audit(&other, 10, None),
        Err(StoreError::ChainBroken { seq: 2_500, .. })
    ));
}

#[test]
fn an_end_that_was_cut_off_with_the_head_is_found_by_a_kept_head_alone() {
    let (folder, mut store) = long();
    let kept: KeptHead = store.verify_chain().unwrap().to_string().parse().unwrap();
    let cut = format!(
        "DELETE FROM journal WHERE seq > {0}; UPDATE meta SET head_seq = {0}, \
         head_hash = (SELECT hash FROM journal WHERE seq = {0})",
        MANY - 1
    );
    execute(store.db(), &cut).unwrap();
    let mut reader = Reader::open(&folder.path().join("store.db")).unwrap();
    let step = reader.audit(&Head::empty(), u64::MAX, Some(&kept)).unwrap();
    assert!(step.done && !step.met, "{step:?}");
    assert_eq!(step.head.seq, MANY - 1);
}

#[test]
fn projections_are_compared_row_by_row_and_kept_only_if_asked() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    let sound = store.compare_projections(After::Forget).unwrap();
    assert_eq!((sound.different, sound.differences.len()), (0, 0));
    assert_eq!(sound.head, *store.head());
    let rows = |table| {
        sound
            .tables
            .iter()
            .find(|(name, _)| *name == table)
            .unwrap()
            .1
    };
    assert!(rows("orders") > 0 && rows("positions") == 1, "{sound:?}");

    let harm = "UPDATE positions SET net = net + 1; DELETE FROM fills;";
    execute(store.db(), harm).unwrap();
    let harmed = store.compare_projections(After::Forget).unwrap();
    assert_eq!(harmed.different, 1 + rows("fills"));
    let position = harmed.differences.iter().find(|d| d.table == "positions");
    let Some(Difference {
        stood: Some(stood),
        rebuilt: Some(rebuilt),
        ..
    }) = position
    else {
        panic!("{harmed:?}");
    };
    assert_ne!(stood, rebuilt);
    let fill = harmed.differences.iter().find(|d| d.table == "fills");
    assert!(fill.is_some_and(|d| d.stood.is_none() && d.rebuilt.is_some()));
    // Nothing has changed, and then it has.
    assert_eq!(reader.counts().unwrap().fills, 0);
    assert_eq!(store.compare_projections(After::Keep).unwrap(), harmed);
    assert_eq!(reader.counts().unwrap().fills, rows("fills"));
    assert_eq!(store.compare_projections(After::Forget).unwrap(), sound);
}

#[test]
fn projections_are_not_made_of_a_journal_that_was_changed() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    let before = reader.counts().unwrap();
    let change =
        "DROP TRIGGER journal_refuses_update; UPDATE journal SET at = at + 1 WHERE seq = 2";
    execute(store.db(), change).unwrap();
    assert!(matches!(
        store.compare_projections(After::Keep),
        Err(StoreError::ChainBroken { seq: 2, .. })
    ));
    assert_eq!(reader.counts().unwrap(), before);
}
