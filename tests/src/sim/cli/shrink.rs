//! `trader-sim shrink SEED --out FILE`: the least plan that fails as a seed does, as a file.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, json};

use super::{Done, Leave, unwritable};
use crate::sim::plan::Plan;
use crate::sim::{run, shrink};

/// Which seed, and where its plan goes.
#[derive(Debug, Args)]
pub(super) struct Shrink {
    /// The seed
    #[arg(required_unless_present = "plan", conflicts_with = "plan")]
    seed: Option<u64>,
    /// Make the plan in this file smaller, and not a seed's
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Write the plan there
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    leave: Leave,
}

impl Shrink {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        let plan = match (&self.plan, self.seed) {
            (Some(path), _) => Plan::read(path)?,
            (None, seed) => Plan::of(seed.unwrap_or_default(), &self.leave.without()?),
        };
        let outcome = run(&plan);
        let Some(violation) = &outcome.violation else {
            return Err(format!(
                "seed {} does not fail: there is nothing to make smaller",
                plan.seed
            ));
        };
        let invariant = violation.invariant;
        let (smaller, outcome) = shrink::shrink(&plan, &outcome);
        smaller.write(&self.out)?;
        if let Some(violation) = &outcome.violation {
            writeln!(out, "{invariant}: {}", violation.detail).map_err(unwritable)?;
        }
        let mut figures = Map::new();
        figures.insert("seed".to_owned(), json!(plan.seed));
        figures.insert("invariant".to_owned(), json!(invariant));
        figures.insert("faults".to_owned(), json!(smaller.faults.len()));
        figures.insert("crashes".to_owned(), json!(smaller.crashes.len()));
        figures.insert("actions".to_owned(), json!(smaller.actions.len()));
        figures.insert("symbols".to_owned(), json!(smaller.symbols.len()));
        Ok(Done {
            failed: false,
            figures,
        })
    }
}
