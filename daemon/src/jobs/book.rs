//! The jobs in memory, each change of which is written to its folder and told to subscribers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use trader_contract::Timestamp;
use trader_rpc::{Job, JobFile, JobKind, JobProgress, JobState, RequestId, Work};

use super::answers::Answers;
use super::folder::{Folder, Found};
use super::launch::Leash;
use super::verdict;
use crate::events::Ring;

/// Progress is told to subscribers at most so often.
const EVERY: Duration = Duration::from_millis(200);
/// So many of those that wait hear that they moved up.
const MOVED_UP: usize = 16;

/// The most characters of a word and of a message that a job's process may give.
const WORD_MAX: usize = 40;
const MESSAGE_MAX: usize = 4_000;

/// What is said about a job that was at work when the daemon ended.
pub(super) const INTERRUPTED: &str = "the daemon ended while it was at work: what it was to change is there whole or not at all; \
     submit it again";

/// The jobs.
pub(super) struct Book {
    pub(super) folder: Arc<Folder>,
    pub(super) answers: Answers,
    pub(super) last_id: u64,
    /// No job begins any more.
    pub(super) closing: bool,
    records: BTreeMap<u64, Record>,
    /// Those that wait, the next one first.
    queue: VecDeque<u64>,
    ring: Ring<Job>,
}

/// A job, and what is known only while it runs.
pub(super) struct Record {
    pub(super) job: Job,
    pub(super) cancelled: bool,
    pub(super) leash: Option<Arc<dyn Leash>>,
    told_at: Duration,
}

impl Book {
    /// The book of what was found in the folder: what was at work is over, what waited waits again.
    pub(super) fn open(
        folder: Arc<Folder>,
        found: Found,
        answers: Answers,
        ring: Ring<Job>,
        now: Timestamp,
    ) -> Self {
        let mut book = Self {
            folder,
            answers,
            last_id: found.last_id,
            closing: false,
            records: BTreeMap::new(),
            queue: VecDeque::new(),
            ring,
        };
        for job in found.jobs {
            let (id, state) = (job.id, job.state);
            book.records.insert(id, Record::new(job));
            match state {
                JobState::Running => book.end(id, JobState::Interrupted, INTERRUPTED, now),
                JobState::Queued => book.queue.push_back(id),
                _ => {}
            }
        }
        book
    }

    /// The job with this number, as it is shown.
    pub(super) fn job(&self, id: u64) -> Option<Job> {
        self.records.get(&id).map(|record| self.shown(record))
    }

    pub(super) fn record(&mut self, id: u64) -> Option<&mut Record> {
        self.records.get_mut(&id)
    }

    /// The job that this call asked for.
    pub(super) fn of_request(&self, request: &RequestId) -> Option<Job> {
        let mut records = self.records.values().rev();
        let found = records.find(|record| record.job.request_id == *request);
        found.map(|record| self.shown(record))
    }

    /// All jobs, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = Job> {
        self.records.values().rev().map(|record| self.shown(record))
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The uploads that jobs still need.
    pub(super) fn needed_uploads(&self) -> Vec<RequestId> {
        let open = self.records.values().filter(|r| !r.job.state.is_over());
        open.filter_map(|record| match &record.job.work {
            Work::Import(spec) => Some(spec.upload.clone()),
            _ => None,
        })
        .collect()
    }

    fn shown(&self, record: &Record) -> Job {
        let mut job = record.job.clone();
        if job.state == JobState::Queued {
            let before = self.queue.iter().take_while(|id| **id != job.id).count();
            let ahead = before.saturating_add(self.running());
            job.ahead = Some(u32::try_from(ahead).unwrap_or(u32::MAX));
        }
        job
    }

    fn running(&self) -> usize {
        let states = self.records.values().map(|record| record.job.state);
        states.filter(|state| *state == JobState::Running).count()
    }

    /// Takes in a new job, which waits. The caller has made its folder.
    pub(super) fn add(&mut self, job: Job) {
        let id = job.id;
        self.last_id = self.last_id.max(id);
        self.records.insert(id, Record::new(job));
        self.queue.push_back(id);
        self.tell(id);
    }

    /// Takes the next job out of the queue, which begins now. Imports wait for each other, and so do
    /// downloads.
    pub(super) fn begin_next(&mut self, now: Timestamp) -> Option<Job> {
        let kind = |id: &u64| Some(self.records.get(id)?.job.work.kind());
        let busy = |kind: JobKind| {
            let mut records = self.records.values();
            records.any(|record| {
                record.job.state == JobState::Running && record.job.work.kind() == kind
            })
        };
        let mut queue = self.queue.iter();
        let place = queue.position(|id| match kind(id) {
            Some(kind @ (JobKind::Import | JobKind::Download)) => !busy(kind),
            _ => true,
        })?;
        let id = self.queue.remove(place)?;
        let record = self.records.get_mut(&id)?;
        record.job.state = JobState::Running;
        record.job.started_at = Some(now);
        let begun = record.job.clone();
        self.write(id);
        self.tell(id);
        let moved: Vec<u64> = self.queue.iter().take(MOVED_UP).copied().collect();
        moved.into_iter().for_each(|id| self.tell(id));
        Some(begun)
    }

    /// How far a job is; told if the last time is long enough ago.
    pub(super) fn progress(&mut self, id: u64, progress: JobProgress, now: Duration) {
        let Some(record) = self.records.get_mut(&id) else {
            return;
        };
        let progress = JobProgress {
            phase: progress.phase.chars().take(WORD_MAX).collect(),
            unit: progress.unit.chars().take(WORD_MAX).collect(),
            ..progress
        };
        record.job.progress = Some(progress);
        if now.saturating_sub(record.told_at) >= EVERY {
            record.told_at = now;
            self.tell(id);
        }
    }

    /// A job has made a file.
    pub(super) fn stored(&mut self, id: u64, file: JobFile) {
        if let Some(record) = self.records.get_mut(&id) {
            record.job.files.push(file);
        }
    }

    /// What a job made is of no use: it runs again, or has failed.
    pub(super) fn unmade(&mut self, id: u64) {
        if let Some(record) = self.records.get_mut(&id) {
            record.job.files.clear();
        }
        if let Err(error) = self.folder.clear(id) {
            tracing::warn!(job = id, %error, "what a failed job made could not be deleted");
        }
    }

    /// A job is over.
    pub(super) fn end(&mut self, id: u64, state: JobState, message: &str, now: Timestamp) {
        self.queue.retain(|waiting| *waiting != id);
        if state != JobState::Done {
            self.unmade(id);
        }
        let Some(record) = self.records.get_mut(&id) else {
            return;
        };
        record.leash = None;
        let job = &mut record.job;
        job.state = state;
        job.message = Some(message.chars().take(MESSAGE_MAX).collect());
        job.ended_at = Some(now);
        job.progress = None;
        job.ahead = None;
        if state == JobState::Done {
            tracing::info!(job = id, "job {id} is done: {message}");
        } else {
            tracing::warn!(job = id, state = %state, "job {id} is {state}: {message}");
        }
        self.write(id);
        self.tell(id);
    }

    /// Deletes a job that is over, with what it made.
    pub(super) fn delete(&mut self, id: u64) -> std::io::Result<()> {
        self.folder.delete(id, self.last_id)?;
        self.records.remove(&id);
        Ok(())
    }

    /// Deletes the oldest jobs that are over, but for so many of each kind: so that many small ones,
    /// such as imports, never take the place of backtests.
    pub(super) fn keep(&mut self, most: usize) {
        let mut kept: BTreeMap<JobKind, usize> = BTreeMap::new();
        let mut old = Vec::new();
        for record in self.records.values().rev() {
            if !record.job.state.is_over() {
                continue;
            }
            let of_the_kind = kept.entry(record.job.work.kind()).or_default();
            if *of_the_kind == most {
                old.push(record.job.id);
            } else {
                *of_the_kind = of_the_kind.saturating_add(1);
            }
        }
        for id in old {
            if let Err(error) = self.delete(id) {
                tracing::warn!(job = id, %error, "an old job could not be deleted");
            }
        }
    }

    /// Every leash there is.
    pub(super) fn leashes(&self) -> Vec<Arc<dyn Leash>> {
        let leashes = self
            .records
            .values()
            .filter_map(|record| record.leash.clone());
        leashes.collect()
    }

    fn write(&self, id: u64) {
        let Some(record) = self.records.get(&id) else {
            return;
        };
        if let Err(error) = self.folder.save(&record.job) {
            let why = verdict::sentence(&trader_rpc::ErrorDetail {
                what: format!("what became of job {id} could not be written down"),
                why: error.to_string(),
                next: "make room on the disk of the state folder".to_owned(),
            });
            tracing::error!(job = id, "{why}");
        }
    }

    fn tell(&self, id: u64) {
        if let Some(job) = self.job(id) {
            self.ring.push(job);
        }
    }
}

impl Record {
    const fn new(job: Job) -> Self {
        Self {
            job,
            cancelled: false,
            leash: None,
            told_at: Duration::ZERO,
        }
    }
}
