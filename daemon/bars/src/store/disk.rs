//! The changes of the disk that a commit is made of, one by one, so that a test can stop before any
//! of them; and the lock that keeps two processes from making them at once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

/// One change of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Makes a folder, unless it is there.
    MakeFolder(PathBuf),
    /// Writes a new file, or an old one anew.
    Write(PathBuf),
    /// Forces a file's content to the disk.
    SyncFile(PathBuf),
    /// Forces the names in a folder to the disk.
    SyncFolder(PathBuf),
    /// Gives a file this name.
    Move(PathBuf),
    /// Deletes a file.
    Delete(PathBuf),
}

/// The disk. What `before` refuses does not happen.
pub(crate) struct Disk<'a> {
    pub(crate) before: &'a dyn Fn(&Step) -> io::Result<()>,
}

impl Disk<'static> {
    /// The disk as it is.
    pub(crate) const REAL: Self = Self {
        before: &|_| Ok(()),
    };
}

impl Disk<'_> {
    /// Makes a folder inside one that exists, durably.
    pub(crate) fn make_folder(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        (self.before)(&Step::MakeFolder(path.to_owned()))?;
        match fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        path.parent()
            .map_or(Ok(()), |parent| self.sync_folder(parent))
    }

    /// Writes a file and forces its content to the disk; its name is not yet.
    pub(crate) fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        (self.before)(&Step::Write(path.to_owned()))?;
        let mut file = File::create(path)?;
        file.write_all(content)?;
        (self.before)(&Step::SyncFile(path.to_owned()))?;
        file.sync_all()
    }

    pub(crate) fn sync_file(&self, path: &Path) -> io::Result<()> {
        (self.before)(&Step::SyncFile(path.to_owned()))?;
        File::open(path)?.sync_all()
    }

    pub(crate) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        (self.before)(&Step::SyncFolder(path.to_owned()))?;
        File::open(path)?.sync_all()
    }

    /// Gives a file a new name; one of that name before is gone.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        (self.before)(&Step::Move(to.to_owned()))?;
        fs::rename(from, to)
    }

    /// Deletes a file; one that is gone already is fine.
    pub(crate) fn delete(&self, path: &Path) -> io::Result<()> {
        (self.before)(&Step::Delete(path.to_owned()))?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Held while the store changes; dropped, or with the process, it is free again.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file holds the lock")] File);

impl Lock {
    /// Waits until nobody else changes the store or looks at its folders.
    pub(crate) fn exclusive(root: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        Self::take(&options, root, FlockOperation::LockExclusive)
    }

    /// Waits until nobody changes the store. `None` if nobody ever did.
    pub(crate) fn shared(root: &Path) -> io::Result<Option<Self>> {
        let options = OpenOptions::new().read(true).clone();
        match Self::take(&options, root, FlockOperation::LockShared) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            taken => taken.map(Some),
        }
    }

    fn take(options: &OpenOptions, root: &Path, how: FlockOperation) -> io::Result<Self> {
        let file = options.open(root.join(super::LOCK))?;
        loop {
            match rustix::fs::flock(&file, how) {
                Ok(()) => return Ok(Self(file)),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
