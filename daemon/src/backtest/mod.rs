//! Backtests as the daemon knows them: what is asked for, made whole; the bars that it needs; the
//! document that comes of it. The run itself is `trader-backtest`'s.

#[cfg(feature = "backtest")]
mod bars;
mod compose;
#[cfg(feature = "backtest")]
mod job;
#[cfg(feature = "broker-sim")]
pub(crate) mod program;
#[cfg(feature = "backtest")]
mod report;
#[cfg(feature = "backtest")]
mod warnings;

#[cfg(feature = "backtest")]
pub(crate) use job::run;

use trader_calendar::Calendar;
use trader_rpc::{BacktestSpec, ErrorDetail};

use crate::config::Config;
use crate::plugins;
use crate::work::trouble;

/// The configuration of a backtest: what was asked for, over the daemon's own.
///
/// # Errors
/// Everything that is wrong with what was asked for.
pub(crate) fn configuration(
    base: &Config,
    spec: &BacktestSpec,
    calendar: &Calendar,
) -> Result<Config, ErrorDetail> {
    compose::compose(base, spec, plugins::strategies(), calendar).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        trouble(
            "the backtest was not run",
            lines.join("; "),
            "correct what was asked for; traderctl strategies and traderd config show tell what can be set",
        )
    })
}

/// Without the crate there is nothing that could run.
#[cfg(not(feature = "backtest"))]
pub(crate) fn run(
    _: &crate::jobs::stream::Order,
    _: &BacktestSpec,
    _: &mut crate::work::Reporter,
) -> Result<crate::work::Outcome, ErrorDetail> {
    match plugins::require_backtest() {
        Err(error) => Err(trouble(
            "the backtest was not run",
            error,
            "use a build with it",
        )),
        Ok(()) => Ok(crate::work::Outcome::said("nothing to do")),
    }
}
