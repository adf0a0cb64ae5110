//! The folder of recordings: one folder a session, in it numbered segments, the present one plain and
//! those before it packed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use flate2::read::GzDecoder;

/// A segment as it is written.
const PLAIN: &str = "rec";
/// A segment that is complete.
const PACKED: &str = "rec.gz";

/// The recordings below a state folder.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    root: PathBuf,
}

/// One segment on the disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentFile {
    /// Its place in the session, from 1.
    pub(crate) number: u32,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether it is packed.
    pub(crate) packed: bool,
    /// Its size on the disk.
    pub(crate) bytes: u64,
}

impl SegmentFile {
    /// Whether it is being written just now: its writer holds a lock. What a life that died has left is
    /// not.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn is_being_written(&self) -> io::Result<bool> {
        if self.packed {
            return Ok(false);
        }
        match File::open(&self.path)?.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Ok(true),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(false),
        }
    }

    /// What was written.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut file = File::open(&self.path)?;
        if self.packed {
            GzDecoder::new(file).read_to_end(&mut bytes)?;
        } else {
            file.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}

impl Recordings {
    /// Those of a state folder; there may be none yet.
    #[must_use]
    pub(crate) fn below(state: &Path) -> Self {
        Self::at(state.join("recordings"))
    }

    /// Those in a folder.
    #[must_use]
    pub(crate) const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a session.
    #[must_use]
    pub(crate) fn folder(&self, session: NaiveDate) -> PathBuf {
        self.root.join(session.to_string())
    }

    /// The file of a segment while it is written.
    #[must_use]
    pub(crate) fn plain(&self, session: NaiveDate, number: u32) -> PathBuf {
        self.folder(session).join(format!("{number:03}.{PLAIN}"))
    }

    /// The sessions that there are, the oldest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn sessions(&self) -> io::Result<Vec<NaiveDate>> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut sessions = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            // What is no date is none of ours.
            sessions.extend(
                name.to_str()
                    .and_then(|name| name.parse::<NaiveDate>().ok()),
            );
        }
        sessions.sort_unstable();
        Ok(sessions)
    }

    /// The segments of a session, in order. Of one that was being packed when the power went, the packed
    /// file counts: it takes its name once it is whole.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn segments(&self, session: NaiveDate) -> io::Result<Vec<SegmentFile>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder(session))? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((number, extension)) = name.to_str().and_then(|name| name.split_once('.'))
            else {
                continue;
            };
            let packed = extension == PACKED;
            let (Ok(number), true) = (number.parse(), packed || extension == PLAIN) else {
                continue;
            };
            found.push(SegmentFile {
                number,
                path: entry.path(),
                packed,
                bytes: entry.metadata()?.len(),
            });
        }
        found.sort_by_key(|segment| (segment.number, !segment.packed));
        found.dedup_by_key(|segment| segment.number);
        Ok(found)
    }

    /// Bytes on the disk of a session.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn bytes(&self, session: NaiveDate) -> io::Result<u64> {
        let segments = self.segments(session)?;
        Ok(segments
            .iter()
            .fold(0, |sum, segment| sum.saturating_add(segment.bytes)))
    }

    /// Removes a session's recording.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn remove(&self, session: NaiveDate) -> io::Result<()> {
        fs::remove_dir_all(self.folder(session))
    }
}
