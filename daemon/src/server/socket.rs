//! Unix sockets: their folders, their modes, and what to do with a file that a daemon left behind.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::claim::{self, Claim, Unclaimed};
use crate::descriptors::{self, Handed};
use crate::state::make_folder;

/// The longest path of a Unix socket, in bytes.
const PATH_BYTES_MAX: usize = 107;
/// The file that is locked for as long as a daemon has the sockets.
const LOCK_FILE: &str = "lock";

/// Why a socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Its path is too long for the kernel.
    #[error(
        "the socket's path {} has {} bytes, more than {PATH_BYTES_MAX}; choose a shorter folder with --runtime-dir",
        .0.display(), .0.as_os_str().len()
    )]
    TooLong(PathBuf),
    /// Somebody answers on it.
    #[error("another daemon answers on {}; stop it first, or choose another folder with --runtime-dir", .0.display())]
    InUse(PathBuf),
    /// Another daemon has the runtime folder, whether it answers already or not.
    #[error(
        "another traderd{} has the sockets below {}; stop it first, or choose another folder with --runtime-dir",
        pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default(), folder.display()
    )]
    Claimed {
        /// The runtime folder.
        folder: PathBuf,
        /// Its process id, if it could be read.
        pid: Option<u32>,
    },
    /// Something else is in its place.
    #[error("{} is in the way and is no socket; move it away, or choose another folder with --runtime-dir", .0.display())]
    InTheWay(PathBuf),
    /// It cannot be made.
    #[error("cannot open the socket {}: {source}; check the folder's owner and mode, or choose another with --runtime-dir", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A listening socket. Its file goes when this is dropped, unless systemd keeps the socket.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listener: UnixListener,
    path: PathBuf,
    file: Option<Identity>,
    kept: bool,
}

/// What makes a file the same one: its device and its number there.
type Identity = (u64, u64);

fn identity(path: &Path) -> Option<Identity> {
    let file = std::fs::symlink_metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

impl Drop for Bound {
    fn drop(&mut self) {
        // Another file there is somebody else's.
        if self.kept || !self.is_reached() {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %error, "the socket's file was gone already");
        }
    }
}

impl Bound {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether callers find it: its file is still there.
    pub(super) fn is_reached(&self) -> bool {
        self.file.is_some() && identity(&self.path) == self.file
    }

    /// Opens another socket in the place of one that is not reached any more.
    ///
    /// # Errors
    /// It cannot be made, or somebody else answers there.
    pub(super) fn renew(&mut self, name: &str) -> Result<(), SocketError> {
        *self = bind(&self.path)?;
        if let Err(error) = descriptors::forget(name) {
            tracing::warn!(name, %error, "systemd was not reached to forget a socket");
        }
        self.keep(name);
        Ok(())
    }

    /// Asks systemd to keep the socket as `name`.
    pub(super) fn keep(&mut self, name: &str) {
        match descriptors::keep(&self.listener, name) {
            Ok(()) => self.kept |= descriptors::are_kept(),
            Err(error) => tracing::warn!(
                name,
                %error,
                "systemd was not reached to keep a socket; callers will be refused during a restart"
            ),
        }
    }
}

/// Claims the sockets of a runtime folder, for as long as the claim lives. A socket that a daemon left
/// behind looks like one that another is about to listen on: only who has the claim may take it away.
pub(super) fn claim(runtime: &Path) -> Result<Claim, SocketError> {
    // Beside the control socket: that folder is the daemon's own, also below /run.
    let path = trader_rpc::socket::control(runtime).with_file_name(LOCK_FILE);
    let failed = |source: io::Error| SocketError::Io {
        path: path.clone(),
        source,
    };
    if let Some(folder) = path.parent() {
        make_folder(folder, 0o750).map_err(failed)?;
    }
    claim::take(&path).map_err(|refused| match refused {
        Unclaimed::Held(pid) => SocketError::Claimed {
            folder: runtime.to_owned(),
            pid,
        },
        Unclaimed::Io(source) => failed(source),
    })
}

/// The socket at `path`: the one that was handed over, if callers still reach it, else a new one.
pub(super) fn open(path: &Path, handed: &mut Handed) -> Result<Bound, SocketError> {
    let adopted = match handed.listening_at(path) {
        Some(listener) => adopt(listener, path)?,
        None => None,
    };
    adopted.map_or_else(|| bind(path), Ok)
}

/// Takes over a socket that listens already; nothing if its file has gone, since nobody finds it then.
fn adopt(listener: UnixListener, path: &Path) -> Result<Option<Bound>, SocketError> {
    let reached = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if !reached {
        tracing::warn!(path = %path.display(), "the file of a kept socket has gone; opening a new one");
        return Ok(None);
    }
    let failed = |source: io::Error| SocketError::Io {
        path: path.to_owned(),
        source,
    };
    listener.set_nonblocking(true).map_err(failed)?;
    tracing::info!(path = %path.display(), "goes on with the socket that systemd kept");
    Ok(Some(Bound {
        listener,
        path: path.to_owned(),
        file: identity(path),
        kept: true,
    }))
}

/// Opens a socket at `path` for its owner and group. Makes its folder (0750) if it is missing; one
/// that exists keeps owner, group and mode. A socket on which nobody answers is taken away.
fn bind(path: &Path) -> Result<Bound, SocketError> {
    if path.as_os_str().len() > PATH_BYTES_MAX {
        return Err(SocketError::TooLong(path.to_owned()));
    }
    let failed = |source: io::Error| SocketError::Io {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        make_folder(folder, 0o750).map_err(failed)?;
    }
    clear(path)?;
    let listener = UnixListener::bind(path).map_err(failed)?;
    let bound = Bound {
        listener,
        path: path.to_owned(),
        file: identity(path),
        kept: false,
    };
    std::fs::set_permissions(path, Permissions::from_mode(0o660)).map_err(failed)?;
    bound.listener.set_nonblocking(true).map_err(failed)?;
    Ok(bound)
}

fn clear(path: &Path) -> Result<(), SocketError> {
    let failed = |source: io::Error| SocketError::Io {
        path: path.to_owned(),
        source,
    };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(SocketError::InTheWay(path.to_owned()));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(SocketError::InUse(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            tracing::info!(path = %path.display(), "taking away a socket that a daemon left behind");
            std::fs::remove_file(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn owner_and_group_may_use_it_and_its_file_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("read/sock");
        let bound = bind(&path).unwrap();
        assert_eq!(mode(&path), 0o660);
        assert_eq!(mode(path.parent().unwrap()), 0o750);
        drop(bound);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_exists_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("control");
        std::fs::create_dir(&parent).unwrap();
        std::fs::set_permissions(&parent, Permissions::from_mode(0o2770)).unwrap();
        let _bound = bind(&parent.join("sock")).unwrap();
        assert_eq!(mode(&parent), 0o2770);
    }

    #[test]
    fn a_socket_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let _bound = bind(&path).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
    }

    #[test]
    fn a_socket_that_answers_or_a_file_in_the_way_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sock");
        let _bound = bind(&path).unwrap();
        assert!(matches!(bind(&path), Err(SocketError::InUse(_))));
        let file = folder.path().join("file");
        std::fs::write(&file, "mine").unwrap();
        assert!(matches!(bind(&file), Err(SocketError::InTheWay(_))));
        let long = folder.path().join("x".repeat(120));
        assert!(matches!(bind(&long), Err(SocketError::TooLong(_))));
    }

    #[test]
    fn a_socket_whose_folder_was_removed_is_opened_anew_and_anothers_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control/sock");
        let mut bound = bind(&path).unwrap();
        assert!(bound.is_reached());
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        assert!(!bound.is_reached());
        bound.renew("control").unwrap();
        assert!(bound.is_reached());
        assert!(UnixStream::connect(&path).is_ok());
        std::fs::remove_file(&path).unwrap();
        let other = UnixListener::bind(&path).unwrap();
        assert!(!bound.is_reached());
        let refused = bound.renew("control");
        assert!(matches!(refused, Err(SocketError::InUse(_))), "{refused:?}");
        drop(bound);
        assert!(path.exists(), "it is the other's");
        drop(other);
    }

    #[test]
    fn a_kept_socket_goes_on_with_those_who_wait_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sock");
        let kept = UnixListener::bind(&path).unwrap();
        let _waiting = UnixStream::connect(&path).unwrap();
        let bound = adopt(kept, &path).unwrap().unwrap();
        assert!(bound.listener.accept().is_ok());
        drop(bound);
        assert!(path.exists(), "the next daemon needs it");
    }

    #[test]
    fn a_kept_socket_whose_file_has_gone_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sock");
        let kept = UnixListener::bind(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(adopt(kept, &path).unwrap().is_none());
        let _bound = open(&path, &mut Handed::default()).unwrap();
        assert!(UnixStream::connect(&path).is_ok());
    }
}
