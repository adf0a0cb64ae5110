//! A backtest: strategies over stored bars.

use trader_rpc::{BacktestSpec, ErrorDetail};

use super::{Outcome, Reporter, trouble};
use crate::jobs::stream::Order;

/// Runs it.
///
/// # Errors
/// What kept it from running.
pub(super) fn run(_: &Order, _: &BacktestSpec, _: &mut Reporter) -> Result<Outcome, ErrorDetail> {
    Err(trouble(
        "no backtest was run",
        "this build has no backtest",
        "use a build with it",
    ))
}
