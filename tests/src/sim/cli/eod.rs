//! `trader-sim eod`: every session of some years as a short day, with positions and faults on the way
//! to its end.

use std::io::Write;
use std::time::Instant;

use chrono::{Datelike, NaiveDate};
use clap::Args;
use serde_json::json;
use trader_calendar::Calendar;

use super::{Done, Leave, unwritable};
use crate::sim::outcome::Totals;
use crate::sim::plan::Plan;
use crate::sim::run;

/// Which years.
#[derive(Debug, Args)]
pub(super) struct Eod {
    /// The first year
    #[arg(long, default_value_t = 2015)]
    from: i32,
    /// The last year
    #[arg(long, default_value_t = 2027)]
    to: i32,
    #[command(flatten)]
    leave: Leave,
}

impl Eod {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        let without = self.leave.without()?;
        #[expect(
            clippy::disallowed_methods,
            reason = "how fast it was is a figure of the machine, not of a run"
        )]
        let began = Instant::now();
        let mut totals = Totals::default();
        let mut flat = 0_u64;
        let mut half_days = 0_u64;
        for date in sessions(self.from, self.to)? {
            let seed = u64::try_from(date.num_days_from_ce()).unwrap_or(0);
            let Some(plan) = Plan::short_day(date, seed, &without) else {
                continue;
            };
            half_days += u64::from(plan.session.half_day);
            let outcome = run(&plan);
            flat += u64::from(outcome.flat);
            totals.add(&outcome);
            if let Some(violation) = &outcome.violation {
                let (invariant, detail) = (violation.invariant, &violation.detail);
                writeln!(
                    out,
                    "{date} (replay {seed} --day {date}) {invariant}: {detail}"
                )
                .map_err(unwritable)?;
            } else if !outcome.flat {
                writeln!(out, "{date} was not flat at its end").map_err(unwritable)?;
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        let mut figures = totals.figures();
        let count = f64::from(u32::try_from(totals.seeds).unwrap_or(u32::MAX));
        figures.insert("sessions".to_owned(), json!(totals.seeds));
        figures.insert("half_days".to_owned(), json!(half_days));
        figures.insert("flat".to_owned(), json!(flat));
        let per_second = (count / seconds.max(1e-9) * 10.0).round() / 10.0;
        figures.insert("sessions_per_second".to_owned(), json!(per_second));
        Ok(Done {
            failed: totals.failed > 0 || flat < totals.seeds,
            figures,
        })
    }
}

/// The sessions of some years that have one after them.
fn sessions(from: i32, to: i32) -> Result<Vec<NaiveDate>, String> {
    let calendar = Calendar::nyse();
    let first = NaiveDate::from_ymd_opt(from, 1, 1).ok_or("there is no such first year")?;
    let last = NaiveDate::from_ymd_opt(to, 12, 31).ok_or("there is no such last year")?;
    let sessions = calendar.sessions(first..=last);
    let sessions = sessions.map_err(|error| error.to_string())?;
    Ok(sessions.iter().map(|session| session.date).collect())
}
