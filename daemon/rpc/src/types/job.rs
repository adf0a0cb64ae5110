//! Jobs: work apart from trading, and market data that it reads and writes.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trader_contract::{Symbol, Timestamp};

use super::audit::{AuditExportSpec, AuditSpec};
use super::backtest::BacktestSpec;
use super::download::DownloadSpec;
use super::session::{ReplaySpec, SessionExportSpec, TraceSpec};
use crate::request_id::RequestId;

/// A file of market data to take into the bar store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportSpec {
    /// The uploaded file.
    pub upload: RequestId,
    /// Its name, for messages and as the source.
    pub file_name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// Whose rows they are.
    pub symbol: Symbol,
    /// What the rows are: `1min`, `quotes-1min`, `trades` and so on, or `actions` for splits and
    /// dividends.
    pub data: String,
    /// Where they come from; the file's name if it is left out.
    #[serde(default)]
    pub source: Option<String>,
    /// Which feed they are of: `sip`, `iex` or whatever the source says.
    #[serde(default)]
    pub feed: Option<String>,
    /// Whether rows in extended hours are refused; else they are taken, marked as extended.
    #[serde(default)]
    pub regular_only: bool,
    /// Whether rows that differ from stored ones of the same time take their place.
    #[serde(default)]
    pub replace: bool,
}

/// Stored rows as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportSpec {
    /// Whose.
    pub symbol: Symbol,
    /// Which.
    pub data: String,
    /// From this day on.
    #[serde(default)]
    pub start_date: Option<NaiveDate>,
    /// To this day.
    #[serde(default)]
    pub end_date: Option<NaiveDate>,
    /// Adjusted for what; raw if it is left out.
    #[serde(default)]
    pub adjustment: Option<super::backtest::Adjustment>,
    /// Only regular trading.
    #[serde(default)]
    pub regular_only: bool,
}

/// Which stored series; all without a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeriesFilter {
    /// Whose.
    pub symbol: Option<Symbol>,
    /// Which.
    pub data: Option<String>,
    /// From this day on.
    pub start_date: Option<NaiveDate>,
    /// To this day.
    pub end_date: Option<NaiveDate>,
}

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Run strategies over stored bars.
    Backtest(BacktestSpec),
    /// Take a file into the bar store.
    Import(ImportSpec),
    /// Take a provider's bars into the bar store.
    Download(DownloadSpec),
    /// Write stored rows to a file.
    Export(ExportSpec),
    /// Check stored files.
    Verify(SeriesFilter),
    /// Find missing sessions and minutes.
    Gaps(SeriesFilter),
    /// Replay a recorded session.
    Replay(ReplaySpec),
    /// Look at a moment of a recorded session.
    Trace(TraceSpec),
    /// Write the recording of a session to a file.
    SessionExport(SessionExportSpec),
    /// Check the journal.
    Audit(AuditSpec),
    /// Write a year of the account's records to files.
    AuditExport(AuditExportSpec),
}

impl Work {
    /// Its kind: `backtest`, `import`, `replay` and so on.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Backtest(_) => JobKind::Backtest,
            Self::Import(_) => JobKind::Import,
            Self::Download(_) => JobKind::Download,
            Self::Export(_) => JobKind::Export,
            Self::Verify(_) => JobKind::Verify,
            Self::Gaps(_) => JobKind::Gaps,
            Self::Replay(_) => JobKind::Replay,
            Self::Trace(_) => JobKind::Trace,
            Self::SessionExport(_) => JobKind::SessionExport,
            Self::Audit(_) => JobKind::Audit,
            Self::AuditExport(_) => JobKind::AuditExport,
        }
    }
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Runs strategies over stored bars.
    Backtest,
    /// Takes a file into the bar store.
    Import,
    /// Takes a provider's bars into the bar store.
    Download,
    /// Writes stored rows to a file.
    Export,
    /// Checks stored files.
    Verify,
    /// Finds missing sessions and minutes.
    Gaps,
    /// Replays a recorded session.
    Replay,
    /// Looks at a moment of a recorded session.
    Trace,
    /// Writes the recording of a session to a file.
    SessionExport,
    /// Checks the journal.
    Audit,
    /// Writes a year of the account's records to files.
    AuditExport,
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Backtest => "backtest",
            Self::Import => "import",
            Self::Download => "download",
            Self::Export => "export",
            Self::Verify => "verify",
            Self::Gaps => "gaps",
            Self::Replay => "replay",
            Self::Trace => "trace",
            Self::SessionExport => "session_export",
            Self::Audit => "audit",
            Self::AuditExport => "audit_export",
        })
    }
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// It is at work.
    Running,
    /// It has done what it was to do.
    Done,
    /// It could not.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// The daemon ended while it was at work.
    Interrupted,
}

impl JobState {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        })
    }
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobProgress {
    /// What it is at, in a word or two: `reading`, `running`, `writing`.
    pub phase: String,
    /// How much of it is done.
    pub done: u64,
    /// Of how much; 0 if that is not known.
    pub total: u64,
    /// What is counted: `bars`, `rows`, `bytes`, `files`.
    pub unit: String,
    /// How many a second, since the phase began.
    pub per_second: f64,
    /// Seconds until the phase is done, at this rate.
    pub seconds_left: Option<f64>,
}

/// A file that a job made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFile {
    /// Its name: `result.json`, or `rows.csv` of an export.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its number, counted from 1 over the life of a state folder.
    pub id: u64,
    /// What it is to do.
    pub work: Work,
    /// The same in one line.
    pub title: String,
    /// Where it is.
    pub state: JobState,
    /// Jobs that come before it, if it waits.
    pub ahead: Option<u32>,
    /// How far it is, if it is at work.
    pub progress: Option<JobProgress>,
    /// What came of it in a sentence; why it failed, and what to do.
    pub message: Option<String>,
    /// The call that asked for it.
    pub request_id: RequestId,
    /// Who asked for it.
    pub uid: u32,
    /// When.
    pub submitted_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// The most memory it held, in MB.
    pub peak_memory_mb: Option<u32>,
    /// What it made.
    pub files: Vec<JobFile>,
}

/// A part of a file. `data` is base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChunk {
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// The file's size, in bytes.
    pub bytes: u64,
    /// The part, in base64; empty at the end.
    pub data: String,
}

/// How much of an upload has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadState {
    /// The upload's id.
    pub upload: RequestId,
    /// Bytes that the daemon holds; the next part begins here.
    pub bytes: u64,
}

/// One file of a stored series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFileInfo {
    /// The year of its sessions.
    pub year: i32,
    /// Its name in the store.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Of them outside regular trading.
    pub extended_rows: u64,
    /// Its first row's time.
    pub first: Timestamp,
    /// Its last row's time.
    pub last: Timestamp,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// A stored series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSeries {
    /// Whose.
    pub symbol: Symbol,
    /// What its rows are: `1min`, `quotes-1min`, `trades` and so on, or `actions`.
    pub data: String,
    /// Where they come from.
    pub source: String,
    /// Which feed they are of.
    pub feed: String,
    /// How they are stored: `raw`.
    pub adjustment: String,
    /// Rows.
    pub rows: u64,
    /// Of them outside regular trading.
    pub extended_rows: u64,
    /// The first row's day in New York.
    pub first: NaiveDate,
    /// The last row's day.
    pub last: NaiveDate,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Its files, the oldest first.
    pub files: Vec<DataFileInfo>,
}

/// Something wrong in the bar store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFault {
    /// The file or series.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: String,
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyResult {
    /// Files that were read whole.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// What is wrong; empty is good.
    pub faults: Vec<DataFault>,
    /// Rows that look like bad prints.
    pub suspicious: Vec<DataFault>,
}

/// Minutes, hours or seconds of a session that have no row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionGaps {
    /// The session.
    pub date: NaiveDate,
    /// How many of its regular rows are missing.
    pub missing: u32,
    /// From the first to the last missing one, range by range.
    pub ranges: Vec<(Timestamp, Timestamp)>,
}

/// What a series lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesGaps {
    /// Whose.
    pub symbol: Symbol,
    /// Which.
    pub data: String,
    /// The first session looked at.
    pub first: NaiveDate,
    /// The last one.
    pub last: NaiveDate,
    /// Sessions between them, both included.
    pub sessions: u64,
    /// Regular rows that there should be.
    pub expected: u64,
    /// Regular rows that there are.
    pub present: u64,
    /// Runs of sessions without any row.
    pub missing_sessions: Vec<(NaiveDate, NaiveDate)>,
    /// Sessions with some rows missing.
    pub incomplete: Vec<SessionGaps>,
}

/// What `gaps` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GapsResult {
    /// Series by series.
    pub series: Vec<SeriesGaps>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportResult {
    /// Whose.
    pub symbol: Symbol,
    /// Which.
    pub data: String,
    /// Rows in the file.
    pub rows: u64,
    /// Rows that the store did not have.
    pub new: u64,
    /// Rows that it had, the same.
    pub already: u64,
    /// Rows that took the place of different ones.
    pub replaced: u64,
    /// Rows outside regular trading.
    pub extended_rows: u64,
    /// The first row's day in New York.
    pub first: NaiveDate,
    /// The last row's day.
    pub last: NaiveDate,
}
