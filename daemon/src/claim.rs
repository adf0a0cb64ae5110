//! A file that is locked for as long as a daemon lives, with its process id in it: what the state folder
//! and the runtime folder are claimed with. The kernel ends the lock with the process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The lock; it ends when this is dropped. The file stays: taking it away would let two hold one each.
#[derive(Debug)]
pub(crate) struct Claim {
    _file: File,
}

/// Why something is not ours.
#[derive(Debug)]
pub(crate) enum Unclaimed {
    /// Another process has it: this one, if that could be read.
    Held(Option<u32>),
    /// The file cannot be opened, locked or written.
    Io(io::Error),
}

/// Takes the lock of the file at `path`, which is made if it is missing, for its owner only.
pub(crate) fn take(path: &Path) -> Result<Claim, Unclaimed> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(Unclaimed::Io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Unclaimed::Held(pid(&mut file))),
        Err(TryLockError::Error(error)) => return Err(Unclaimed::Io(error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(Unclaimed::Io)?;
    Ok(Claim { _file: file })
}

/// Whether somebody holds the lock of the file at `path`, and which process that is as far as it can be
/// read. Changes nothing, and is no claim to it.
pub(crate) fn holder(path: &Path) -> Option<Option<u32>> {
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(pid(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// The process id that stands in the file. Whoever has just taken it may not have written its own yet.
fn pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
