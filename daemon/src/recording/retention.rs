//! How long recordings are kept, and how much of the disk they may have.

use std::io;

use chrono::{Days, NaiveDate};

use super::folder::Recordings;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Days before the present session.
    pub(crate) days: u32,
    /// Bytes of all sessions together.
    pub(crate) bytes: u64,
}

/// Removes the oldest sessions that are too old or too many; never the present one.
///
/// # Errors
/// The disk refuses.
pub(super) fn sweep(recordings: &Recordings, present: NaiveDate, keep: Keep) -> io::Result<()> {
    let sessions = recordings.sessions()?;
    let mut sizes = Vec::with_capacity(sessions.len());
    for session in &sessions {
        sizes.push(recordings.bytes(*session)?);
    }
    let mut total = sizes
        .iter()
        .fold(0_u64, |sum, size| sum.saturating_add(*size));
    let oldest = present
        .checked_sub_days(Days::new(keep.days.into()))
        .unwrap_or(NaiveDate::MIN);
    for (session, size) in sessions.into_iter().zip(sizes) {
        let old = session < oldest;
        if session == present || !(old || total > keep.bytes) {
            continue;
        }
        recordings.remove(session)?;
        total = total.saturating_sub(size);
        let why = if old { "too old" } else { "too much" };
        tracing::info!(%session, bytes = size, "the recording of {session} was removed: {why}");
    }
    Ok(())
}
