//! Work apart from trading: `[jobs]`.

use std::path::PathBuf;

use serde::Serialize;

use super::section::Section;

/// How much work is done apart from trading, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobsSettings {
    /// Jobs at work at one time: 1 to 8.
    pub max_running: u32,
    /// Jobs that wait; more are refused: 1 to 1000.
    pub max_queued: u32,
    /// The memory that one job may hold, in MB: 64 to 65536.
    pub memory_mb: u32,
    /// Jobs of each kind that are kept with what they made after they are over: 1 to 10000.
    pub keep: u32,
    /// The largest file that is taken in or given out, in MB: 1 to 65536.
    pub upload_mb: u32,
    /// The socket behind which systemd starts each job; without it jobs are children of the daemon.
    pub socket: Option<PathBuf>,
}

impl JobsSettings {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let jobs = Self {
            max_running: section.integer("max_running", 1, 1..=8),
            max_queued: section.integer("max_queued", 32, 1..=1_000),
            memory_mb: section.integer("memory_mb", 1_024, 64..=65_536),
            keep: section.integer("keep", 200, 1..=10_000),
            upload_mb: section.integer("upload_mb", 2_048, 1..=65_536),
            socket: section.text("socket").map(|(_, text)| PathBuf::from(text)),
        };
        section.finish();
        jobs
    }
}
