//! `trader-sim planted`: bugs are put into the production code, one at a time, and seeds of the same
//! generator are run until an invariant notices. A seed counts only if it passes without the bug.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Args;
use serde_json::json;
use trader_core::planted::{Bug, plant};

use super::{Done, Leave, unwritable};
use crate::sim::outcome::Violation;
use crate::sim::plan::Plan;
use crate::sim::run;

/// Which bugs, and how long each is looked for.
#[derive(Debug, Args)]
pub(super) struct Planted {
    /// Seeds that each bug is given at most
    #[arg(long, default_value_t = 600)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Only this bug; may be given more than once
    #[arg(long = "bug", value_name = "NAME")]
    bugs: Vec<String>,
    /// Threads; by default one for each core
    #[arg(long)]
    threads: Option<usize>,
    #[command(flatten)]
    leave: Leave,
}

/// How a bug fared.
struct Found {
    bug: Bug,
    /// The seed that noticed, and what it noticed.
    caught: Option<(u64, Violation)>,
    /// Seeds that were run with it.
    seeds: u64,
    /// Seeds that failed with it and without it: they prove nothing.
    unclean: u64,
    seconds: f64,
}

impl Planted {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        let bugs = self.chosen()?;
        let without = self.leave.without()?;
        let next = AtomicUsize::new(0);
        let found: Mutex<Vec<Found>> = Mutex::default();
        let threads = self.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        });
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let fared = self.look_for(*bug, &without);
                        if let Ok(mut found) = found.lock() {
                            found.push(fared);
                        }
                    }
                });
            }
        });
        let mut found = found.into_inner().unwrap_or_default();
        found.sort_by_key(|fared| fared.bug);
        for fared in &found {
            writeln!(out, "{}", line(fared)).map_err(unwritable)?;
        }
        Ok(told(&found))
    }

    /// The bugs that were asked for.
    fn chosen(&self) -> Result<Vec<Bug>, String> {
        if self.bugs.is_empty() {
            return Ok(Bug::ALL.to_vec());
        }
        let named = self.bugs.iter().map(|name| {
            let found = Bug::ALL.iter().find(|bug| bug.name() == name);
            found
                .copied()
                .ok_or_else(|| format!("there is no bug {name}"))
        });
        named.collect()
    }

    /// Runs seeds with a bug until one notices.
    fn look_for(&self, bug: Bug, without: &crate::sim::plan::Without) -> Found {
        #[expect(
            clippy::disallowed_methods,
            reason = "how long it took is a figure of the machine, not of a run"
        )]
        let began = Instant::now();
        let mut found = Found {
            bug,
            caught: None,
            seeds: 0,
            unclean: 0,
            seconds: 0.0,
        };
        while found.caught.is_none() && found.seeds < self.seeds {
            let seed = self.first.wrapping_add(found.seeds);
            found.seeds += 1;
            let plan = Plan::of(seed, without);
            plant(Some(bug));
            let outcome = run(&plan);
            plant(None);
            let Some(violation) = outcome.violation else {
                continue;
            };
            if run(&plan).violation.is_some() {
                found.unclean += 1;
            } else {
                found.caught = Some((seed, violation));
            }
        }
        found.seconds = began.elapsed().as_secs_f64();
        found
    }
}

fn line(found: &Found) -> String {
    let Found {
        bug,
        seeds,
        unclean,
        seconds,
        ..
    } = found;
    let (name, breaks) = (bug.name(), bug.breaks());
    let beside = match unclean {
        0 => String::new(),
        unclean => format!(", {unclean} of them fail without it too"),
    };
    match &found.caught {
        Some((seed, violation)) => format!(
            "{name:<28} {breaks:<7} caught by {:<7} seed {seed:<4} after {seeds} seeds{beside}, {seconds:.1} s: {}",
            violation.invariant, violation.detail
        ),
        None => format!("{name:<28} {breaks:<7} MISSED in {seeds} seeds{beside}, {seconds:.1} s"),
    }
}

fn told(found: &[Found]) -> Done {
    let missed: Vec<&str> = found
        .iter()
        .filter(|found| found.caught.is_none())
        .map(|found| found.bug.name())
        .collect();
    let mut by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for found in found {
        if let Some((_, violation)) = &found.caught {
            by.entry(violation.invariant)
                .or_default()
                .push(found.bug.name());
        }
    }
    let most = found.iter().map(|found| found.seeds).max().unwrap_or(0);
    let seeds: u64 = found.iter().map(|found| found.seeds).sum();
    let unclean: u64 = found.iter().map(|found| found.unclean).sum();
    let figures = json!({
        "planted": found.len(),
        "caught": found.len() - missed.len(),
        "missed": missed,
        "caught_by": by,
        "seeds": seeds,
        "most_seeds": most,
        "failed": missed.len(),
        "unclean": unclean,
    });
    Done {
        failed: !missed.is_empty() || found.is_empty(),
        figures: match figures {
            serde_json::Value::Object(figures) => figures,
            _ => serde_json::Map::new(),
        },
    }
}
