//! What can go wrong with the store, and what to do about each.

use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use trader_contract::Symbol;

use crate::catalogue::CatalogueTextError;
use crate::dates::Range;
use crate::encoding::{DecodeError, EncodeError};
use crate::merge::Conflict;
use crate::row::UnfitRow;
use crate::series::{Kind, Series};

/// The catalogue cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The system refused.
    #[error("cannot read the catalogue {}: {source}; check that this user may read it", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There are files, and none says which of them count.
    #[error(
        "there is no catalogue {}, but the folder holds {found}; restore the catalogue from a \
         backup, or move the folder away and import again",
        path.display()
    )]
    Missing {
        /// The file that is not there.
        path: PathBuf,
        /// A folder with data.
        found: String,
    },
    /// It is there, and useless.
    #[error(
        "cannot use the catalogue {}: {problem}; nothing was changed; {}",
        path.display(), remedy(problem)
    )]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: CatalogueTextError,
    },
}

const fn remedy(problem: &CatalogueTextError) -> &'static str {
    match problem {
        CatalogueTextError::Damaged(_) => {
            "restore it from a backup, or move the folder away and import again"
        }
        CatalogueTextError::Newer(_) => "install that release again",
    }
}

/// Why a file of the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// The catalogue names it, and it is not there.
    #[error("it is missing")]
    Missing,
    /// The system refused.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// Truncated or grown.
    #[error("it has {found} bytes where the catalogue says {wanted}")]
    Length {
        /// Its length.
        found: u64,
        /// What the catalogue says.
        wanted: u64,
    },
    /// Changed.
    #[error("its content is not what was stored (its SHA-256 differs from the catalogue's)")]
    Sum,
    /// Not ours inside, though its sum is right.
    #[error("{0}")]
    Content(#[from] DecodeError),
    /// Its content contradicts the catalogue or the calendar.
    #[error("{0}")]
    Other(String),
}

/// A file of the store that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}; {advice}")]
pub struct FileError {
    /// The file, from the store's folder.
    pub file: String,
    /// What is wrong with it.
    pub problem: FileProblem,
    /// What to do.
    pub advice: String,
}

/// Why no rows were read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A file of the range cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nothing of the symbol is stored.
    #[error(
        "no data of {symbol} is stored; {}",
        listed("there is data of", "import some first", known)
    )]
    UnknownSymbol {
        /// What was asked for.
        symbol: Symbol,
        /// The symbols that there are.
        known: Vec<Symbol>,
    },
    /// Other kinds of the symbol are stored.
    #[error("no {} data of {} is stored; {}", series.kind, series.symbol, listed("there is", "import some first", known))]
    UnknownKind {
        /// What was asked for.
        series: Series,
        /// The kinds that there are.
        known: Vec<Kind>,
    },
    /// The series has no rows in the range.
    #[error("{series} has no rows in {range}; there are {}", spans(ranges))]
    NoRows {
        /// What was asked for.
        series: Series,
        /// For which dates.
        range: Range,
        /// The dates that there are: first and last of each stretch.
        ranges: Vec<(NaiveDate, NaiveDate)>,
    },
    /// The range ends before it starts.
    #[error("the range {0} ends before it starts; swap the two dates")]
    Backwards(Range),
}

/// Names in a message: not more than a person reads.
fn listed<T: ToString>(intro: &str, none: &str, names: &[T]) -> String {
    const SHOWN: usize = 20;
    if names.is_empty() {
        return none.to_owned();
    }
    let shown: Vec<_> = names.iter().take(SHOWN).map(T::to_string).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{intro} {}{more}", shown.join(", "))
}

fn spans(ranges: &[(NaiveDate, NaiveDate)]) -> String {
    let span = |(from, to): &(NaiveDate, NaiveDate)| {
        let (from, to) = (Some(*from), Some(*to));
        Range { from, to }.to_string()
    };
    let spans: Vec<_> = ranges.iter().map(span).collect();
    spans.join(", ")
}

/// Why an import was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A stored file that the rows belong into cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A commit came in between.
    #[error(
        "the store changed while the import was prepared (generation {found}, begun on {base}); \
         prepare it again"
    )]
    Stale {
        /// The generation that was begun on.
        base: u64,
        /// The generation now.
        found: u64,
    },
    /// There is nothing to import.
    #[error("there are no rows to import")]
    Empty,
    /// The rows are not of the series' kind.
    #[error("the rows are not of the kind {0}")]
    Kind(Kind),
    /// A row cannot be stored, or lies where nothing trades.
    #[error(transparent)]
    Row(#[from] UnfitRow),
    /// A label is none.
    #[error(
        "{what} {text:?} is no label: 1 to 100 bytes without line breaks or control characters"
    )]
    Label {
        /// Source or feed.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// The series comes from elsewhere.
    #[error(
        "{series} is stored with {what} {stored:?}, the import says {given:?}; rows of different \
         origin are not mixed: import with that {what}, or remove {series} first"
    )]
    Origin {
        /// The series.
        series: Series,
        /// Source or feed.
        what: &'static str,
        /// What is stored.
        stored: String,
        /// What the import says.
        given: String,
    },
    /// The rows contradict stored ones.
    #[error("{series}: {conflict}; import with --replace to take the new ones")]
    Conflict {
        /// The series.
        series: Series,
        /// The rows.
        conflict: Conflict,
    },
    /// Other splits and dividends are stored.
    #[error(
        "{symbol} has other corporate actions stored; import with --replace to take the new ones"
    )]
    Actions {
        /// The symbol.
        symbol: Symbol,
    },
    /// The rows cannot be written as Parquet.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The staging folder cannot be written.
    #[error("{0}; nothing was changed")]
    Disk(#[from] DiskError),
}

/// The system refused a change of the disk.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}{}", path.display(), room(source))]
pub struct DiskError {
    /// What was to be done.
    pub what: &'static str,
    /// With which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

fn room(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free space there",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; check that this user may write there"
        }
        _ => "",
    }
}

/// Names what was tried in an error of the system.
pub(crate) fn on<'a>(
    what: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> DiskError + 'a {
    move |source| DiskError {
        what,
        path: path.to_owned(),
        source,
    }
}

/// Why the store was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The store changed since the import was prepared.
    #[error(
        "the store changed since the import was prepared (generation {found}, prepared on {base}); \
         nothing was changed; prepare it again"
    )]
    Stale {
        /// The generation that the import was prepared on.
        base: u64,
        /// The generation now.
        found: u64,
    },
    /// A prepared file is not the one that was prepared.
    #[error(
        "the prepared file {file} cannot be used: {problem}; nothing was changed; import again"
    )]
    Staged {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// The manifest contradicts itself.
    #[error("the prepared import is not sound: {0}; nothing was changed; import again")]
    Manifest(String),
    /// What was to be removed is not there.
    #[error(
        "{what} is not stored; nothing was changed; {}",
        listed("there is", "the store has nothing of it", known)
    )]
    Unknown {
        /// What was to be removed.
        what: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The disk refused before anything counted.
    #[error("{0}; nothing was changed")]
    Disk(#[from] DiskError),
    /// The disk refused after the new catalogue had taken its place.
    #[error(
        "{0}; the change is visible, but a power cut may undo it; check the disk, then verify the store"
    )]
    Unsynced(DiskError),
}
