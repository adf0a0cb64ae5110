//! The projections held against the journal: made anew from it beside what stood, and compared row by
//! row.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::audit::audit;
use crate::chain::Head;
use crate::connection::{Db, execute, number};
use crate::store::{Store, make_projections_anew};
use crate::{StoreError, projections};

/// Differences that are told row by row; more are counted.
pub const DIFFERENCES_MAX: u32 = 1_000;

/// A row of a projection that is not what the journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// The row's primary key.
    pub key: String,
    /// The row that stood, as JSON; `None` if there was none.
    pub stood: Option<String>,
    /// The row that the journal makes, as JSON; `None` if it makes none.
    pub rebuilt: Option<String>,
}

/// What came of making the projections anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The newest row of the journal that they were made from.
    pub head: Head,
    /// The tables, each with the rows that the journal makes.
    pub tables: Vec<(&'static str, u64)>,
    /// How many rows differ.
    pub different: u64,
    /// Those rows, at most [`DIFFERENCES_MAX`] of a table.
    pub differences: Vec<Difference>,
}

/// What happens to the projections that were made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// They take the place of what stood.
    Keep,
    /// They are forgotten: nothing has changed.
    Forget,
}

impl Store {
    /// Checks the journal, makes the projections anew from it and compares them with what stood, all
    /// in one transaction.
    ///
    /// # Errors
    /// The journal is not what was written, or the database cannot be read or written; the projections
    /// stay as they were.
    pub fn compare_projections(&mut self, after: After) -> Result<Comparison, StoreError> {
        let mut comparison = None;
        let kept = self.db().immediate_transaction(|db| {
            comparison = Some(compare(db)?);
            match after {
                After::Keep => Ok(()),
                After::Forget => Err(Left::Forgotten),
            }
        });
        match (kept, comparison) {
            (Ok(()) | Err(Left::Forgotten), Some(comparison)) => Ok(comparison),
            (Err(Left::Failed(error)), _) => Err(error),
            (_, None) => Err(StoreError::Other {
                message: "the projections were not compared".to_owned(),
            }),
        }
    }
}

/// Why a transaction was taken back.
enum Left {
    Forgotten,
    Failed(StoreError),
}

impl From<StoreError> for Left {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<diesel::result::Error> for Left {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

fn compare(db: &mut Db) -> Result<Comparison, StoreError> {
    let head = audit(db, &Head::empty(), u64::MAX, None)?.head;
    for table in projections::TABLES {
        execute(
            db,
            &format!("CREATE TEMP TABLE stood_{table} AS SELECT * FROM main.{table}"),
        )?;
    }
    make_projections_anew(db)?;
    let mut comparison = Comparison {
        head,
        tables: Vec::new(),
        different: 0,
        differences: Vec::new(),
    };
    for table in projections::TABLES {
        let rows = number(db, &format!("SELECT count(*) FROM main.{table}"))?;
        let rows = crate::column::count(table, rows)?;
        comparison.tables.push((table, rows));
        let (different, differences) = differences(db, table)?;
        comparison.different = comparison.different.saturating_add(different);
        comparison.differences.extend(differences);
        execute(db, &format!("DROP TABLE temp.stood_{table}"))?;
    }
    Ok(comparison)
}

/// How many rows of a table differ, and which.
fn differences(db: &mut Db, table: &'static str) -> Result<(u64, Vec<Difference>), StoreError> {
    let columns: Vec<(String, i64)> = diesel::dsl::sql::<(Text, BigInt)>(&format!(
        "SELECT name, pk FROM pragma_table_info('{table}') ORDER BY cid"
    ))
    .load(db)?;
    let cells: Vec<String> = columns
        .iter()
        .map(|(name, _)| format!("'{name}', \"{name}\""))
        .collect();
    let cells = cells.join(", ");
    let key: Vec<String> = columns
        .iter()
        .filter(|(_, pk)| *pk > 0)
        .map(|(name, _)| format!("CAST(\"{name}\" AS TEXT)"))
        .collect();
    let key = key.join(" || ' ' || ");
    let (stood, made) = (format!("temp.stood_{table}"), format!("main.{table}"));
    let both = format!(
        "SELECT {key} AS k, json_object({cells}) AS stood, NULL AS made \
           FROM (SELECT * FROM {stood} EXCEPT SELECT * FROM {made}) \
         UNION ALL \
         SELECT {key}, NULL, json_object({cells}) \
           FROM (SELECT * FROM {made} EXCEPT SELECT * FROM {stood})"
    );
    let different = number(db, &format!("SELECT count(DISTINCT k) FROM ({both})"))?;
    let rows: Vec<(String, Option<String>, Option<String>)> =
        diesel::dsl::sql::<(Text, Nullable<Text>, Nullable<Text>)>(&format!(
            "SELECT k, max(stood), max(made) FROM ({both}) GROUP BY k \
             ORDER BY length(k), k LIMIT {DIFFERENCES_MAX}"
        ))
        .load(db)?;
    let rows = rows.into_iter().map(|(key, stood, rebuilt)| Difference {
        table,
        key,
        stood,
        rebuilt,
    });
    Ok((crate::column::count(table, different)?, rows.collect()))
}
