//! The keys, from a file that nobody else can read: a credential of systemd, or one named in the
//! configuration. Two lines: the key id, and its secret.

use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use crate::protocol::keys::Keys;

/// The variable in which systemd names the folder of credentials.
pub const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The largest file that is read.
const BYTES_MAX: u64 = 4_096;
/// The shortest and the longest of a key's parts.
const PART: std::ops::RangeInclusive<usize> = 4..=256;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Nothing says where they are.
    #[error(
        "there is no credential {name:?}: add LoadCredential={name}:FILE to the unit, or name a file of mode 0600 in the configuration"
    )]
    None {
        /// The credential's name.
        name: String,
    },
    /// The file cannot be read.
    #[error("the keys in {path} cannot be read: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others can read the file.
    #[error("{path} has mode {mode:04o}: others can read the keys; `chmod 0600 {path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is another user's.
    #[error("{path} belongs to user {owner}, not to the one who runs this; `chown` it")]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The file holds something else.
    #[error("{path} does not hold two lines, the key id and its secret")]
    Contents {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the keys: from `file` where one is named, else from systemd's credential of that name.
///
/// # Errors
/// There are none, others can read them, or the file holds something else.
pub fn load(name: &str, file: Option<&Path>) -> Result<Keys, CredentialError> {
    match file {
        Some(path) => read(path, false),
        None => load_from(
            name,
            std::env::var_os(DIRECTORY).map(PathBuf::from).as_deref(),
        ),
    }
}

/// Reads the keys from a folder of credentials.
///
/// # Errors
/// As [`load`].
pub fn load_from(name: &str, directory: Option<&Path>) -> Result<Keys, CredentialError> {
    let none = || CredentialError::None {
        name: name.to_owned(),
    };
    let path = directory.ok_or_else(none)?.join(name);
    if !path.exists() {
        return Err(none());
    }
    read(&path, true)
}

/// `by_systemd`: the folder is one that systemd made for this unit alone; its files belong to root, and
/// an access list lets the unit's user read them, which shows as the group's right.
fn read(path: &Path, by_systemd: bool) -> Result<Keys, CredentialError> {
    let failed = |source| CredentialError::File {
        path: path.to_owned(),
        source,
    };
    // What is checked is what is read: no link, and one opening.
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(if by_systemd { 0 } else { O_NOFOLLOW })
        .open(path)
        .map_err(failed)?;
    let facts = file.metadata().map_err(failed)?;
    let mode = facts.permissions().mode() & 0o7777;
    let too_open = if by_systemd { 0o027 } else { 0o077 };
    if mode & too_open != 0 {
        let path = path.to_owned();
        return Err(CredentialError::Open { path, mode });
    }
    let us = std::fs::metadata("/proc/self").map(|facts| facts.uid());
    let owner = facts.uid();
    if owner != 0 && us.is_ok_and(|us| us != owner) {
        let path = path.to_owned();
        return Err(CredentialError::Owner { path, owner });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(id), Some(secret), None) if is_part(id) && is_part(secret) => {
            Ok(Keys::new(id, secret))
        }
        _ => Err(CredentialError::Contents {
            path: path.to_owned(),
        }),
    }
}

/// `O_NOFOLLOW` of Linux.
const O_NOFOLLOW: i32 = 0o400_000;

fn is_part(text: &str) -> bool {
    PART.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn file(contents: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alpaca");
        std::fs::write(&path, contents).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn keys_are_read_from_a_file_that_nobody_else_can_read() {
        let (_folder, path) = file("PKTEST\nvery-secret\n", 0o600);
        let keys = load("alpaca", Some(&path)).unwrap();
        let (id, secret) = keys.expose();
        assert_eq!(
            (id.expose_secret(), secret.expose_secret()),
            ("PKTEST", "very-secret")
        );
        assert_eq!(format!("{keys:?}"), "Keys(..)");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_what_to_do() {
        for mode in [0o640, 0o604, 0o660, 0o666, 0o644] {
            let (_folder, path) = file("PKTEST\nvery-secret\n", mode);
            let error = load("alpaca", Some(&path)).unwrap_err().to_string();
            assert!(
                error.contains(&format!("{mode:04o}")) && error.contains("chmod 0600"),
                "{error}"
            );
            assert!(!error.contains("very-secret"));
        }
    }

    #[test]
    fn a_credential_of_systemd_is_found_by_its_name() {
        let (folder, _path) = file("PKTEST\nvery-secret", 0o440);
        assert!(load_from("alpaca", Some(folder.path())).is_ok());
        let missing = load_from("other", Some(folder.path())).unwrap_err();
        assert!(missing.to_string().contains("LoadCredential=other"));
        assert!(matches!(
            load_from("alpaca", None),
            Err(CredentialError::None { .. })
        ));
        let (folder, _path) = file("PKTEST\nvery-secret", 0o444);
        assert!(matches!(
            load_from("alpaca", Some(folder.path())),
            Err(CredentialError::Open { .. })
        ));
    }

    #[test]
    fn what_is_no_pair_of_keys_is_refused_without_being_shown() {
        for contents in [
            "",
            "PKTEST",
            "PKTEST\n",
            "a\nb\nc\n",
            "PKTEST\nx y z w\n",
            "PK\u{e9}ST\nsecret\n",
        ] {
            let (_folder, path) = file(contents, 0o600);
            let error = load("alpaca", Some(&path)).unwrap_err();
            assert!(
                matches!(error, CredentialError::Contents { .. }),
                "{contents:?}: {error}"
            );
        }
        let (folder, path) = file("PKTEST\nvery-secret", 0o600);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(path, &link).unwrap();
        assert!(matches!(
            load("alpaca", Some(&link)),
            Err(CredentialError::File { .. })
        ));
    }
}
