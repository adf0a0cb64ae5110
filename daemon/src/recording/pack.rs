//! Packing: a segment that nothing more is added to becomes a gzip file. The plain one goes when the
//! packed one is whole and on the disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use chrono::NaiveDate;
use flate2::Compression;
use flate2::write::GzEncoder;
use trader_recording::Segment;

use super::folder::{Recordings, SegmentFile};

/// Packs every plain segment of the session but the one that is written.
///
/// # Errors
/// The disk refuses; nothing is lost.
pub(super) fn all(
    recordings: &Recordings,
    session: NaiveDate,
    written: Option<u32>,
) -> io::Result<()> {
    for segment in recordings.segments(session)? {
        if Some(segment.number) == written {
            continue;
        }
        if segment.packed {
            // What was left of a packing that the power cut short.
            match fs::remove_file(recordings.plain(session, segment.number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            continue;
        }
        tell_of_its_tail(&segment);
        one(&segment.path)?;
    }
    Ok(())
}

/// Packs what lives that died in other sessions have left.
///
/// # Errors
/// The disk refuses; nothing is lost.
pub(super) fn others(recordings: &Recordings, present: NaiveDate) -> io::Result<()> {
    let sessions = recordings.sessions()?;
    let mut others = sessions.into_iter().filter(|session| *session != present);
    others.try_for_each(|session| all(recordings, session, None))
}

/// Says that a life ended in the middle of a record.
fn tell_of_its_tail(segment: &SegmentFile) {
    let Ok(bytes) = segment.read() else {
        return;
    };
    let tail = Segment::open(&bytes).map(|mut segment| {
        segment.by_ref().for_each(drop);
        segment.tail()
    });
    let path = segment.path.display();
    match tail {
        Ok(tail) => {
            if let Some(why) = tail.and_then(trader_recording::Tail::describe) {
                tracing::warn!(%path, "a recording was cut short, {why}");
            }
        }
        Err(error) => tracing::warn!(%path, %error, "a recording cannot be replayed"),
    }
}

fn one(plain: &Path) -> io::Result<()> {
    let packed = plain.with_extension("rec.gz");
    let part = plain.with_extension("rec.gz.part");
    let mut encoder = GzEncoder::new(File::create(&part)?, Compression::default());
    io::copy(&mut File::open(plain)?, &mut encoder)?;
    let mut file = encoder.finish()?;
    file.flush()?;
    file.sync_all()?;
    fs::rename(&part, &packed)?;
    sync_folder(plain)?;
    fs::remove_file(plain)
}

/// Makes the names in a file's folder outlive the power.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
