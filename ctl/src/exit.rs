//! Exit codes, and how a command fails: what happened, why, and what to type next.

use std::io;
use std::panic;
use std::process;

use trader_rpc::{CallError, ConnectError, ErrorDetail};

/// It is done.
pub(crate) const DONE: u8 = 0;
/// It was refused, or it failed; the reason is printed.
pub(crate) const REFUSED: u8 = 1;
/// The command line makes no sense.
pub(crate) const USAGE: u8 = 2;
/// There is no daemon to talk to, or it stopped answering.
pub(crate) const UNREACHABLE: u8 = 3;
/// A bug of this program.
pub(crate) const BUG: u8 = 70;

/// Somebody ended it from outside, as shells count it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The codes as they stand in help and manual.
pub(crate) const HELP: &str = "\
Exit codes:
  0   done
  1   refused or failed; the reason is printed
  2   wrong usage
  3   traderd cannot be reached
  70  a bug in this program
  78  bad configuration (config check, config show)";

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The command line makes no sense.
    Usage(ErrorDetail),
    /// It was refused, or it failed.
    Refused(ErrorDetail),
    /// There is no daemon to talk to.
    Connect(ConnectError),
    /// The daemon refused, or it stopped answering.
    Call(CallError),
    /// The daemon stopped answering while we watched something.
    Lost(ErrorDetail),
    /// Nobody reads our output any more.
    BrokenPipe,
    /// Another program has said why; only its exit code is handed on.
    Passed(u8),
}

impl Failed {
    /// A refusal of our own.
    pub(crate) fn refused(
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::Refused(detail(what, why, next))
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::Usage(detail(what, why, next))
    }

    /// A daemon that went away in the middle of something.
    pub(crate) fn lost(
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::Lost(detail(what, why, next))
    }

    /// The exit code.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Refused(_) => REFUSED,
            Self::Connect(_) | Self::Lost(_) => UNREACHABLE,
            Self::Call(error) if error.is_unreachable() => UNREACHABLE,
            Self::Call(_) => REFUSED,
            Self::BrokenPipe => DONE,
            Self::Passed(code) => *code,
        }
    }

    /// What to print; nothing where it has been said already.
    pub(crate) fn detail(&self) -> Option<ErrorDetail> {
        match self {
            Self::Usage(detail) | Self::Refused(detail) | Self::Lost(detail) => {
                Some(detail.clone())
            }
            Self::Connect(error) => Some(error.detail()),
            Self::Call(error) => Some(error.detail()),
            Self::BrokenPipe | Self::Passed(_) => None,
        }
    }
}

impl From<ConnectError> for Failed {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::refused(
                "the output cannot be written",
                error.to_string(),
                "look at where it goes: a full disk, a closed terminal",
            )
        }
    }
}

impl From<serde_json::Error> for Failed {
    fn from(error: serde_json::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}

fn detail(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> ErrorDetail {
    ErrorDetail {
        what: what.into(),
        why: why.into(),
        next: next.into(),
    }
}

/// Makes a panic end with [`BUG`], after the usual message.
pub(crate) fn report_bugs() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        usual(info);
        process::exit(i32::from(BUG));
    }));
}
