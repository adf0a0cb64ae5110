//! A check of the journal, and a year of the account's records.

use trader_rpc::{AuditExportSpec, AuditSpec, ErrorDetail};
use trader_store::KeptHead;

use super::selection::document;
use super::{Outcome, Reporter, trouble};
use crate::audit;
use crate::jobs::stream::Order;

const STORE: &str = "look at the state folder and at the log of the daemon";

/// Checks the journal.
///
/// # Errors
/// It cannot be read.
pub(super) fn verify(
    order: &Order,
    spec: &AuditSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let what = "the journal was not checked";
    let kept = spec.against.as_deref().map(str::parse::<KeptHead>);
    let kept = kept
        .transpose()
        .map_err(|error| trouble(what, error, "name a head that the log has"))?;
    let mut told = |done, total| reporter.progress("checking", done, total, "rows");
    let result = audit::verify(&order.store, kept.as_ref(), &mut told)
        .map_err(|error| trouble(what, error, STORE))?;
    reporter.file("result.json", &document(&result)?);
    Ok(Outcome::said(match result.faults.first() {
        None => format!(
            "{} rows of the journal are as they were written",
            result.rows
        ),
        Some(fault) => format!("{}: {}", fault.place, fault.what),
    }))
}

/// Writes the records of a year.
///
/// # Errors
/// They cannot be read, or the journal is not what was written.
pub(super) fn export(
    order: &Order,
    spec: AuditExportSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    let mut told = |done, total| reporter.progress("checking", done, total, "rows");
    let export = audit::export(&order.store, spec.year, &mut told)
        .map_err(|error| trouble("nothing was exported", error, STORE))?;
    for (name, content) in &export.files {
        reporter.file(name, content);
    }
    Ok(Outcome::said(export.message))
}
