//! What the tests of jobs share: files of made-up minutes, and calls that wait for what they ask for.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use trader_calendar::Calendar;
use trader_rpc::method::call;
use trader_rpc::{
    CallError, Client, DataParams, DataSeries, ImportSpec, Job, JobChangeParams, JobFileParams,
    JobsParams, RequestId, SubmitJobParams, UploadParams, Work, limits,
};

use crate::daemon::{Daemon, Place, lively};

/// A quiet daemon with these settings of `[jobs]`.
pub(crate) fn place(jobs: &str) -> Place {
    let place = Place::new("");
    let quiet = lively("pace = 1\nseed = 3").replace("level = \"trace\"", "level = \"info\"");
    place.configure(&format!("{quiet}\n[jobs]\n{jobs}\n"));
    place
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The minutes of so many sessions from 2011 on, in the canonical form.
pub(crate) fn minutes(sessions: usize) -> Vec<u8> {
    let calendar = Calendar::nyse();
    let days = calendar
        .sessions(day("2011-01-03")..=day("2020-12-31"))
        .unwrap();
    let kind = "1min".parse().unwrap();
    let mut text = format!("{}\n", trader_bars::csv::header(kind));
    let mut cents = 10_000_u32;
    let mut draw = 1_u32;
    for session in days.iter().take(sessions) {
        let mut at = session.open;
        while at < session.close {
            draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            cents = (cents + (draw >> 16) % 21).saturating_sub(10).max(5_000);
            let (low, high) = (cents - 7, cents + 9);
            let price = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
            writeln!(
                text,
                "{at},{},{},{},{},{}",
                price(cents),
                price(high),
                price(low),
                price(cents + 1),
                100 + draw % 900
            )
            .unwrap();
            at = at.plus_minutes(1);
        }
    }
    text.into_bytes()
}

pub(crate) fn hex(content: &[u8]) -> String {
    let sum = Sha256::digest(content);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn upload(client: &Client, content: &[u8]) -> Result<RequestId, CallError> {
    let request_id = RequestId::draw().unwrap();
    let mut offset = 0;
    for part in content.chunks(limits::CHUNK_BYTES_MAX) {
        let params = UploadParams {
            request_id: request_id.clone(),
            offset,
            data: BASE64.encode(part),
        };
        offset = client.call::<call::Upload>(&params)?.bytes;
    }
    Ok(request_id)
}

pub(crate) fn submit(client: &Client, work: Work) -> Result<Job, CallError> {
    client.call::<call::SubmitJob>(&SubmitJobParams {
        request_id: RequestId::draw().unwrap(),
        work,
    })
}

/// An import of a file as minutes of SPY, which has been uploaded.
pub(crate) fn import_of(client: &Client, name: &str, content: &[u8]) -> ImportSpec {
    ImportSpec {
        upload: upload(client, content).unwrap(),
        file_name: name.to_owned(),
        bytes: u64::try_from(content.len()).unwrap(),
        sha256: hex(content),
        symbol: "SPY".parse().unwrap(),
        data: "1min".to_owned(),
        source: None,
        feed: None,
        regular_only: false,
        replace: false,
    }
}

pub(crate) fn import(client: &Client, name: &str, content: &[u8]) -> Job {
    let spec = import_of(client, name, content);
    submit(client, Work::Import(spec)).unwrap()
}

pub(crate) fn work(json: serde_json::Value) -> Work {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn look(client: &Client, id: u64) -> Job {
    let params = JobsParams {
        id: Some(id),
        ..JobsParams::default()
    };
    client.call::<call::Jobs>(&params).unwrap().remove(0)
}

/// Waits until a job is over, at most as long as a minute of calls.
pub(crate) fn over(client: &Client, id: u64) -> Job {
    for _ in 0..3_000 {
        let job = look(client, id);
        if job.state.is_over() {
            return job;
        }
        client.wait(Duration::from_millis(20));
    }
    panic!("it is not over: {:#?}", look(client, id));
}

pub(crate) fn cancel(client: &Client, id: u64) -> Result<Job, CallError> {
    client.call::<call::CancelJob>(&JobChangeParams {
        request_id: RequestId::draw().unwrap(),
        id,
    })
}

/// The whole of a file that a job made.
pub(crate) fn file(client: &Client, id: u64, name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let params = JobFileParams {
            id,
            file: name.to_owned(),
            offset: u64::try_from(content.len()).unwrap(),
        };
        let part = client.call::<call::JobFile>(&params).unwrap();
        let bytes = BASE64.decode(part.data).unwrap();
        if bytes.is_empty() {
            assert_eq!(u64::try_from(content.len()).unwrap(), part.bytes);
            return content;
        }
        content.extend(bytes);
    }
}

pub(crate) fn result<T: serde::de::DeserializeOwned>(client: &Client, id: u64) -> T {
    serde_json::from_slice(&file(client, id, "result.json")).unwrap()
}

pub(crate) fn data(client: &Client) -> Vec<DataSeries> {
    client.call::<call::Data>(&DataParams::default()).unwrap()
}

/// Waits until a job's process runs, and gives its number.
pub(crate) fn begun(daemon: &mut Daemon, id: u64) -> i32 {
    let begin = format!("job {id} has begun: ");
    let line = daemon.wait(|line| line.message.starts_with(&begin)).message;
    let pid = line.rsplit_once("(process ").unwrap().1;
    pid.trim_end_matches(')').parse().unwrap()
}

pub(crate) fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
