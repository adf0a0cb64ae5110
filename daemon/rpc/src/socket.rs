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

/// The runtime folders to try, in order: `given`, or without one the system's and then the user's
/// own, where a daemon that a person started by hand puts its sockets. `user_dir` is what
/// `XDG_RUNTIME_DIR` says.
#[must_use]
pub fn runtime_dirs(given: Option<&Path>, user_dir: Option<&Path>) -> Vec<PathBuf> {
    match given {
        Some(path) => vec![path.to_owned()],
        None => std::iter::once(PathBuf::from(RUNTIME_DIR))
            .chain(user_dir.map(|dir| dir.join("traderd")))
            .collect(),
    }
}

/// The sockets of one daemon to try, in order. `place` is a socket or a runtime folder. Of a folder,
/// the control socket comes first, and what only looks may fall back to the read socket.
#[must_use]
pub fn candidates(place: &Path, needed: Role) -> Vec<PathBuf> {
    let named_otherwise = place != Path::new(RUNTIME_DIR) && !place.is_dir();
    if named_otherwise {
        return vec![place.to_owned()];
    }
    let mut sockets = vec![control(place)];
    if needed == Role::Read {
        sockets.push(read(place));
    }
    sockets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looking_may_fall_back_to_the_read_socket() {
        let folder = Path::new(RUNTIME_DIR);
        assert_eq!(
            candidates(folder, Role::Read),
            [control(folder), read(folder)]
        );
        assert_eq!(candidates(folder, Role::Reduce), [control(folder)]);
    }

    #[test]
    fn a_given_path_is_a_socket_unless_it_is_a_folder() {
        let socket = Path::new("/nowhere/at/all.sock");
        assert_eq!(candidates(socket, Role::Read), [socket.to_owned()]);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(candidates(folder, Role::Control), [control(folder)]);
        assert_eq!(group(&read(folder)), "traderd-ro");
        assert_eq!(group(&control(folder)), "traderd-ctl");
    }

    #[test]
    fn the_systems_daemon_comes_before_the_users_own() {
        let user_dir = Some(Path::new("/run/user/1000"));
        let expected = ["/run/traderd", "/run/user/1000/traderd"].map(PathBuf::from);
        assert_eq!(runtime_dirs(None, user_dir), expected);
        assert_eq!(
            runtime_dirs(Some(Path::new("/x")), user_dir),
            [PathBuf::from("/x")]
        );
    }
}
