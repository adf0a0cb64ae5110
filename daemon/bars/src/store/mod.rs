//! The folder of market data: Parquet files that a catalogue names. Imports are prepared apart, by
//! whoever may read the store, and committed by its owner: wholly or not at all.

mod commit;
mod disk;
mod error;
mod prepare;
mod read;
mod remove;
mod strays;
#[cfg(test)]
mod tests;
mod verify;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use commit::{Committed, commit};
pub use error::{
    CatalogueError, ChangeError, DiskError, FileError, FileProblem, PrepareError, ReadError,
};
pub use prepare::{Contents, Import, MarkExtended, Prepared, prepare, prepare_actions};
pub use remove::{Removed, remove, remove_actions};
pub use strays::{Swept, sweep};
pub use verify::{Fault, Verified, verify};

use crate::catalogue::Catalogue;
use crate::encoding::Header;
use crate::series::Series;
use disk::{Disk, Lock};
use error::on;

/// The catalogue's name.
const CATALOGUE: &str = "catalogue.json";
/// Its name while it is written.
const CATALOGUE_NEW: &str = "catalogue.json.new";
/// What is locked while the store changes.
const LOCK: &str = ".lock";
/// Where imports are prepared.
const STAGING: &str = ".staging";

/// A store, for reading. What changes it are functions of its owner: [`commit`], [`remove`], [`sweep`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens the store in a folder. A folder that is missing or bare is an empty store.
    ///
    /// # Errors
    /// The catalogue cannot be read.
    pub fn open(root: &Path) -> Result<Self, CatalogueError> {
        load(root)?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Makes the folder with an empty catalogue, or opens the store that is there.
    ///
    /// # Errors
    /// The folder cannot be written, or the catalogue that is there cannot be read.
    pub fn create(root: &Path) -> Result<Self, ChangeError> {
        fs::create_dir_all(root).map_err(on("make", root))?;
        let _lock = lock(root)?;
        found(&Disk::REAL, root)?;
        Ok(Self::open(root)?)
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What it holds now.
    ///
    /// # Errors
    /// The catalogue cannot be read.
    pub fn catalogue(&self) -> Result<Catalogue, CatalogueError> {
        load(&self.root)
    }

    /// The folder in which an import of this name is prepared: on the file system of the store, so
    /// that its files can be moved into place. The caller makes it and may let another user write
    /// there; [`sweep`] deletes it. The name is one of a folder, without separators.
    #[must_use]
    pub fn staging(&self, name: &str) -> PathBuf {
        self.root.join(STAGING).join(name)
    }
}

/// Reads the catalogue of a folder.
fn load(root: &Path) -> Result<Catalogue, CatalogueError> {
    let path = root.join(CATALOGUE);
    match fs::read(&path) {
        Ok(text) => {
            Catalogue::parse(&text).map_err(|problem| CatalogueError::Refused { path, problem })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => match data_folder(root) {
            Ok(None) => Ok(Catalogue::EMPTY),
            Ok(Some(found)) => Err(CatalogueError::Missing { path, found }),
            Err(source) => Err(CatalogueError::Unreadable { path, source }),
        },
        Err(source) => Err(CatalogueError::Unreadable { path, source }),
    }
}

/// A folder that looks like a symbol's. Without a catalogue it means that one was lost.
fn data_folder(root: &Path) -> io::Result<Option<String>> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_symbol = name.parse::<trader_contract::Symbol>().is_ok();
        if is_symbol && entry.file_type()?.is_dir() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn lock(root: &Path) -> Result<Lock, ChangeError> {
    let lock = Lock::exclusive(root).map_err(on("lock", &root.join(LOCK)))?;
    Ok(lock)
}

/// Sees to it that there is a catalogue, so that files without one always mean that it was lost.
fn found(disk: &Disk<'_>, root: &Path) -> Result<(), ChangeError> {
    if root.join(CATALOGUE).exists() {
        return Ok(());
    }
    let catalogue = load(root)?;
    publish(disk, root, &catalogue).map_err(|error| match error {
        // An empty catalogue and none are the same store.
        ChangeError::Unsynced(error) => ChangeError::Disk(error),
        error => error,
    })
}

/// Puts a new catalogue in the place of the old one. Once this returns, the new one counts.
fn publish(disk: &Disk<'_>, root: &Path, catalogue: &Catalogue) -> Result<(), ChangeError> {
    let text = catalogue
        .to_text()
        .map_err(|error| ChangeError::Manifest(error.to_string()))?;
    let new = root.join(CATALOGUE_NEW);
    if let Err(error) = replace(disk, root, &new, &text) {
        // What cannot be deleted is swept later.
        let _ = disk.delete(&new);
        return Err(error.into());
    }
    let synced = disk.sync_folder(root).map_err(on("sync", root));
    synced.map_err(ChangeError::Unsynced)
}

fn replace(disk: &Disk<'_>, root: &Path, new: &Path, text: &str) -> Result<(), DiskError> {
    let written = disk.write(new, text.as_bytes());
    written.map_err(on("write", new))?;
    let current = root.join(CATALOGUE);
    let renamed = disk.rename(new, &current);
    renamed.map_err(on("replace", &current))
}

/// The folder of a series' files, from the store's.
fn folder(series: Series) -> PathBuf {
    Path::new(series.symbol.as_str()).join(series.kind.name())
}

/// What the files of a series say of themselves.
fn header(series: Series, entry: &crate::catalogue::SeriesEntry) -> Header {
    Header {
        series,
        source: entry.source.clone(),
        feed: entry.feed.clone(),
        adjustment: entry.adjustment,
    }
}
