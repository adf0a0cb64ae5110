//! Looks at every file of a store: whether it is what was stored, holds what the catalogue says, and
//! whether there is anything else. Reads only; can run beside imports.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

use super::disk::Lock;
use super::error::{CatalogueError, FileError, FileProblem};
use super::prepare::MarkExtended;
use super::read::{Opened, actions_error, checked, open};
use super::strays::strays;
use super::{Store, header, load};
use crate::catalogue::{ActionsEntry, Catalogue, FileEntry, SeriesEntry};
use crate::encoding;
use crate::row;
use crate::series::Series;

/// Something wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The file, from the store's folder.
    pub file: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// What a look at a store found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Files looked at.
    pub files: u64,
    /// Rows read.
    pub rows: u64,
    /// What is wrong; empty for a sound store.
    pub faults: Vec<Fault>,
}

/// Checks all files of a store, or of one symbol, against the catalogue and the calendar.
///
/// # Errors
/// The catalogue cannot be read, or the folder cannot be listed.
pub fn verify(
    store: &Store,
    symbol: Option<Symbol>,
    mark: &MarkExtended<'_>,
) -> Result<Verified, CatalogueError> {
    let look = Look {
        store,
        symbol,
        mark,
    };
    let mut sound = BTreeSet::new();
    // A commit may take files away meanwhile: then look at what is new. If that never ends, what is
    // missing is reported.
    let mut verified = Verified::default();
    for _ in 0..ATTEMPTS {
        let catalogue = store.catalogue()?;
        verified = look.at_files(&catalogue, &mut sound);
        if store.catalogue()?.generation == catalogue.generation {
            break;
        }
    }
    add_strays(store.root(), symbol, &mut verified)?;
    Ok(verified)
}

/// How often to look again because the store changed meanwhile.
const ATTEMPTS: usize = 5;

struct Look<'a> {
    store: &'a Store,
    symbol: Option<Symbol>,
    mark: &'a MarkExtended<'a>,
}

impl Look<'_> {
    /// Looks at the files but for those found sound before.
    fn at_files(&self, catalogue: &Catalogue, sound: &mut BTreeSet<(Series, String)>) -> Verified {
        let mut verified = Verified::default();
        let wanted = |name: Symbol| self.symbol.is_none_or(|only| only == name);
        for (series, entry) in catalogue.all().filter(|(s, _)| wanted(s.symbol)) {
            for file in &entry.files {
                verified.files = verified.files.saturating_add(1);
                let key = (series, file.file.clone());
                let error = if sound.contains(&key) {
                    None
                } else {
                    self.rows_fault(series, entry, file)
                };
                match error {
                    None => {
                        verified.rows = verified.rows.saturating_add(file.rows);
                        sound.insert(key);
                    }
                    Some(error) => verified.faults.push(fault(error)),
                }
            }
        }
        let symbols = catalogue.symbols.iter().filter(|(name, _)| wanted(**name));
        for (name, entry) in symbols {
            if let Some(actions) = &entry.actions {
                verified.files = verified.files.saturating_add(1);
                verified.faults.extend(self.actions_fault(*name, actions));
            }
        }
        verified
    }

    fn rows_fault(
        &self,
        series: Series,
        entry: &SeriesEntry,
        file: &FileEntry,
    ) -> Option<FileError> {
        let opened = match Opened::open(self.store.root(), series, file.clone()) {
            Ok(opened) => opened,
            Err(error) => return Some(error),
        };
        let content = match opened.content() {
            Ok(content) => content,
            Err(error) => return Some(error),
        };
        let header = header(series, entry);
        let problem = match encoding::decode_all(content, &header) {
            Ok((rows, extended)) => self.content_problem(series, file, &rows, &extended),
            Err(error) => Some(error.into()),
        };
        problem.map(|problem| opened.error(problem))
    }

    /// What does not agree between the rows, their marks, the catalogue and the calendar.
    fn content_problem(
        &self,
        series: Series,
        file: &FileEntry,
        rows: &crate::rows::Rows,
        extended: &[bool],
    ) -> Option<FileProblem> {
        let other = |what: String| Some(FileProblem::Other(what));
        let count = |length| u64::try_from(length).unwrap_or(u64::MAX);
        if count(rows.len()) != file.rows {
            return other(format!(
                "it has {} rows, the catalogue says {}",
                rows.len(),
                file.rows
            ));
        }
        if let Err(error) = row::check(rows, series.kind) {
            return other(error.to_string());
        }
        if row::span(rows) != Some((file.first, file.last)) {
            return other("its first or last row is not the catalogue's".to_owned());
        }
        let marked = count(extended.iter().filter(|mark| **mark).count());
        if marked != file.extended {
            let wanted = file.extended;
            return other(format!(
                "{marked} rows are marked extended, the catalogue says {wanted}"
            ));
        }
        match (self.mark)(series.kind, rows) {
            Err(error) => other(error.to_string()),
            Ok(wanted) if wanted != extended => {
                let places = wanted.iter().zip(extended);
                let differing = places.filter(|(a, b)| a != b).count();
                other(format!(
                    "{differing} rows are marked extended against the calendar, or not marked"
                ))
            }
            Ok(_) => None,
        }
    }

    fn actions_fault(&self, symbol: Symbol, actions: &ActionsEntry) -> Option<Fault> {
        let path = Path::new(symbol.as_str()).join(&actions.file);
        let content = open(self.store.root(), &path)
            .and_then(|file| checked(&file, actions.bytes, &actions.sha256));
        let problem = content.err()?;
        Some(fault(actions_error(symbol, &path, problem)))
    }
}

fn fault(error: FileError) -> Fault {
    Fault {
        file: error.file,
        what: error.problem.to_string(),
        remedy: error.advice,
    }
}

/// Adds the files that the catalogue does not name. Under the lock: a commit under way has such.
fn add_strays(
    root: &Path,
    symbol: Option<Symbol>,
    verified: &mut Verified,
) -> Result<(), CatalogueError> {
    let unreadable = |source| CatalogueError::Unreadable {
        path: root.to_owned(),
        source,
    };
    let _lock = Lock::shared(root).map_err(unreadable)?;
    let catalogue = load(root)?;
    for stray in strays(root, &catalogue).map_err(unreadable)? {
        if symbol.is_some_and(|symbol| !stray.path.starts_with(symbol.as_str())) {
            continue;
        }
        let (what, remedy) = if stray.is_ours {
            (
                "the catalogue does not name it: an interrupted import left it",
                "nothing: it does not count, and the next start of the daemon deletes it",
            )
        } else {
            (
                "it is not of the store",
                "move it elsewhere; the store never touches it",
            )
        };
        verified.faults.push(Fault {
            file: stray.path.display().to_string(),
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        });
    }
    Ok(())
}
