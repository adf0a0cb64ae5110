//! A replay, or an export of a recording, as a job.

use trader_rpc::{ErrorDetail, ReplaySpec, SessionExportSpec};

use super::request::Request;
use crate::jobs::stream::Order;
use crate::recording::Recordings;
use crate::work::{Outcome, Reporter, trouble};

const WHAT: &str = "nothing was replayed";
/// The report as lines of JSON, the figures last.
const RESULT: &str = "result.json";
/// The report as a person reads it.
const TEXT: &str = "report.txt";
/// An exported recording.
const EXPORT: &str = "session.rec.gz";

/// Replays a session and hands the report to the reporter.
///
/// # Errors
/// There is no such recording, or it cannot be replayed by this program.
pub(crate) fn run(
    order: &Order,
    spec: &ReplaySpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    reporter.progress("running", 0, 0, "events");
    let next = "traderctl sessions list tells what is recorded";
    let request = Request::of_spec(spec).map_err(|why| trouble(WHAT, why, next))?;
    let recordings = Recordings::at(order.recordings.clone());
    let report = super::run(&recordings, &request).map_err(|why| trouble(WHAT, why, next))?;
    let mut lines = String::new();
    for line in report.json() {
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    reporter.file(RESULT, lines.as_bytes());
    reporter.file(TEXT, report.text().as_bytes());
    let outcome = &report.outcome;
    Ok(Outcome::said(format!(
        "{} commands, {} differences",
        outcome.commands, outcome.differences
    )))
}

/// Exports a session's recording.
///
/// # Errors
/// There is no such recording, or it cannot be read.
pub(crate) fn run_export(
    order: &Order,
    spec: &SessionExportSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let recordings = Recordings::at(order.recordings.clone());
    let mut bytes = Vec::new();
    let segments = super::export(&recordings, spec.session, &mut bytes).map_err(|error| {
        let next = "traderctl sessions list tells what is recorded";
        trouble("nothing was exported", error, next)
    })?;
    reporter.file(EXPORT, &bytes);
    Ok(Outcome::said(format!(
        "{segments} segments of session {}",
        spec.session
    )))
}
