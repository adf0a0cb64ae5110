//! What the RPC methods ask of the recordings: what there is, what is in one, and its removal.

#[cfg(feature = "broker-sim")]
use std::io;
use std::path::Path;

use chrono::NaiveDate;
use trader_rpc::{Failure, RecordedSession, ReplaySpec};

/// Refuses a replay that makes no sense before it waits for its turn.
#[cfg(feature = "broker-sim")]
pub(super) fn check(spec: &ReplaySpec) -> Result<(), Failure> {
    let next = "traderctl replay --help tells how it is written";
    crate::replay::Request::of_spec(spec)
        .map(drop)
        .map_err(|why| super::title::refused(why, next))
}

/// The recorded sessions, the oldest first; with what is in each file where one is named.
#[cfg(feature = "broker-sim")]
pub(super) fn list(root: &Path, only: Option<NaiveDate>) -> Result<Vec<RecordedSession>, Failure> {
    let recordings = crate::recording::Recordings::at(root.to_owned());
    let found = recordings.sessions().map_err(|error| unreadable(&error))?;
    let wanted = found
        .into_iter()
        .filter(|date| only.is_none_or(|only| only == *date));
    wanted
        .map(|session| {
            let segments = recordings.segments(session)?;
            let bytes = segments.iter().map(|segment| segment.bytes);
            let details = segments.iter().filter(|_| only.is_some());
            Ok(RecordedSession {
                session,
                segments: u32::try_from(segments.len()).unwrap_or(u32::MAX),
                bytes: bytes.fold(0, u64::saturating_add),
                details: details.map(crate::recording::describe).collect(),
            })
        })
        .collect::<io::Result<_>>()
        .map_err(|error| unreadable(&error))
}

/// Removes a session's recording, unless it is being written.
#[cfg(feature = "broker-sim")]
pub(super) fn remove(root: &Path, session: NaiveDate) -> Result<String, Failure> {
    let not_removed = |why: String, next: &str| {
        Failure::refused(
            format!("the recording of {session} was not removed"),
            why,
            next,
        )
    };
    let recordings = crate::recording::Recordings::at(root.to_owned());
    let found = recordings.sessions().map_err(|error| unreadable(&error))?;
    if !found.contains(&session) {
        let why = "there is none".to_owned();
        return Err(not_removed(
            why,
            "traderctl sessions list tells what is recorded",
        ));
    }
    let written = || {
        let segments = recordings.segments(session)?;
        (segments.iter()).try_fold(false, |any, one| Ok(any || one.is_being_written()?))
    };
    if written().map_err(|error: io::Error| unreadable(&error))? {
        let why = "it is being written".to_owned();
        return Err(not_removed(why, "wait until the session is over"));
    }
    recordings
        .remove(session)
        .map_err(|error| Failure::store_unavailable("remove_session", error.to_string()))?;
    Ok(format!("the recording of {session} is removed"))
}

#[cfg(feature = "broker-sim")]
fn unreadable(error: &io::Error) -> Failure {
    Failure::store_unavailable(
        "sessions",
        format!("the recordings cannot be read: {error}"),
    )
}

#[cfg(not(feature = "broker-sim"))]
pub(super) fn check(_: &ReplaySpec) -> Result<(), Failure> {
    Err(none())
}

#[cfg(not(feature = "broker-sim"))]
pub(super) fn list(_: &Path, _: Option<NaiveDate>) -> Result<Vec<RecordedSession>, Failure> {
    Err(none())
}

#[cfg(not(feature = "broker-sim"))]
pub(super) fn remove(_: &Path, _: NaiveDate) -> Result<String, Failure> {
    Err(none())
}

#[cfg(not(feature = "broker-sim"))]
fn none() -> Failure {
    Failure::refused(
        "no recording was read",
        "this build has no broker, and records nothing",
        "build it with --features broker-sim",
    )
}
