//! The handshake, acknowledgements, sessions, and the configuration in force.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;

use super::status::Mode;
use crate::request_id::RequestId;
use crate::role::Role;

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol that the daemon speaks: see [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The daemon's version.
    pub daemon_version: String,
    /// What it trades with.
    pub mode: Mode,
    /// What every view of it must show beside the mode, for example `SYNTHETIC DATA`; or empty.
    pub label: String,
    /// What this connection may do.
    pub role: Role,
}

/// A call that changes something was taken, and will be or has been carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The call's id.
    pub request_id: RequestId,
    /// What was accepted, in one sentence.
    pub message: String,
    /// Whether the daemon had this id before: nothing was done again.
    pub repeated: bool,
}

/// One session of the exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// Its date in New York.
    pub date: NaiveDate,
    /// When it opens.
    pub open: Timestamp,
    /// When it closes.
    pub close: Timestamp,
    /// Whether it closes early.
    pub half_day: bool,
}

/// The configuration in force, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveConfig {
    /// Its fingerprint, as in status and in the journal.
    pub hash: String,
    /// The files it was read from, in order.
    pub files: Vec<String>,
    /// Every setting with its value, as TOML.
    pub toml: String,
}
