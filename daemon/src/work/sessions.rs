//! Replays of recorded sessions, looks into them and exports of them, where this build has a broker and so records.

use trader_rpc::{ErrorDetail, ReplaySpec, SessionExportSpec, TraceSpec};

use super::{Outcome, Reporter};
use crate::jobs::stream::Order;
#[cfg(feature = "broker-sim")]
use crate::{replay, why};

#[cfg(feature = "broker-sim")]
pub(super) fn replay(
    order: &Order,
    spec: &ReplaySpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    replay::run_job(order, spec, reporter)
}

#[cfg(feature = "broker-sim")]
pub(super) fn export(
    order: &Order,
    spec: &SessionExportSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    replay::run_export_job(order, spec, reporter)
}

#[cfg(feature = "broker-sim")]
pub(super) fn trace(
    order: &Order,
    spec: &TraceSpec,
    reporter: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    why::run_job(order, spec, reporter)
}

#[cfg(not(feature = "broker-sim"))]
pub(super) fn trace(_: &Order, _: &TraceSpec, _: &mut Reporter) -> Result<Outcome, ErrorDetail> {
    Err(none())
}

#[cfg(not(feature = "broker-sim"))]
pub(super) fn replay(_: &Order, _: &ReplaySpec, _: &mut Reporter) -> Result<Outcome, ErrorDetail> {
    Err(none())
}

#[cfg(not(feature = "broker-sim"))]
pub(super) fn export(
    _: &Order,
    _: &SessionExportSpec,
    _: &mut Reporter,
) -> Result<Outcome, ErrorDetail> {
    Err(none())
}

#[cfg(not(feature = "broker-sim"))]
fn none() -> ErrorDetail {
    super::trouble(
        "no recording was read",
        "this build has no broker, and records nothing",
        "build it with --features broker-sim",
    )
}
