//! Submitting a job, watching it until it is over, and what its end means for our exit code.

use std::time::Duration;

use trader_rpc::{
    CallError, Client, Event, EventStream, EventsParams, Job, JobKind, JobState, JobsParams,
    RequestId, SubmitJobParams, Work, call,
};

use super::line::Line;
use crate::exit::Failed;

/// After so long without a word the daemon is asked, so that neither a lost event nor a dead daemon
/// makes us wait forever.
const SILENCE: Duration = Duration::from_secs(10);

/// Has work done.
///
/// # Errors
/// The daemon refused, or it stays out of reach.
pub(crate) fn submit(line: &mut Line<'_>, id: RequestId, work: Work) -> Result<Job, Failed> {
    let request_id = id;
    line.call::<call::SubmitJob>(&SubmitJobParams { request_id, work })
}

/// The job with this number.
///
/// # Errors
/// There is none, or the daemon is out of reach.
pub(crate) fn find(line: &mut Line<'_>, id: u64) -> Result<Job, Failed> {
    let found = line.call::<call::Jobs>(&only(id))?.into_iter().next();
    found.ok_or_else(|| missing(id))
}

/// The backtest with this number.
///
/// # Errors
/// There is no such job, it does something else, or the daemon is out of reach.
pub(crate) fn find_backtest(line: &mut Line<'_>, id: u64) -> Result<Job, Failed> {
    let job = find(line, id)?;
    if job.work.kind() == JobKind::Backtest {
        return Ok(job);
    }
    Err(Failed::refused(
        format!("job {id} has no report"),
        format!("it is no backtest, but: {}", job.title),
        format!("traderctl backtest list, or: traderctl jobs watch {id}"),
    ))
}

/// Watches a job until it is over, and hands every state of it to `seen`.
///
/// # Errors
/// The daemon stays out of reach, there is no such job, or `seen` failed.
pub(crate) fn follow(
    line: &mut Line<'_>,
    id: u64,
    mut seen: impl FnMut(&Job) -> Result<(), Failed>,
) -> Result<Job, Failed> {
    loop {
        match hear(line.client(), id, &mut seen) {
            Err(Failed::Call(CallError::TooSlow)) => {}
            Err(Failed::Call(error)) if error.is_unreachable() => {
                line.mend(error)
                    .map_err(|failed| out_of_sight(&failed, id))?;
            }
            other => return other,
        }
    }
}

/// Hears first and asks then, so that no change falls between the two.
fn hear(
    client: &Client,
    id: u64,
    seen: &mut impl FnMut(&Job) -> Result<(), Failed>,
) -> Result<Job, Failed> {
    let mut events = client.events(&EventsParams {
        stream: EventStream::Jobs,
        after_seq: None,
    })?;
    let mut next = Some(asked(client, id)?);
    loop {
        if let Some(job) = next {
            seen(&job)?;
            if job.state.is_over() {
                return Ok(job);
            }
        }
        next = match events.next_within(SILENCE)? {
            Some(Event::Job { job, .. }) if job.id == id => Some(*job),
            Some(Event::Missed { .. }) | None => Some(asked(client, id)?),
            Some(_) => None,
        };
    }
}

fn asked(client: &Client, id: u64) -> Result<Job, Failed> {
    let found = client.call::<call::Jobs>(&only(id))?.into_iter().next();
    found.ok_or_else(|| missing(id))
}

fn only(id: u64) -> JobsParams {
    JobsParams {
        id: Some(id),
        ..JobsParams::default()
    }
}

fn missing(id: u64) -> Failed {
    Failed::refused(
        format!("there is no job {id}"),
        "the daemon never had it, or it was deleted",
        "traderctl jobs list --all lists what there is",
    )
}

/// The daemon is out of reach; the job is not our concern any more, but not lost either.
fn out_of_sight(failed: &Failed, id: u64) -> Failed {
    let (what, why) = failed.detail().map_or_else(
        || {
            (
                "traderd is out of reach".to_owned(),
                "it stopped answering".to_owned(),
            )
        },
        |detail| (detail.what, detail.why),
    );
    Failed::lost(
        format!("job {id} cannot be watched any longer: {what}"),
        why,
        format!("the job may go on without us; later: traderctl jobs watch {id}"),
    )
}

/// Watches a job until it is over, which must be because it is done.
///
/// # Errors
/// As [`follow`], and as [`went_well`].
pub(crate) fn done(
    line: &mut Line<'_>,
    id: u64,
    seen: impl FnMut(&Job) -> Result<(), Failed>,
) -> Result<Job, Failed> {
    let job = follow(line, id, seen)?;
    went_well(&job)?;
    Ok(job)
}

/// Whether a job that is over did what it was to do.
///
/// # Errors
/// It did not; the reason is the daemon's.
pub(crate) fn went_well(job: &Job) -> Result<(), Failed> {
    let (kind, id) = (job.work.kind(), job.id);
    let word = match job.state {
        JobState::Done => return Ok(()),
        JobState::Queued | JobState::Running => "is not over",
        JobState::Failed => "failed",
        JobState::Cancelled => "was cancelled",
        JobState::Interrupted => "was interrupted",
    };
    let why = job.message.clone().unwrap_or_else(|| match job.state {
        JobState::Interrupted => "the daemon ended while it was at work".to_owned(),
        JobState::Cancelled => "somebody ended it".to_owned(),
        JobState::Queued | JobState::Running => "it waits or is at work".to_owned(),
        JobState::Done | JobState::Failed => "the daemon does not say".to_owned(),
    });
    let next = match job.state {
        JobState::Queued | JobState::Running => format!("traderctl jobs watch {id}"),
        JobState::Interrupted | JobState::Cancelled => "submit it again".to_owned(),
        JobState::Done | JobState::Failed if kind == JobKind::Import => {
            "put that right and import it again".to_owned()
        }
        JobState::Done | JobState::Failed if kind == JobKind::Download => {
            "put that right and download it again: it goes on where it was".to_owned()
        }
        JobState::Done | JobState::Failed => format!("traderctl jobs show {id} has the rest"),
    };
    Err(Failed::refused(format!("{kind} {id} {word}"), why, next))
}
