//! Work apart from trading: `jobs`, `job_file`, `submit_job`, `cancel_job`, `delete_job`, `upload`,
//! `data`, `remove_data`, `sessions`, `remove_session`. All of it is the workshop's.

use std::sync::Arc;

use trader_rpc::{
    Accepted, DataParams, DataSeries, Failure, FileChunk, Job, JobChangeParams, JobFileParams,
    JobsParams, RecordedSession, RemoveDataParams, RemoveSessionParams, SessionsParams,
    SubmitJobParams, UploadParams, UploadState,
};

use super::{Context, Peer};

/// Declares handlers that hand their parameters to the workshop.
macro_rules! handlers {
    ($($name:ident => $method:ident ($params:ty) -> $result:ty;)+) => {
        $(pub(super) async fn $name(
            context: Arc<Context>,
            _: Peer,
            params: $params,
        ) -> Result<$result, Failure> {
            context
                .counter
                .ask(stringify!($name), move |workshop| workshop.$method(&params))
                .await
        })+
    };
}

handlers! {
    jobs => jobs(JobsParams) -> Vec<Job>;
    job_file => job_file(JobFileParams) -> FileChunk;
    cancel_job => cancel(JobChangeParams) -> Job;
    delete_job => delete(JobChangeParams) -> Accepted;
    upload => upload(UploadParams) -> UploadState;
    data => data(DataParams) -> Vec<DataSeries>;
    remove_data => remove_data(RemoveDataParams) -> Accepted;
    sessions => sessions(SessionsParams) -> Vec<RecordedSession>;
    remove_session => remove_session(RemoveSessionParams) -> Accepted;
}

pub(super) async fn submit_job(
    context: Arc<Context>,
    peer: Peer,
    params: SubmitJobParams,
) -> Result<Job, Failure> {
    context
        .counter
        .ask("submit_job", move |workshop| {
            workshop.submit(peer.uid, params)
        })
        .await
}
