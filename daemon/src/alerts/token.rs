//! Secrets of webhooks: read once from a file that is nobody else's, never shown.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The longest token, in bytes.
const BYTES_MAX: u64 = 4_096;

/// A secret. It has no other face than the text that goes over the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
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
    /// What is in it is no token.
    #[error(
        "{} holds no token: one line of printable ASCII without spaces, at most {BYTES_MAX} bytes",
        .0.display()
    )]
    NoToken(PathBuf),
}

/// Reads a token. A name without a folder is a credential that systemd handed over.
///
/// # Errors
/// Why it cannot be used.
pub fn read(file: Option<&Path>) -> Result<Option<Token>, TokenError> {
    let Some(file) = file else { return Ok(None) };
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let (path, ours) = match credentials {
        Some(folder) if file.is_relative() => (folder.join(file), true),
        _ => (file.to_owned(), false),
    };
    let unreadable = |source| TokenError::Unreadable {
        path: path.clone(),
        source,
    };
    let metadata = std::fs::metadata(&path).map_err(unreadable)?;
    // systemd's own folder is closed to others, whatever the mode of a file in it seems to say.
    if !ours && metadata.permissions().mode() & 0o077 != 0 {
        return Err(TokenError::Open(path));
    }
    if metadata.len() > BYTES_MAX {
        return Err(TokenError::NoToken(path));
    }
    let text = std::fs::read_to_string(&path).map_err(unreadable)?;
    let token = text.trim_end_matches(['\n', '\r']);
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::NoToken(path));
    }
    Ok(Some(Token(token.to_owned())))
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
    fn a_token_is_read_from_a_file_that_is_nobody_elses() {
        let (_folder, path) = file("s3cret\n", 0o600);
        let token = read(Some(&path)).unwrap().unwrap();
        assert_eq!(token.reveal(), "s3cret");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(read(None).unwrap(), None);
    }

    #[test]
    fn what_is_no_secret_or_no_token_is_refused_without_saying_it() {
        for (text, mode) in [
            ("s3cret", 0o640),
            ("s3cret", 0o604),
            ("", 0o600),
            ("s3cret two", 0o600),
            ("s3cret\nsecond", 0o600),
        ] {
            let (_folder, path) = file(text, mode);
            let error = read(Some(&path)).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!(read(Some(Path::new("/nonexistent/token"))).is_err());
    }
}
