//! Whether the files of an open store are still those at its path: SQLite goes on writing to files that
//! were removed, and nothing of it is there after a restart.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::{StoreError, connection};

/// What makes a file the same one: its device and its number there.
type Identity = (u64, u64);

/// The database and its log, as they were when the store was opened.
#[derive(Debug, Clone)]
pub(crate) struct Files(Vec<(PathBuf, Identity)>);

impl Files {
    /// Those of a store that is open. The log stays the same file for as long as anybody has it open.
    pub(crate) fn of(path: &Path) -> Self {
        let files = [path.to_owned(), connection::log(path)];
        let known = files.into_iter().filter_map(|file| {
            let identity = identity(&file).ok()?;
            Some((file, identity))
        });
        Self(known.collect())
    }

    /// Says which of them was removed or replaced. What cannot be looked at is not taken for lost.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        for (file, known) in &self.0 {
            let what = match identity(file) {
                Ok(found) if found == *known => continue,
                Ok(_) => "replaced by another file",
                Err(error) => match error.kind() {
                    ErrorKind::NotFound | ErrorKind::NotADirectory => "removed",
                    _ => continue,
                },
            };
            return Err(StoreError::Lost {
                path: file.clone(),
                what,
            });
        }
        Ok(())
    }
}

fn identity(file: &Path) -> std::io::Result<Identity> {
    let found = file.metadata()?;
    Ok((found.dev(), found.ino()))
}
