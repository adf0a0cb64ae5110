//! What the RPC methods ask of the jobs.

use std::sync::PoisonError;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use trader_rpc::{
    Accepted, DataParams, DataSeries, ErrorCode, Failure, FileChunk, Job, JobChangeParams,
    JobFileParams, JobState, JobsParams, RecordedSession, RemoveDataParams, RemoveSessionParams,
    SessionsParams, SubmitJobParams, UploadParams, UploadState, Work, limits,
};

use super::title::{self, refused};
use super::{Shop, disk};
use crate::clock;
use crate::server::Workshop;

/// How long a call that cancels waits for the end of the process.
const END: Duration = Duration::from_secs(3);
/// What answers may have in bytes, below what the wire allows.
const ANSWER_BYTES_MAX: usize = (limits::RESPONSE_BYTES_MAX as usize) / 4 * 3;

impl Shop {
    /// Refuses a backtest whose settings make no sense before it waits for its turn.
    fn makes_sense(&self, work: &Work) -> Result<(), Failure> {
        let Work::Backtest(spec) = work else {
            return Ok(());
        };
        let calendar = self.settings.base.calendar.calendar().map_err(|error| {
            refused(
                error.to_string(),
                "correct the file that calendar.overrides names",
            )
        })?;
        crate::backtest::configuration(&self.settings.base, spec, &calendar)
            .map(drop)
            .map_err(|detail| refused(detail.why, &detail.next))
    }
}

impl Workshop for Shop {
    fn submit(&self, uid: u32, params: SubmitJobParams) -> Result<Job, Failure> {
        let SubmitJobParams { request_id, work } = params;
        let mut book = self.hold();
        if let Some(job) = book.of_request(&request_id) {
            if job.work == work {
                return Ok(job);
            }
            let why = format!(
                "its request id is the one of job {}, which does other work",
                job.id
            );
            return Err(refused(why, "draw a new request id"));
        }
        title::check(&work)?;
        self.makes_sense(&work)?;
        self.has_upload(&work)?;
        let most = self.settings.jobs.max_queued;
        if book.closing {
            return Err(Failure::shutting_down("submit_job"));
        }
        if book.waiting() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(Failure::new(
                ErrorCode::Busy,
                "the job was not taken",
                format!("{most} jobs wait already, as many as jobs.max_queued allows"),
                "wait until some are done (traderctl jobs list), cancel some, or raise jobs.max_queued",
            ));
        }
        let job = Job {
            id: book.last_id.saturating_add(1),
            title: title::title(&work),
            work,
            state: JobState::Queued,
            ahead: None,
            progress: None,
            message: None,
            request_id,
            uid,
            submitted_at: clock::now(),
            started_at: None,
            ended_at: None,
            peak_memory_mb: None,
            files: Vec::new(),
        };
        disk::room(self.folder.path(), 0)
            .and_then(|()| self.folder.make(&job))
            .map_err(|error| {
                Failure::store_unavailable(
                    "submit_job",
                    format!("it cannot be written down: {error}"),
                )
            })?;
        let id = job.id;
        book.add(job);
        let job = book.job(id);
        drop(book);
        self.turn.notify_all();
        job.ok_or_else(|| unknown(id))
    }

    fn cancel(&self, params: &JobChangeParams) -> Result<Job, Failure> {
        let id = params.id;
        let mut book = self.hold();
        let record = book.record(id).ok_or_else(|| unknown(id))?;
        match record.job.state {
            JobState::Cancelled => {}
            JobState::Queued => {
                record.cancelled = true;
                let work = record.job.work.clone();
                self.forget_upload(&work);
                let message = "cancelled before it began";
                book.end(id, JobState::Cancelled, message, clock::now());
            }
            JobState::Running => {
                record.cancelled = true;
                let leash = record.leash.clone();
                if let Some(leash) = leash {
                    leash.cut();
                }
                let over = self.turn.wait_timeout_while(book, END, |book| {
                    book.job(id).is_some_and(|job| !job.state.is_over())
                });
                book = over.unwrap_or_else(PoisonError::into_inner).0;
            }
            state @ (JobState::Done | JobState::Failed | JobState::Interrupted) => {
                return Err(Failure::refused(
                    format!("job {id} was not cancelled"),
                    format!("it is {state} already"),
                    "traderctl jobs show tells what came of it",
                ));
            }
        }
        book.job(id).ok_or_else(|| unknown(id))
    }

    fn delete(&self, params: &JobChangeParams) -> Result<Accepted, Failure> {
        let id = params.id;
        let mut book = self.hold();
        if let Some(answer) = book.answers.of(&params.request_id) {
            return Ok(answer);
        }
        let job = book.job(id).ok_or_else(|| unknown(id))?;
        if !job.state.is_over() {
            return Err(Failure::refused(
                format!("job {id} was not deleted"),
                format!("it is {}", job.state),
                format!("cancel it first: traderctl jobs cancel {id}"),
            ));
        }
        book.delete(id).map_err(|error| {
            Failure::store_unavailable("delete_job", format!("the disk refuses: {error}"))
        })?;
        let message = format!("job {id} is deleted: {}", job.title);
        Ok(book.answers.keep(&params.request_id, message))
    }

    fn jobs(&self, params: &JobsParams) -> Result<Vec<Job>, Failure> {
        let limit = params
            .limit
            .unwrap_or(limits::ROWS_MAX)
            .min(limits::ROWS_MAX);
        let book = self.hold();
        let wanted = book.newest_first().filter(|job| {
            params.id.is_none_or(|id| job.id == id)
                && params.kind.is_none_or(|kind| job.work.kind() == kind)
                && (!params.open_only || !job.state.is_over())
        });
        let mut bytes = 0_usize;
        let jobs = wanted
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .take_while(|job| {
                bytes = bytes.saturating_add(size(job));
                bytes <= ANSWER_BYTES_MAX
            });
        Ok(jobs.collect())
    }

    fn job_file(&self, params: &JobFileParams) -> Result<FileChunk, Failure> {
        let JobFileParams { id, file, offset } = params;
        let job = self.hold().job(*id).ok_or_else(|| unknown(*id))?;
        if !job.files.iter().any(|made| made.name == *file) {
            let names: Vec<&str> = job.files.iter().map(|made| made.name.as_str()).collect();
            let why = match names.as_slice() {
                [] => format!("it is {} and has made none", job.state),
                names => format!("it has made {}", names.join(" and ")),
            };
            let what = format!("job {id} has no file {file:?}");
            return Err(Failure::refused(
                what,
                why,
                "traderctl jobs show lists what there is",
            ));
        }
        let (part, bytes) = self.folder.part(*id, file, *offset).map_err(|error| {
            Failure::store_unavailable("job_file", format!("{file} cannot be read: {error}"))
        })?;
        Ok(FileChunk {
            offset: *offset,
            bytes,
            data: BASE64.encode(part),
        })
    }

    fn upload(&self, params: &UploadParams) -> Result<UploadState, Failure> {
        let invalid = |why: String| Failure::invalid_params("upload", &why);
        let part = BASE64
            .decode(&params.data)
            .map_err(|error| invalid(format!("data is no base64: {error}")))?;
        if part.len() > limits::CHUNK_BYTES_MAX {
            let most = limits::CHUNK_BYTES_MAX;
            return Err(invalid(format!(
                "the part has {} bytes, more than {most}",
                part.len()
            )));
        }
        if params.offset == 0 {
            let needed = self.hold().needed_uploads();
            if let Err(error) = self.uploads.sweep(clock::now(), &needed) {
                tracing::warn!(%error, "old uploads could not be looked through");
            }
        }
        self.uploads.take(&params.request_id, params.offset, &part)
    }

    fn data(&self, params: &DataParams) -> Result<Vec<DataSeries>, Failure> {
        let mut series = self.shelf.list(params)?;
        self.name_downloads(&mut series);
        if size(&series) > ANSWER_BYTES_MAX {
            return Err(Failure::refused(
                "the series were not listed",
                format!("{} of them are too many for one answer", series.len()),
                "name a symbol or a kind of data",
            ));
        }
        Ok(series)
    }

    fn remove_data(&self, params: &RemoveDataParams) -> Result<Accepted, Failure> {
        let mut book = self.hold();
        if let Some(answer) = book.answers.of(&params.request_id) {
            return Ok(answer);
        }
        let downloads = |job: &Job| {
            let Work::Download(spec) = &job.work else {
                return false;
            };
            job.state == JobState::Running && spec.symbols.contains(&params.symbol)
        };
        if let Some(job) = book.newest_first().find(downloads) {
            return Err(Failure::refused(
                format!("nothing of {} was removed", params.symbol),
                format!("job {} downloads it", job.id),
                format!("wait for it, or: traderctl jobs cancel {}", job.id),
            ));
        }
        // Before: days that are forgotten though they are there are asked for once more, and no harm done.
        #[cfg(feature = "broker-alpaca")]
        self.covered
            .forget(params.symbol, params.data.as_deref(), params.year)
            .map_err(|error| Failure::store_unavailable("remove_data", error.to_string()))?;
        let message = self.shelf.remove(params)?;
        tracing::info!(symbol = %params.symbol, "{message}");
        Ok(book.answers.keep(&params.request_id, message))
    }

    fn sessions(&self, params: &SessionsParams) -> Result<Vec<RecordedSession>, Failure> {
        super::sessions::list(&self.recordings, params.session)
    }

    fn remove_session(&self, params: &RemoveSessionParams) -> Result<Accepted, Failure> {
        let mut book = self.hold();
        if let Some(answer) = book.answers.of(&params.request_id) {
            return Ok(answer);
        }
        let message = super::sessions::remove(&self.recordings, params.session)?;
        tracing::info!(session = %params.session, "{message}");
        Ok(book.answers.keep(&params.request_id, message))
    }
}

impl Shop {
    /// The files of splits and dividends do not say where they come from.
    #[cfg(feature = "broker-alpaca")]
    fn name_downloads(&self, series: &mut [DataSeries]) {
        let actions = series
            .iter_mut()
            .filter(|series| series.data == title::ACTIONS);
        for series in actions.filter(|series| self.covered.has(series.symbol, title::ACTIONS)) {
            super::download::SOURCE.clone_into(&mut series.source);
        }
    }

    /// Without Alpaca nothing is downloaded.
    #[cfg(not(feature = "broker-alpaca"))]
    #[expect(clippy::unused_self, reason = "with Alpaca it is needed")]
    const fn name_downloads(&self, _: &mut [DataSeries]) {}

    /// Whether the file of an import has arrived.
    fn has_upload(&self, work: &Work) -> Result<(), Failure> {
        let Work::Import(spec) = work else {
            return Ok(());
        };
        match self.uploads.size(&spec.upload) {
            Some(size) if size == spec.bytes => Ok(()),
            there => Err(refused(
                format!(
                    "{} of the {} bytes of {} have arrived",
                    there.unwrap_or(0),
                    spec.bytes,
                    spec.file_name
                ),
                "upload the whole file first",
            )),
        }
    }
}

fn unknown(id: u64) -> Failure {
    Failure::refused(
        format!("there is no job {id}"),
        "it was never submitted, or is deleted",
        "traderctl jobs list lists those that there are",
    )
}

fn size(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |text| text.len())
}

/// A workshop that could not be opened: it says so, and trading goes on.
#[derive(Debug)]
pub struct Closed(String);

impl Closed {
    /// Closed for this reason.
    #[must_use]
    pub fn because(why: &super::JobsError) -> Self {
        Self(why.to_string())
    }

    fn refuse<T>(&self, method: &str) -> Result<T, Failure> {
        Err(Failure::store_unavailable(method, self.0.clone()))
    }
}

impl Workshop for Closed {
    fn submit(&self, _: u32, _: SubmitJobParams) -> Result<Job, Failure> {
        self.refuse("submit_job")
    }
    fn cancel(&self, _: &JobChangeParams) -> Result<Job, Failure> {
        self.refuse("cancel_job")
    }
    fn delete(&self, _: &JobChangeParams) -> Result<Accepted, Failure> {
        self.refuse("delete_job")
    }
    fn jobs(&self, _: &JobsParams) -> Result<Vec<Job>, Failure> {
        self.refuse("jobs")
    }
    fn job_file(&self, _: &JobFileParams) -> Result<FileChunk, Failure> {
        self.refuse("job_file")
    }
    fn upload(&self, _: &UploadParams) -> Result<UploadState, Failure> {
        self.refuse("upload")
    }
    fn data(&self, _: &DataParams) -> Result<Vec<DataSeries>, Failure> {
        self.refuse("data")
    }
    fn remove_data(&self, _: &RemoveDataParams) -> Result<Accepted, Failure> {
        self.refuse("remove_data")
    }
    fn sessions(&self, _: &SessionsParams) -> Result<Vec<RecordedSession>, Failure> {
        self.refuse("sessions")
    }
    fn remove_session(&self, _: &RemoveSessionParams) -> Result<Accepted, Failure> {
        self.refuse("remove_session")
    }
}
