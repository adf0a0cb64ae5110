//! The writer's thread: takes batches in order and commits them, so that the engine never waits for
//! the disk longer than it chooses to.
//!
//! The queue holds [`QUEUE`] batches; who hands over one more waits until there is room. What waits
//! in the queue together is committed together. After the first failure nothing more is written: the
//! journal has no gaps, and every later batch is refused with that first error.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::files::Files;
use crate::{Batch, Store, StoreError};

/// Batches that may wait to be written.
pub const QUEUE: usize = 256;
/// Batches that are committed in one transaction at most.
const GROUP: usize = 64;

/// What became of a batch: it is on the disk, or why it is not and never will be.
pub type Outcome = Result<(), Arc<StoreError>>;

/// How far the writer has come. Counts start at zero with the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Batches that were handed over.
    pub submitted: u64,
    /// Batches that were answered, committed or refused.
    pub answered: u64,
    /// Batches that are on the disk.
    pub committed: u64,
}

#[derive(Debug, Default)]
struct Shared {
    submitted: AtomicU64,
    answered: AtomicU64,
    committed: AtomicU64,
    failure: Mutex<Option<Arc<StoreError>>>,
}

impl Shared {
    /// Keeps the first error, and gives it.
    fn fail(&self, error: Arc<StoreError>) -> Arc<StoreError> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(failure.get_or_insert(error))
    }

    fn failure(&self) -> Option<Arc<StoreError>> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

type Answer = Box<dyn FnOnce(Outcome) + Send>;

struct Job {
    batch: Batch,
    answer: Answer,
}

/// The writer's thread, seen from outside.
#[derive(Debug)]
pub struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<Store>>,
    files: Files,
    shared: Arc<Shared>,
}

/// The promise of an [`Outcome`].
#[derive(Debug)]
pub struct Ticket(Receiver<Outcome>);

impl Ticket {
    /// Waits until the batch is on the disk or refused.
    ///
    /// # Errors
    /// The batch is not on the disk: the writer's first error.
    pub fn wait(self) -> Outcome {
        self.0
            .recv()
            .unwrap_or_else(|_| Err(Arc::new(StoreError::WriterStopped)))
    }
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(store: Store) -> Result<Self, StoreError> {
        let (jobs, queue) = sync_channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        let files = store.files().clone();
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(store, &queue, &seen))
            .map_err(|error| StoreError::Other {
                message: format!("cannot start the writer: {error}"),
            })?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            files,
            shared,
        })
    }

    /// Hands over a batch; waits for room in the queue. Nothing that the batch explains may be sent
    /// before the ticket says that it is on the disk.
    #[must_use = "what the batch explains may be sent only after the ticket's wait"]
    pub fn submit(&self, batch: Batch) -> Ticket {
        let (answer, ticket) = sync_channel(1);
        self.submit_then(batch, move |outcome| {
            // Nobody waits for this batch.
            let _ = answer.send(outcome);
        });
        Ticket(ticket)
    }

    /// Hands over a batch; waits for room in the queue. The writer's thread calls `answer`, which
    /// must not block, in the order of the batches.
    pub fn submit_then(&self, batch: Batch, answer: impl FnOnce(Outcome) + Send + 'static) {
        self.shared.submitted.fetch_add(1, Ordering::Relaxed);
        let job = Job {
            batch,
            answer: Box::new(answer),
        };
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).err().map(|back| back.0),
            None => Some(job),
        };
        if let Some(job) = refused {
            let error = self.failure();
            let error = error.unwrap_or_else(|| Arc::new(StoreError::WriterStopped));
            self.shared.answered.fetch_add(1, Ordering::Relaxed);
            (job.answer)(Err(error));
        }
    }

    /// How far the writer has come: a watchdog wants `answered` to grow while it is below
    /// `submitted`.
    #[must_use]
    pub fn progress(&self) -> Progress {
        // Read in this order, so that no count seems to overtake the one it follows.
        let committed = self.shared.committed.load(Ordering::Acquire);
        let answered = self.shared.answered.load(Ordering::Acquire);
        let submitted = self.shared.submitted.load(Ordering::Acquire);
        Progress {
            submitted,
            answered,
            committed,
        }
    }

    /// Looks whether the store's files are still at its path. If one is not, nothing more is written: it
    /// would be gone after a restart. Costs two calls of the system.
    ///
    /// # Errors
    /// One was removed or replaced, or writing has failed before.
    pub fn check_files(&self) -> Outcome {
        let checked = match self.shared.failure() {
            Some(error) => return Err(error),
            None => self.files.check(),
        };
        checked.map_err(|error| self.shared.fail(Arc::new(error)))
    }

    /// The first error, after which nothing more is written.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<StoreError>> {
        self.shared.failure()
    }

    /// Writes what is queued, ends the thread and gives the store back.
    ///
    /// # Errors
    /// The thread died.
    pub fn shut_down(mut self) -> Result<Store, StoreError> {
        self.jobs = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(store)) => Ok(store),
            Some(Err(_)) | None => Err(StoreError::WriterStopped),
        }
    }
}

impl Drop for Writer {
    /// Writes what is queued.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by the thread.
            let _ = thread.join();
        }
    }
}

fn run(mut store: Store, queue: &Receiver<Job>, shared: &Shared) -> Store {
    while let Ok(first) = queue.recv() {
        let mut batches = vec![first.batch];
        let mut answers = vec![first.answer];
        for job in queue.try_iter().take(GROUP.saturating_sub(1)) {
            batches.push(job.batch);
            answers.push(job.answer);
        }
        let outcome = match shared.failure() {
            Some(error) => Err(error),
            None => store.commit(&batches).map_err(Arc::new),
        };
        let count = u64::try_from(batches.len()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(()) => {
                shared.committed.fetch_add(count, Ordering::Release);
            }
            Err(error) => {
                shared.fail(Arc::clone(error));
            }
        }
        shared.answered.fetch_add(count, Ordering::Release);
        for answer in answers {
            answer(outcome.clone());
        }
    }
    store
}
