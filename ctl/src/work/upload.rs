//! A file on its way to the daemon: part by part, with its checksum taken on the way. After a break
//! it goes on where the daemon says.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use trader_rpc::limits::CHUNK_BYTES_MAX;
use trader_rpc::{CallError, JobProgress, RequestId, UploadParams, UploadState, call};

use super::line::Line;
use crate::exit::Failed;
use crate::progress::{self, Progress};

/// How often in a row the daemon may hold no more than before.
const IN_VAIN_MAX: u32 = 3;

/// A file that the daemon holds.
#[derive(Debug)]
pub(crate) struct Uploaded {
    /// Its id there.
    pub(crate) upload: RequestId,
    /// Its size.
    pub(crate) bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub(crate) sha256: String,
}

/// Sends a file under this id.
///
/// # Errors
/// It cannot be read, changes meanwhile, or the daemon does not take it.
pub(crate) fn upload(line: &mut Line<'_>, id: RequestId, path: &Path) -> Result<Uploaded, Failed> {
    let mut source = Source::open(path).map_err(|error| unreadable(path, &error))?;
    let mut shown = Progress::new();
    let mut offset: u64 = 0;
    // How often the daemon took a part and held no more than before.
    let mut in_vain: u32 = 0;
    while offset < source.bytes {
        let part = source
            .part(offset)
            .map_err(|error| unreadable(path, &error))?;
        let state = match send(line, &id, offset, part) {
            Ok(state) => state,
            Err(failed) => held(line, &id, offset, failed)?,
        };
        in_vain = if state.bytes > offset {
            0
        } else {
            in_vain.saturating_add(1)
        };
        if state.bytes > source.bytes || in_vain > IN_VAIN_MAX {
            return Err(Failed::refused(
                format!("{} was not sent", path.display()),
                format!(
                    "the daemon holds {} of its {} bytes",
                    state.bytes, source.bytes
                ),
                "send it again; nothing was imported",
            ));
        }
        offset = state.bytes;
        shown.show(&progress::steps(&JobProgress {
            phase: format!("sending {}", path.display()),
            done: offset,
            total: source.bytes,
            unit: "bytes".to_owned(),
            per_second: 0.0,
            seconds_left: None,
        }));
    }
    source.finish(path, id)
}

fn send(
    line: &mut Line<'_>,
    id: &RequestId,
    offset: u64,
    part: &[u8],
) -> Result<UploadState, Failed> {
    line.call::<call::Upload>(&UploadParams {
        request_id: id.clone(),
        offset,
        data: STANDARD.encode(part),
    })
}

/// What the daemon holds, after it refused the part at `offset`. If that is what we thought, the
/// refusal stands.
fn held(
    line: &mut Line<'_>,
    id: &RequestId,
    offset: u64,
    refused: Failed,
) -> Result<UploadState, Failed> {
    if offset == 0 || !matches!(refused, Failed::Call(CallError::Daemon(_))) {
        return Err(refused);
    }
    // Nothing at the beginning is there in every case.
    let state = send(line, id, 0, &[])?;
    if state.bytes == offset {
        return Err(refused);
    }
    Ok(state)
}

fn unreadable(path: &Path, error: &io::Error) -> Failed {
    Failed::refused(
        format!("{} cannot be read", path.display()),
        error.to_string(),
        "name a file that you may read",
    )
}

/// The file, read part by part.
struct Source {
    file: File,
    bytes: u64,
    buffer: Vec<u8>,
    hash: Sha256,
    /// What the checksum has taken in; parts that are sent again are not taken twice.
    hashed: u64,
}

impl Source {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        if about.len() == 0 {
            return Err(io::Error::other("it is empty"));
        }
        Ok(Self {
            file,
            bytes: about.len(),
            buffer: Vec::new(),
            hash: Sha256::new(),
            hashed: 0,
        })
    }

    /// The part that begins there. Whatever the checksum lacks before it is taken in too.
    fn part(&mut self, offset: u64) -> io::Result<&[u8]> {
        while self.hashed < offset {
            let begin = self.hashed;
            self.read(begin)?;
        }
        self.read(offset)?;
        Ok(&self.buffer)
    }

    fn read(&mut self, offset: u64) -> io::Result<()> {
        let length = self
            .bytes
            .saturating_sub(offset)
            .min(CHUNK_BYTES_MAX as u64);
        self.buffer.clear();
        self.file.seek(SeekFrom::Start(offset))?;
        (&mut self.file)
            .take(length)
            .read_to_end(&mut self.buffer)?;
        let read = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        if read < length {
            return Err(io::Error::other("it became shorter while it was sent"));
        }
        let end = offset.saturating_add(read);
        if offset <= self.hashed && self.hashed < end {
            let known = usize::try_from(self.hashed.saturating_sub(offset)).unwrap_or(usize::MAX);
            self.hash
                .update(self.buffer.get(known..).unwrap_or_default());
            self.hashed = end;
        }
        Ok(())
    }

    fn finish(mut self, path: &Path, upload: RequestId) -> Result<Uploaded, Failed> {
        let mut take_in_the_rest = || -> io::Result<()> {
            while self.hashed < self.bytes {
                let begin = self.hashed;
                self.read(begin)?;
            }
            if self.file.metadata()?.len() != self.bytes {
                return Err(io::Error::other("it grew while it was sent"));
            }
            Ok(())
        };
        take_in_the_rest().map_err(|error| unreadable(path, &error))?;
        Ok(Uploaded {
            upload,
            bytes: self.bytes,
            sha256: format!("{:x}", self.hash.finalize()),
        })
    }
}
