//! Opening a store: what is made, what is refused, what stays as it was.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use diesel::prelude::*;
use trader_contract::Epoch;

use super::{NOW, plain};
use crate::connection::{Db, execute, number};
use crate::{Reader, Store, StoreError};

#[test]
fn a_restart_loads_what_was_appended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a?b#c%41 d.db");
    let mut store = Store::open(&path, NOW, 42).unwrap();
    store.append(&[plain(1), plain(2)]).unwrap();
    store.append(&[]).unwrap();
    store.append(&[plain(3)]).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.counts().unwrap().entries, 3);
    drop((store, reader));

    let mut store = Store::open(&path, NOW.plus_seconds(9), 43).unwrap();
    let recovery = store.load().unwrap();
    assert_eq!((recovery.epoch.0, recovery.next_seq), (42, 4));
    assert_eq!(recovery.entries, [plain(1), plain(2), plain(3)]);
    assert_eq!(store.created_at(), NOW);
    assert_eq!(&store.verify_chain().unwrap(), store.head());
}

#[test]
fn a_restored_store_gets_a_generation_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    Store::open(&path, NOW, 1).unwrap().renew_epoch(2).unwrap();
    assert_eq!(Store::open(&path, NOW, 3).unwrap().epoch(), Epoch(2));
    let info = Reader::open(&path).unwrap().info().unwrap();
    assert_eq!((info.epoch, info.created_at), (Epoch(2), NOW));
}

#[test]
fn the_files_are_for_their_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("store.db"), NOW, 1).unwrap();
    store.append(&[plain(1)]).unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
        seen += 1;
    }
    assert_eq!(seen, 3, "database, log and its index");
}

#[test]
fn a_commit_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("store.db"), NOW, 1).unwrap();
    let db = store.db();
    assert_eq!(number(db, "PRAGMA synchronous").unwrap(), 2);
    assert_eq!(number(db, "PRAGMA foreign_keys").unwrap(), 1);
    assert_eq!(number(db, "PRAGMA busy_timeout").unwrap(), 5000);
    assert_eq!(
        crate::connection::text(db, "PRAGMA journal_mode").unwrap(),
        "wal"
    );
}

/// Opens the file, expects a refusal, and that not a byte was changed.
fn refused(path: &Path) -> StoreError {
    let before = std::fs::read(path).unwrap();
    let error = Store::open(path, NOW, 1).unwrap_err();
    assert!(std::fs::read(path).unwrap() == before, "changed: {error}");
    error
}

#[test]
fn a_database_of_a_newer_release_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path, NOW, 1).unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    execute(store.db(), newer).unwrap();
    drop(store);
    let error = refused(&path);
    assert!(
        matches!(&error, StoreError::Newer { found, known } if found == "99990101000000" && known.starts_with("2026")),
        "{error}"
    );
    assert!(matches!(Reader::open(&path), Err(StoreError::Newer { .. })));
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contacts.db");
    let mut db = Db::establish(path.to_str().unwrap()).unwrap();
    execute(&mut db, "CREATE TABLE contacts (name TEXT)").unwrap();
    drop(db);
    assert!(matches!(refused(&path), StoreError::NotOurs { .. }));
    assert!(matches!(
        Reader::open(&path),
        Err(StoreError::NotOurs { .. })
    ));
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "Dear Sir or Madam, ".repeat(100)).unwrap();
    assert!(matches!(refused(&path), StoreError::Corrupt { .. }));
}

#[test]
fn an_empty_file_becomes_a_store_and_a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::fs::write(&path, "").unwrap();
    Store::open(&path, NOW, 1).unwrap();
    let error = Store::open(&folder.path().join("no/such.db"), NOW, 1).unwrap_err();
    assert!(
        error.to_string().contains("check that its folder exists"),
        "{error}"
    );
    assert!(matches!(
        Reader::open(&folder.path().join("none.db")),
        Err(StoreError::Open { .. })
    ));
    assert!(!folder.path().join("none.db").exists());
}

/// Expects that `path` is refused as damaged by whoever opens it, in the words for a damaged store.
fn refused_as_damaged(path: &Path) {
    let errors = [
        Store::open(path, NOW, 2).map(drop).unwrap_err(),
        Reader::open(path).map(drop).unwrap_err(),
        Store::is_current(path).map(drop).unwrap_err(),
        Store::copy(path, &path.with_extension("copy")).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        let words = "keep the file for inspection and restore the last backup";
        assert!(error.to_string().ends_with(words), "{error}");
    }
}

#[test]
fn a_database_that_was_lost_beside_its_log_is_refused_and_the_log_stays() {
    let folder = tempfile::tempdir().unwrap();
    let used = folder.path().join("used.db");
    let mut store = Store::open(&used, NOW, 1).unwrap();
    store.append(&[plain(1), plain(2)]).unwrap();
    for companion in ["-wal", "-shm"] {
        let path = folder.path().join(format!("lost{companion}.db"));
        let beside = folder.path().join(format!("lost{companion}.db{companion}"));
        let bytes = std::fs::read(folder.path().join(format!("used.db{companion}"))).unwrap();
        assert!(!bytes.is_empty());
        std::fs::write(&beside, &bytes).unwrap();
        refused_as_damaged(&path);
        assert!(!path.exists(), "nothing is made");
        std::fs::write(&path, "").unwrap();
        refused_as_damaged(&path);
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        assert!(std::fs::read(&beside).unwrap() == bytes, "{companion}");
    }
    drop(store);
}

/// A closed store of some hundred rows, and its bytes.
fn closed_store(path: &Path) -> Vec<u8> {
    let mut store = Store::open(path, NOW, 1).unwrap();
    let entries: Vec<_> = (1..=300).map(plain).collect();
    store.append(&entries).unwrap();
    drop(store);
    std::fs::read(path).unwrap()
}

/// Opens a damaged copy. It may be refused, or be what it was; nothing else.
fn survives(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    std::fs::write(path, bytes).unwrap();
    let outcome = Store::open(path, NOW, 2).and_then(|mut store| {
        store.verify_chain()?;
        assert_eq!(store.load()?.entries.len(), 300);
        store.rebuild_projections()
    });
    for companion in ["-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(companion);
        let _ = std::fs::remove_file(name);
    }
    outcome
}

#[test]
fn a_damaged_header_is_refused_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = closed_store(&folder.path().join("store.db"));
    let copy = folder.path().join("copy.db");
    survives(&copy, &bytes).unwrap();
    let mut refused = 0;
    for place in 0..100 {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x55;
        if let Err(error) = survives(&copy, &damaged) {
            assert!(
                matches!(
                    error,
                    StoreError::Corrupt { .. }
                        | StoreError::NotOurs { .. }
                        | StoreError::ReadOnly { .. }
                        | StoreError::Setting { .. }
                        | StoreError::Other { .. }
                ),
                "byte {place}: {error:?}"
            );
            refused += 1;
        }
    }
    assert!(refused >= 20, "{refused}");
}

#[test]
fn a_damaged_page_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = closed_store(&folder.path().join("store.db"));
    let copy = folder.path().join("copy.db");
    let size = 4096;
    assert!(bytes.len() > 20 * size);
    for page in 1..bytes.len() / size {
        let mut damaged = bytes.clone();
        damaged[page * size..(page + 1) * size].fill(0xaa);
        let error = survives(&copy, &damaged).unwrap_err();
        assert!(
            matches!(error, StoreError::Corrupt { .. }),
            "page {page}: {error}"
        );
    }
    let cut = &bytes[..bytes.len() / 2];
    assert!(survives(&copy, cut).is_err(), "half a file");
}
