//! What goes wrong on the wire: codes, and for each error what happened, why, and what to do next.
//! JSON-RPC's own codes (-32700 to -32600) keep their meaning.

use jsonrpsee_ws_client::types::ErrorObjectOwned;
use serde::{Deserialize, Serialize};

use crate::limits::PROTOCOL_VERSION;
use crate::role::Role;

/// The codes of this wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// 1001: the socket does not give the role that the call needs.
    WrongRole,
    /// 1002: no route trades this symbol and there is no position in it.
    UnknownSymbol,
    /// 1003: there is no such order.
    UnknownOrder,
    /// 1004: the daemon will not do it now; the reason says why.
    Refused,
    /// 1005: the daemon is starting and has not read its book yet.
    NotReady,
    /// 1006: too many calls or too much at once; the same call may succeed later.
    Busy,
    /// 1007: the journal takes no entries, so nothing that must survive can be done.
    StoreUnavailable,
    /// 1008: the daemon is stopping.
    ShuttingDown,
    /// 1009: client and daemon do not speak the same protocol.
    ProtocolMismatch,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::WrongRole,
        Self::UnknownSymbol,
        Self::UnknownOrder,
        Self::Refused,
        Self::NotReady,
        Self::Busy,
        Self::StoreUnavailable,
        Self::ShuttingDown,
        Self::ProtocolMismatch,
    ];

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::WrongRole => 1001,
            Self::UnknownSymbol => 1002,
            Self::UnknownOrder => 1003,
            Self::Refused => 1004,
            Self::NotReady => 1005,
            Self::Busy => 1006,
            Self::StoreUnavailable => 1007,
            Self::ShuttingDown => 1008,
            Self::ProtocolMismatch => 1009,
        }
    }

    /// What it means, for the document.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::WrongRole => "the socket does not give the role that the call needs",
            Self::UnknownSymbol => "no route trades this symbol and there is no position in it",
            Self::UnknownOrder => "there is no such order",
            Self::Refused => "the daemon will not do it now",
            Self::NotReady => "the daemon is starting",
            Self::Busy => "too many calls or too much at once",
            Self::StoreUnavailable => "the journal takes no entries",
            Self::ShuttingDown => "the daemon is stopping",
            Self::ProtocolMismatch => "client and daemon do not speak the same protocol",
        }
    }

    /// The code with this number.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }
}

/// What an error says beside its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// What happened.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do next.
    pub next: String,
}

impl ErrorDetail {
    /// How programs print it as JSON, on one line of stderr.
    #[must_use]
    pub fn to_json(&self, exit_code: u8) -> String {
        serde_json::json!({ "error": self, "exit_code": exit_code }).to_string()
    }
}

/// An error as it crosses the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", detail.what, detail.why)]
pub struct Failure {
    /// The number: one of [`ErrorCode`] or one of JSON-RPC's own.
    pub code: i32,
    /// What happened, why, and what to do next.
    pub detail: ErrorDetail,
}

impl Failure {
    /// JSON-RPC's code for parameters that do not fit.
    pub const INVALID_PARAMS: i32 = -32602;
    /// JSON-RPC's code for a bug in the server.
    pub const INTERNAL: i32 = -32603;

    /// Puts an error together.
    #[must_use]
    pub fn new(
        code: ErrorCode,
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::numbered(code.number(), what, why, next)
    }

    fn numbered(
        code: i32,
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            code,
            detail: ErrorDetail {
                what: what.into(),
                why: why.into(),
                next: next.into(),
            },
        }
    }

    /// The parameters of `method` do not fit.
    #[must_use]
    pub fn invalid_params(method: &str, why: &str) -> Self {
        Self::numbered(
            Self::INVALID_PARAMS,
            format!("the parameters of {method} are wrong"),
            why,
            "correct the call; the OpenRPC document names every parameter",
        )
    }

    /// Something that must not happen did.
    #[must_use]
    pub fn internal(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::numbered(
            Self::INTERNAL,
            what,
            why,
            "this is a bug: please report it with the daemon's log",
        )
    }

    /// `method` needs a stronger role than the connection has.
    #[must_use]
    pub fn wrong_role(method: &str, required: Role, has: Role) -> Self {
        Self::new(
            ErrorCode::WrongRole,
            format!("{method} was not done"),
            format!("it needs the role {required}, and this connection has {has}"),
            if required == Role::Admin {
                "use the control socket as root or as the user that traderd runs as"
            } else {
                "use the control socket as a member of the group traderd-ctl"
            },
        )
    }

    /// No route trades `symbol`, and there is no position in it.
    #[must_use]
    pub fn unknown_symbol(symbol: &str) -> Self {
        Self::new(
            ErrorCode::UnknownSymbol,
            format!("{symbol} is not known here"),
            "no route trades it and there is no position in it",
            "traderctl strategies lists the symbols, traderctl positions the positions",
        )
    }

    /// There is no such order.
    #[must_use]
    pub fn unknown_order(order: &str) -> Self {
        Self::new(
            ErrorCode::UnknownOrder,
            format!("there is no order {order}"),
            "this daemon never made it, or its session is no longer kept in memory",
            "traderctl orders lists those that are open, with --all those that ended",
        )
    }

    /// The daemon will not do it now.
    #[must_use]
    pub fn refused(
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self::new(ErrorCode::Refused, what, why, next)
    }

    /// The daemon is starting.
    #[must_use]
    pub fn not_ready(method: &str) -> Self {
        Self::new(
            ErrorCode::NotReady,
            format!("{method} was not done"),
            "the daemon is starting and has not read its book yet",
            "try again in a few seconds; traderctl logs shows how far it is",
        )
    }

    /// Too many calls at once, or a queue that is full.
    #[must_use]
    pub fn busy(method: &str, why: impl Into<String>) -> Self {
        Self::new(
            ErrorCode::Busy,
            format!("{method} was not done"),
            why,
            "try again in a second",
        )
    }

    /// The journal takes no entries.
    #[must_use]
    pub fn store_unavailable(method: &str, why: impl Into<String>) -> Self {
        Self::new(
            ErrorCode::StoreUnavailable,
            format!("{method} was not done"),
            why,
            "look at traderctl status and at the disk; the daemon tries on",
        )
    }

    /// The daemon is stopping.
    #[must_use]
    pub fn shutting_down(method: &str) -> Self {
        Self::new(
            ErrorCode::ShuttingDown,
            format!("{method} was not done"),
            "the daemon is stopping",
            "wait for it, then start it again: systemctl start traderd",
        )
    }

    /// The client speaks `theirs`.
    #[must_use]
    pub fn protocol_mismatch(theirs: u32) -> Self {
        Self::new(
            ErrorCode::ProtocolMismatch,
            "the handshake failed",
            format!("the client speaks protocol {theirs}, this daemon speaks {PROTOCOL_VERSION}"),
            "install traderctl and traderd of the same release",
        )
    }

    /// Reads an error object; one without our data keeps its message as what happened.
    #[must_use]
    pub fn from_object(object: &ErrorObjectOwned) -> Self {
        let detail = object
            .data()
            .and_then(|data| serde_json::from_str(data.get()).ok())
            .unwrap_or_else(|| ErrorDetail {
                what: object.message().to_owned(),
                why: format!("JSON-RPC error {}", object.code()),
                next: "traderctl and traderd may be of different releases: compare \
                       traderctl --version with traderd --version"
                    .to_owned(),
            });
        Self {
            code: object.code(),
            detail,
        }
    }
}

impl From<Failure> for ErrorObjectOwned {
    fn from(failure: Failure) -> Self {
        Self::owned(
            failure.code,
            failure.detail.what.clone(),
            Some(failure.detail),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_the_same_on_both_ends_of_the_wire() {
        let failure = Failure::wrong_role("resume", Role::Control, Role::Read);
        let object = ErrorObjectOwned::from(failure.clone());
        assert_eq!(object.code(), 1001);
        assert_eq!(Failure::from_object(&object), failure);
        assert_eq!(
            failure.to_string(),
            "resume was not done: it needs the role control, and this connection has read"
        );
    }

    #[test]
    fn codes_are_unique_and_outside_the_reserved_range() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_number(code.number()), Some(code));
            assert!(code.number() > 0);
        }
    }
}
