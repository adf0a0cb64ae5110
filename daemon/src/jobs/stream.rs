//! What a job's process and the daemon say to each other. In: one JSON line, the [`Order`]; then
//! nothing, and the end of the input means that the job is cancelled or the daemon is gone. Out: JSON
//! lines, each a [`Said`]; a `file` is followed by that many raw bytes; `done` or `failed` is the last.

use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trader_bars::store::Prepared;
use trader_calendar::Calendar;
use trader_rpc::{ErrorDetail, JobFile, JobProgress, Work};

use crate::config::{self, Config, Layer};
use crate::plugins;

/// Grows with every change of the stream: both ends are one program, and must be of one release.
pub const STREAM_VERSION: u32 = 2;

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// What a job's process is to do, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// [`STREAM_VERSION`].
    pub version: u32,
    /// The job's number.
    pub job: u64,
    /// What to do.
    pub work: Work,
    /// The configuration in force, as TOML.
    pub config: String,
    /// What the calendar's overrides file says, if there is one.
    pub calendar: Option<String>,
    /// The folder of the bar store.
    pub bars: PathBuf,
    /// The folder of the recordings.
    pub recordings: PathBuf,
    /// The database with the journal, which a check of it reads.
    pub store: PathBuf,
    /// The uploaded file, for an import.
    pub upload: Option<PathBuf>,
    /// Where an import may write what the daemon then takes into the store.
    pub staging: PathBuf,
    /// The memory that the process may hold, in MB.
    pub memory_mb: u32,
}

impl Order {
    /// Reads the order: the first line of the input.
    ///
    /// # Errors
    /// There is none, or it is none of this release.
    pub fn read(input: &mut impl BufRead) -> Result<Self, StreamError> {
        let line = line(input)?.ok_or(StreamError::Silent)?;
        let version: Version = serde_json::from_slice(&line)?;
        if version.version != STREAM_VERSION {
            return Err(StreamError::Version(version.version));
        }
        Ok(serde_json::from_slice(&line)?)
    }

    /// The exchange calendar, as the daemon has it.
    ///
    /// # Errors
    /// The overrides are refused.
    pub fn calendar(&self) -> Result<Calendar, ErrorDetail> {
        let shipped = Calendar::nyse();
        let Some(text) = &self.calendar else {
            return Ok(shipped);
        };
        shipped.with_overrides(text).map_err(|error| ErrorDetail {
            what: "the calendar cannot be used".to_owned(),
            why: error.to_string(),
            next: "correct the file that calendar.overrides names".to_owned(),
        })
    }

    /// The daemon's configuration.
    ///
    /// # Errors
    /// This build refuses it.
    pub fn config(&self) -> Result<Config, ErrorDetail> {
        let layer = Layer {
            name: "the daemon's configuration".to_owned(),
            text: self.config.clone(),
            loose: false,
        };
        config::parse(&[layer], plugins::strategies()).map_err(|problems| ErrorDetail {
            what: "the daemon's configuration was not understood".to_owned(),
            why: problems.to_string(),
            next: "restart the daemon: its program may have been replaced".to_owned(),
        })
    }
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// What a job's process says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// How far it is.
    Progress(JobProgress),
    /// A file that it made; the bytes follow.
    File(JobFile),
    /// It has done everything. Nothing follows.
    Done(Done),
    /// It could not. Nothing follows.
    Failed(Failed),
}

/// The last word of a job that has done everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// What came of it, in a sentence.
    pub message: String,
    /// What the daemon is to take into the bar store.
    pub staged: Option<Prepared>,
    /// The most memory that the process held, in MB.
    pub peak_memory_mb: Option<u32>,
}

/// The last word of a job that could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// What happened, why, and what to do.
    pub detail: ErrorDetail,
    /// The most memory that the process held, in MB.
    pub peak_memory_mb: Option<u32>,
}

/// Why a stream cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// It ended before it began.
    #[error("there is no order")]
    Silent,
    /// Another release speaks.
    #[error("the stream is of version {0}, not {STREAM_VERSION}")]
    Version(u32),
    /// A line is too long.
    #[error("a line has more than {LINE_BYTES_MAX} bytes")]
    Long,
    /// A line is none of ours.
    #[error("a line is not understood: {0}")]
    Line(#[from] serde_json::Error),
    /// A file ended early.
    #[error("{name} ended {missing} bytes early")]
    Short {
        /// The file.
        name: String,
        /// What is missing.
        missing: u64,
    },
    /// A file is not what its checksum says.
    #[error("{name} is not what its checksum says")]
    Checksum {
        /// The file.
        name: String,
    },
    /// The stream cannot be read.
    #[error("the stream cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A file has a name that no job's file has, or comes twice.
    #[error("{0:?} is no file that a job hands over")]
    Name(String),
    /// A file is larger than the configuration allows.
    #[error("{name} would have {bytes} bytes, more than jobs.upload_mb allows")]
    Large {
        /// The file.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// A file cannot be written.
    #[error("{name} cannot be written: {source}")]
    Write {
        /// The file.
        name: String,
        /// Why.
        source: io::Error,
    },
}

/// The next thing that a job's process says; `None` at the end.
///
/// # Errors
/// It is not understood, or cannot be read.
pub fn hear(output: &mut impl BufRead) -> Result<Option<Said>, StreamError> {
    match line(output)? {
        None => Ok(None),
        Some(line) => Ok(Some(serde_json::from_slice(&line)?)),
    }
}

/// Copies the bytes that follow a `file` line, and checks them.
///
/// # Errors
/// They are too few or others than said, or cannot be written.
pub fn copy(
    output: &mut impl BufRead,
    file: &JobFile,
    into: &mut impl Write,
) -> Result<(), StreamError> {
    let mut hash = Sha256::new();
    let mut missing = file.bytes;
    while missing > 0 {
        let part = output.fill_buf()?;
        let most = usize::try_from(missing).unwrap_or(usize::MAX);
        let part = part.get(..part.len().min(most)).unwrap_or_default();
        if part.is_empty() {
            return Err(StreamError::Short {
                name: file.name.clone(),
                missing,
            });
        }
        hash.update(part);
        into.write_all(part).map_err(|source| StreamError::Write {
            name: file.name.clone(),
            source,
        })?;
        let taken = part.len();
        output.consume(taken);
        missing = missing.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
    }
    if hex(&hash.finalize()) == file.sha256 {
        return Ok(());
    }
    Err(StreamError::Checksum {
        name: file.name.clone(),
    })
}

/// Says something.
///
/// # Errors
/// Nobody listens.
pub fn say(out: &mut impl Write, said: &Said) -> io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// The line that announces a file of this content.
#[must_use]
pub fn announce(name: &str, content: &[u8]) -> JobFile {
    JobFile {
        name: name.to_owned(),
        bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
        sha256: hex(&Sha256::digest(content)),
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(input: &mut impl BufRead) -> Result<Option<Vec<u8>>, StreamError> {
    let mut line = Vec::new();
    input.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if u64::try_from(line.len()).is_ok_and(|len| len >= LINE_BYTES_MAX) => {
            Err(StreamError::Long)
        }
        // A line without its end is all that was said before the process ended.
        Some(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> Vec<u8> {
        let mut stream = Vec::new();
        say(&mut stream, &Said::File(announce("rows.csv", content))).unwrap();
        stream.extend_from_slice(content);
        stream
    }

    fn taken(stream: &[u8]) -> Result<Vec<u8>, String> {
        let mut input = stream;
        let Some(Said::File(file)) = hear(&mut input).unwrap() else {
            panic!("a file comes first");
        };
        let mut content = Vec::new();
        copy(&mut input, &file, &mut content).map_err(|error| error.to_string())?;
        assert!(hear(&mut input).unwrap().is_none());
        Ok(content)
    }

    #[test]
    fn a_file_is_taken_whole_or_not_at_all() {
        let stream = file(b"a,b\n1,2\n");
        assert_eq!(taken(&stream).unwrap(), b"a,b\n1,2\n");
        assert_eq!(taken(&file(b"")).unwrap(), b"");
        let short = &stream[..stream.len() - 3];
        assert_eq!(taken(short).unwrap_err(), "rows.csv ended 3 bytes early");
        let mut other = stream.clone();
        *other.last_mut().unwrap() = b' ';
        assert_eq!(
            taken(&other).unwrap_err(),
            "rows.csv is not what its checksum says"
        );
    }

    #[test]
    fn what_is_no_line_of_ours_is_refused() {
        let heard = |text: &str| hear(&mut text.as_bytes());
        assert!(heard("").unwrap().is_none());
        assert!(heard("{\"progress\":{\"pha").unwrap().is_none());
        for bad in ["hello\n", "{}\n", "{\"file\":{}}\n", "\n"] {
            assert!(heard(bad).is_err(), "{bad:?}");
        }
        let endless = "x".repeat(usize::try_from(LINE_BYTES_MAX).unwrap() + 1);
        assert!(matches!(heard(&endless), Err(StreamError::Long)));
    }

    #[test]
    fn an_order_of_another_release_is_refused_by_its_version() {
        let read = |text: &str| Order::read(&mut text.as_bytes()).unwrap_err().to_string();
        assert_eq!(read(""), "there is no order");
        assert_eq!(
            read("{\"version\":99,\"new\":1}\n"),
            "the stream is of version 99, not 2"
        );
        assert!(read("{\"version\":2}\n").starts_with("a line is not understood: missing field"));
    }
}
