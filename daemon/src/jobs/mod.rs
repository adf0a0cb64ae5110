//! Work apart from trading: jobs that wait, run each in a process of its own, and leave results. The
//! manager has threads of its own and never touches the engine's. What a job's process says is in
//! [`stream`]; what it does is [`crate::work`]'s.

mod answers;
mod book;
mod calls;
mod disk;
#[cfg(feature = "broker-alpaca")]
mod download;
mod folder;
mod launch;
mod run;
mod sessions;
mod shelf;
pub mod stream;
mod title;
mod uploads;
mod verdict;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use trader_rpc::{ErrorDetail, Job, JobState, Work};

use crate::clock;
use crate::config::Config;
use crate::events::Ring;
use crate::server::Workshop;
use crate::state::STORE_FILE;

pub use calls::Closed;

use answers::Answers;
use book::Book;
use folder::Folder;
use launch::{AsChild, BehindSocket, Launcher};
use run::{Heard, Run};
use shelf::Shelf;
use stream::{Done, Order, STREAM_VERSION};
use uploads::Uploads;
use verdict::Verdict;

/// Changes of jobs that are kept for subscribers who are behind.
const KEPT_FOR_SUBSCRIBERS: usize = 512;

/// Why jobs cannot be done. Trading goes on without.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; check the owner and mode of the state folder, then restart the daemon", path.display())]
pub struct JobsError {
    path: PathBuf,
    source: io::Error,
}

/// The jobs of a daemon, with the threads that see to them.
pub struct Jobs {
    shop: Arc<Shop>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads and the calls share.
struct Shop {
    settings: Settings,
    book: Mutex<Book>,
    /// Something has come into the queue, has ended, or all is to end.
    turn: Condvar,
    folder: Arc<Folder>,
    uploads: Uploads,
    shelf: Shelf,
    #[cfg(feature = "broker-alpaca")]
    covered: download::Covered,
    recordings: PathBuf,
    launcher: Box<dyn Launcher>,
    ring: Ring<Job>,
}

/// What jobs are handed, and how many of them there may be.
struct Settings {
    jobs: crate::config::JobsSettings,
    base: Config,
    config: String,
    calendar: Option<String>,
    store: PathBuf,
}

impl Settings {
    const fn bytes_max(&self) -> u64 {
        (self.jobs.upload_mb as u64) << 20
    }
}

impl Jobs {
    /// Opens the jobs below the state folder and begins with those that wait.
    ///
    /// # Errors
    /// The folders cannot be used.
    pub fn open(state: &Path, config: &Config) -> Result<Self, JobsError> {
        let state = std::path::absolute(state).map_err(|source| failed(state, source))?;
        let launcher: Box<dyn Launcher> = match &config.jobs.socket {
            Some(path) => Box::new(BehindSocket(path.clone())),
            None => Box::new(AsChild {
                program: launch::THIS_PROGRAM.into(),
                folder: state.clone(),
            }),
        };
        Self::with(&state, config, launcher)
    }

    fn with(state: &Path, config: &Config, launcher: Box<dyn Launcher>) -> Result<Self, JobsError> {
        let settings = Settings {
            jobs: config.jobs.clone(),
            base: config.clone(),
            config: config.to_shown_toml(),
            calendar: overrides(config),
            store: state.join(STORE_FILE),
        };
        let at = |path: PathBuf| move |source| failed(&path, source);
        let (jobs, uploads) = (state.join("jobs"), state.join("uploads"));
        let folder = Folder::open(jobs.clone()).map_err(at(jobs.clone()))?;
        let found = folder.load().map_err(at(jobs.clone()))?;
        for problem in &found.unreadable {
            tracing::warn!("a job cannot be read and is left alone: {problem}");
        }
        let folder = Arc::new(folder);
        let ring = Ring::new(KEPT_FOR_SUBSCRIBERS);
        let answers = Answers::open(jobs.join("answers.json"));
        let now = clock::now();
        let mut book = Book::open(Arc::clone(&folder), found, answers, ring.clone(), now);
        book.keep(settings.jobs.keep.try_into().unwrap_or(usize::MAX));
        let kept =
            Uploads::open(uploads.clone(), settings.bytes_max()).map_err(at(uploads.clone()))?;
        kept.sweep(now, &book.needed_uploads())
            .map_err(at(uploads))?;
        let shelf = Shelf::open(state.join("bars")).map_err(at(state.join("bars")))?;
        let shop = Arc::new(Shop {
            settings,
            book: Mutex::new(book),
            turn: Condvar::new(),
            folder,
            uploads: kept,
            shelf,
            #[cfg(feature = "broker-alpaca")]
            covered: download::Covered::open(jobs.join("downloaded.json")),
            recordings: state.join("recordings"),
            launcher,
            ring,
        });
        let threads = (1..=shop.settings.jobs.max_running)
            .map(|number| {
                let shop = Arc::clone(&shop);
                std::thread::Builder::new()
                    .name(format!("jobs-{number}"))
                    .spawn(move || shop.work())
            })
            .collect::<Result<_, _>>()
            .map_err(at(jobs))?;
        Ok(Self { shop, threads })
    }

    /// What the RPC methods ask.
    #[must_use]
    pub fn workshop(&self) -> Arc<dyn Workshop> {
        Arc::<Shop>::clone(&self.shop)
    }

    /// Jobs, whenever something about one changes.
    #[must_use]
    pub fn ring(&self) -> Ring<Job> {
        self.shop.ring.clone()
    }

    /// Ends what is at work, and begins nothing more. What waits does so until the next start.
    pub fn stop(self) {
        let leashes = {
            let mut book = self.shop.hold();
            book.closing = true;
            book.leashes()
        };
        self.shop.turn.notify_all();
        leashes.iter().for_each(|leash| leash.cut());
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the jobs ended by a bug");
            }
        }
    }
}

fn failed(path: &Path, source: io::Error) -> JobsError {
    JobsError {
        path: path.to_owned(),
        source,
    }
}

/// What the calendar's overrides say; the daemon's own calendar has read them before.
pub(crate) fn overrides(config: &Config) -> Option<String> {
    let path = config.calendar.overrides.as_ref()?;
    std::fs::read_to_string(path)
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "jobs use the built-in calendar"))
        .ok()
}

impl Shop {
    fn hold(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to one job after the other, until all is to end.
    fn work(&self) {
        while let Some(job) = self.next() {
            let id = job.id;
            let verdict = self.see_to(&job);
            let mut book = self.hold();
            self.conclude(&mut book, id, verdict);
            let most = self.settings.jobs.keep.try_into().unwrap_or(usize::MAX);
            book.keep(most);
            drop(book);
            self.turn.notify_all();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut book = self.hold();
        loop {
            if book.closing {
                return None;
            }
            if let Some(job) = book.begin_next(clock::now()) {
                return Some(job);
            }
            book = self.turn.wait(book).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Deletes what was uploaded for a job that is over.
    fn forget_upload(&self, work: &Work) {
        if let Work::Import(spec) = work {
            self.uploads.delete(&spec.upload);
        }
    }

    fn see_to(&self, job: &Job) -> Verdict {
        if let Work::Download(spec) = &job.work {
            return self.download(job, spec);
        }
        let order = match self.order(job.id, &job.work) {
            Ok(order) => order,
            Err(detail) => return Verdict::failed(detail),
        };
        let verdict = self.run_and_take(job.id, &order, &mut |heard| match heard {
            Heard::Progress(progress) => self.hold().progress(job.id, progress, clock::elapsed()),
            Heard::Stored(file) => self.hold().stored(job.id, file),
            Heard::Begun(leash) => {
                let (id, pid) = (job.id, leash.pid());
                let process = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
                tracing::info!(job = id, pid, "job {id} has begun: {}{process}", job.title);
                self.begun(id, leash);
            }
        });
        if job.work.kind() == trader_rpc::JobKind::Import {
            self.shelf.clear(&order.staging);
        }
        verdict
    }

    /// Runs a job's process, and takes into the store what it prepared.
    fn run_and_take(&self, id: u64, order: &Order, hear: &mut dyn FnMut(Heard)) -> Verdict {
        // What was prepared does not fit any more if the store changed meanwhile; once is bad luck.
        let mut verdict = self.run(order, hear);
        if self.take_in(id, order, &mut verdict) {
            self.hold().unmade(id);
            verdict = self.run(order, hear);
            self.take_in(id, order, &mut verdict);
        }
        verdict
    }

    fn order(&self, id: u64, work: &Work) -> Result<Order, ErrorDetail> {
        let upload = match work {
            Work::Import(spec) => Some(self.uploads.path(&spec.upload)),
            _ => None,
        };
        let staging = self.shelf.staging(id);
        if let Work::Import(spec) = work {
            self.shelf.make_room(&staging, spec.bytes)?;
        }
        Ok(Order {
            version: STREAM_VERSION,
            job: id,
            work: work.clone(),
            config: self.settings.config.clone(),
            calendar: self.settings.calendar.clone(),
            bars: self.shelf.root().to_owned(),
            recordings: self.recordings.clone(),
            store: self.settings.store.clone(),
            upload,
            staging,
            memory_mb: self.settings.jobs.memory_mb,
        })
    }

    fn run(&self, order: &Order, hear: &mut dyn FnMut(Heard)) -> Verdict {
        let run = Run {
            launcher: &*self.launcher,
            folder: &self.folder,
            order,
            bytes_max: self.settings.bytes_max(),
        };
        run.conduct(hear)
    }

    /// A process of the job runs, and can be ended from now on.
    fn begun(&self, id: u64, leash: Arc<dyn launch::Leash>) {
        let mut book = self.hold();
        let closing = book.closing;
        if let Some(record) = book.record(id) {
            if record.cancelled || closing {
                leash.cut();
            }
            record.leash = Some(leash);
        }
    }

    /// Without Alpaca nobody can be asked.
    #[cfg(not(feature = "broker-alpaca"))]
    #[expect(clippy::unused_self, reason = "with Alpaca it is needed")]
    fn download(&self, _: &Job, _: &trader_rpc::DownloadSpec) -> Verdict {
        Verdict::failed(crate::work::trouble(
            "nothing was downloaded",
            "this build cannot ask Alpaca",
            "build it with --features broker-alpaca",
        ))
    }

    /// Takes what an import prepared into the store. True if the store changed since, and it must be
    /// prepared again.
    fn take_in(&self, id: u64, order: &Order, verdict: &mut Verdict) -> bool {
        let Ok(Done { staged, .. }) = &verdict.result else {
            return false;
        };
        let Some(staged) = staged else {
            return false;
        };
        {
            // From here on it is too late to cancel.
            let mut book = self.hold();
            let Some(record) = book.record(id) else {
                return false;
            };
            record.leash = None;
            if record.cancelled {
                return false;
            }
        }
        match self.shelf.commit(staged, &order.staging) {
            Ok(()) => false,
            Err(shelf::CommitError::Stale(detail)) => {
                verdict.result = Err(detail);
                true
            }
            Err(shelf::CommitError::Refused(detail)) => {
                verdict.result = Err(detail);
                false
            }
        }
    }

    fn conclude(&self, book: &mut Book, id: u64, verdict: Verdict) {
        let closing = book.closing;
        let Some(record) = book.record(id) else {
            return;
        };
        let cancelled = record.cancelled;
        let work = record.job.work.clone();
        record.job.peak_memory_mb = verdict.peak_memory_mb;
        let (state, message) = match verdict.result {
            // Cancelled in time, before it changed anything.
            Ok(done) if !cancelled || done.staged.is_none() => (JobState::Done, done.message),
            Err(detail) if !cancelled && !closing => (JobState::Failed, verdict::sentence(&detail)),
            Ok(_) | Err(_) if cancelled => {
                let message = match &work {
                    Work::Download(_) => {
                        "cancelled; what came by then is stored, and the same download goes on from there"
                    }
                    _ => "cancelled; it changed nothing",
                };
                (JobState::Cancelled, message.to_owned())
            }
            Ok(_) | Err(_) => (JobState::Interrupted, book::INTERRUPTED.to_owned()),
        };
        // Before it is told to be over: then all of it is.
        if state != JobState::Interrupted {
            self.forget_upload(&work);
        }
        book.end(id, state, &message, clock::now());
    }
}

#[cfg(test)]
mod tests;
