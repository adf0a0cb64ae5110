//! Secrets, as systemd credentials or as files that are nobody else's: read once, wiped when dropped, never
//! shown. The configuration names them and never holds them; whoever needs one reads it here.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The longest secret, in bytes.
const BYTES_MAX: u64 = 4_096;

/// What systemd puts before the name of a file below `/etc/traderd/credentials`: the unit loads the whole
/// folder under this name.
const FOLDER: &str = "etc";

/// The variable that says where systemd put the credentials.
const VARIABLE: &str = "CREDENTIALS_DIRECTORY";

/// A secret. It has no other face than the text that goes over the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself. What it is put into is not wiped: keep it short-lived.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// systemd handed over no such credential.
    #[error(
        "there is no credential {0}: put it into /etc/traderd/credentials/{0}, root's and 0600, and restart"
    )]
    Missing(String),
    /// A name is looked up among credentials, and there are none.
    #[error(
        "{0} is the name of a credential, and systemd handed over none ({VARIABLE} is not set); name a \
         file with its whole path, or run traderd.service"
    )]
    NoneHandedOver(String),
    /// The file cannot be read.
    #[error("cannot read {}: {source}; make the file readable for the user of the daemon", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others can read the file.
    #[error("{} can be read by others; set its mode to 0600", .0.display())]
    Open(PathBuf),
    /// What is in it is no secret.
    #[error(
        "{} holds no secret: one line of printable ASCII without spaces, at most {BYTES_MAX} bytes",
        .0.display()
    )]
    NoSecret(PathBuf),
}

/// The name that systemd gives to a file of `/etc/traderd/credentials`.
#[must_use]
pub fn of_folder(name: &str) -> String {
    format!("{FOLDER}_{name}")
}

/// Reads a secret. A name without a folder is a credential that systemd handed over; a whole path is a
/// file that only its owner may read.
///
/// # Errors
/// Why it cannot be used; the message never holds any of it.
pub fn read(named: &Path) -> Result<Secret, CredentialError> {
    let folder = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty());
    read_from(named, folder.map(PathBuf::from).as_deref())
}

fn read_from(named: &Path, handed_over: Option<&Path>) -> Result<Secret, CredentialError> {
    if named.is_absolute() {
        return read_file(named, Trust::OwnerOnly);
    }
    let name = named.display().to_string();
    let Some(folder) = handed_over else {
        return Err(CredentialError::NoneHandedOver(name));
    };
    // One of its own (LoadCredential=NAME:…, also encrypted) goes before one of the folder.
    let places = [folder.join(named), folder.join(of_folder(&name))];
    let found = places.into_iter().find(|path| path.is_file());
    let path = found.ok_or(CredentialError::Missing(name))?;
    read_file(&path, Trust::Systemd)
}

/// Who sees to it that nobody else reads a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// Its mode.
    OwnerOnly,
    /// systemd, whose folder is closed to others, whatever the mode of a file in it seems to say.
    Systemd,
}

fn read_file(path: &Path, trust: Trust) -> Result<Secret, CredentialError> {
    let unreadable = |source| CredentialError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if trust == Trust::OwnerOnly && metadata.permissions().mode() & 0o077 != 0 {
        return Err(CredentialError::Open(path.to_owned()));
    }
    if metadata.len() > BYTES_MAX {
        return Err(CredentialError::NoSecret(path.to_owned()));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CredentialError::NoSecret(path.to_owned()));
    }
    Ok(Secret(Zeroizing::new(secret.to_owned())))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_secret_is_read_from_a_file_that_is_nobody_elses() {
        let (_folder, path) = file("s3cret\n", 0o600);
        let secret = read(&path).unwrap();
        assert_eq!(secret.reveal(), "s3cret");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_saying_it() {
        for (text, mode) in [
            ("s3cret", 0o640),
            ("s3cret", 0o604),
            ("", 0o600),
            ("s3cret two", 0o600),
            ("s3cret\nsecond", 0o600),
        ] {
            let (_folder, path) = file(text, mode);
            let error = read(&path).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!(read(Path::new("/nonexistent/token")).is_err());
    }

    #[test]
    fn a_name_is_a_credential_of_its_own_or_a_file_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("etc_alpaca.key", "from-the-folder");
        put("etc_webhook", "from-the-folder");
        put("alpaca.key", "of-its-own");
        let read = |name: &str| read_from(Path::new(name), Some(folder.path()));
        assert_eq!(read("alpaca.key").unwrap().reveal(), "of-its-own");
        assert_eq!(read("webhook").unwrap().reveal(), "from-the-folder");
        let error = read("other").unwrap_err().to_string();
        assert!(error.contains("/etc/traderd/credentials/other"), "{error}");
        let error = read_from(Path::new("webhook"), None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("handed over none"), "{error}");
    }
}
