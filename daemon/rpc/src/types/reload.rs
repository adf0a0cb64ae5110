//! What came of reading the configuration again.

use serde::{Deserialize, Serialize};

use crate::request_id::RequestId;

/// A configuration that was read again and accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// The call's id.
    pub request_id: RequestId,
    /// The hash of the configuration that is now in force.
    pub hash: String,
    /// The keys that changed and apply now.
    pub applied: Vec<String>,
    /// The keys that differ from what is in force, and apply after a restart.
    pub needs_restart: Vec<String>,
}

impl Reloaded {
    /// In a sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        match (self.applied.join(", "), self.needs_restart.join(", ")) {
            (now, later) if now.is_empty() && later.is_empty() => "nothing has changed".to_owned(),
            (now, later) if later.is_empty() => format!("{now} applied"),
            (now, later) if now.is_empty() => format!("{later} applies after a restart"),
            (now, later) => format!("{now} applied; {later} applies after a restart"),
        }
    }
}
