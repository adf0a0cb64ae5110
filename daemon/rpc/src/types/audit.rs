//! The journal under audit: whether it is what was written, and a year of it for taxes and brokers'
//! statements.

use serde::{Deserialize, Serialize};

use super::job::DataFault;

/// Which check of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSpec {
    /// A head that somebody kept, which the journal must still hold: `SEQ:HASH`, or the hash alone.
    pub against: Option<String>,
}

/// Which records of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditExportSpec {
    /// The year, by New York's dates.
    pub year: i32,
}

/// A row of the journal by its number and hash; it stands for every row up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    /// The row's number; 0 for an empty journal.
    pub seq: u64,
    /// Its SHA-256 as 64 hexadecimal digits.
    pub hash: String,
}

/// What a check of the journal found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditResult {
    /// Rows that were checked and are as they were written.
    pub rows: u64,
    /// The last of them.
    pub head: JournalHead,
    /// The head that was asked for; `null` if none was.
    pub against: Option<String>,
    /// What is wrong; empty is good.
    pub faults: Vec<DataFault>,
}
