//! The simulator's durable state: every request that changed something, with the simulated time at
//! which it came. The world is a function of these, so a start that finds them plays them again and
//! stands where the last one was killed. Written before it is acted on, and before an event is told.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;

use super::request::Request;

const FILE: &str = "journal.jsonl";
/// Changes with everything that would make an old journal play differently.
const FORMAT: u32 = 3;

/// What a journal was begun with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    format: u32,
    program: String,
    pub(crate) seed: u64,
    pub(crate) market: String,
    pub(crate) start: Timestamp,
}

impl Header {
    pub(crate) fn new(seed: u64, market: &str, start: Timestamp) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            market: market.to_owned(),
            start,
        }
    }
}

/// One line: a time that had come, and perhaps a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<Request>,
}

/// Why a state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("cannot use {}: {error}; check the folder and its permissions", path.display())]
    Io {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "another alpaca-sim uses {}; stop it first, or name another --state-dir",
        .0.display()
    )]
    InUse(PathBuf),
    #[error("{}:{line}: {reason}; name another --state-dir, or put this one aside", path.display())]
    Line {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error(
        "{} was begun {was}, and this start is {is}; start with the same --seed, --market and program, or \
         name another --state-dir",
        path.display()
    )]
    Other {
        path: PathBuf,
        was: String,
        is: String,
    },
}

/// The file, open for more and locked, so that no other process plays on with the same account.
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Opens the journal of a folder, or begins one, and returns what it has. A last line that was
    /// cut off in writing is taken off: what it says was never acted on.
    pub(crate) fn open(
        folder: &Path,
        wanted: &Header,
    ) -> Result<(Self, Header, Vec<Line>), JournalError> {
        let path = folder.join(FILE);
        let io = |error| JournalError::Io {
            path: path.clone(),
            error,
        };
        std::fs::create_dir_all(folder).map_err(io)?;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = options.open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io)?;
        let whole = text.rfind('\n').map_or(0, |end| end.saturating_add(1));
        if whole < text.len() {
            file.set_len(u64::try_from(whole).unwrap_or(0))
                .map_err(io)?;
            text.truncate(whole);
        }
        let mut journal = Self { file };
        let mut lines = text.lines();
        let Some(first) = lines.next() else {
            journal.write(wanted).map_err(io)?;
            return Ok((journal, wanted.clone(), Vec::new()));
        };
        let wrong = |line: usize, error: serde_json::Error| JournalError::Line {
            path: path.clone(),
            line,
            reason: error.to_string(),
        };
        let header: Header = serde_json::from_str(first).map_err(|error| wrong(1, error))?;
        let same = Header {
            start: header.start,
            ..wanted.clone()
        };
        if header != same {
            let told = |header: &Header| {
                let Header {
                    format,
                    program,
                    seed,
                    market,
                    ..
                } = header;
                format!(
                    "with seed {seed} and market {market} by version {program}, format {format}"
                )
            };
            return Err(JournalError::Other {
                path,
                was: told(&header),
                is: told(wanted),
            });
        }
        let read = (2_usize..)
            .zip(lines)
            .map(|(line, text)| serde_json::from_str(text).map_err(|error| wrong(line, error)));
        let read = read.collect::<Result<Vec<Line>, _>>()?;
        Ok((journal, header, read))
    }

    fn write(&mut self, line: &impl Serialize) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)
    }

    /// Writes down a request that is about to be acted on.
    pub(crate) fn record(&mut self, at: Timestamp, request: &Request) -> std::io::Result<()> {
        self.write(&Line {
            at,
            request: Some(request.clone()),
        })
    }

    /// Writes down that a time has come.
    pub(crate) fn mark(&mut self, at: Timestamp) -> std::io::Result<()> {
        self.write(&Line { at, request: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_taken_off_and_another_seed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let header = Header::new(1, "seeded", Timestamp::from_seconds(1));
        let (mut journal, ..) = Journal::open(folder.path(), &header).unwrap();
        journal.mark(Timestamp::from_seconds(2)).unwrap();
        journal.file.write_all(b"{\"at\":\"20").unwrap();
        drop(journal);
        let (_, _, lines) = Journal::open(folder.path(), &header).unwrap();
        assert_eq!(lines.len(), 1);
        let other = Header::new(2, "seeded", Timestamp::from_seconds(1));
        let error = Journal::open(folder.path(), &other).err().unwrap();
        assert!(error.to_string().contains("--seed"), "{error}");
    }
}
