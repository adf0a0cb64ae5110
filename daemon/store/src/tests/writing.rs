//! The writer's thread: order, backpressure, the end after a failure; answers to operators.

use std::sync::Arc;

use super::{NOW, plain};
use crate::connection::{execute, open_for_writing};
use crate::{
    Batch, OperatorRequest, Progress, QUEUE, Readers, SettingChange, Store, StoreError, Writer,
};

fn new_store(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("store.db"), NOW, 1).unwrap()
}

fn batch(seq: u64) -> Batch {
    Batch::from(vec![plain(seq)])
}

#[test]
fn batches_are_committed_in_order_and_the_store_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(&folder);
    let readers = Readers::open(store.path(), 2).unwrap();
    let writer = Writer::spawn(store).unwrap();
    for seq in 1..=50 {
        writer.submit(batch(seq)).wait().unwrap();
        let head = readers.ask(|reader| Ok(reader.info()?.head.seq)).unwrap();
        assert_eq!(head, seq, "what was waited for is there for everybody");
    }
    let progress = writer.progress();
    assert_eq!(
        progress,
        Progress {
            submitted: 50,
            answered: 50,
            committed: 50
        }
    );
    let tickets: Vec<_> = (51..=100).map(|seq| writer.submit(batch(seq))).collect();
    let mut store = writer.shut_down().unwrap();
    assert_eq!(store.next_seq(), 101, "what was queued is written");
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    store.append(&[plain(101)]).unwrap();
}

#[test]
fn a_dropped_writer_writes_what_was_queued() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(new_store(&folder)).unwrap();
    for seq in 1..=20 {
        writer.submit_then(batch(seq), |outcome| outcome.unwrap());
    }
    drop(writer);
    assert_eq!(new_store(&folder).next_seq(), 21);
}

#[test]
fn after_a_failure_everything_is_refused_with_the_first_error() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(new_store(&folder)).unwrap();
    writer.submit(batch(1)).wait().unwrap();
    let first = writer.submit(batch(3)).wait().unwrap_err();
    assert!(
        matches!(
            *first,
            StoreError::Gap {
                expected: 2,
                got: 3
            }
        ),
        "{first}"
    );
    for seq in [2, 3, 4] {
        let error = writer.submit(batch(seq)).wait().unwrap_err();
        assert!(Arc::ptr_eq(&error, &first));
    }
    assert!(Arc::ptr_eq(&writer.failure().unwrap(), &first));
    let progress = writer.progress();
    assert_eq!(
        progress,
        Progress {
            submitted: 5,
            answered: 5,
            committed: 1
        }
    );
    drop(writer.shut_down().unwrap());
    let writer = Writer::spawn(new_store(&folder)).unwrap();
    writer.submit(batch(2)).wait().unwrap();
    assert!(writer.failure().is_none());
}

#[test]
fn a_file_that_was_removed_or_replaced_is_noticed_and_nothing_more_is_written() {
    for name in ["store.db", "store.db-wal"] {
        for replaced in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let writer = Writer::spawn(new_store(&folder)).unwrap();
            writer.submit(batch(1)).wait().unwrap();
            writer.check_files().unwrap();
            let path = folder.path().join(name);
            if replaced {
                let copy = folder.path().join("copy");
                std::fs::copy(&path, &copy).unwrap();
                std::fs::rename(&copy, &path).unwrap();
            } else {
                std::fs::remove_file(&path).unwrap();
            }
            let lost = writer.check_files().unwrap_err();
            let what = if replaced { "replaced" } else { "removed" };
            let words = format!("{name} was {what}");
            assert!(lost.to_string().contains(&words), "{lost}");
            let refused = writer.submit(batch(2)).wait().unwrap_err();
            assert!(Arc::ptr_eq(&refused, &lost));
        }
    }
}

#[test]
fn a_full_queue_holds_back_who_submits_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(&folder);
    let mut blocker = open_for_writing(store.path()).unwrap();
    execute(&mut blocker, "BEGIN IMMEDIATE").unwrap();
    let writer = Writer::spawn(store).unwrap();
    let total = 4 * QUEUE as u64;
    let (order, answered) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let submitting = scope.spawn(|| {
            let mut most = 0;
            for seq in 1..=total {
                let order = order.clone();
                writer.submit_then(batch(seq), move |outcome| {
                    outcome.unwrap();
                    order.send(seq).unwrap();
                });
                let progress = writer.progress();
                most = most.max(progress.submitted - progress.answered);
            }
            most
        });
        while writer.progress().submitted <= QUEUE as u64 {
            std::thread::yield_now();
        }
        assert_eq!(writer.progress().committed, 0);
        execute(&mut blocker, "ROLLBACK").unwrap();
        let most = submitting.join().unwrap();
        assert!(most <= QUEUE as u64 + 65, "{most} were under way");
    });
    drop(writer);
    drop(order);
    assert!(answered.iter().eq(1..=total));
    assert_eq!(new_store(&folder).next_seq(), total + 1);
}

fn call(id: &str, result: Option<&str>) -> OperatorRequest {
    OperatorRequest {
        id: id.into(),
        method: "pause".into(),
        params: "{}".into(),
        uid: 1000,
        at: NOW,
        result: result.map(Into::into),
    }
}

#[test]
fn the_first_record_of_a_call_stands_and_is_answered_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = new_store(&folder);
    let mut save = |entries, request| {
        let batch = Batch {
            entries,
            requests: vec![request],
            settings: vec![],
            diary: Vec::new(),
        };
        store.commit(&[batch]).unwrap();
        store.request("r1").unwrap().unwrap()
    };
    assert_eq!(
        save(vec![plain(1).into()], call("r1", None)),
        call("r1", None)
    );
    let answered = call("r1", Some("\"paused\""));
    assert_eq!(save(vec![], answered.clone()), answered);
    assert_eq!(save(vec![], call("r1", Some("\"other\""))), answered);
    assert_eq!(save(vec![], call("r1", None)), answered);
    let foreign = OperatorRequest {
        method: "kill".into(),
        ..call("r2", Some("1"))
    };
    save(vec![], call("r2", None));
    save(vec![], foreign);
    assert_eq!(store.request("r2").unwrap().unwrap(), call("r2", None));
    assert_eq!(store.request("r3").unwrap(), None);
    assert_eq!(store.next_seq(), 2);
}

#[test]
fn a_call_is_remembered_with_its_entries_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = new_store(&folder);
    let batch = Batch {
        entries: vec![plain(2).into()],
        requests: vec![call("r1", Some("1"))],
        settings: vec![],
        diary: Vec::new(),
    };
    store.commit(&[batch]).unwrap_err();
    assert_eq!(store.request("r1").unwrap(), None);
}

#[test]
fn settings_last_until_they_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = new_store(&folder);
    let mut set = |value: Option<&str>| {
        let change = SettingChange {
            key: "armed".into(),
            value: value.map(Into::into),
            at: NOW,
        };
        let batch = Batch {
            settings: vec![change],
            ..Batch::default()
        };
        store.commit(&[batch]).unwrap();
        store.setting("armed").unwrap()
    };
    assert_eq!(set(Some("a")).as_deref(), Some("a"));
    assert_eq!(set(Some("b")).as_deref(), Some("b"));
    assert_eq!(set(None), None);
    assert_eq!(set(None), None);
}
