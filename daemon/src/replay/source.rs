//! Where a recording is read from: the folder of a session, or one file with all of its segments.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use trader_recording::{MAGIC, Opening, Segment};

use super::request::SessionName;
use crate::exit::{self, Failure};
use crate::recording::Recordings;

/// A recording in memory.
pub(crate) struct Source {
    name: String,
    segments: Vec<Vec<u8>>,
}

impl Source {
    /// Reads the recording of that name.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(crate) fn find(recordings: &Recordings, session: &SessionName) -> Result<Self, Failure> {
        let date = match session {
            SessionName::File(path) => return Self::file(path),
            SessionName::Date(date) => Some(*date),
            SessionName::Latest => {
                let sessions = recordings.sessions();
                sessions
                    .map_err(|error| unreadable(recordings.root(), &error))?
                    .pop()
            }
        };
        let Some(date) = date else {
            let root = recordings.root().display();
            let message = format!(
                "no session is recorded in {root}; name the state folder of the daemon with --state-dir"
            );
            return Err(Failure::new(exit::FAILED, message));
        };
        let folder = recordings.folder(date);
        let segments = recordings.segments(date).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                let message = format!(
                    "session {date} is not recorded; traderctl sessions list tells which are"
                );
                return Failure::new(exit::FAILED, message);
            }
            unreadable(&folder, &error)
        })?;
        let read = segments.iter().map(|segment| {
            segment
                .read()
                .map_err(|error| unreadable(&segment.path, &error))
        });
        Ok(Self {
            name: format!("the recording of {date}"),
            segments: read.collect::<Result<_, _>>()?,
        })
    }

    /// One file, as an export makes it: gzip members, each a segment.
    fn file(path: &Path) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| MultiGzDecoder::new(file).read_to_end(&mut bytes))
            .map_err(|error| unreadable(path, &error))?;
        Ok(Self {
            name: path.display().to_string(),
            segments: split(&bytes),
        })
    }

    /// The segments, in order.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.segments.iter().map(Vec::as_slice)
    }

    /// What the first segment opens with.
    ///
    /// # Errors
    /// There is none that can be read.
    pub(crate) fn opening(&self) -> Result<Opening, Failure> {
        let failed = |why: String| Failure::new(exit::FAILED, format!("{self}: {why}"));
        let first = self
            .segments
            .first()
            .ok_or_else(|| failed("it has no segment".to_owned()))?;
        let segment = Segment::open(first).map_err(|error| failed(error.to_string()))?;
        Ok(segment.opening().clone())
    }
}

/// Cuts segments that lie one after the other apart.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut begins: Vec<usize> = bytes
        .windows(MAGIC.len())
        .enumerate()
        .filter_map(|(at, window)| (window == MAGIC).then_some(at))
        .collect();
    begins.push(bytes.len());
    begins
        .windows(2)
        .filter_map(|pair| match pair {
            [from, to] => bytes.get(*from..*to).map(<[u8]>::to_vec),
            _ => None,
        })
        .collect()
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{} cannot be read: {error}", path.display());
    Failure::new(exit::STATE, message)
}
