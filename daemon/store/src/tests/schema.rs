//! The schema: migrations that undo themselves, columns that are what the code thinks, triggers
//! that keep the journal as it was written.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::MigrationHarness;

use super::{NOW, plain};
use crate::connection::{Db, execute};
use crate::migrate::MIGRATIONS;
use crate::{Store, StoreError};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(db: &mut Db, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(db).unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

fn dump(db: &mut Db) -> Vec<String> {
    lines(
        db,
        "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master
         WHERE name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY 1",
    )
}

#[test]
fn the_migrations_undo_themselves() {
    let mut db = Db::establish(":memory:").unwrap();
    db.run_pending_migrations(MIGRATIONS).unwrap();
    let first = dump(&mut db);
    assert!(first.len() > 20, "{first:#?}");
    let reverted = db.revert_all_migrations(MIGRATIONS).unwrap();
    assert!(reverted.len() >= 2);
    let left = dump(&mut db);
    assert!(
        left.iter().all(|line| line.contains("__diesel")),
        "{left:#?}"
    );
    db.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(dump(&mut db), first);
}

/// `table.column type` of every column in `schema.rs`, as SQLite would list it.
fn declared() -> Vec<String> {
    let mut table = String::new();
    let mut columns = Vec::new();
    for line in include_str!("../schema.rs").lines() {
        if let Some((name, _)) = line.trim().split_once(" (") {
            table = name.to_owned();
        } else if let Some((name, kind)) = line.trim().trim_end_matches(',').split_once(" -> ") {
            let (kind, null) = match kind.strip_prefix("Nullable<") {
                Some(inner) => (inner.trim_end_matches('>'), ""),
                None => (kind, " NOT NULL"),
            };
            let kind = match kind {
                "BigInt" | "Bool" => "INTEGER",
                "Text" => "TEXT",
                other => panic!("{other} is no portable column type"),
            };
            columns.push(format!("{table}.{name} {kind}{null}"));
        }
    }
    columns.sort();
    columns
}

#[test]
fn the_code_knows_the_columns_that_the_migrations_make() {
    let mut db = Db::establish(":memory:").unwrap();
    db.run_pending_migrations(MIGRATIONS).unwrap();
    let made = lines(
        &mut db,
        "SELECT m.name || '.' || c.name || ' ' || c.type ||
                CASE c.\"notnull\" WHEN 1 THEN ' NOT NULL' ELSE '' END AS line
         FROM sqlite_master m, pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name <> '__diesel_schema_migrations' ORDER BY 1",
    );
    assert_eq!(declared(), made);
    let loose = "SELECT name AS line FROM pragma_table_list WHERE schema = 'main' AND NOT strict
                 AND name NOT LIKE 'sqlite%' AND name <> '__diesel_schema_migrations'";
    assert_eq!(lines(&mut db, loose), [""; 0], "tables that are not STRICT");
}

#[test]
fn the_journal_refuses_every_change_but_the_next_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("store.db"), NOW, 1).unwrap();
    store.append(&[plain(1), plain(2), plain(3)]).unwrap();
    let columns = "symbol, client_id, intent, payload, prev, hash";
    for (statement, refusal) in [
        ("UPDATE journal SET at = 0 WHERE seq = 2", "append-only"),
        ("UPDATE journal SET payload = payload", "append-only"),
        ("DELETE FROM journal WHERE seq = 3", "append-only"),
        ("DELETE FROM journal", "append-only"),
        (
            &format!(
                "INSERT OR REPLACE INTO journal SELECT seq, 0, kind, {columns} FROM journal WHERE seq = 3"
            ),
            "must follow",
        ),
        (
            &format!(
                "REPLACE INTO journal SELECT seq, 0, kind, {columns} FROM journal WHERE seq = 1"
            ),
            "must follow",
        ),
        (
            &format!(
                "INSERT INTO journal SELECT 5, at, kind, {columns} FROM journal WHERE seq = 3"
            ),
            "must follow",
        ),
        (
            &format!(
                "INSERT INTO journal SELECT 4, at, kind, {columns} FROM journal WHERE seq = 3"
            ),
            "must follow",
        ),
        (
            &format!(
                "INSERT INTO journal SELECT 0, at, kind, {columns} FROM journal WHERE seq = 3"
            ),
            "must follow",
        ),
    ] {
        let error = execute(store.db(), statement).unwrap_err();
        assert!(
            matches!(&error, StoreError::Other { message } if message.contains(refusal)),
            "{statement}: {error}"
        );
    }
    let rows: i64 = diesel::dsl::sql::<BigInt>("SELECT count(*) FROM journal")
        .get_result(store.db())
        .unwrap();
    assert_eq!(rows, 3);
    store.verify_chain().unwrap();
    store.append(&[plain(4)]).unwrap();
}
