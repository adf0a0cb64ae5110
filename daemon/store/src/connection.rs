//! The connection that everything here runs on, and what is particular to SQLite: opening a file,
//! its pragmas and its integrity check. The rest of the crate speaks diesel's query language only,
//! so that a second kind of connection replaces this file.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::StoreError;

/// The connection in use.
pub(crate) type Db = diesel::SqliteConnection;
/// Its backend.
pub(crate) type Backend = diesel::sqlite::Sqlite;

/// `PRAGMA application_id` of our databases: "TRDR". The first migration writes it.
const APPLICATION_ID: i64 = 0x5452_4452;
/// How long a statement waits for another connection's lock, in milliseconds.
const BUSY_TIMEOUT_MS: u32 = 5000;
/// What lies beside a database that is in use, or was when its process died: its log and its index.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Makes the file for its owner only, unless it exists or was lost. SQLite gives its companions the
/// same mode.
pub(crate) fn create_file(path: &Path) -> Result<(), StoreError> {
    refuse_lost(path)?;
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot_open(path, error.to_string())),
    }
}

/// Opens the file for writing; it must exist.
pub(crate) fn open_for_writing(path: &Path) -> Result<Db, StoreError> {
    connect(path, "rw")
}

/// Opens the file for reading only; it must exist.
pub(crate) fn open_for_reading(path: &Path) -> Result<Db, StoreError> {
    let mut db = connect(path, "ro")?;
    execute(&mut db, "PRAGMA query_only = ON")?;
    Ok(db)
}

fn connect(path: &Path, mode: &str) -> Result<Db, StoreError> {
    refuse_lost(path)?;
    let mut db =
        Db::establish(&uri(path, mode)?).map_err(|error| cannot_open(path, error.to_string()))?;
    execute(&mut db, &format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}"))?;
    Ok(db)
}

/// Refuses a database that is gone or empty while its log or the log's index is still beside it: SQLite
/// would take it for a new one and remove the log, with all that it alone holds.
fn refuse_lost(path: &Path) -> Result<(), StoreError> {
    // The companions first: another process that makes the store just now writes the database before.
    let Some(companion) = COMPANIONS
        .into_iter()
        .map(|ending| beside(path, ending))
        .find(|companion| companion.symlink_metadata().is_ok())
    else {
        return Ok(());
    };
    let what = match path.metadata() {
        Ok(file) if file.len() == 0 => "empty",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "gone",
        // What is wrong otherwise, opening it tells.
        Ok(_) | Err(_) => return Ok(()),
    };
    Err(StoreError::Corrupt {
        detail: format!(
            "{} is {what}, but {} of its journal is there; nothing was changed",
            path.display(),
            companion.display()
        ),
    })
}

/// The log of a database.
pub(crate) fn log(path: &Path) -> PathBuf {
    beside(path, COMPANIONS[0])
}

/// A file that SQLite keeps beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn cannot_open(path: &Path, why: String) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        why,
    }
}

/// The path as SQLite's URI, so that a mode can be given and nothing in the path is read as one.
fn uri(path: &Path, mode: &str) -> Result<String, StoreError> {
    let text = path
        .to_str()
        .ok_or_else(|| cannot_open(path, "the path is not UTF-8".to_owned()))?;
    let mut uri = String::from("file:");
    for c in text.chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    // `file://name/..` would make the first part a host.
    let uri = uri.replacen("file://", "file:///", usize::from(text.starts_with("//")));
    Ok(format!("{uri}?mode={mode}"))
}

/// Says whether the file is one of ours: `false` for an empty one, an error for anything else.
/// Reads only, and at one moment: another process may be making the store just now.
pub(crate) fn is_ours(db: &mut Db, path: &Path) -> Result<bool, StoreError> {
    db.transaction(|db| {
        if number(db, "PRAGMA application_id")? == APPLICATION_ID {
            return Ok(true);
        }
        let tables = number(
            db,
            "SELECT count(*) FROM sqlite_master WHERE name NOT IN \
             ('__diesel_schema_migrations', 'sqlite_autoindex___diesel_schema_migrations_1')",
        )?;
        if tables == 0 {
            Ok(false)
        } else {
            Err(StoreError::NotOurs {
                path: path.to_owned(),
            })
        }
    })
}

/// Sets what the journal rests on, and reads back that it is so.
pub(crate) fn make_durable(db: &mut Db) -> Result<(), StoreError> {
    let mode = text(db, "PRAGMA journal_mode = WAL")?;
    if mode != "wal" {
        return Err(setting("journal_mode", "wal", mode));
    }
    execute(db, "PRAGMA synchronous = FULL")?;
    let level = number(db, "PRAGMA synchronous")?;
    if level != 2 {
        return Err(setting("synchronous", "2", level.to_string()));
    }
    execute(db, "PRAGMA foreign_keys = ON")?;
    let keys = number(db, "PRAGMA foreign_keys")?;
    if keys != 1 {
        return Err(setting("foreign_keys", "1", keys.to_string()));
    }
    Ok(())
}

fn setting(setting: &'static str, wanted: &'static str, got: String) -> StoreError {
    StoreError::Setting {
        setting,
        wanted,
        got,
    }
}

/// Runs SQLite's own check of the file's structure.
pub(crate) fn check_structure(db: &mut Db) -> Result<(), StoreError> {
    let verdict = text(db, "PRAGMA quick_check(1)")?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(StoreError::Corrupt { detail: verdict })
    }
}

pub(crate) fn execute(db: &mut Db, sql: &str) -> Result<(), StoreError> {
    use diesel::connection::SimpleConnection;
    Ok(db.batch_execute(sql)?)
}

pub(crate) fn number(db: &mut Db, sql: &str) -> Result<i64, StoreError> {
    Ok(diesel::dsl::sql::<BigInt>(sql).get_result(db)?)
}

pub(crate) fn text(db: &mut Db, sql: &str) -> Result<String, StoreError> {
    Ok(diesel::dsl::sql::<Text>(sql).get_result(db)?)
}
