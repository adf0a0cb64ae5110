//! What people write about trades: it stands beside the ledger, can be edited, and every edit is kept.

use super::example::{ALL, append, end_of_the_trade, fixture, opening_of_the_trade, second};
use crate::connection::execute;
use crate::{Batch, DiaryChange, DiaryEdit, DiaryPage, Reader, Store, TradeFilter};

fn tags(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| Box::from(*name)).collect()
}

fn edit(store: &mut Store, trade: u64, at: i64, change: DiaryChange) {
    let edit = DiaryEdit {
        trade,
        at: second(at),
        uid: 1000,
        request: format!("call-{at}").into(),
        change,
    };
    let batch = Batch {
        diary: vec![edit],
        ..Batch::default()
    };
    store.commit(&[batch]).unwrap();
}

fn note(text: &str) -> DiaryChange {
    DiaryChange::Note(Some(text.into()))
}

fn tagged(add: &[&str], remove: &[&str]) -> DiaryChange {
    DiaryChange::Tags {
        add: tags(add),
        remove: tags(remove),
    }
}

fn found(reader: &mut Reader, names: &[&str]) -> usize {
    let filter = TradeFilter {
        tags: tags(names),
        ..TradeFilter::default()
    };
    reader.trades(&filter, ALL).unwrap().len()
}

#[test]
fn what_is_written_stands_until_it_is_edited_and_every_edit_is_kept() {
    let (_folder, mut store, mut reader) = fixture();
    append(&mut store, opening_of_the_trade());
    append(&mut store, end_of_the_trade());
    let trade = reader.trades(&TradeFilter::default(), ALL).unwrap()[0].id;
    let head = store.head().clone();

    edit(&mut store, trade, 1, note("too early"));
    edit(
        &mut store,
        trade,
        2,
        tagged(&["setup", "late", "late"], &[]),
    );
    edit(&mut store, trade, 3, note("too early; no volume"));
    edit(
        &mut store,
        trade,
        4,
        tagged(&["setup", "trend"], &["late", "none"]),
    );
    assert_eq!(
        reader.diary_page(trade).unwrap(),
        DiaryPage {
            note: Some("too early; no volume".into()),
            tags: tags(&["setup", "trend"]),
        }
    );
    assert_eq!(found(&mut reader, &["setup"]), 1);
    assert_eq!(found(&mut reader, &["setup", "trend"]), 1);
    assert_eq!(found(&mut reader, &["setup", "late"]), 0);

    // Only what changed something is in the history, the newest first.
    let edits = reader.diary_edits(trade, 10).unwrap();
    let changes: Vec<DiaryChange> = edits.iter().map(|past| past.edit.change.clone()).collect();
    assert_eq!(
        changes,
        [
            tagged(&["trend"], &["late"]),
            note("too early; no volume"),
            tagged(&["setup", "late"], &[]),
            note("too early"),
        ]
    );
    let last = &edits[0].edit;
    assert_eq!(
        (last.uid, &*last.request, last.at),
        (1000, "call-4", second(4))
    );

    // The journal is as it was, and projections made anew leave the diary alone.
    assert_eq!(store.head(), &head);
    store.rebuild_projections().unwrap();
    assert_eq!(found(&mut reader, &["trend"]), 1);
    edit(&mut store, trade, 5, DiaryChange::Note(None));
    assert_eq!(reader.diary_page(trade).unwrap().note, None);
    assert_eq!(reader.diary_edits(trade, 10).unwrap().len(), 5);
}

#[test]
fn the_history_refuses_to_be_rewritten() {
    let (_folder, mut store, _reader) = fixture();
    edit(&mut store, 7, 1, note("as it was"));
    for statement in [
        "UPDATE trade_edits SET note = 'nicer'",
        "DELETE FROM trade_edits",
    ] {
        let error = execute(store.db(), statement).unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}
