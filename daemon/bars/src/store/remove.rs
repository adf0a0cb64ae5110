//! Removes rows or corporate actions: first from the catalogue, then from the disk.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

use super::commit::delete;
use super::disk::Disk;
use super::error::ChangeError;
use super::{folder, load, lock, publish};
use crate::catalogue::{Catalogue, SymbolEntry};
use crate::series::Series;

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The generation of the store now.
    pub generation: u64,
    /// How many files no longer count.
    pub files: u64,
    /// The rows in them.
    pub rows: u64,
    /// Of these files, those that could not be deleted; [`super::sweep`] tries again.
    pub left_over: Vec<String>,
}

/// Removes a series, or some years of it. Works on damaged files too.
///
/// # Errors
/// The series or one of the years is not stored, or the disk refuses; nothing is changed then, with
/// the exception that [`ChangeError::Unsynced`] tells of.
pub fn remove(root: &Path, series: Series, years: Option<&[i32]>) -> Result<Removed, ChangeError> {
    remove_on(&Disk::REAL, root, series, years)
}

pub(super) fn remove_on(
    disk: &Disk<'_>,
    root: &Path,
    series: Series,
    years: Option<&[i32]>,
) -> Result<Removed, ChangeError> {
    let (_lock, mut catalogue) = locked(root)?;
    let symbol = symbol_entry(&mut catalogue, series.symbol)?;
    let Some(entry) = symbol.series.get_mut(&series.kind) else {
        return Err(unknown(series, symbol.series.keys()));
    };
    if let Some(years) = years {
        let missing = years.iter().find(|year| entry.year(**year).is_none());
        if let Some(year) = missing {
            let known = entry.files.iter().map(|file| file.year);
            return Err(unknown(format!("{series} {year}"), known));
        }
    }
    let goes = |year: i32| years.is_none_or(|years| years.contains(&year));
    let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut entry.files)
        .into_iter()
        .partition(|file| goes(file.year));
    if kept.is_empty() {
        symbol.series.remove(&series.kind);
    } else {
        entry.files = kept;
    }
    let rows = gone.iter().map(|file| file.rows);
    let rows = rows.fold(0, u64::saturating_add);
    let files = gone.iter().map(|file| folder(series).join(&file.file));
    finish(disk, root, catalogue, series.symbol, files.collect(), rows)
}

/// Removes the corporate actions of a symbol.
///
/// # Errors
/// As [`remove`].
pub fn remove_actions(root: &Path, symbol: Symbol) -> Result<Removed, ChangeError> {
    let (_lock, mut catalogue) = locked(root)?;
    let entry = symbol_entry(&mut catalogue, symbol)?;
    let Some(actions) = entry.actions.take() else {
        let what = format!("corporate actions of {symbol}");
        return Err(unknown(what, entry.series.keys()));
    };
    let file = Path::new(symbol.as_str()).join(actions.file);
    finish(&Disk::REAL, root, catalogue, symbol, vec![file], 0)
}

/// The lock and the catalogue. A store that is not there has nothing to remove.
fn locked(root: &Path) -> Result<(Option<super::Lock>, Catalogue), ChangeError> {
    let held = if root.is_dir() {
        Some(lock(root)?)
    } else {
        None
    };
    Ok((held, load(root)?))
}

fn symbol_entry(
    catalogue: &mut Catalogue,
    symbol: Symbol,
) -> Result<&mut SymbolEntry, ChangeError> {
    if catalogue.symbols.contains_key(&symbol) {
        return Ok(catalogue.symbols.entry(symbol).or_default());
    }
    Err(unknown(symbol, catalogue.symbols.keys()))
}

fn unknown<T: ToString>(what: impl ToString, known: impl Iterator<Item = T>) -> ChangeError {
    ChangeError::Unknown {
        what: what.to_string(),
        known: known.map(|name| name.to_string()).collect(),
    }
}

/// Lets the new catalogue count, then deletes the files.
fn finish(
    disk: &Disk<'_>,
    root: &Path,
    mut catalogue: Catalogue,
    symbol: Symbol,
    files: Vec<PathBuf>,
    rows: u64,
) -> Result<Removed, ChangeError> {
    if catalogue
        .symbols
        .get(&symbol)
        .is_some_and(SymbolEntry::is_empty)
    {
        catalogue.symbols.remove(&symbol);
    }
    catalogue.generation = catalogue.generation.saturating_add(1);
    publish(disk, root, &catalogue)?;
    Ok(Removed {
        generation: catalogue.generation,
        files: u64::try_from(files.len()).unwrap_or(u64::MAX),
        rows,
        left_over: delete(disk, root, files),
    })
}
