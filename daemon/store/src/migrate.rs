//! Brings a database to the schema that this program knows, and refuses a newer one.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::StoreError;
use crate::connection::{Backend, Db};

/// The migrations, compiled in.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

fn failed(error: &dyn std::error::Error) -> StoreError {
    StoreError::from_message(&error.to_string())
}

/// The versions of the migrations that this program has, oldest first.
fn known() -> Result<Vec<String>, StoreError> {
    use diesel::migration::MigrationSource;
    let migrations =
        MigrationSource::<Backend>::migrations(&MIGRATIONS).map_err(|e| failed(&*e))?;
    let mut versions: Vec<String> = migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort();
    Ok(versions)
}

/// Refuses a database with a migration that this program does not have. Reads only.
pub(crate) fn refuse_newer(db: &mut Db) -> Result<(), StoreError> {
    let table = "SELECT count(*) FROM sqlite_master WHERE name = '__diesel_schema_migrations'";
    if crate::connection::number(db, table)? == 0 {
        return Ok(());
    }
    let known = known()?;
    let applied = db.applied_migrations().map_err(|e| failed(&*e))?;
    let unknown = applied
        .iter()
        .map(ToString::to_string)
        .filter(|version| !known.contains(version))
        .max();
    match unknown {
        None => Ok(()),
        Some(found) => Err(StoreError::Newer {
            found,
            known: known.last().cloned().unwrap_or_default(),
        }),
    }
}

/// Whether a migration of this program has not run on the database. Reads only.
pub(crate) fn is_pending(db: &mut Db) -> Result<bool, StoreError> {
    let applied = db.applied_migrations().map_err(|e| failed(&*e))?;
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    Ok(known()?.iter().any(|version| !applied.contains(version)))
}

/// Runs what is pending, all of it or nothing; says whether anything was. Who opens the same file
/// at the same moment waits, and then finds nothing to do.
pub(crate) fn run_pending(db: &mut Db) -> Result<bool, StoreError> {
    db.immediate_transaction(|db| {
        let run = db
            .run_pending_migrations(MIGRATIONS)
            .map_err(|e| failed(&*e))?;
        Ok(!run.is_empty())
    })
}
