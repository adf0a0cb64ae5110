//! `trader-sim replay SEED`: one seed with its whole log, the same bytes each time.

use std::io::Write;
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
    seed: u64,
    /// Run the short day of this date, as `eod` does
    #[arg(long, value_name = "DATE")]
    day: Option<NaiveDate>,
    /// Print the plan first
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    leave: Leave,
}

impl Replay {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        let without = self.leave.without()?;
        let plan = match self.day {
            None => Plan::of(self.seed, &without),
            Some(date) => Plan::short_day(date, self.seed, &without)
                .ok_or_else(|| format!("the exchange is closed on {date}"))?,
        };
        if self.plan {
            writeln!(out, "{plan:#?}").map_err(unwritable)?;
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
        figures.insert("seed".to_owned(), json!(self.seed));
        figures.insert("hash".to_owned(), json!(outcome.hash.to_string()));
        Ok(Done {
            failed: outcome.violation.is_some(),
            figures,
        })
    }
}
