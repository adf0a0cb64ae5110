//! A folder for one run that leaves nothing behind.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::exit::{self, Failure};

/// How many names are tried.
const SCRATCH_ATTEMPTS: u32 = 100;

/// The folder of the run: the one that was named, or one that is removed afterwards.
pub(crate) struct Scratch {
    pub(crate) path: PathBuf,
    temporary: bool,
}

impl Scratch {
    /// The folder that was named, or a new one for a run of this kind.
    ///
    /// # Errors
    /// None can be made.
    pub(crate) fn new(kind: &str, named: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Ok(Self {
                path: path.to_owned(),
                temporary: false,
            });
        }
        let pid = std::process::id();
        let mut last = None;
        // A run that was killed may have left a folder of the same name.
        for attempt in 0..SCRATCH_ATTEMPTS {
            let path = std::env::temp_dir().join(format!("traderd-{kind}-{pid}-{attempt}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    return Ok(Self {
                        path,
                        temporary: true,
                    });
                }
                Err(error) => {
                    let next = error.kind() == io::ErrorKind::AlreadyExists;
                    last = Some(format!("{}: {error}", path.display()));
                    if !next {
                        break;
                    }
                }
            }
        }
        let message = format!(
            "cannot make a folder for this run, {}; name one with --state-dir",
            last.unwrap_or_default()
        );
        Err(Failure::new(exit::STATE, message))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.temporary {
            // What is left behind is only a folder in the temporary one.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
