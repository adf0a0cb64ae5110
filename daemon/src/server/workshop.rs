//! The seam to work apart from trading: jobs, uploads and the bar store. It may wait for the disk or
//! for a process to end, so it happens on threads of its own, a few at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;
use trader_rpc::{
    Accepted, DataParams, DataSeries, Failure, FileChunk, Job, JobChangeParams, JobFileParams,
    JobsParams, RecordedSession, RemoveDataParams, RemoveSessionParams, SessionsParams,
    SubmitJobParams, UploadParams, UploadState,
};

/// Calls at one time; more wait.
const CALLS_MAX: usize = 4;

/// Work apart from trading. May block.
pub trait Workshop: Send + Sync + 'static {
    /// Takes in a job for this user; a call that was made before answers the same job.
    ///
    /// # Errors
    /// It cannot be done, or too many wait.
    fn submit(&self, uid: u32, params: SubmitJobParams) -> Result<Job, Failure>;

    /// Cancels a job; one that is cancelled already stays so.
    ///
    /// # Errors
    /// There is none, or it is over.
    fn cancel(&self, params: &JobChangeParams) -> Result<Job, Failure>;

    /// Deletes a job that is over, with what it made.
    ///
    /// # Errors
    /// There is none, it is not over, or the disk refuses.
    fn delete(&self, params: &JobChangeParams) -> Result<Accepted, Failure>;

    /// Jobs, the newest first.
    ///
    /// # Errors
    /// They cannot be told.
    fn jobs(&self, params: &JobsParams) -> Result<Vec<Job>, Failure>;

    /// A part of what a job made.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    fn job_file(&self, params: &JobFileParams) -> Result<FileChunk, Failure>;

    /// Takes a part of a file.
    ///
    /// # Errors
    /// It does not fit to what has arrived, is too large, or the disk refuses.
    fn upload(&self, params: &UploadParams) -> Result<UploadState, Failure>;

    /// The series of the bar store.
    ///
    /// # Errors
    /// The store cannot be read, or there are too many for one answer.
    fn data(&self, params: &DataParams) -> Result<Vec<DataSeries>, Failure>;

    /// Removes series from the bar store.
    ///
    /// # Errors
    /// There are none, or the disk refuses.
    fn remove_data(&self, params: &RemoveDataParams) -> Result<Accepted, Failure>;

    /// Recorded sessions, the oldest first.
    ///
    /// # Errors
    /// The recordings cannot be read.
    fn sessions(&self, params: &SessionsParams) -> Result<Vec<RecordedSession>, Failure>;

    /// Removes the recording of a session.
    ///
    /// # Errors
    /// There is none, it is being written, or the disk refuses.
    fn remove_session(&self, params: &RemoveSessionParams) -> Result<Accepted, Failure>;
}

/// The workshop with its few places.
#[derive(Clone)]
pub(super) struct Counter {
    workshop: Arc<dyn Workshop>,
    places: Arc<Semaphore>,
}

impl Counter {
    pub(super) fn new(workshop: Arc<dyn Workshop>) -> Self {
        Self {
            workshop,
            places: Arc::new(Semaphore::new(CALLS_MAX)),
        }
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        method: &'static str,
        ask: impl FnOnce(&dyn Workshop) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let workshop = Arc::clone(&self.workshop);
        let asking = tokio::task::spawn_blocking(move || {
            let _place = place;
            ask(&*workshop)
        });
        asking.await.unwrap_or_else(|error| {
            Err(Failure::internal(
                format!("{method} failed"),
                error.to_string(),
            ))
        })
    }
}
