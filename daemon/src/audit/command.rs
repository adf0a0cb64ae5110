//! What `traderd audit` and `traderd db` do: the same checks without a daemon.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use trader_rpc::AuditResult;
use trader_store::{After, Comparison, KeptHead, Store};

use crate::exit::{self, Failure};
use crate::state::{self, STORE_FILE};
use crate::{audit, clock};

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(exit::FAILED, error)
}

/// The database below a state folder.
fn store(state: &Path) -> Result<PathBuf, Failure> {
    let path = state.join(STORE_FILE);
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::new(
        exit::STATE,
        format!(
            "there is no store at {}; name the daemon's state folder with --state-dir",
            path.display()
        ),
    ))
}

/// Checks the journal below a state folder, whether a daemon runs or not. Gives what was found, and
/// whether it is sound.
///
/// # Errors
/// It cannot be read.
pub fn verify(
    state: &Path,
    kept: Option<&KeptHead>,
    json: bool,
) -> Result<(String, bool), Failure> {
    let result = audit::verify(&store(state)?, kept, &mut |_, _| {}).map_err(failed)?;
    let text = if json {
        let text = serde_json::to_string(&result);
        text.map_err(|error| Failure::new(exit::BUG, error))?
    } else {
        in_words(&result)
    };
    Ok((text + "\n", result.faults.is_empty()))
}

fn in_words(result: &AuditResult) -> String {
    let faults = result.faults.iter().map(|fault| {
        format!(
            "FAULT  {}: {}\n  next: {}\n",
            fault.place, fault.what, fault.next
        )
    });
    let faults: String = faults.collect();
    let (seq, hash) = (result.head.seq, &result.head.hash);
    let sound = format!(
        "{} rows are as they were written; head {seq}:{hash}",
        result.rows
    );
    match (&result.against, faults.is_empty()) {
        (Some(kept), true) => format!("{sound}\nholds {kept}"),
        _ => format!("{faults}{sound}"),
    }
}

/// Makes the projections anew from the journal and compares them with what stood. Gives what was found,
/// and whether everything was equal.
///
/// # Errors
/// A daemon has the state folder, the journal is not what was written, or the store cannot be written.
pub fn rebuild(state: &Path, check: bool, json: bool) -> Result<(String, bool), Failure> {
    let path = store(state)?;
    let _lock = state::take(state)?;
    if check && !Store::is_current(&path).map_err(failed)? {
        return Err(failed(
            "the store has the schema of an older release, and opening it would change it; run this \
             without --check, or start the daemon once",
        ));
    }
    let mut store = Store::open(&path, clock::now(), 0).map_err(failed)?;
    let after = if check { After::Forget } else { After::Keep };
    let compared = store.compare_projections(after).map_err(failed)?;
    let text = if json {
        as_json(&compared, check).to_string()
    } else {
        told(&compared, check)
    };
    Ok((text + "\n", compared.different == 0))
}

fn as_json(compared: &Comparison, check: bool) -> serde_json::Value {
    let row = |text: &Option<String>| {
        text.as_deref()
            .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
    };
    let differences = compared.differences.iter().map(|difference| {
        serde_json::json!({
            "table": difference.table,
            "key": difference.key,
            "stood": row(&difference.stood),
            "rebuilt": row(&difference.rebuilt),
        })
    });
    let tables = compared
        .tables
        .iter()
        .map(|(table, rows)| ((*table).to_owned(), (*rows).into()));
    serde_json::json!({
        "head": { "seq": compared.head.seq, "hash": compared.head.hash },
        "tables": tables.collect::<serde_json::Map<String, serde_json::Value>>(),
        "different": compared.different,
        "differences": differences.collect::<Vec<_>>(),
        "written": !check,
    })
}

fn told(compared: &Comparison, check: bool) -> String {
    let mut text = String::new();
    for difference in &compared.differences {
        let row = |row: &Option<String>| row.clone().unwrap_or_else(|| "no row".to_owned());
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{} {}\n  stood    {}\n  rebuilt  {}",
            difference.table,
            difference.key,
            row(&difference.stood),
            row(&difference.rebuilt)
        );
    }
    let tables: Vec<String> = compared
        .tables
        .iter()
        .map(|(table, rows)| format!("{table} {rows}"))
        .collect();
    let what = match (compared.different, check) {
        (0, _) => "what stood is what the journal makes".to_owned(),
        (rows, true) => format!("rows that differ: {rows}; nothing was changed"),
        (rows, false) => format!("rows that differed: {rows}; they are now what the journal makes"),
    };
    let _ = write!(
        text,
        "from {} journal rows: {}\n{what}",
        compared.head.seq,
        tables.join(", ")
    );
    text
}
