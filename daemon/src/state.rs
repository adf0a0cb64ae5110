//! The state and runtime folders: where they are, whether they can be used, and the lock that lets
//! only one daemon use them.

use std::env;
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::claim::{self, Claim, Unclaimed};

/// The least free space to start with, in bytes.
pub const FREE_BYTES_MIN: u64 = 64 << 20;

/// The store's file below the state folder.
pub const STORE_FILE: &str = "traderd.db";

const LOCK_FILE: &str = "lock";

/// Why the folders cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Nothing says where they are.
    #[error(
        "there is no place for {what}: neither {named} nor HOME is set; name one with {option}"
    )]
    NoPlace {
        /// The state or the runtime folder.
        what: &'static str,
        /// The variable that would have named it.
        named: &'static str,
        /// The option that names it.
        option: &'static str,
    },
    /// A folder cannot be made or written to.
    #[error("{} cannot be used: {source}; check its owner and mode, or name another with {option}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
        /// The option that names it.
        option: &'static str,
    },
    /// There is too little space.
    #[error(
        "{} has {free} bytes free, less than the {FREE_BYTES_MIN} that the journal needs to start; make room",
        path.display()
    )]
    Full {
        /// The folder.
        path: PathBuf,
        /// What is free.
        free: u64,
    },
    /// Another daemon uses them.
    #[error(
        "another traderd{} uses {}; stop it first (traderctl stop), or name another folder with --state-dir",
        pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default(), path.display()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Its process id, if it could be read.
        pid: Option<u32>,
    },
}

/// The folders of one daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Store and recordings.
    pub state: PathBuf,
    /// Sockets.
    pub runtime: PathBuf,
}

/// Where the environment points to. Read once, so that the choice can be tested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `STATE_DIRECTORY`, from systemd.
    pub state_directory: Option<PathBuf>,
    /// `RUNTIME_DIRECTORY`, from systemd.
    pub runtime_directory: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub xdg_state_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub xdg_runtime_dir: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// Whether we are root.
    pub root: bool,
    /// Whether `/run/traderd` is there and can be written to.
    pub system_runtime: bool,
}

impl Surroundings {
    /// Reads them.
    #[must_use]
    pub fn read() -> Self {
        let path = |name: &str| {
            let value = env::var_os(name).filter(|value| !value.is_empty())?;
            // systemd lists several folders with colons; ours is the first.
            env::split_paths(&value).next()
        };
        let access = rustix::fs::access(Folders::SYSTEM_RUNTIME, rustix::fs::Access::WRITE_OK);
        Self {
            state_directory: path("STATE_DIRECTORY"),
            runtime_directory: path("RUNTIME_DIRECTORY"),
            xdg_state_home: path("XDG_STATE_HOME"),
            xdg_runtime_dir: path("XDG_RUNTIME_DIR"),
            home: path("HOME"),
            root: rustix::process::geteuid().is_root(),
            system_runtime: access.is_ok(),
        }
    }
}

impl Folders {
    /// The state folder of a daemon that runs as root without systemd.
    pub const SYSTEM_STATE: &'static str = "/var/lib/traderd";
    /// The runtime folder of the installed daemon.
    pub const SYSTEM_RUNTIME: &'static str = "/run/traderd";

    /// Chooses them. State: `named`, else `$STATE_DIRECTORY`, else `/var/lib/traderd` for root, else
    /// `$XDG_STATE_HOME/traderd`, else `~/.local/state/traderd`. Runtime: `named`, else
    /// `$RUNTIME_DIRECTORY`, else `/run/traderd` for root or where it can be written to, else
    /// `$XDG_RUNTIME_DIR/traderd`, else `run` below the state folder. A named state folder keeps its
    /// sockets below it too, so that two daemons with two of them do not meet.
    ///
    /// # Errors
    /// Nothing says where the state folder is.
    pub fn choose(
        state: Option<&Path>,
        runtime: Option<&Path>,
        around: &Surroundings,
    ) -> Result<Self, StateError> {
        let default_state = || {
            if let Some(folder) = &around.state_directory {
                return Ok(folder.clone());
            }
            if around.root {
                return Ok(PathBuf::from(Self::SYSTEM_STATE));
            }
            let xdg = around.xdg_state_home.clone();
            let home = around.home.as_ref().map(|home| home.join(".local/state"));
            xdg.or(home)
                .map(|parent| parent.join("traderd"))
                .ok_or(StateError::NoPlace {
                    what: "the state folder",
                    named: "STATE_DIRECTORY, XDG_STATE_HOME",
                    option: "--state-dir",
                })
        };
        let chosen = state.map_or_else(default_state, |folder| Ok(folder.to_owned()))?;
        let default_runtime = || {
            if let Some(folder) = &around.runtime_directory {
                return folder.clone();
            }
            if state.is_some() {
                return chosen.join("run");
            }
            if around.root || around.system_runtime {
                return PathBuf::from(Self::SYSTEM_RUNTIME);
            }
            let xdg = around.xdg_runtime_dir.as_ref();
            xdg.map_or_else(|| chosen.join("run"), |parent| parent.join("traderd"))
        };
        Ok(Self {
            runtime: runtime.map_or_else(default_runtime, Path::to_owned),
            state: chosen,
        })
    }
}

/// The right to use a state folder; it ends when this is dropped or the process ends.
#[derive(Debug)]
pub struct StateLock {
    _claim: Claim,
}

/// Makes the state folder (0700) if it is missing, checks that it can be written to and has space,
/// and takes its lock.
///
/// # Errors
/// It cannot be used, is full, or another daemon has it.
pub fn prepare(state: &Path) -> Result<StateLock, StateError> {
    let unusable = |source: io::Error| StateError::Unusable {
        path: state.to_owned(),
        source,
        option: "--state-dir",
    };
    make_folder(state, 0o700).map_err(unusable)?;
    let lock = lock(state)?;
    let probe = state.join(".probe");
    File::create(&probe)
        .and_then(|mut file| {
            file.write_all(b"probe")?;
            file.sync_all()
        })
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(unusable)?;
    let space = rustix::fs::statvfs(state).map_err(|error| unusable(error.into()))?;
    enough(state, space.f_bavail.saturating_mul(space.f_frsize))?;
    Ok(lock)
}

/// Makes a folder with its parents; one that exists keeps its mode.
///
/// # Errors
/// It cannot be made, or is no folder.
pub fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// Takes the lock of a state folder that exists, for what needs the daemon stopped.
///
/// # Errors
/// A daemon has it, or it cannot be used.
pub fn take(state: &Path) -> Result<StateLock, StateError> {
    lock(state)
}

/// Whether a daemon has the state folder, and which process it is as far as that can be read. Changes
/// nothing, and is no claim to it.
#[must_use]
pub fn holder(state: &Path) -> Option<Option<u32>> {
    claim::holder(&state.join(LOCK_FILE))
}

fn enough(path: &Path, free: u64) -> Result<(), StateError> {
    if free < FREE_BYTES_MIN {
        return Err(StateError::Full {
            path: path.to_owned(),
            free,
        });
    }
    Ok(())
}

fn lock(state: &Path) -> Result<StateLock, StateError> {
    match claim::take(&state.join(LOCK_FILE)) {
        Ok(claim) => Ok(StateLock { _claim: claim }),
        Err(Unclaimed::Held(pid)) => Err(StateError::Locked {
            path: state.to_owned(),
            pid,
        }),
        Err(Unclaimed::Io(source)) => Err(StateError::Unusable {
            path: state.to_owned(),
            source,
            option: "--state-dir",
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn choose(state: Option<&str>, around: &Surroundings) -> (String, String) {
        let folders = Folders::choose(state.map(Path::new), None, around).unwrap();
        (
            folders.state.display().to_string(),
            folders.runtime.display().to_string(),
        )
    }

    fn pair(state: &str, runtime: &str) -> (String, String) {
        (state.to_owned(), runtime.to_owned())
    }

    #[test]
    fn the_folders_are_systemds_then_the_systems_then_the_developers() {
        let developer = Surroundings {
            home: Some("/h/ann".into()),
            xdg_runtime_dir: Some("/run/user/7".into()),
            ..Surroundings::default()
        };
        let expected = pair("/h/ann/.local/state/traderd", "/run/user/7/traderd");
        assert_eq!(choose(None, &developer), expected);
        assert_eq!(choose(Some("/s/x"), &developer), pair("/s/x", "/s/x/run"));

        let bare = Surroundings {
            home: Some("/h/ann".into()),
            ..Surroundings::default()
        };
        assert_eq!(choose(None, &bare).1, "/h/ann/.local/state/traderd/run");

        let root = Surroundings {
            root: true,
            ..developer.clone()
        };
        assert_eq!(
            choose(None, &root),
            pair("/var/lib/traderd", "/run/traderd")
        );

        let service = Surroundings {
            state_directory: Some("/var/lib/private/traderd".into()),
            runtime_directory: Some("/run/t".into()),
            ..developer
        };
        assert_eq!(
            choose(None, &service),
            pair("/var/lib/private/traderd", "/run/t")
        );
    }

    #[test]
    fn without_any_place_the_error_names_the_option() {
        let error = Folders::choose(None, None, &Surroundings::default()).unwrap_err();
        assert!(
            error.to_string().ends_with("name one with --state-dir"),
            "{error}"
        );
    }

    #[test]
    fn a_second_daemon_is_refused_with_the_pid_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("deep/state");
        let first = prepare(&state).unwrap();
        let mode = std::fs::metadata(&state).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let error = prepare(&state).unwrap_err().to_string();
        let pid = format!("another traderd (pid {}) uses ", std::process::id());
        assert!(error.starts_with(&pid), "{error}");
        assert_eq!(holder(&state), Some(Some(std::process::id())));
        drop(first);
        assert_eq!(holder(&state), None);
        prepare(&state).unwrap();
    }

    #[test]
    fn a_state_folder_that_is_no_folder_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = prepare(file.path()).unwrap_err();
        assert!(matches!(error, StateError::Unusable { .. }), "{error}");
    }

    #[test]
    fn a_full_disk_is_told_before_anything_starts() {
        assert!(enough(Path::new("/x"), FREE_BYTES_MIN).is_ok());
        let error = enough(Path::new("/x"), 5).unwrap_err().to_string();
        assert!(error.starts_with("/x has 5 bytes free"), "{error}");
    }
}
