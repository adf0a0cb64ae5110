//! The fake daemon's jobs: what is submitted, what becomes of it, the files that come and go, and
//! what watchers hear.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of a test; an overflow would fail it"
)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use trader_rpc::Failure;

use super::fake::Answer;

/// What happens while somebody watches.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// These fields of this job change, and watchers hear of it.
    Change(u64, Value),
    /// The same, but nobody is told.
    Quietly(u64, Value),
    /// Watchers are told that they missed something.
    Missed,
    /// Every connection breaks.
    Cut,
}

/// What becomes of a job that is submitted.
type Outcome = dyn Fn(&Desk, u64) + Send + Sync;

/// The jobs of a fake daemon.
#[derive(Default)]
pub(crate) struct Desk {
    state: Mutex<State>,
    outcome: Mutex<Option<Arc<Outcome>>>,
    /// Breaks every connection that is open.
    pub(crate) cut: Arc<Notify>,
}

#[derive(Default)]
struct State {
    jobs: Vec<Value>,
    files: BTreeMap<(u64, String), Vec<u8>>,
    uploads: BTreeMap<String, Vec<u8>>,
    /// What each watcher in turn sees happen.
    scripts: VecDeque<Vec<Step>>,
    /// Parts of uploads after which the connection breaks, counted over all; what was held is lost
    /// where it says so.
    breaks: Vec<(usize, bool)>,
    parts: usize,
    part_bytes: Option<usize>,
}

impl Desk {
    /// What becomes of a job that is submitted.
    pub(crate) fn on_submit(self, outcome: impl Fn(&Self, u64) + Send + Sync + 'static) -> Self {
        *self.outcome.lock().unwrap() = Some(Arc::new(outcome));
        self
    }

    /// Files are given in parts of so many bytes.
    pub(crate) fn in_parts_of(self, bytes: usize) -> Self {
        self.state.lock().unwrap().part_bytes = Some(bytes);
        self
    }

    /// The next watcher sees this happen.
    pub(crate) fn then(self, script: Vec<Step>) -> Self {
        self.state.lock().unwrap().scripts.push_back(script);
        self
    }

    /// The connection breaks after this part of an upload has arrived and before it is confirmed.
    pub(crate) fn break_after_part(self, part: usize, lost: bool) -> Self {
        self.state.lock().unwrap().breaks.push((part, lost));
        self
    }

    /// Adds a job with these fields; its number.
    pub(crate) fn add(&self, work: &Value, fields: &Value) -> u64 {
        let mut state = self.state.lock().unwrap();
        let id = u64::try_from(state.jobs.len()).unwrap() + 1;
        let mut job = json!({
            "id": id, "work": work, "title": title(work), "state": "queued", "ahead": 0,
            "progress": null, "message": null, "request_id": format!("request-{id}"),
            "uid": 1000, "submitted_at": "2026-11-20T14:00:00Z", "started_at": null,
            "ended_at": null, "peak_memory_mb": null, "files": [],
        });
        patch(&mut job, fields);
        state.jobs.push(job);
        id
    }

    /// Changes fields of a job.
    pub(crate) fn change(&self, id: u64, fields: &Value) {
        let mut state = self.state.lock().unwrap();
        let job = state.jobs.iter_mut().find(|job| job["id"] == id);
        patch(job.unwrap(), fields);
    }

    /// Gives a job a file.
    pub(crate) fn put(&self, id: u64, name: &str, bytes: &[u8]) {
        let file = json!({ "name": name, "bytes": bytes.len(),
                           "sha256": format!("{:x}", Sha256::digest(bytes)) });
        self.change(id, &json!({ "files": [file] }));
        let mut state = self.state.lock().unwrap();
        state.files.insert((id, name.to_owned()), bytes.to_vec());
    }

    /// Ends a job well, with this document.
    pub(crate) fn finish(&self, id: u64, document: &str) {
        self.put(id, "result.json", document.as_bytes());
        self.change(id, &json!({ "state": "done", "ahead": null }));
    }

    /// Makes the stored bytes of a file other than their checksum says.
    pub(crate) fn spoil(&self, id: u64, name: &str) {
        let mut state = self.state.lock().unwrap();
        let bytes = state.files.get_mut(&(id, name.to_owned())).unwrap();
        bytes[0] ^= 1;
    }

    /// What was uploaded under this id.
    pub(crate) fn uploaded(&self, id: &str) -> Vec<u8> {
        self.state.lock().unwrap().uploads[id].clone()
    }

    /// The steps of the next watcher, and the job as each leaves it.
    pub(crate) fn next_script(&self) -> Vec<Step> {
        self.state
            .lock()
            .unwrap()
            .scripts
            .pop_front()
            .unwrap_or_default()
    }

    /// Carries out a step; what watchers hear of it.
    pub(crate) fn happen(&self, seq: u64, step: &Step) -> Option<Value> {
        match step {
            Step::Change(id, fields) => {
                self.change(*id, fields);
                let job = self.jobs(&json!({ "id": id }))[0].clone();
                Some(json!({ "job": { "seq": seq, "job": job } }))
            }
            Step::Quietly(id, fields) => {
                self.change(*id, fields);
                None
            }
            Step::Missed => Some(json!({ "missed": { "after_seq": seq, "next_seq": seq + 2 } })),
            Step::Cut => {
                self.cut.notify_waiters();
                None
            }
        }
    }

    /// Answers what is about jobs and files, if there are jobs here at all.
    pub(crate) fn answer(&self, method: &str, params: &Value) -> Option<Answer> {
        let id = params["id"].as_u64().unwrap_or(0);
        Some(Ok(match method {
            "submit_job" => self.submit(params),
            "jobs" => Value::Array(self.jobs(params)),
            "job_file" => return Some(self.part(id, params)),
            "upload" => return Some(self.take(params)),
            "cancel_job" => {
                self.change(id, &json!({ "state": "cancelled" }));
                self.jobs(params)[0].clone()
            }
            "delete_job" => {
                let mut state = self.state.lock().unwrap();
                state.jobs.retain(|job| job["id"] != id);
                json!({ "request_id": params["request_id"], "repeated": false,
                        "message": format!("job {id} is deleted") })
            }
            _ => return None,
        }))
    }

    fn submit(&self, params: &Value) -> Value {
        let request_id = &params["request_id"];
        let known = {
            let state = self.state.lock().unwrap();
            state
                .jobs
                .iter()
                .find(|job| job["request_id"] == *request_id)
                .cloned()
        };
        known.unwrap_or_else(|| {
            let id = self.add(&params["work"], &json!({ "request_id": request_id }));
            let submitted = self.jobs(&json!({ "id": id }))[0].clone();
            let outcome = self.outcome.lock().unwrap().clone();
            if let Some(outcome) = outcome {
                outcome(self, id);
            }
            submitted
        })
    }

    fn jobs(&self, params: &Value) -> Vec<Value> {
        let over = ["done", "failed", "cancelled", "interrupted"];
        let state = self.state.lock().unwrap();
        let wanted = state.jobs.iter().rev().filter(|job| {
            let kind = params["kind"].as_str();
            (params["id"].is_null() || params["id"] == job["id"])
                && kind.is_none_or(|kind| !job["work"][kind].is_null())
                && (params["open_only"] != true || !over.contains(&job["state"].as_str().unwrap()))
        });
        wanted.cloned().collect()
    }

    fn part(&self, id: u64, params: &Value) -> Answer {
        let state = self.state.lock().unwrap();
        let name = params["file"].as_str().unwrap();
        let Some(file) = state.files.get(&(id, name.to_owned())) else {
            return Err(Failure::refused("no such file", "it is not there", "look"));
        };
        let offset = params["offset"].as_u64().unwrap();
        let from = usize::try_from(offset).unwrap();
        let to = file.len().min(from + state.part_bytes.unwrap_or(512 << 10));
        Ok(
            json!({ "offset": offset, "bytes": file.len(), "data": STANDARD.encode(&file[from..to]) }),
        )
    }

    fn take(&self, params: &Value) -> Answer {
        let mut state = self.state.lock().unwrap();
        state.parts += 1;
        let (number, name) = (
            state.parts,
            params["request_id"].as_str().unwrap().to_owned(),
        );
        let offset = usize::try_from(params["offset"].as_u64().unwrap()).unwrap();
        let part = STANDARD.decode(params["data"].as_str().unwrap()).unwrap();
        assert!(part.len() <= 512 << 10, "a part has at most 512 KiB");
        let breaks = state
            .breaks
            .iter()
            .find(|(part, _)| *part == number)
            .copied();
        let held = state.uploads.entry(name).or_default();
        if offset > held.len() {
            let why = format!(
                "it begins at {offset}, and {} bytes have arrived",
                held.len()
            );
            return Err(Failure::refused(
                "the part was not taken",
                why,
                "send an earlier one",
            ));
        }
        if offset == held.len() {
            held.extend(part);
        }
        if let Some((_, lost)) = breaks {
            if lost {
                held.clear();
            }
            self.cut.notify_waiters();
        }
        Ok(json!({ "upload": params["request_id"], "bytes": held.len() }))
    }
}

fn title(work: &Value) -> String {
    let (kind, what) = work.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "backtest" => format!(
            "backtest from {} to {}",
            text(what, "start_date"),
            text(what, "end_date")
        ),
        kind => format!("{kind} {} {}", text(what, "symbol"), text(what, "data")),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("everything")
}

fn patch(job: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        job[name] = value.clone();
    }
}
