//! A file that a job made, on its way to us: part by part, checked against its checksum.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use trader_rpc::{Job, JobFile, JobFileParams, JobProgress, call};

use super::line::Line;
use crate::exit::Failed;
use crate::progress::{self, Progress};

/// The document of a job that is done, except for an export.
const RESULT: &str = "result.json";

/// The file with a job's result.
///
/// # Errors
/// The job has made none.
pub(crate) fn result_file(job: &Job) -> Result<&JobFile, Failed> {
    file(job, RESULT)
}

/// The file of this name.
fn file<'a>(job: &'a Job, name: &str) -> Result<&'a JobFile, Failed> {
    let found = job.files.iter().find(|file| file.name == name);
    found.ok_or_else(|| {
        Failed::refused(
            format!("job {} has no {name}", job.id),
            format!("its files are: {}", names(&job.files)),
            format!("traderctl jobs show {}", job.id),
        )
    })
}

fn names(files: &[JobFile]) -> String {
    if files.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    names.join(", ")
}

/// Fetches a whole file of a job into `sink`.
///
/// # Errors
/// It cannot be had, is not what the daemon said it was, or cannot be written.
pub(crate) fn fetch(
    line: &mut Line<'_>,
    job: &Job,
    name: &str,
    sink: &mut dyn Write,
) -> Result<(), Failed> {
    let file = file(job, name)?;
    let mut shown = Progress::new();
    let mut hash = Sha256::new();
    let mut offset: u64 = 0;
    while offset < file.bytes {
        let chunk = line.call::<call::JobFile>(&JobFileParams {
            id: job.id,
            file: name.to_owned(),
            offset,
        })?;
        let part = STANDARD
            .decode(&chunk.data)
            .map_err(|error| damaged(job, name, &format!("a part is no base64: {error}")))?;
        if part.is_empty() || chunk.offset != offset || chunk.bytes != file.bytes {
            let why = format!(
                "at byte {offset} of {} came {} bytes from byte {} of {}",
                file.bytes,
                part.len(),
                chunk.offset,
                chunk.bytes
            );
            return Err(damaged(job, name, &why));
        }
        hash.update(&part);
        sink.write_all(&part)?;
        offset = offset.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        if offset < file.bytes {
            shown.show(&progress::steps(&JobProgress {
                phase: format!("receiving {name}"),
                done: offset,
                total: file.bytes,
                unit: "bytes".to_owned(),
                per_second: 0.0,
                seconds_left: None,
            }));
        }
    }
    let sum = format!("{:x}", hash.finalize());
    if offset != file.bytes || !sum.eq_ignore_ascii_case(&file.sha256) {
        let why = format!("its checksum is {sum}, the daemon wrote {}", file.sha256);
        return Err(damaged(job, name, &why));
    }
    Ok(())
}

/// Fetches the result of a job and reads it; the bytes are as they are stored.
///
/// # Errors
/// As [`fetch`]; or it is of a form that we do not know.
pub(crate) fn fetch_document<T: DeserializeOwned>(
    line: &mut Line<'_>,
    job: &Job,
) -> Result<(Vec<u8>, T), Failed> {
    let mut bytes = Vec::new();
    fetch(line, job, &result_file(job)?.name, &mut bytes)?;
    let document = serde_json::from_slice(&bytes).map_err(|error| {
        Failed::refused(
            format!("the result of job {} cannot be read", job.id),
            error.to_string(),
            "compare traderctl --version with traderd --version",
        )
    })?;
    Ok((bytes, document))
}

fn damaged(job: &Job, name: &str, why: &str) -> Failed {
    Failed::refused(
        format!("{name} of job {} did not arrive whole", job.id),
        why,
        format!(
            "try again; if it stays so, delete it and run it anew: traderctl jobs delete {}",
            job.id
        ),
    )
}
