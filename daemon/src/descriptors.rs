//! Listening sockets that systemd keeps while the daemon restarts, in the descriptor store of the unit:
//! who connects meanwhile waits instead of being refused.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;

use listenfd::ListenFd;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// The sockets that systemd handed over at the start.
#[derive(Debug, Default)]
pub struct Handed(Vec<UnixListener>);

impl Handed {
    /// Takes them, once, at the very start. What is no listening Unix socket is left alone.
    #[must_use]
    pub fn take() -> Self {
        let mut handed = ListenFd::from_env();
        let sockets = (0..handed.len()).filter_map(|place| {
            // One that cannot be used is made anew.
            handed.take_unix_listener(place).ok().flatten()
        });
        Self(sockets.collect())
    }

    /// These, as if systemd had handed them over.
    #[cfg(test)]
    pub(crate) fn of(sockets: Vec<UnixListener>) -> Self {
        Self(sockets)
    }

    /// Gives the one that listens at this path.
    pub(crate) fn listening_at(&mut self, path: &Path) -> Option<UnixListener> {
        let place = self.0.iter().position(|socket| {
            let address = socket.local_addr();
            address.is_ok_and(|address| address.as_pathname() == Some(path))
        })?;
        Some(self.0.swap_remove(place))
    }
}

/// Whether somebody may keep descriptors for us: systemd, which then does so if the unit says so.
#[must_use]
pub fn are_kept() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// Asks systemd to keep a listening socket until the unit is stopped. A no-op without systemd.
///
/// # Errors
/// systemd did not hear us.
pub fn keep(socket: &UnixListener, name: &str) -> io::Result<()> {
    let Some(notify) = systemd()? else {
        return Ok(());
    };
    // Polling says nothing about a socket that listens, so it is switched off.
    let state = format!("FDSTORE=1\nFDPOLL=0\nFDNAME={name}\n");
    let descriptors: [BorrowedFd<'_>; 1] = [socket.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let message = [IoSlice::new(state.as_bytes())];
    sendmsg(&notify, &message, &mut control, SendFlags::empty())?;
    Ok(())
}

/// Asks systemd to give up the sockets that it keeps under a name. A no-op without systemd.
///
/// # Errors
/// systemd did not hear us.
pub fn forget(name: &str) -> io::Result<()> {
    let Some(notify) = systemd()? else {
        return Ok(());
    };
    let state = format!("FDSTOREREMOVE=1\nFDNAME={name}\n");
    notify.send(state.as_bytes()).map(drop)
}

/// A way to systemd, where there is one.
fn systemd() -> io::Result<Option<UnixDatagram>> {
    let Some(address) = std::env::var_os("NOTIFY_SOCKET") else {
        return Ok(None);
    };
    let notify = UnixDatagram::unbound()?;
    notify.connect(address)?;
    Ok(Some(notify))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_was_handed_over_is_found_by_its_path_and_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["control", "read"].map(|name| folder.path().join(name));
        let sockets = paths
            .each_ref()
            .map(|path| UnixListener::bind(path).unwrap());
        let mut handed = Handed(sockets.into());
        assert!(handed.listening_at(&folder.path().join("other")).is_none());
        assert!(handed.listening_at(&paths[1]).is_some());
        assert!(handed.listening_at(&paths[1]).is_none());
        assert!(handed.listening_at(&paths[0]).is_some());
    }
}
