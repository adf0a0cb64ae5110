//! `trader-sim stress`: ordinary days, and the same days with several times their messages. No bound
//! breaks on either, and the second kind must have been as much busier as was asked for: over all days,
//! and in the busiest minute of them.

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::{Done, unwritable};
use crate::sim::log::{Log, Reader};
use crate::sim::outcome::Totals;
use crate::sim::plan::Plan;
use crate::sim::run_with;
use crate::sim::stress::{Load, ordinary, stressed, watchers_that_measure};

/// How much, and how often.
#[derive(Debug, Args)]
pub(super) struct Stress {
    /// How many days
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// So many times the messages of an ordinary day: 2 to 8
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(2..=8))]
    times: u16,
}

impl Stress {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        let mut totals = Totals::default();
        let (mut usual, mut busy) = (Load::default(), Load::default());
        for seed in (0..self.seeds).map(|number| self.first.wrapping_add(number)) {
            let days = [
                (ordinary(seed), &mut usual, 1),
                (stressed(seed, self.times), &mut busy, self.times),
            ];
            for (plan, load, times) in days {
                measure(&plan, load, times, &mut totals, out)?;
            }
        }
        let times = u64::from(self.times);
        let is_busy = busy.messages >= usual.messages.saturating_mul(times)
            && busy.peak >= usual.peak.saturating_mul(times)
            && usual.messages > 0;
        if !is_busy {
            writeln!(
                out,
                "{} messages (most in a minute: {}) are not {times} times the {} ({}) of ordinary days",
                busy.messages, busy.peak, usual.messages, usual.peak
            )
            .map_err(unwritable)?;
        }
        let mut figures = totals.figures();
        figures.insert("times".to_owned(), json!(times));
        figures.insert(
            "messages".to_owned(),
            json!([usual.messages, busy.messages]),
        );
        figures.insert(
            "peak_in_a_minute".to_owned(),
            json!([usual.peak, busy.peak]),
        );
        Ok(Done {
            failed: totals.failed > 0 || !is_busy,
            figures,
        })
    }
}

/// Runs a day, and tells what broke on it.
fn measure(
    plan: &Plan,
    load: &mut Load,
    times: u16,
    totals: &mut Totals,
    out: &mut impl Write,
) -> Result<(), String> {
    let (watchers, measured) = watchers_that_measure();
    let outcome = run_with(plan, Log::new(Reader::Nobody), watchers);
    let of_day = *measured.borrow();
    load.messages = load.messages.saturating_add(of_day.messages);
    load.peak = load.peak.max(of_day.peak);
    totals.add(&outcome);
    if let Some(violation) = &outcome.violation {
        let (seed, invariant, detail) = (plan.seed, violation.invariant, &violation.detail);
        writeln!(out, "seed {seed} at {times} times: {invariant}: {detail}").map_err(unwritable)?;
    }
    Ok(())
}
