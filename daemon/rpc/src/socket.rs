//! Where the daemon's sockets lie, and which one a client tries for what.

use std::path::{Path, PathBuf};

use crate::role::Role;

/// The daemon's runtime folder, unless the configuration says otherwise.
pub const RUNTIME_DIR: &str = "/run/traderd";

/// The environment variable that names a socket or a runtime folder.
pub const SOCKET_VARIABLE: &str = "TRADERD_SOCKET";

/// The control socket of a runtime folder.
#[must_use]
pub fn control(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("control").join("sock")
}

/// The read socket of a runtime folder.
#[must_use]
pub fn read(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("read").join("sock")
}

/// The group whose members may use a socket that lies here.
#[must_use]
pub fn group(socket: &Path) -> &'static str {
    let folder = socket.parent().and_then(Path::file_name);
    if folder.is_some_and(|name| name == "read") {
        "traderd-ro"
    } else {
        "traderd-ctl"
    }
}

/// The sockets to try, in order. `given` is a socket or a runtime folder; without one it is
/// [`RUNTIME_DIR`]. Of a folder, the control socket comes first, and what only looks may fall back to
/// the read socket.
#[must_use]
pub fn candidates(given: Option<&Path>, needed: Role) -> Vec<PathBuf> {
    let runtime_dir = match given {
        Some(path) if path.is_dir() => path,
        Some(path) => return vec![path.to_owned()],
        None => Path::new(RUNTIME_DIR),
    };
    let mut sockets = vec![control(runtime_dir)];
    if needed == Role::Read {
        sockets.push(read(runtime_dir));
    }
    sockets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looking_may_fall_back_to_the_read_socket() {
        let paths = |needed| candidates(None, needed);
        assert_eq!(
            paths(Role::Read),
            [
                PathBuf::from("/run/traderd/control/sock"),
                PathBuf::from("/run/traderd/read/sock")
            ]
        );
        assert_eq!(
            paths(Role::Reduce),
            [PathBuf::from("/run/traderd/control/sock")]
        );
    }

    #[test]
    fn a_given_path_is_a_socket_unless_it_is_a_folder() {
        let socket = Path::new("/nowhere/at/all.sock");
        assert_eq!(candidates(Some(socket), Role::Read), [socket.to_owned()]);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(
            candidates(Some(folder), Role::Control),
            [folder.join("control/sock")]
        );
        assert_eq!(group(&read(folder)), "traderd-ro");
        assert_eq!(group(&control(folder)), "traderd-ctl");
    }
}
