//! How connecting and calling fail: what happened, why, and what to do next.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use jsonrpsee_core::ClientError;

use crate::error::{ErrorCode, ErrorDetail, Failure};
use crate::limits::{CALL_TIMEOUT, CONNECT_TIMEOUT, PROTOCOL_VERSION};
use crate::socket::{SOCKET_VARIABLE, group};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", self.detail().what, self.detail().why)]
pub enum ConnectError {
    /// There is no socket.
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The socket is there and not for us.
    Denied {
        /// Where it lies.
        path: PathBuf,
    },
    /// The socket's file is there and nobody listens: the daemon died, or never was here.
    NobodyListens {
        /// Where it lies.
        path: PathBuf,
    },
    /// Something answered that does not speak our protocol.
    NotTraderd {
        /// Where it lies.
        path: PathBuf,
        /// What was wrong with its answer.
        why: String,
    },
    /// Nothing answered in time.
    TimedOut {
        /// Where it lies.
        path: PathBuf,
    },
    /// It speaks another version of the protocol.
    WrongProtocol {
        /// Where it lies.
        path: PathBuf,
        /// Its protocol.
        theirs: u32,
        /// Its release.
        daemon_version: String,
    },
    /// The daemon refused the handshake.
    Refused {
        /// Where it lies.
        path: PathBuf,
        /// What it said.
        failure: Failure,
    },
    /// The operating system refused in another way.
    Io {
        /// Where it lies.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl ConnectError {
    pub(super) fn from_hello(path: &Path, error: CallError) -> Self {
        let path = path.to_owned();
        match error {
            CallError::Daemon(failure) if ErrorCode::from_number(failure.code).is_some() => {
                Self::Refused { path, failure }
            }
            other => Self::NotTraderd {
                path,
                why: other.detail().why,
            },
        }
    }

    /// The socket it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::Denied { path }
            | Self::NobodyListens { path }
            | Self::NotTraderd { path, .. }
            | Self::TimedOut { path }
            | Self::WrongProtocol { path, .. }
            | Self::Refused { path, .. }
            | Self::Io { path, .. } => path,
        }
    }

    /// What happened, why, and what to do next.
    #[must_use]
    pub fn detail(&self) -> ErrorDetail {
        let what = format!("cannot reach traderd at {}", self.path().display());
        let elsewhere = format!("name another socket with --socket or {SOCKET_VARIABLE}");
        let (why, next) = match self {
            Self::Missing { .. } => (
                "there is no socket".to_owned(),
                format!("is traderd running? systemctl status traderd; or {elsewhere}"),
            ),
            Self::Denied { path } => (
                "permission denied".to_owned(),
                format!(
                    "become a member of the group {0}: usermod -aG {0} USER, then log in again",
                    group(path)
                ),
            ),
            Self::NobodyListens { .. } => (
                "nobody listens there; a daemon that died may have left the file".to_owned(),
                format!("systemctl restart traderd; or {elsewhere}"),
            ),
            Self::NotTraderd { why, .. } => (
                format!("what listens there is no traderd ({why})"),
                elsewhere,
            ),
            Self::TimedOut { .. } => (
                format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
                "systemctl status traderd, journalctl -u traderd; protective stops rest at the \
                 broker meanwhile"
                    .to_owned(),
            ),
            Self::WrongProtocol {
                theirs,
                daemon_version,
                ..
            } => (
                format!(
                    "it is version {daemon_version} and speaks protocol {theirs}, this program \
                     speaks {PROTOCOL_VERSION}"
                ),
                "install traderctl and traderd of the same release".to_owned(),
            ),
            Self::Refused { failure, .. } => {
                (failure.detail.why.clone(), failure.detail.next.clone())
            }
            Self::Io { source, .. } => (source.to_string(), elsewhere),
        };
        ErrorDetail { what, why, next }
    }
}

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.detail().what, self.detail().why)]
pub enum CallError {
    /// The daemon answered with an error.
    Daemon(Failure),
    /// No answer came in time. A call that changes something may have been carried out.
    TimedOut {
        /// Which call.
        method: String,
    },
    /// The connection broke. A call that changes something may have been carried out.
    Lost {
        /// Which call.
        method: String,
        /// How.
        why: String,
    },
    /// An answer came that cannot be read.
    Unreadable {
        /// Which call.
        method: String,
        /// What is wrong with it.
        why: String,
    },
    /// The reader of a subscription was slower than the daemon.
    TooSlow,
}

impl CallError {
    pub(super) fn from_client(method: &str, error: &ClientError) -> Self {
        let method = method.to_owned();
        match error {
            ClientError::Call(object) => Self::Daemon(Failure::from_object(object)),
            ClientError::RequestTimeout => Self::TimedOut { method },
            ClientError::ParseError(error) => Self::Unreadable {
                method,
                why: error.to_string(),
            },
            other => Self::Lost {
                method,
                why: chain(other),
            },
        }
    }

    /// Whether the daemon is out of reach, rather than unwilling.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Lost { .. })
    }

    /// What happened, why, and what to do next.
    #[must_use]
    pub fn detail(&self) -> ErrorDetail {
        let detail = |what: String, why: String, next: &str| ErrorDetail {
            what,
            why,
            next: next.to_owned(),
        };
        let check = "traderctl status shows whether it took effect; sending it again with the \
                     same --request-id never acts twice";
        match self {
            Self::Daemon(failure) => failure.detail.clone(),
            Self::TimedOut { method } => detail(
                format!("{method} got no answer"),
                format!("traderd said nothing for {} s", CALL_TIMEOUT.as_secs()),
                check,
            ),
            Self::Lost { method, why } => detail(
                format!("{method} got no answer"),
                format!("the connection broke: {why}"),
                check,
            ),
            Self::Unreadable { method, why } => detail(
                format!("the answer to {method} cannot be read"),
                why.clone(),
                "compare traderctl --version with traderd --version",
            ),
            Self::TooSlow => detail(
                "the subscription ended".to_owned(),
                "this program read more slowly than traderd wrote".to_owned(),
                "start it again; it goes on after the last number it has seen",
            ),
        }
    }
}

/// An error with its causes on one line, each once.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
