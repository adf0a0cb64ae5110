//! A session's recording in one file: its segments, packed, one after the other. Every one is read to its
//! end before, so that what is damaged is told.

use std::io::{self, Write};

use chrono::NaiveDate;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::recording::Recordings;

/// Writes it, and returns how many segments it has.
///
/// # Errors
/// The recording cannot be read, or the file cannot be written.
pub(crate) fn export(
    recordings: &Recordings,
    session: NaiveDate,
    mut into: impl Write,
) -> io::Result<usize> {
    let segments = recordings.segments(session)?;
    for segment in &segments {
        let mut encoder = GzEncoder::new(&mut into, Compression::default());
        encoder.write_all(&segment.read()?)?;
        encoder.finish()?;
    }
    Ok(segments.len())
}
