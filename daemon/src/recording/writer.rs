//! The recorder's thread: frames, checksums and writes what it is handed, syncs when it is asked to, and
//! begins a new segment when one is full. Packing and removing happen on a thread beside it, so that no
//! order waits for them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::thread::JoinHandle;

use trader_recording::{Beginning, EncodeError, Encoder, Opening};

use super::buffer::Buffer;
use super::folder::Recordings;
use super::recorder::{News, Shared};
use super::retention::Keep;
use super::{pack, retention};
use crate::backtest::program;

/// Bytes after which a new segment begins.
const SEGMENT_BYTES: u64 = 16 << 20;

/// What the thread is asked for.
pub(super) enum Work {
    /// Begin the recording of a session, or of a life within it.
    Begin(Box<Opening>),
    /// Write this down.
    Take(Buffer),
    /// Write this down, make it outlive the power, and say when.
    Secure(Buffer, SyncSender<()>),
}

/// Why something was not recorded.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The disk refuses.
    #[error("{0}")]
    Disk(#[from] io::Error),
    /// Something has no form on the disk.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// What the thread owns.
pub(super) struct Writer {
    pub(super) recordings: Recordings,
    pub(super) keep: Keep,
    pub(super) shared: Arc<Shared>,
    pub(super) spare: Sender<Buffer>,
    pub(super) segment: Option<Open>,
    pub(super) beside: Option<JoinHandle<()>>,
    /// Those who wait for what they handed over to outlive the power: one sync is for all of them.
    pub(super) waiting: Vec<SyncSender<()>>,
    /// The sum of this program, once it was computed.
    pub(super) binary: Box<str>,
}

/// The segment that is written.
pub(super) struct Open {
    encoder: Encoder,
    file: File,
    opening: Opening,
    written: u64,
}

impl Writer {
    /// Does what it is asked for until nobody can ask any more.
    pub(super) fn run(mut self, works: &Receiver<Work>) {
        self.binary = program::sum().unwrap_or_default().into();
        let mut next = works.recv().ok();
        while let Some(work) = next {
            let outcome = match work {
                Work::Begin(opening) => self.begin(*opening),
                Work::Take(buffer) => self.take(buffer),
                Work::Secure(buffer, done) => {
                    self.waiting.push(done);
                    self.take(buffer)
                }
            };
            if let Err(error) = outcome {
                self.fail(&error);
            }
            next = works.try_recv().ok();
            if next.is_none() {
                self.secure();
                next = works.recv().ok();
            }
        }
        let last = self.segment.as_ref().map(|open| open.opening.session);
        if let Err(error) = self.close() {
            self.fail(&error);
        }
        if let Some(session) = last {
            self.tidy_up(session, None, false);
        }
        self.join();
    }

    /// Nothing more is written before the next beginning.
    fn fail(&mut self, error: &WriteError) {
        if let Some(open) = self.segment.take() {
            let session = open.opening.session;
            tracing::error!(%error, %session, "the session is not recorded any more; trading goes on");
        } else {
            tracing::error!(%error, "the session is not recorded; trading goes on");
        }
        self.shared.tell(News::Failed(error.to_string().into()));
    }

    fn begin(&mut self, opening: Opening) -> Result<(), WriteError> {
        self.close()?;
        let session = opening.session;
        self.join();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.recordings.folder(session))?;
        let last = self.recordings.segments(session)?.last().map(|s| s.number);
        let number = last.unwrap_or(0).saturating_add(1);
        let binary = self.binary.clone();
        self.open(Opening {
            segment: number,
            binary,
            ..opening
        })?;
        self.shared.tell(News::Begun(session));
        self.tidy_up(session, Some(number), true);
        Ok(())
    }

    fn open(&mut self, opening: Opening) -> Result<(), WriteError> {
        let path = self.recordings.plain(opening.session, opening.segment);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        // Held as long as it is written; a file system without locks tells nobody, and that is all.
        let _ = file.try_lock();
        pack::sync_folder(&path)?;
        let mut open = Open {
            encoder: Encoder::new(&opening)?,
            file,
            opening,
            written: 0,
        };
        open.write()?;
        self.segment = Some(open);
        Ok(())
    }

    fn take(&mut self, mut buffer: Buffer) -> Result<(), WriteError> {
        let outcome = match &mut self.segment {
            Some(open) => (buffer.encode(&mut open.encoder).map_err(WriteError::from))
                .and_then(|()| open.write()),
            None => {
                buffer.clear();
                Ok(())
            }
        };
        // The recorder is gone: so is the need for an empty one.
        let _ = self.spare.send(buffer);
        outcome?;
        match &self.segment {
            Some(open) if open.written >= SEGMENT_BYTES => self.turn_over(),
            _ => Ok(()),
        }
    }

    /// Makes what was handed over outlive the power, if somebody waits for that, and says so. What could
    /// not be written was told as a failure: nobody waits for it in vain.
    fn secure(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let synced = self.segment.as_ref().map(|open| open.file.sync_data());
        if let Some(Err(error)) = synced {
            self.fail(&error.into());
        }
        for done in self.waiting.drain(..) {
            // Who gave up does not wait any longer.
            let _ = done.send(());
        }
    }

    /// The segment is full: the next one goes on where it ends.
    fn turn_over(&mut self) -> Result<(), WriteError> {
        let Some(opening) = self.segment.as_ref().map(|open| open.opening.clone()) else {
            return Ok(());
        };
        self.close()?;
        let number = opening.segment.saturating_add(1);
        let session = opening.session;
        self.open(Opening {
            segment: number,
            begins: Beginning::Continues,
            ..opening
        })?;
        self.tidy_up(session, Some(number), false);
        Ok(())
    }

    /// Ends the segment in good order. Whoever opens the next one has it packed, and not before: what
    /// packs must know which segment is written.
    fn close(&mut self) -> Result<(), WriteError> {
        let Some(mut open) = self.segment.take() else {
            return Ok(());
        };
        open.encoder.end();
        open.write()?;
        Ok(open.file.sync_data()?)
    }

    /// Packs what is complete, and removes what is too old, beside.
    fn tidy_up(&mut self, session: chrono::NaiveDate, written: Option<u32>, sweep: bool) {
        self.join();
        let (recordings, keep) = (self.recordings.clone(), self.keep);
        let tidy = move || {
            let mut outcome = pack::all(&recordings, session, written);
            if sweep {
                outcome = outcome
                    .and_then(|()| pack::others(&recordings, session))
                    .and(retention::sweep(&recordings, session, keep));
            }
            if let Err(error) = outcome {
                tracing::warn!(%error, "recordings could not be packed or removed");
            }
        };
        let thread = std::thread::Builder::new().name("recordings".to_owned());
        match thread.spawn(tidy) {
            Ok(thread) => self.beside = Some(thread),
            Err(error) => tracing::warn!(%error, "recordings are not packed"),
        }
    }

    fn join(&mut self) {
        if let Some(beside) = self.beside.take() {
            // A panic of the thread was reported by the thread.
            let _ = beside.join();
        }
    }
}

impl Open {
    fn write(&mut self) -> Result<(), WriteError> {
        let bytes = self.encoder.take();
        self.file.write_all(&bytes)?;
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.written = self.written.saturating_add(count);
        Ok(())
    }
}
