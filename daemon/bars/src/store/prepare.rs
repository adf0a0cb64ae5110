//! Prepares an import: merges new rows with the stored ones of the same years and writes the files
//! that result into a staging folder. Changes nothing of the store.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trader_contract::Symbol;

use super::disk::Disk;
use super::error::{FileProblem, PrepareError, on};
use super::read::Opened;
use super::{Store, header};
use crate::catalogue::{ActionsEntry, Adjustment, FileEntry, SeriesEntry};
use crate::checksum::Checksum;
use crate::dates::{self, Range};
use crate::encoding;
use crate::merge::{Conflict, ImportCounts, OnConflict, merge};
use crate::row::{self, UnfitRow, with_rows};
use crate::rows::Rows;
use crate::series::{Kind, Series};

/// Tells of each row whether it lies outside the regular session; refuses a row that lies where
/// nothing trades. [`crate::mark_each`] makes one of a question about a time.
pub type MarkExtended<'a> = dyn Fn(Kind, &Rows) -> Result<Vec<bool>, UnfitRow> + 'a;

/// Rows on their way into the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Whose and of which kind they are.
    pub series: Series,
    /// The rows, in order.
    pub rows: Rows,
    /// Where they come from.
    pub source: String,
    /// Which exchanges they cover.
    pub feed: String,
    /// What to do where they contradict stored rows.
    pub on_conflict: OnConflict,
}

/// What a prepared import brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contents {
    /// Rows.
    Rows {
        /// Their series.
        series: Series,
        /// Where they come from.
        source: String,
        /// Which exchanges they cover.
        feed: String,
        /// The staged files, oldest year first.
        files: Vec<FileEntry>,
    },
    /// Splits and dividends.
    Actions {
        /// Whose.
        symbol: Symbol,
        /// The staged file; `None` if the same content is stored already.
        file: Option<ActionsEntry>,
    },
}

/// A prepared import: what its files are, and the state of the store that they fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The generation of the store that it was prepared on.
    pub base_generation: u64,
    /// What it brings.
    pub contents: Contents,
    /// The stored files whose place the staged ones take, by their names.
    pub supersedes: Vec<String>,
    /// What became of the rows; of corporate actions, of the file.
    pub counts: ImportCounts,
}

/// Deletes what was staged unless the import is complete.
struct Staging<'a> {
    folder: &'a Path,
    written: Vec<PathBuf>,
}

impl Staging<'_> {
    fn write(&mut self, name: &str, content: &[u8]) -> Result<(), PrepareError> {
        let path = self.folder.join(name);
        self.written.push(path.clone());
        let written = Disk::REAL.write(&path, content);
        written.map_err(on("write", &path))?;
        Ok(())
    }

    fn keep(mut self) {
        self.written.clear();
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        for path in &self.written {
            // A file that stays behind is swept with its folder.
            let _ = fs::remove_file(path);
        }
    }
}

/// Prepares rows. `staging` must be on the store's file system: see [`Store::staging`].
///
/// # Errors
/// The rows are refused, as a whole; the store is as before and the staging folder without files.
pub fn prepare(
    store: &Store,
    import: Import,
    mark: &MarkExtended<'_>,
    staging: &Path,
) -> Result<Prepared, PrepareError> {
    let series = import.series;
    check(&import)?;
    let catalogue = store.catalogue()?;
    let stored = catalogue.series(series);
    if let Some(entry) = stored {
        check_origin(series, "source", &entry.source, &import.source)?;
        check_origin(series, "feed", &entry.feed, &import.feed)?;
    }
    let entry = SeriesEntry {
        source: import.source,
        feed: import.feed,
        adjustment: Adjustment::Raw,
        files: Vec::new(),
    };
    fs::create_dir_all(staging).map_err(on("make", staging))?;
    let mut year = Year {
        store,
        series,
        entry: &entry,
        stored,
        mark,
        rule: import.on_conflict,
        staging: Staging {
            folder: staging,
            written: Vec::new(),
        },
        files: Vec::new(),
        supersedes: Vec::new(),
        counts: ImportCounts::default(),
        conflict: None,
    };
    if let Err(error) = with_rows!(import.rows, list => year.add_all(list)) {
        let base = catalogue.generation;
        return Err(or_stale(error, store, base));
    }
    if let Some(conflict) = year.conflict {
        return Err(PrepareError::Conflict { series, conflict });
    }
    let prepared = Prepared {
        base_generation: catalogue.generation,
        supersedes: year.supersedes,
        counts: year.counts,
        contents: Contents::Rows {
            series,
            source: entry.source.clone(),
            feed: entry.feed.clone(),
            files: year.files,
        },
    };
    year.staging.keep();
    Ok(prepared)
}

/// A commit takes files away that its catalogue no longer names: that is no damage.
fn or_stale(error: PrepareError, store: &Store, base: u64) -> PrepareError {
    let missing = matches!(
        &error,
        PrepareError::File(error) if matches!(error.problem, FileProblem::Missing)
    );
    match store.catalogue() {
        Ok(now) if missing && now.generation != base => PrepareError::Stale {
            base,
            found: now.generation,
        },
        _ => error,
    }
}

/// The years of an import, one after the other.
struct Year<'a> {
    store: &'a Store,
    series: Series,
    entry: &'a SeriesEntry,
    stored: Option<&'a SeriesEntry>,
    mark: &'a MarkExtended<'a>,
    rule: OnConflict,
    staging: Staging<'a>,
    files: Vec<FileEntry>,
    supersedes: Vec<String>,
    counts: ImportCounts,
    conflict: Option<Conflict>,
}

impl Year<'_> {
    fn add_all<T: row::Row>(&mut self, mut rows: Vec<T>) -> Result<(), PrepareError>
    where
        Rows: From<Vec<T>>,
    {
        // From the last year to the first, so that each can be cut off the end.
        let mut years = Vec::new();
        while let Some(last) = rows.last() {
            let year = dates::year(last.at());
            let start = rows.partition_point(|row| dates::year(row.at()) < year);
            years.push((year, rows.split_off(start)));
        }
        while let Some((year, rows)) = years.pop() {
            self.add(year, rows.into())?;
        }
        Ok(())
    }

    fn add(&mut self, year: i32, given: Rows) -> Result<(), PrepareError> {
        let kind = self.series.kind;
        let file = self.stored.and_then(|entry| entry.year(year));
        let mut old = Rows::none(kind);
        if let Some(file) = file {
            let opened = Opened::open(self.store.root(), self.series, file.clone())?;
            encoding::decode(opened.content()?, kind, Range::ALL.window(), &mut old)
                .map_err(|error| opened.error(error.into()))?;
        }
        let (rows, counts) = match merge(kind, old, given, self.rule) {
            Ok(merged) => merged,
            Err(conflict) => {
                match &mut self.conflict {
                    Some(first) => first.count = first.count.saturating_add(conflict.count),
                    None => self.conflict = Some(conflict),
                }
                return Ok(());
            }
        };
        self.counts.add(counts);
        // Of an import that will be refused, only the conflicts still matter.
        if self.conflict.is_none() {
            self.stage(year, &rows, file)?;
        }
        Ok(())
    }

    fn stage(
        &mut self,
        year: i32,
        rows: &Rows,
        stored: Option<&FileEntry>,
    ) -> Result<(), PrepareError> {
        let Some((first, last)) = row::span(rows) else {
            return Ok(());
        };
        let marks = (self.mark)(self.series.kind, rows)?;
        let content = encoding::encode(&header(self.series, self.entry), rows, &marks)?;
        let sha256 = Checksum::of(&content);
        if stored.is_some_and(|file| file.sha256 == sha256) {
            return Ok(());
        }
        let count = |length| u64::try_from(length).unwrap_or(u64::MAX);
        let file = FileEntry {
            year,
            file: FileEntry::name(year, &sha256),
            rows: count(rows.len()),
            extended: count(marks.iter().filter(|extended| **extended).count()),
            first,
            last,
            bytes: count(content.len()),
            sha256,
        };
        self.staging.write(&file.file, &content)?;
        self.files.push(file);
        self.supersedes.extend(stored.map(|file| file.file.clone()));
        Ok(())
    }
}

fn check(import: &Import) -> Result<(), PrepareError> {
    let kind = import.series.kind;
    if !row::fits(&import.rows, kind) {
        return Err(PrepareError::Kind(kind));
    }
    if import.rows.is_empty() {
        return Err(PrepareError::Empty);
    }
    for (what, text) in [("source", &import.source), ("feed", &import.feed)] {
        if !is_label(text) {
            let text = text.clone();
            return Err(PrepareError::Label { what, text });
        }
    }
    Ok(row::check(&import.rows, kind)?)
}

/// Whether a text may stand in the catalogue as a source or a feed.
pub(super) fn is_label(text: &str) -> bool {
    (1..=100).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn check_origin(
    series: Series,
    what: &'static str,
    stored: &str,
    given: &str,
) -> Result<(), PrepareError> {
    if stored == given {
        return Ok(());
    }
    Err(PrepareError::Origin {
        series,
        what,
        stored: stored.to_owned(),
        given: given.to_owned(),
    })
}

/// Prepares the splits and dividends of a symbol; `content` is the file as it is kept.
///
/// # Errors
/// Other ones are stored and not to be replaced, or the staging folder cannot be written.
pub fn prepare_actions(
    store: &Store,
    symbol: Symbol,
    content: &[u8],
    on_conflict: OnConflict,
    staging: &Path,
) -> Result<Prepared, PrepareError> {
    let catalogue = store.catalogue()?;
    let entry = catalogue.symbols.get(&symbol);
    let stored = entry.and_then(|entry| entry.actions.as_ref());
    let file = ActionsEntry::of(content);
    let mut counts = ImportCounts::default();
    match stored {
        None => counts.new = 1,
        Some(stored) if *stored == file => counts.already = 1,
        Some(_) if on_conflict == OnConflict::Replace => counts.replaced = 1,
        Some(_) => return Err(PrepareError::Actions { symbol }),
    }
    let file = (counts.already == 0).then_some(file);
    let mut staged = Staging {
        folder: staging,
        written: Vec::new(),
    };
    if let Some(file) = &file {
        fs::create_dir_all(staging).map_err(on("make", staging))?;
        staged.write(&file.file, content)?;
    }
    staged.keep();
    let superseded = stored.filter(|_| file.is_some());
    Ok(Prepared {
        base_generation: catalogue.generation,
        supersedes: superseded.map(|old| old.file.clone()).into_iter().collect(),
        counts,
        contents: Contents::Actions { symbol, file },
    })
}
