//! A copy of a store at one moment, while its daemon goes on writing.

use std::fs::File;
use std::path::Path;

use crate::connection;
use crate::{Store, StoreError};

impl Store {
    /// Copies the store at `from`, as it stands at one moment, to the new file `to`, for its owner only.
    /// When this returns `Ok`, the copy is on the disk. Whoever writes meanwhile goes on.
    ///
    /// # Errors
    /// `from` is none of ours or cannot be read, `to` exists and is not empty, or it cannot be written.
    pub fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
        let mut db = connection::open_for_writing(from)?;
        if !connection::is_ours(&mut db, from)? {
            return Err(StoreError::NotOurs {
                path: from.to_owned(),
            });
        }
        connection::create_file(to)?;
        let target = to.to_str().ok_or_else(|| StoreError::Open {
            path: to.to_owned(),
            why: "the path is not UTF-8".to_owned(),
        })?;
        let target = target.replace('\'', "''");
        connection::execute(&mut db, &format!("VACUUM INTO '{target}'"))?;
        let synced = File::open(to).and_then(|file| file.sync_all());
        synced.map_err(|error| StoreError::Disk {
            message: error.to_string(),
        })
    }
}
