//! What came of a test alert.

use serde::{Deserialize, Serialize};

use crate::request_id::RequestId;

/// What came of a test alert, way by way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTest {
    /// The call's id.
    pub request_id: RequestId,
    /// The ways that alerts go; none when nobody is told of alerts.
    pub ways: Vec<AlertWay>,
}

/// One way that alerts go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertWay {
    /// What kind of way: `command` or `webhook`.
    pub name: String,
    /// The program, or scheme and host.
    pub target: String,
    /// Whether the test arrived.
    pub delivered: bool,
    /// Why it did not.
    pub detail: Option<String>,
}
