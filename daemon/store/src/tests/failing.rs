//! Writing that fails: nothing of the batch is there afterwards, and the error says what to do.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use trader_contract::{Fact, Intent, IntentNo, Reason};
use trader_core::record::{Decision, IntentId, JournalEntry, Origin, Record};

use super::{NOW, plain};
use crate::connection::{execute, number};
use crate::{Batch, Store, StoreError};

fn new_store(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("store.db"), NOW, 1).unwrap()
}

fn large(seq: u64) -> JournalEntry {
    JournalEntry {
        record: Record::Checkpoint {
            book: "x".repeat(200_000).into(),
        },
        ..plain(seq)
    }
}

#[test]
fn a_full_disk_leaves_the_journal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = new_store(&folder);
    store.append(&[plain(1)]).unwrap();
    let pages = number(store.db(), "PRAGMA page_count").unwrap();
    execute(
        store.db(),
        &format!("PRAGMA max_page_count = {}", pages + 2),
    )
    .unwrap();
    let error = store.append(&[plain(2), large(3)]).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("free space"), "{error}");
    assert_eq!(store.next_seq(), 2);
    assert_eq!(store.load().unwrap().entries, [plain(1)]);
    store.verify_chain().unwrap();
    execute(store.db(), "PRAGMA max_page_count = 100000").unwrap();
    store.append(&[plain(2), large(3)]).unwrap();
    store.verify_chain().unwrap();
}

#[test]
fn a_gap_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = new_store(&folder);
    for wrong in [
        vec![plain(0)],
        vec![plain(2)],
        vec![plain(1), plain(3)],
        vec![plain(1), plain(1)],
    ] {
        let error = store.append(&wrong).unwrap_err();
        assert!(matches!(error, StoreError::Gap { .. }), "{error}");
    }
    let batches = [Batch::from(vec![plain(1)]), Batch::from(vec![plain(3)])];
    assert!(matches!(
        store.commit(&batches),
        Err(StoreError::Gap {
            expected: 2,
            got: 3
        })
    ));
    assert_eq!(store.load().unwrap().entries, []);
}

#[test]
fn a_record_that_would_not_read_back_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = new_store(&folder);
    for float in [f64::NAN, f64::INFINITY] {
        let entry = JournalEntry {
            record: Record::IntentTaken {
                id: IntentId {
                    session: 1,
                    number: IntentNo(1),
                },
                origin: Origin::Engine,
                symbol: "SPY".parse().unwrap(),
                intent: Intent::Exit {
                    reason: Reason {
                        rule: "rsi".into(),
                        facts: vec![("value".into(), Fact::Float(float))],
                    },
                },
                bar: None,
                seen: None,
                decision: Decision::Accepted {
                    order: None,
                    checks: vec![],
                    sizing: None,
                },
            },
            ..plain(1)
        };
        let error = store.append(&[entry]).unwrap_err();
        assert!(
            matches!(error, StoreError::Unwritable { seq: 1, .. }),
            "{error}"
        );
    }
    store.append(&[plain(1)]).unwrap();
}

#[test]
fn of_two_writers_one_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut one = new_store(&folder);
    let mut other = new_store(&folder);
    let both = std::thread::scope(|scope| {
        let first = scope.spawn(|| one.append(&[plain(1)]));
        let second = scope.spawn(|| other.append(&[plain(1)]));
        [first.join().unwrap(), second.join().unwrap()]
    });
    let told = both
        .iter()
        .filter(|outcome| matches!(outcome, Err(StoreError::OtherWriter { ours: 0, found: 1 })));
    assert_eq!(told.count(), 1, "{both:?}");
    assert_eq!(both.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    drop((one, other));
    new_store(&folder).verify_chain().unwrap();
}

#[test]
fn a_locked_database_is_reported_as_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let mut one = new_store(&folder);
    let mut other = new_store(&folder);
    execute(one.db(), "BEGIN IMMEDIATE").unwrap();
    execute(other.db(), "PRAGMA busy_timeout = 0").unwrap();
    let error = other.append(&[plain(1)]).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    assert!(error.is_transient());
    execute(one.db(), "ROLLBACK").unwrap();
    other.append(&[plain(1)]).unwrap();
}

#[test]
fn openings_at_the_same_moment_make_one_store() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let epochs: Vec<u32> = std::thread::scope(|scope| {
            let open = |epoch| {
                let path = &path;
                scope.spawn(move || Store::open(path, NOW, epoch).map(|store| store.epoch().0))
            };
            let threads = [open(1), open(2), open(3)];
            let outcomes = threads.map(|thread| thread.join().unwrap());
            outcomes
                .into_iter()
                .filter_map(|outcome| match outcome {
                    Ok(epoch) => Some(epoch),
                    Err(StoreError::Busy { .. }) => None,
                    Err(error) => panic!("{error}"),
                })
                .collect()
        });
        assert!(!epochs.is_empty());
        assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
    }
}

/// Where the test below finds its folder when it runs again as an ordinary user.
const FOLDER: &str = "TRADER_STORE_READ_ONLY_FOLDER";
const NOBODY: u32 = 65_534;

#[test]
fn a_read_only_folder_is_named() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        expect_read_only(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(Store::open(&path, NOW, 1).unwrap());
    let is_root = chown(&path, Some(NOBODY), None).is_ok();
    for (name, mode) in [(&path, 0o444), (&folder.path().to_owned(), 0o555)] {
        std::fs::set_permissions(name, PermissionsExt::from_mode(mode)).unwrap();
    }
    if !is_root {
        expect_read_only(folder.path());
        return;
    }
    // Permissions do not bind root: run the same test as somebody else.
    let program: PathBuf = std::env::current_exe().unwrap();
    let run = Command::new(program)
        .args([
            "--exact",
            "tests::failing::a_read_only_folder_is_named",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .uid(NOBODY)
        .gid(NOBODY)
        .output();
    match run {
        Ok(output) => assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => println!("skipped: cannot run as an ordinary user: {error}"),
    }
}

fn expect_read_only(folder: &Path) {
    let error = Store::open(&folder.join("store.db"), NOW, 1).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert!(
        error.to_string().contains("owns the file and its folder"),
        "{error}"
    );
    let error = Store::open(&folder.join("new.db"), NOW, 1).unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
}
