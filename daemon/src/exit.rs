//! How the program ends: the exit codes and the failure that carries one.

use std::fmt;
use std::process::ExitCode;

/// Everything was done.
pub const DONE: u8 = 0;
/// Something failed; the message says what.
pub const FAILED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// The program has a bug.
pub const BUG: u8 = 70;
/// The state or runtime folder cannot be used: another daemon has it, or it is not writable or full.
pub const STATE: u8 = 73;
/// The configuration is wrong.
pub const CONFIG: u8 = 78;

/// The codes in words, for `--help`.
pub const HELP: &str = "Exit codes:
   0  done
   1  failed; the message says what and why
   2  the command line is wrong
  70  a bug in this program
  73  the state or runtime folder cannot be used: another daemon has it, or it is not writable or full
  78  the configuration is wrong";

/// Why the program ends before its work is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// A failure with the code it ends with; `message` says what happened, why, and what to do.
    #[must_use]
    pub fn new(code: u8, message: impl fmt::Display) -> Self {
        Self {
            code,
            message: message.to_string(),
        }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<crate::config::Problems> for Failure {
    fn from(problems: crate::config::Problems) -> Self {
        Self::new(CONFIG, problems)
    }
}

impl From<crate::state::StateError> for Failure {
    fn from(error: crate::state::StateError) -> Self {
        Self::new(STATE, error)
    }
}

impl From<crate::server::ServerError> for Failure {
    fn from(error: crate::server::ServerError) -> Self {
        Self::new(STATE, error)
    }
}

impl From<crate::logging::LogError> for Failure {
    fn from(error: crate::logging::LogError) -> Self {
        Self::new(CONFIG, error)
    }
}

impl From<crate::plugins::PluginError> for Failure {
    fn from(error: crate::plugins::PluginError) -> Self {
        Self::new(CONFIG, error)
    }
}
