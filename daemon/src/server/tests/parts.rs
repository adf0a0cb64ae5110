//! Parts of files on the wire: what they cost a connection, and who may send them.

use serde_json::json;
use trader_rpc::{
    Accepted, DataParams, DataSeries, Failure, FileChunk, Job, JobChangeParams, JobFileParams,
    JobsParams, RecordedSession, RemoveDataParams, RemoveSessionParams, SessionsParams,
    SubmitJobParams, UploadParams, UploadState,
};

use super::*;

/// Takes every part of every file.
pub(super) struct Parts;

impl Workshop for Parts {
    fn submit(&self, uid: u32, params: SubmitJobParams) -> Result<Job, Failure> {
        Ok(Job {
            uid,
            work: params.work,
            ..trader_rpc::sample::of("Job").unwrap()
        })
    }
    fn cancel(&self, _: &JobChangeParams) -> Result<Job, Failure> {
        Err(Failure::refused("no", "it is over", "nothing"))
    }
    fn delete(&self, _: &JobChangeParams) -> Result<Accepted, Failure> {
        Err(Failure::refused("no", "it is over", "nothing"))
    }
    fn jobs(&self, _: &JobsParams) -> Result<Vec<Job>, Failure> {
        Ok(vec![trader_rpc::sample::of("Job").unwrap()])
    }
    fn job_file(&self, _: &JobFileParams) -> Result<FileChunk, Failure> {
        Ok(trader_rpc::sample::of("FileChunk").unwrap())
    }
    fn upload(&self, params: &UploadParams) -> Result<UploadState, Failure> {
        Ok(UploadState {
            upload: params.request_id.clone(),
            bytes: params.offset,
        })
    }
    fn data(&self, _: &DataParams) -> Result<Vec<DataSeries>, Failure> {
        Ok(Vec::new())
    }
    fn sessions(&self, _: &SessionsParams) -> Result<Vec<RecordedSession>, Failure> {
        Ok(Vec::new())
    }
    fn remove_session(&self, _: &RemoveSessionParams) -> Result<Accepted, Failure> {
        Err(Failure::shutting_down("remove_session"))
    }
    fn remove_data(&self, _: &RemoveDataParams) -> Result<Accepted, Failure> {
        Err(Failure::refused("no", "there is none", "nothing"))
    }
}

fn stingy() -> RpcSettings {
    RpcSettings {
        requests_per_second: 1,
        request_burst: 5,
        ..settings()
    }
}

#[test]
fn one_part_after_the_other_costs_nothing_and_other_calls_do() {
    let running = Running::with(&stingy());
    let mut socket = running.raw(Role::Control);
    for offset in 0..200 {
        let part = json!({"request_id": "u-1", "offset": offset, "data": "YQ=="});
        assert_eq!(socket.call("upload", part)["result"]["bytes"], offset);
        let part = json!({"id": 1, "file": "rows.csv", "offset": offset});
        assert!(socket.call("job_file", part)["result"]["data"].is_string());
    }
    let codes: Vec<Value> = (0..20)
        .map(|_| socket.call("jobs", json!({}))["error"]["code"].clone())
        .collect();
    assert_eq!(codes.iter().filter(|code| code.is_null()).count(), 5);
}

#[test]
fn a_part_that_may_not_be_sent_is_refused_and_costs_a_call() {
    let running = Running::with(&stingy());
    let mut reader = running.raw(Role::Read);
    let part = || json!({"request_id": "u-1", "offset": 0, "data": "YQ=="});
    for _ in 0..5 {
        assert_eq!(reader.call("upload", part())["error"]["code"], 1001);
    }
    assert_eq!(reader.call("upload", part())["error"]["code"], 1006);
}

#[test]
fn a_subscriber_hears_of_jobs() {
    let running = Running::with(&settings());
    let mut socket = running.raw(Role::Read);
    socket.call("subscribe_events", json!({"stream": "jobs"}));
    let job: Job = trader_rpc::sample::of("Job").unwrap();
    running.services.jobs.push(job);
    let heard = socket.receive()["params"]["result"].clone();
    assert_eq!(heard["job"]["seq"], 1);
    assert_eq!(heard["job"]["job"]["id"], 12);
}

#[test]
fn the_user_behind_the_connection_is_the_one_who_submits() {
    let running = Running::with(&settings());
    let mut socket = running.raw(Role::Control);
    let job = socket.call(
        "submit_job",
        json!({"request_id": "r", "work": {"gaps": {}}}),
    );
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(job["result"]["uid"], uid, "{job}");
}
