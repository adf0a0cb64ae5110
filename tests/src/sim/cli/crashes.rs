//! `trader-sim crashes`: short sessions in which nothing else fails, and the daemon dies at every one of
//! their calls to the store and the broker: before it, in the middle of it with either outcome, and
//! after it. For a sample of them it dies once more at each of the first calls of its recovery.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::{Done, unwritable};
use crate::sim::outcome::{Outcome, Violation};
use crate::sim::plan::{Crash, Nested, Phase, Plan};
use crate::sim::run_with;
use crate::sim::trade_mix::{Seen, watchers_that_count};
use crate::sim::{log, run};

/// How long the daemon stays down.
const DOWN: i64 = 2 * trader_contract::Timestamp::SECOND;
/// Calls of a recovery at which it dies once more.
const RECOVERY_CALLS: u32 = 20;
/// Failures that are shown.
const SHOWN: usize = 20;
/// A call before, in the middle without effect and with it, and after.
const VARIANTS: [(Phase, bool); 4] = [
    (Phase::Before, false),
    (Phase::During, false),
    (Phase::During, true),
    (Phase::After, true),
];

/// Which sessions.
#[derive(Debug, Args)]
pub(super) struct Crashes {
    /// How many sessions
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// How many deaths in a row at most: 1 for none while recovering
    #[arg(long, default_value_t = 2)]
    nested: u32,
    /// Die once more after one in so many of the first deaths
    #[arg(long, default_value_t = 40)]
    sample: u64,
    /// Threads; by default one for each core
    #[arg(long)]
    threads: Option<usize>,
}

/// One run to make: where the daemon dies, and where again.
#[derive(Debug, Clone)]
struct Case {
    seed: u64,
    call: u64,
    variant: (Phase, bool),
    again: Vec<(u32, (Phase, bool))>,
}

/// What came of the runs.
#[derive(Default)]
struct Tally {
    runs: u64,
    died: u64,
    deepest: u32,
    failures: Vec<(Case, Violation)>,
}

/// One session without a death.
struct Base {
    plan: Plan,
    outcome: Outcome,
}

impl Crashes {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "how fast it was is a figure of the machine, not of a run"
        )]
        let began = Instant::now();
        let mut seen = Seen::default();
        let mut bases = BTreeMap::new();
        let mut unsound = Vec::new();
        for seed in self.first..self.first.saturating_add(self.seeds) {
            let base = base(seed, &mut seen)?;
            if let Some(violation) = &base.outcome.violation {
                unsound.push((seed, violation.clone()));
            }
            bases.insert(seed, base);
        }
        for (seed, violation) in &unsound {
            let Violation {
                invariant, detail, ..
            } = violation;
            writeln!(
                out,
                "seed {seed} fails without a crash: {invariant}: {detail}"
            )
            .map_err(unwritable)?;
        }
        let cases = self.cases(&bases);
        let tally = self.go_through(&cases, &bases);
        show(out, &tally)?;
        let missing = seen.missing();
        if !missing.is_empty() {
            writeln!(out, "the sessions lack {}", missing.join(", ")).map_err(unwritable)?;
        }
        let calls: u64 = bases.values().map(|base| base.outcome.calls).sum();
        let points = calls * 3;
        let seconds = began.elapsed().as_secs_f64();
        let failed = tally.failures.len() + unsound.len();
        let figures = json!({
            "seeds": self.seeds,
            "calls": calls,
            "points": points,
            "runs": tally.runs,
            "died": tally.died,
            "deepest_crash": tally.deepest,
            "failed": failed,
            "sessions_hold": seen.counts(),
            "runs_per_second": (rate(tally.runs, seconds) * 10.0).round() / 10.0,
        });
        let figures = match figures {
            serde_json::Value::Object(figures) => figures,
            _ => serde_json::Map::new(),
        };
        // Each run must have met its death, or nothing was proven by it.
        let all_died = tally.died == tally.runs;
        if !all_died {
            writeln!(
                out,
                "some runs came to their end without the death that was planned"
            )
            .map_err(unwritable)?;
        }
        Ok(Done {
            failed: failed > 0 || !missing.is_empty() || !all_died || tally.runs == 0,
            figures,
        })
    }

    /// Every call with every variant, and for some of them every call of the recovery.
    fn cases(&self, bases: &BTreeMap<u64, Base>) -> Vec<Case> {
        let mut cases = Vec::new();
        for (seed, base) in bases {
            for call in 1..=base.outcome.calls {
                for variant in VARIANTS {
                    cases.push(Case {
                        seed: *seed,
                        call,
                        variant,
                        again: Vec::new(),
                    });
                }
            }
        }
        if self.nested < 2 {
            return cases;
        }
        let mut deeper = Vec::new();
        for case in cases
            .iter()
            .step_by(usize::try_from(self.sample.max(1)).unwrap_or(1))
        {
            for nth in 1..=RECOVERY_CALLS {
                for phase in Phase::ALL {
                    let mut case = case.clone();
                    // Deeper than the second each recovery dies at the same place.
                    let again = (nth, (phase, nth.is_multiple_of(2)));
                    case.again = vec![again; usize::try_from(self.nested - 1).unwrap_or(1)];
                    deeper.push(case);
                }
            }
        }
        cases.append(&mut deeper);
        cases
    }

    fn go_through(&self, cases: &[Case], bases: &BTreeMap<u64, Base>) -> Tally {
        let threads = self.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        });
        let next = AtomicUsize::new(0);
        let all: Mutex<Tally> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut tally = Tally::default();
                    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Some(base) = bases.get(&case.seed) {
                            tally.take(case, &run(&case.plan(&base.plan)));
                        }
                    }
                    if let Ok(mut all) = all.lock() {
                        all.merge(tally);
                    }
                });
            }
        });
        let mut all = all.into_inner().unwrap_or_default();
        let place = |case: &Case| (case.seed, case.call, case.variant.0, case.again.len());
        all.failures.sort_by_key(|(case, _)| place(case));
        all
    }
}

impl Case {
    fn plan(&self, base: &Plan) -> Plan {
        let mut plan = base.clone();
        let (phase, acts) = self.variant;
        let mut crash = Crash::at_call(self.call, phase, acts);
        crash.down = DOWN;
        let nested = self.again.iter().map(|(nth, (phase, acts))| Nested {
            nth: *nth,
            phase: *phase,
            acts: *acts,
            down: DOWN,
        });
        crash.nested = nested.collect();
        plan.crashes = vec![crash];
        plan
    }
}

impl Tally {
    fn take(&mut self, case: &Case, outcome: &Outcome) {
        self.runs += 1;
        self.died += u64::from(outcome.crashes() > 0);
        self.deepest = self.deepest.max(outcome.deepest);
        if let Some(violation) = &outcome.violation {
            self.failures.push((case.clone(), violation.clone()));
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.runs += other.runs;
        self.died += other.died;
        self.deepest = self.deepest.max(other.deepest);
        self.failures.append(&mut other.failures);
    }
}

/// The short session of a seed, and what it comes to when nobody dies.
fn base(seed: u64, seen: &mut Seen) -> Result<Base, String> {
    let plan = Plan::quiet_day(seed).ok_or("there is no such session")?;
    let (watchers, counts) = watchers_that_count();
    let outcome = run_with(&plan, log::Log::new(log::Reader::Nobody), watchers);
    seen.add(&counts, outcome.both_sides);
    Ok(Base { plan, outcome })
}

fn show(out: &mut impl Write, tally: &Tally) -> Result<(), String> {
    for (case, violation) in tally.failures.iter().take(SHOWN) {
        let Case {
            seed,
            call,
            variant: (phase, acts),
            again,
        } = case;
        let acts = if *acts { "acting" } else { "not acting" };
        writeln!(
            out,
            "seed {seed} dies {} call {call}, {acts}, then {again:?}: {} at {}: {}",
            phase.name(),
            violation.invariant,
            violation.at,
            violation.detail
        )
        .map_err(unwritable)?;
    }
    if tally.failures.len() > SHOWN {
        let more = tally.failures.len() - SHOWN;
        writeln!(out, "and {more} more").map_err(unwritable)?;
    }
    Ok(())
}

/// So many in a second.
fn rate(count: u64, seconds: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds.max(1e-9)
}
