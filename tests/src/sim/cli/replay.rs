//! `trader-sim replay SEED`: one seed, or the plan in a file, with its whole log, the same bytes each
//! time.

use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc;

use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::{Done, Leave, unwritable};
use crate::sim::invariants;
use crate::sim::log::{Log, Reader};
use crate::sim::outcome::Totals;
use crate::sim::plan::Plan;
use crate::sim::run_with;

/// Which seed.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The seed
    #[arg(required_unless_present = "plan", conflicts_with = "plan")]
    seed: Option<u64>,
    /// Run the plan in this file, and not a seed's
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Run the short day of this date, as `eod` does
    #[arg(long, value_name = "DATE", conflicts_with = "plan")]
    day: Option<NaiveDate>,
    /// Print the plan first
    #[arg(long)]
    show_plan: bool,
    #[command(flatten)]
    leave: Leave,
}

impl Replay {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        let plan = self.wanted()?;
        if self.show_plan {
            write!(out, "{}", plan.to_text()?).map_err(unwritable)?;
        }
        let (lines, written) = mpsc::channel::<String>();
        let hear = move |line: &str| {
            // Nobody hangs up before the run is over.
            let _ = lines.send(line.to_owned());
        };
        let log = Log::new(Reader::Lines(Box::new(hear)));
        let outcome = run_with(&plan, log, invariants::all());
        for line in written {
            writeln!(out, "{line}").map_err(unwritable)?;
        }
        if let Some(violation) = &outcome.violation {
            writeln!(out, "{}: {}", violation.invariant, violation.detail).map_err(unwritable)?;
        }
        let mut totals = Totals::default();
        totals.add(&outcome);
        let mut figures = totals.figures();
        figures.insert("seed".to_owned(), json!(plan.seed));
        figures.insert("hash".to_owned(), json!(outcome.hash.to_string()));
        Ok(Done {
            failed: outcome.violation.is_some(),
            figures,
        })
    }

    fn wanted(&self) -> Result<Plan, String> {
        if let Some(path) = &self.plan {
            return Plan::read(path);
        }
        let (seed, without) = (self.seed.unwrap_or_default(), self.leave.without()?);
        match self.day {
            None => Ok(Plan::of(seed, &without)),
            Some(date) => Plan::short_day(date, seed, &without)
                .ok_or_else(|| format!("the exchange is closed on {date}")),
        }
    }
}
