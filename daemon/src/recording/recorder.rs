//! The recorder as the engine's thread sees it: it writes down in memory, hands full buffers to the
//! writer, and waits for it only where an order is about to leave.
//!
//! Nothing depends on a recording: one that cannot be written is given up and said so, and trading and
//! protecting go on. A writer that does not answer in time counts as one that cannot.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::NaiveDate;
use trader_contract::Timestamp;
use trader_core::{Commands, Event};
use trader_recording::Opening;

use super::buffer::Buffer;
use super::folder::Recordings;
use super::retention::Keep;
use super::writer::{Work, Writer};

/// Buffers that go round. When all are on their way the engine waits for one to come back: where time is
/// simulated a slow disk changes nothing, and where it is not there are never so many bars.
const BUFFERS: usize = 16;
/// How long the writer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// A session is recorded.
    Begun(NaiveDate),
    /// Nothing is recorded any more, for this reason.
    Failed(Box<str>),
}

/// What the writer tells.
#[derive(Debug, Default)]
pub(super) struct Shared {
    any: AtomicBool,
    news: Mutex<VecDeque<News>>,
}

impl Shared {
    pub(super) fn tell(&self, news: News) {
        let mut all = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back(news);
        self.any.store(true, Ordering::Release);
    }
}

/// The recorder.
#[derive(Debug)]
pub(crate) struct Recorder {
    works: Option<SyncSender<Work>>,
    spare: Receiver<Buffer>,
    buffer: Buffer,
    /// The promise that what was recorded is on the disk.
    secured: Option<Receiver<()>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// One that records nothing.
    #[must_use]
    pub(crate) fn off() -> Self {
        Self {
            works: None,
            spare: channel().1,
            buffer: Buffer::new(),
            secured: None,
            shared: Arc::default(),
            thread: None,
        }
    }

    /// One that writes into a folder. Where the system has no thread left nothing is recorded, which is
    /// told like everything else.
    #[must_use]
    pub(crate) fn start(recordings: Recordings, keep: Keep) -> Self {
        let mut recorder = Self::off();
        let (works, waiting) = sync_channel(BUFFERS);
        let (back, spare) = channel();
        for _ in 1..BUFFERS {
            // Its other end is ours.
            let _ = back.send(Buffer::new());
        }
        let writer = Writer {
            recordings,
            keep,
            shared: Arc::clone(&recorder.shared),
            spare: back,
            segment: None,
            beside: None,
            waiting: Vec::new(),
            binary: Box::default(),
        };
        let thread = std::thread::Builder::new().name("recorder".to_owned());
        match thread.spawn(move || writer.run(&waiting)) {
            Ok(thread) => {
                recorder.works = Some(works);
                recorder.spare = spare;
                recorder.thread = Some(thread);
            }
            Err(error) => recorder.give_up(&format!("there is no thread for it: {error}")),
        }
        recorder
    }

    /// Begins the recording of a session, or of a life within it.
    pub(crate) fn begin(&mut self, opening: Opening) {
        self.pass_on();
        self.hand_over(Work::Begin(Box::new(opening)));
    }

    /// The engine is about to take an event.
    #[inline]
    pub(crate) fn record(&mut self, at: Timestamp, event: &Event) {
        if self.works.is_none() {
            return;
        }
        self.buffer.event(at, event);
        if self.buffer.is_full() {
            self.pass_on();
        }
    }

    /// These commands came of the event before; they are taken out.
    pub(crate) fn record_commands(&mut self, commands: &mut Commands) {
        if self.works.is_some() {
            self.buffer.commands(commands);
        }
    }

    /// Hands over what was recorded so far.
    pub(crate) fn pass_on(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        if let Some(buffer) = self.exchange() {
            self.hand_over(Work::Take(buffer));
        }
    }

    /// Asks that what was recorded so far outlives the power: see [`Recorder::wait`].
    pub(crate) fn secure(&mut self) {
        if self.works.is_none() {
            return;
        }
        let (done, secured) = sync_channel(1);
        if let Some(buffer) = self.exchange() {
            self.hand_over(Work::Secure(buffer, done));
            self.secured = Some(secured);
        }
    }

    /// Waits until it does.
    pub(crate) fn wait(&mut self) {
        let Some(secured) = self.secured.take() else {
            return;
        };
        if self.works.is_some() && secured.recv_timeout(PATIENCE).is_err() {
            self.give_up("the disk takes too long");
        }
    }

    /// What has become of it, if anything has.
    pub(crate) fn news(&self) -> Option<News> {
        if !self.shared.any.load(Ordering::Acquire) {
            return None;
        }
        let mut all = self
            .shared
            .news
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let first = all.pop_front();
        self.shared.any.store(!all.is_empty(), Ordering::Release);
        first
    }

    /// Takes the buffer, and an empty one in its place.
    fn exchange(&mut self) -> Option<Buffer> {
        match self.spare.recv_timeout(PATIENCE) {
            Ok(empty) => Some(std::mem::replace(&mut self.buffer, empty)),
            Err(_) => {
                self.give_up("the disk does not keep up");
                None
            }
        }
    }

    fn hand_over(&mut self, work: Work) {
        // There is room for every buffer, and for a beginning while none is under way.
        let sent = self.works.as_ref().map(|works| works.send(work));
        if let Some(Err(_)) = sent {
            self.give_up("its thread has ended; see the log");
        }
    }

    fn give_up(&mut self, why: &str) {
        tracing::error!(why, "nothing is recorded any more; trading goes on");
        self.works = None;
        self.buffer.clear();
        self.secured = None;
        // Whatever holds the thread up must not hold up the end.
        self.thread = None;
        self.shared.tell(News::Failed(why.into()));
    }
}

impl Drop for Recorder {
    /// Writes what is left, and ends the segment in good order.
    fn drop(&mut self) {
        self.pass_on();
        self.works = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the thread.
            let _ = thread.join();
        }
    }
}
