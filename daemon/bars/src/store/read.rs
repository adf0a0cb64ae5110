//! Reads rows: opens every file of the range first, then checks their sums and decodes. A commit
//! that happens meanwhile is seen wholly or not at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use trader_contract::{Bar, Symbol};

use super::error::{FileError, FileProblem, ReadError};
use super::{Store, folder};
use crate::catalogue::{Catalogue, FileEntry, SeriesEntry};
use crate::checksum::Checksum;
use crate::dates::Range;
use crate::encoding;
use crate::rows::Rows;
use crate::series::{Kind, Resolution, Series};

/// How often a reader starts again because the store changed under it.
const ATTEMPTS: usize = 5;

impl Store {
    /// Reads bars.
    ///
    /// # Errors
    /// There are none in the range, or the files that hold them are damaged.
    pub fn read_bars(
        &self,
        symbol: Symbol,
        resolution: Resolution,
        range: Range,
    ) -> Result<Vec<Bar>, ReadError> {
        let kind = Kind::Bars(resolution);
        match self.read(Series { symbol, kind }, range)? {
            Rows::Bars(bars) => Ok(bars),
            // Bars were asked for; other rows would have been refused by the decoder.
            _ => Ok(Vec::new()),
        }
    }

    /// Reads rows of any kind.
    ///
    /// # Errors
    /// As [`Store::read_bars`].
    pub fn read(&self, series: Series, range: Range) -> Result<Rows, ReadError> {
        Ok(self.read_with_files(series, range)?.0)
    }

    /// Reads rows of any kind, and tells from which files they came.
    ///
    /// # Errors
    /// As [`Store::read_bars`].
    pub fn read_with_files(
        &self,
        series: Series,
        range: Range,
    ) -> Result<(Rows, Vec<FileEntry>), ReadError> {
        if range.is_backwards() {
            return Err(ReadError::Backwards(range));
        }
        let opened = self.open_current(|catalogue| {
            let entry = find(catalogue, series)?;
            let files = entry.files_in(range).cloned();
            let opened = files.map(|file| Opened::open(self.root(), series, file));
            Ok((opened.collect::<Result<Vec<_>, _>>()?, entry.ranges()))
        });
        let (opened, ranges) = opened?;
        let mut rows = Rows::none(series.kind);
        let window = range.window();
        let entries = opened.iter().map(|file| &file.entry);
        let whole = entries.filter(|file| window.contains(file.first, file.last));
        rows.reserve(whole.fold(0, |sum, file| sum.saturating_add(file.rows)));
        let mut entries = Vec::with_capacity(opened.len());
        for file in opened {
            let content = file.content()?;
            encoding::decode(content, series.kind, window, &mut rows)
                .map_err(|error| file.error(error.into()))?;
            entries.push(file.entry);
        }
        if rows.is_empty() {
            return Err(ReadError::NoRows {
                series,
                range,
                ranges,
            });
        }
        Ok((rows, entries))
    }

    /// Reads the splits and dividends of a symbol as they were imported; `None` if there are none.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn read_actions(&self, symbol: Symbol) -> Result<Option<Vec<u8>>, ReadError> {
        let opened = self.open_current(|catalogue| {
            let entry = catalogue.symbols.get(&symbol);
            let Some(actions) = entry.and_then(|entry| entry.actions.clone()) else {
                return Ok(None);
            };
            let path = Path::new(symbol.as_str()).join(&actions.file);
            let file = open(self.root(), &path);
            let file = file.map_err(|problem| actions_error(symbol, &path, problem))?;
            Ok(Some((file, path, actions)))
        });
        let Some((file, path, actions)) = opened? else {
            return Ok(None);
        };
        let content = checked(&file, actions.bytes, &actions.sha256);
        let content = content.map_err(|problem| actions_error(symbol, &path, problem))?;
        Ok(Some(content))
    }

    /// Opens files of the current catalogue; once more if a commit took one away meanwhile.
    fn open_current<T>(
        &self,
        open: impl Fn(&Catalogue) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let mut catalogue = self.catalogue()?;
        for _ in 1..ATTEMPTS {
            match open(&catalogue) {
                Err(error) if error.is_missing_file() => {
                    let fresh = self.catalogue()?;
                    if fresh.generation == catalogue.generation {
                        return Err(error);
                    }
                    catalogue = fresh;
                }
                done => return done,
            }
        }
        open(&catalogue)
    }
}

impl ReadError {
    const fn is_missing_file(&self) -> bool {
        matches!(
            self,
            Self::File(FileError {
                problem: FileProblem::Missing,
                ..
            })
        )
    }
}

/// The entry of a series, or which ones there are instead.
fn find(catalogue: &Catalogue, series: Series) -> Result<&SeriesEntry, ReadError> {
    let symbol = series.symbol;
    let Some(entry) = catalogue.symbols.get(&symbol) else {
        let known = catalogue.symbols.keys().copied().collect();
        return Err(ReadError::UnknownSymbol { symbol, known });
    };
    entry.series.get(&series.kind).ok_or_else(|| {
        let known = entry.series.keys().copied().collect();
        ReadError::UnknownKind { series, known }
    })
}

/// A file of a series, open: deleting it no longer hurts.
#[derive(Debug)]
pub(super) struct Opened {
    series: Series,
    path: PathBuf,
    file: File,
    pub(super) entry: FileEntry,
}

impl Opened {
    pub(super) fn open(root: &Path, series: Series, entry: FileEntry) -> Result<Self, FileError> {
        let path = folder(series).join(&entry.file);
        match open(root, &path) {
            Ok(file) => Ok(Self {
                series,
                path,
                file,
                entry,
            }),
            Err(problem) => Err(file_error(series, &path, entry.year, problem)),
        }
    }

    /// What is in it, if that is what was stored.
    pub(super) fn content(&self) -> Result<Bytes, FileError> {
        let content = checked(&self.file, self.entry.bytes, &self.entry.sha256);
        content
            .map(Bytes::from)
            .map_err(|problem| self.error(problem))
    }

    pub(super) fn error(&self, problem: FileProblem) -> FileError {
        file_error(self.series, &self.path, self.entry.year, problem)
    }
}

fn file_error(series: Series, path: &Path, year: i32, problem: FileProblem) -> FileError {
    FileError {
        file: path.display().to_string(),
        problem,
        advice: format!("remove the year {year} of {series} and import it again"),
    }
}

pub(super) fn actions_error(symbol: Symbol, path: &Path, problem: FileProblem) -> FileError {
    FileError {
        file: path.display().to_string(),
        problem,
        advice: format!("remove the corporate actions of {symbol} and import them again"),
    }
}

pub(super) fn open(root: &Path, path: &Path) -> Result<File, FileProblem> {
    File::open(root.join(path)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FileProblem::Missing,
        _ => FileProblem::Unreadable(error),
    })
}

/// The content of a file of this length and sum. Nothing else is given out: the decoder must not
/// see bytes that we did not write.
pub(super) fn checked(
    mut file: &File,
    wanted: u64,
    sum: &Checksum,
) -> Result<Vec<u8>, FileProblem> {
    let about = file.metadata().map_err(FileProblem::Unreadable)?;
    let found = about.len();
    if found != wanted {
        return Err(FileProblem::Length { found, wanted });
    }
    let mut content = Vec::with_capacity(usize::try_from(found).unwrap_or(0));
    file.read_to_end(&mut content)
        .map_err(FileProblem::Unreadable)?;
    if Checksum::of(&content) == *sum {
        Ok(content)
    } else {
        Err(FileProblem::Sum)
    }
}
