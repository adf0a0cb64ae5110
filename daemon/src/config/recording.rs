//! Session recordings: `[recording]`.

use serde::Serialize;

use super::section::Section;

/// Whether sessions are recorded, and how much of them is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RecordingSettings {
    /// Whether what the engine takes is written down, so that a session can be replayed.
    pub enabled: bool,
    /// Days that a recording is kept: 1 to 3650.
    pub keep_days: u32,
    /// Megabytes that all recordings together may have; the oldest go first, the present one never: 10 to
    /// 1000000.
    pub max_megabytes: u32,
}

impl RecordingSettings {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let recording = Self {
            enabled: section.flag("enabled", true),
            keep_days: section.integer("keep_days", 90, 1..=3_650),
            max_megabytes: section.integer("max_megabytes", 2_048, 10..=1_000_000),
        };
        section.finish();
        recording
    }
}
