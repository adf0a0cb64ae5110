//! Files that are whole or not there: written under another name, forced to the disk, renamed. And
//! the space that is left for the journal, whatever jobs need.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What jobs leave free on the disk, in bytes: the journal must go on.
const KEPT_FREE: u64 = 256 << 20;

/// How the names of unfinished files end.
pub(super) const UNFINISHED: &str = ".part";

/// Whether so many bytes more leave enough for the journal.
pub(super) fn room(folder: &Path, bytes: u64) -> io::Result<()> {
    let space = rustix::fs::statvfs(folder)?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if free >= bytes.saturating_add(KEPT_FREE) {
        return Ok(());
    }
    let message = format!(
        "{} has {} MB free, and {} MB are kept for the journal",
        folder.display(),
        free >> 20,
        KEPT_FREE >> 20
    );
    Err(io::Error::new(io::ErrorKind::StorageFull, message))
}

/// Writes a file that is there whole or not at all, even if the machine stops in between.
pub(super) fn write<E: From<io::Error>>(
    path: &Path,
    content: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let attempt = || {
        let mut file = File::create(&unfinished)?;
        content(&mut file)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(())
    };
    let written = attempt();
    if written.is_err() {
        // What is left is swept at the next start at the latest.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Writes bytes that are there whole or not at all.
pub(super) fn write_bytes(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, |file| file.write_all(content))
}

/// Forces the names in a folder to the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_finished_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.json");
        write_bytes(&path, b"old").unwrap();
        let failed: io::Result<()> = write(&path, |file| {
            file.write_all(b"half of the ne")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_the_journal_needs_is_kept_free() {
        let folder = tempfile::tempdir().unwrap();
        let error = room(folder.path(), u64::MAX).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(
            error
                .to_string()
                .contains("256 MB are kept for the journal")
        );
    }
}
