//! What lies on the disk: who may read it, and how much room there is.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use trader_rpc::{Check, Role};

use super::{Doctor, bad, good, left_out, shown, warning};
use crate::config;

/// Less than so many bytes free are too few: jobs do nothing any more, and the journal is next.
const FREE_BAD: u64 = 256 << 20;
/// Less than so many are worth a word: some weeks of recordings.
const FREE_WARNING: u64 = 2 << 30;
/// Rights of the group and of others.
const NOT_THE_OWNERS: u32 = 0o077;
/// The right to write of the group and of others.
const WRITTEN_BY_OTHERS: u32 = 0o022;
/// Any right of others.
const OTHERS: u32 = 0o007;

/// Looks at files, folders and sockets.
pub(super) fn checks(doctor: &Doctor, running: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(configuration(doctor));
    checks.push(state(&doctor.folders.state));
    checks.push(disk(&doctor.folders.state));
    checks.push(sockets(&doctor.folders.runtime, running));
    checks
}

/// Whoever can write a configuration can have the daemon trade something else.
fn configuration(doctor: &Doctor) -> Option<Check> {
    let name = "configuration_files";
    let files = config::files(doctor.file.as_deref());
    let open = files.iter().find_map(|file| {
        let mode = std::fs::metadata(file).ok()?.permissions().mode();
        (mode & WRITTEN_BY_OTHERS != 0).then_some((file, mode & 0o7777))
    });
    if files.is_empty() {
        return None;
    }
    Some(match open {
        None => good(name, "only their owner can write them"),
        Some((file, mode)) => bad(
            name,
            format!("{file} has mode {mode:04o}: others can change what is traded"),
            format!("chmod go-w {file}"),
        ),
    })
}

fn state(folder: &Path) -> Check {
    let name = "state_folder";
    let path = shown(folder);
    let facts = match std::fs::metadata(folder) {
        Ok(facts) if facts.is_dir() => facts,
        Ok(_) => {
            return bad(
                name,
                format!("{path} is no folder"),
                "name another state folder",
            );
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return left_out(
                name,
                format!("{path} is not there yet; the first start makes it"),
            );
        }
        Err(error) => {
            return bad(
                name,
                format!("{path}: {error}"),
                "look at its owner and mode",
            );
        }
    };
    let mode = facts.permissions().mode() & 0o7777;
    if mode & NOT_THE_OWNERS != 0 {
        return bad(
            name,
            format!("{path} has mode {mode:04o}: others can read the account's journal"),
            format!("chmod 0700 {path}"),
        );
    }
    match strange(folder, &facts) {
        Some(file) => bad(
            name,
            format!("{file} belongs to another user than {path}"),
            format!("chown it to user {}", facts.uid()),
        ),
        None => good(name, format!("{path} is its user's alone")),
    }
}

/// A file of the folder that is somebody else's, which a daemon could not write.
fn strange(folder: &Path, facts: &Metadata) -> Option<String> {
    let files = std::fs::read_dir(folder).ok()?;
    files.filter_map(Result::ok).find_map(|file| {
        let owner = file.metadata().ok()?.uid();
        // What a file system of its own keeps there is root's.
        let ours = owner == facts.uid() || file.file_name() == "lost+found";
        (!ours).then(|| shown(&file.path()))
    })
}

fn disk(folder: &Path) -> Check {
    let name = "disk";
    // Where the folder is to be, if it is not there yet.
    let mut above = folder.ancestors().map(|path| match path.as_os_str() {
        here if here.is_empty() => Path::new("."),
        _ => path,
    });
    let there = above.find(|path| path.exists()).unwrap_or(folder);
    let space = match rustix::fs::statvfs(there) {
        Ok(space) => space,
        Err(error) => {
            return bad(
                name,
                format!("{}: {error}", shown(there)),
                "look at the disk",
            );
        }
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    room(
        &format!("{} MB are free for {}", free >> 20, shown(folder)),
        free,
    )
}

fn room(finding: &str, free: u64) -> Check {
    let next =
        "make room; recording.max_megabytes, jobs.keep and traderctl data remove say what is kept";
    match free {
        ..FREE_BAD => bad("disk", finding, next),
        FREE_BAD..FREE_WARNING => warning("disk", finding, next),
        _ => good("disk", finding),
    }
}

/// Who may talk to the daemon.
fn sockets(runtime: &Path, running: bool) -> Check {
    let name = "sockets";
    let paths = [
        (Role::Control, trader_rpc::socket::control(runtime)),
        (Role::Read, trader_rpc::socket::read(runtime)),
    ];
    let mut told = Vec::new();
    for (role, path) in paths {
        let facts = match std::fs::symlink_metadata(&path) {
            Ok(facts) => facts,
            Err(_) if !running => continue,
            Err(error) => {
                return bad(
                    name,
                    format!("{}: {error}", shown(&path)),
                    "restart the daemon",
                );
            }
        };
        if !facts.file_type().is_socket() {
            let finding = format!("{} is no socket", shown(&path));
            return bad(name, finding, "remove it and restart the daemon");
        }
        let mode = facts.permissions().mode() & 0o7777;
        if mode & OTHERS != 0 {
            let finding = format!("{} has mode {mode:04o}: anybody can use it", shown(&path));
            return bad(name, finding, format!("chmod o= {}", shown(&path)));
        }
        if !running && nobody_listens(&path) {
            let finding = format!(
                "nobody listens on {}: a daemon that died has left it",
                shown(&path)
            );
            let next = "systemctl restart traderd; its start takes the file away";
            return warning(name, finding, next);
        }
        told.push(format!(
            "{role} for group {} (mode {mode:04o})",
            facts.gid()
        ));
    }
    if told.is_empty() {
        return left_out(name, "there are none while no daemon runs");
    }
    good(name, told.join(", "))
}

/// Whether a socket's file is there and no process behind it.
fn nobody_listens(path: &Path) -> bool {
    let refused = UnixStream::connect(path).err();
    refused.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use trader_rpc::Outcome;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_state_folder_is_its_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        mode(folder.path(), 0o700);
        assert_eq!(state(folder.path()).outcome, Outcome::Good);
        mode(folder.path(), 0o750);
        let open = state(folder.path());
        assert_eq!(open.outcome, Outcome::Bad);
        assert!(open.next.unwrap().starts_with("chmod 0700 "));
        let missing = state(&folder.path().join("none"));
        assert_eq!(missing.outcome, Outcome::LeftOut);
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(state(file.path()).outcome, Outcome::Bad);
    }

    #[test]
    fn room_is_told_before_it_is_too_late() {
        let of = |free| room("", free).outcome;
        assert_eq!(of(FREE_BAD - 1), Outcome::Bad);
        assert_eq!(of(FREE_BAD), Outcome::Warning);
        assert_eq!(of(FREE_WARNING), Outcome::Good);
        let folder = tempfile::tempdir().unwrap();
        for later in [
            &folder.path().join("not/there/yet"),
            Path::new("not-there-yet"),
        ] {
            let told = disk(later);
            assert!(told.finding.contains(" MB are free for "), "{told:?}");
        }
    }

    #[test]
    fn a_socket_for_everybody_is_bad_and_none_is_no_matter_while_nothing_runs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(sockets(folder.path(), false).outcome, Outcome::LeftOut);
        assert_eq!(sockets(folder.path(), true).outcome, Outcome::Bad);
        for path in [
            trader_rpc::socket::control(folder.path()),
            trader_rpc::socket::read(folder.path()),
        ] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::net::UnixListener::bind(&path).unwrap();
            mode(&path, 0o660);
        }
        let told = sockets(folder.path(), true);
        assert_eq!(told.outcome, Outcome::Good, "{told:?}");
        // Their listeners have gone with the statement that made them.
        let left = sockets(folder.path(), false);
        assert_eq!(left.outcome, Outcome::Warning, "{left:?}");
        assert!(left.finding.contains("nobody listens on "), "{left:?}");
        mode(&trader_rpc::socket::read(folder.path()), 0o666);
        let told = sockets(folder.path(), true);
        assert!(told.finding.contains("anybody can use it"), "{told:?}");
    }
}
