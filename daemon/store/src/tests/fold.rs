//! What comes back is what was appended, and the projections follow from it alone.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use trader_core::book::Book;
use trader_core::record::Record;

use super::NOW;
use super::generate::{self, but_checkpoints, orders_and_corrections, records};
use crate::connection::{Db, number};
use crate::{FillFilter, OrderFilter, Page, Reader, Store, projections};

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

/// How many journals each property is tried with; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").map_or(48, |cases| cases.parse().expect("a count"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_reads_every_record_as_it_was_given(
        journal in generate::journal(but_checkpoints(), 0..40), cut in 0_usize..40
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
    fn a_load_begins_with_the_last_checkpoint(journal in generate::journal(records(), 0..60)) {
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
        journal in generate::journal(records(), 1..120), sizes in proptest::collection::vec(1_usize..40, 1..10)
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

    #[test]
    fn the_orders_are_those_of_the_book(journal in generate::journal(orders_and_corrections(), 0..120)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut store = Store::open(&path, NOW, 7).unwrap();
        let mut book = Book::default();
        let mut seq = 0;
        let mut planned = BTreeSet::new();
        let mut kept = Vec::new();
        for mut entry in journal {
            // An id is planned once, ever.
            if let Record::OrderPlanned { order } = &entry.record
                && !planned.insert(order.request.client_id)
            {
                continue;
            }
            seq += 1;
            entry.seq = seq;
            book.apply(entry.at, &entry.record);
            kept.push(entry);
        }
        store.append(&kept).unwrap();
        let mut reader = Reader::open(&path).unwrap();
        let ours = reader.orders(&OrderFilter::default(), Page::newest(1000)).unwrap();
        prop_assert_eq!(ours.len(), book.orders.len());
        for ours in ours {
            let theirs = &book.orders[&ours.client_id];
            prop_assert_eq!((ours.state, ours.qty, ours.filled), (theirs.state, theirs.qty, theirs.filled));
            prop_assert_eq!(ours.filled_value, theirs.filled_value);
            prop_assert_eq!(&ours.broker_id, &theirs.broker_id);
            prop_assert_eq!(&ours.reason, &theirs.reason);
            prop_assert_eq!(
                (ours.cancel_asked, ours.replace_asked),
                (theirs.cancel_asked, theirs.replace_asked)
            );
            prop_assert_eq!(
                (ours.planned_at, ours.first_fill_at, ours.updated_at),
                (theirs.planned_at, theirs.first_fill_at, theirs.updated_at)
            );
            if ours.kind.stop().is_some() {
                prop_assert_eq!(ours.kind.stop(), theirs.stop);
            }
            let of_order = FillFilter { order: Some(ours.client_id), ..FillFilter::default() };
            let fills = reader.fills(&of_order, Page::newest(1000)).unwrap();
            let mut fills: Vec<_> = fills.into_iter().map(|fill| fill.execution).collect();
            fills.reverse();
            prop_assert_eq!(&fills, &theirs.fills);
        }
    }
}

/// The place of a record's kind; a kind that is added must be generated too.
fn place(record: &Record) -> usize {
    match record {
        Record::AccountOpened { .. } => 0,
        Record::SessionOpened { .. } => 1,
        Record::SessionClosed { .. } => 2,
        Record::IntentTaken { .. } => 3,
        Record::OrderPlanned { .. } => 4,
        Record::OrderReported { .. } => 5,
        Record::SubmitFailed { .. } => 6,
        Record::CancelAsked { .. } => 7,
        Record::ReplaceAsked { .. } => 8,
        Record::CancelFailed { .. } => 9,
        Record::ReplaceFailed { .. } => 10,
        Record::OrderDropped { .. } => 11,
        Record::StopPlanned { .. } => 12,
        Record::ExitPlanned { .. } => 13,
        Record::EntryLapsed { .. } => 14,
        Record::TradeClosed { .. } => 15,
        Record::TradingStateSet { .. } => 16,
        Record::StrategySaved { .. } => 17,
        Record::Discrepancy { .. } => 18,
        Record::Alerted { .. } => 19,
        Record::Checkpoint { .. } => 20,
        Record::CashAdopted { .. } => 21,
        Record::TradeVoided { .. } => 22,
        Record::AlertCleared { .. } => 23,
        Record::AlertAcknowledged { .. } => 24,
        Record::RunStarted { .. } => 25,
        Record::RunEnded => 26,
        Record::SubmitRepeated { .. } => 27,
        Record::Killed { .. } => 28,
        Record::KillLifted { .. } => 29,
        Record::Armed { .. } => 30,
        Record::Disarmed { .. } => 31,
        Record::SymbolBlocked { .. } => 32,
        Record::SymbolFreed { .. } => 33,
        Record::ForeignSeen { .. } => 34,
        Record::ForeignGone { .. } => 35,
        Record::PositionAdopted { .. } => 36,
        Record::SplitApplied { .. } => 37,
        Record::FillCorrected { .. } => 38,
        Record::Exposed { .. } => 39,
        Record::FlattenBegan { .. } => 40,
        Record::FlattenEnded { .. } => 41,
        Record::OverrideAsked { .. } => 42,
        Record::OverrideMissed { .. } => 43,
        Record::OverrideEnded { .. } => 44,
        Record::CashSetApart { .. } => 45,
        Record::AccountNamed { .. } => 46,
    }
}

#[test]
fn every_kind_of_record_is_tried_and_the_records_meet() {
    let mut runner = TestRunner::deterministic();
    let journal = generate::journal(records(), 3000)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let mut seen = [0; 47];
    for entry in &journal {
        seen[place(&entry.record)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("store.db"), NOW, 7).unwrap();
    store.append(&journal).unwrap();
    for (question, least) in [
        ("orders", 20),
        ("fills", 50),
        ("positions", 1),
        ("orders WHERE NOT is_open", 10),
        ("orders WHERE reason IS NOT NULL", 5),
        ("orders WHERE filled > 0", 10),
        ("intents", 3),
        ("trades", 20),
        ("alerts WHERE standing AND replaced_by IS NOT NULL", 3),
        ("alerts WHERE cleared_at IS NOT NULL", 3),
        ("alerts WHERE acknowledged_at IS NOT NULL", 3),
    ] {
        let rows = number(store.db(), &format!("SELECT count(*) FROM {question}")).unwrap();
        assert!(rows >= least, "{question}: {rows}");
    }
}
