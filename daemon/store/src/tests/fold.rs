//! What comes back is what was appended, and the projections follow from it alone.

use diesel::prelude::*;
use diesel::sql_types::Text;
use proptest::prelude::*;
use trader_core::record::Record;

use super::{NOW, generate};
use crate::connection::{Db, number};
use crate::{Store, projections};

const PROJECTIONS: [&str; 7] = [
    "orders",
    "fills",
    "positions",
    "trades",
    "intents",
    "days",
    "alerts",
];

/// Every cell of every projection, with its type.
fn dump(db: &mut Db) -> Vec<String> {
    let mut all = Vec::new();
    for table in PROJECTIONS {
        let columns: Vec<String> = diesel::dsl::sql::<Text>(&format!(
            "SELECT 'coalesce(typeof(\"' || name || '\") || hex(\"' || name || '\"), ''null'')'
             FROM pragma_table_info('{table}')"
        ))
        .load(db)
        .unwrap();
        let rows: Vec<String> = diesel::dsl::sql::<Text>(&format!(
            "SELECT '{table} ' || {} FROM {table} ORDER BY 1",
            columns.join(" || ' ' || ")
        ))
        .load(db)
        .unwrap();
        all.extend(rows);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_reads_every_record_as_it_was_given(
        journal in generate::journal(0..40, false), cut in 0_usize..40
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let (first, second) = journal.split_at(cut.min(journal.len()));
        let mut store = Store::open(&path, NOW, 7).unwrap();
        store.append(first).unwrap();
        drop(store);
        let mut store = Store::open(&path, NOW, 8).unwrap();
        store.append(second).unwrap();
        drop(store);
        let mut store = Store::open(&path, NOW, 9).unwrap();
        let recovery = store.load().unwrap();
        prop_assert_eq!(recovery.epoch.0, 7);
        prop_assert_eq!(recovery.next_seq, journal.len() as u64 + 1);
        prop_assert_eq!(recovery.entries, journal);
        store.verify_chain().unwrap();
    }

    #[test]
    fn a_load_begins_with_the_last_checkpoint(journal in generate::journal(0..60, true)) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("store.db"), NOW, 7).unwrap();
        store.append(&journal).unwrap();
        let start = journal
            .iter()
            .rposition(|entry| matches!(entry.record, Record::Checkpoint { .. }))
            .unwrap_or(0);
        let recovery = store.load().unwrap();
        prop_assert_eq!(recovery.entries.as_slice(), &journal[start..]);
        prop_assert_eq!(recovery.next_seq, journal.len() as u64 + 1);
    }

    #[test]
    fn the_projections_can_be_made_anew(
        journal in generate::journal(1..120, false), sizes in proptest::collection::vec(1_usize..40, 1..10)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("store.db"), NOW, 7).unwrap();
        let mut rest = journal.as_slice();
        for size in sizes.iter().cycle() {
            let (batch, later) = rest.split_at((*size).min(rest.len()));
            store.append(batch).unwrap();
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        let stood = dump(store.db());
        store.rebuild_projections().unwrap();
        prop_assert_eq!(dump(store.db()), stood.as_slice());
        // From nothing, too: what was there before does not matter.
        projections::clear(store.db()).unwrap();
        for table in PROJECTIONS {
            prop_assert_eq!(number(store.db(), &format!("SELECT count(*) FROM {table}")).unwrap(), 0);
        }
        store.rebuild_projections().unwrap();
        prop_assert_eq!(dump(store.db()), stood);
    }
}
