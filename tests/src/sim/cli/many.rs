//! `trader-sim run`: many seeds on all cores. What comes out does not depend on their number.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};
use trader_recording::Outcome as Replay;

use super::{Done, Leave, unwritable};
use crate::sim::draw::Draw;
use crate::sim::outcome::{Outcome, Totals};
use crate::sim::plan::{Plan, Without};
use crate::sim::{run, run_and_replay, run_with_tail, shrink};

/// From so many seeds on, a kind of fault or an invariant that nothing was counted of is a failure.
const ENOUGH: u64 = 200;
/// One seed in so many, and the first of each run, is run twice: the second run is recorded, and every
/// life of it replayed.
const TWICE_ONE_IN: u64 = 100;
/// How often a session is drawn again that lacks what each must have.
const DRAWN_AGAIN_MOST: u64 = 3;
/// Failures that are shrunk and shown whole.
const SHOWN: usize = 3;

/// Which seeds.
#[derive(Debug, Args)]
pub(super) struct Many {
    /// How many
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Threads; by default one for each core
    #[arg(long)]
    threads: Option<usize>,
    /// Show failures as they are, without making them smaller
    #[arg(long)]
    no_shrink: bool,
    /// Write the plans of failures there, made smaller, for `replay --plan`
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    #[command(flatten)]
    leave: Leave,
}

/// Seeds that lack something, and what.
type Thin = Vec<(u64, &'static str)>;

/// What the threads share.
struct Work {
    next: AtomicU64,
    totals: Mutex<Totals>,
    failures: Mutex<Vec<Outcome>>,
    unlike: Mutex<Vec<u64>>,
    thin: Mutex<Thin>,
    /// Sessions that were drawn again.
    drawn_again: AtomicU64,
    /// Sessions that were simulated, every one that was drawn again or run twice included.
    sessions: AtomicU64,
    replayed: Mutex<Replayed>,
}

/// What came of the recordings.
#[derive(Default)]
struct Replayed {
    lives: u64,
    events: u64,
    commands: u64,
    /// Seeds with a difference, or whose recording cannot be replayed.
    different: Vec<(u64, String)>,
}

impl Replayed {
    fn figures(&self) -> Value {
        json!({
            "lives": self.lives,
            "events": self.events,
            "commands": self.commands,
            "differences": self.different.len(),
        })
    }

    fn take(&mut self, seed: u64, replayed: Result<Replay, String>) {
        match replayed {
            Ok(replay) => {
                self.lives += u64::from(replay.lives);
                self.events += replay.events;
                self.commands += replay.commands;
                if let Some(first) = replay.first {
                    let why = format!(
                        "life {} event {} {}",
                        first.life, first.event_number, first.at
                    );
                    self.different.push((seed, why));
                }
            }
            Err(why) => self.different.push((seed, why)),
        }
    }
}

impl Many {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Done, String> {
        let without = self.leave.without()?;
        let threads = self.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        });
        #[expect(
            clippy::disallowed_methods,
            reason = "how fast it was is a figure of the machine, not of a run"
        )]
        let began = Instant::now();
        let work = Work {
            next: AtomicU64::new(0),
            totals: Mutex::default(),
            failures: Mutex::default(),
            unlike: Mutex::default(),
            thin: Mutex::default(),
            drawn_again: AtomicU64::new(0),
            sessions: AtomicU64::new(0),
            replayed: Mutex::default(),
        };
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| self.work(&work, &without));
            }
        });
        let seconds = began.elapsed().as_secs_f64();
        let totals = work.totals.into_inner().unwrap_or_default();
        let mut failures = work.failures.into_inner().unwrap_or_default();
        let mut unlike = work.unlike.into_inner().unwrap_or_default();
        failures.sort_by_key(|outcome| outcome.seed);
        unlike.sort_unstable();
        let mut replayed = work.replayed.into_inner().unwrap_or_default();
        replayed.different.sort_unstable();
        self.show(out, &failures, &unlike, &without)?;
        self.save(&failures, &without)?;
        for (seed, why) in &replayed.different {
            writeln!(out, "seed {seed} is not replayed alike: {why}").map_err(unwritable)?;
        }
        let zeros = match self.seeds >= ENOUGH {
            true => totals.zeros(),
            false => Vec::new(),
        };
        if !zeros.is_empty() {
            writeln!(out, "never: {}", zeros.join(", ")).map_err(unwritable)?;
        }
        let thin = self.show_thin(out, work.thin)?;
        let mut figures = totals.figures();
        let sessions = work.sessions.into_inner();
        let count = f64::from(u32::try_from(sessions).unwrap_or(u32::MAX));
        let per_second = (count / seconds.max(1e-9) * 10.0).round() / 10.0;
        let drawn_again = work.drawn_again.into_inner();
        figures.insert("drawn_again".to_owned(), json!(drawn_again));
        figures.insert("sessions".to_owned(), json!(sessions));
        figures.insert("unlike".to_owned(), json!(unlike));
        figures.insert("replayed".to_owned(), replayed.figures());
        figures.insert("never".to_owned(), json!(zeros));
        figures.insert("sessions_per_second".to_owned(), json!(per_second));
        Ok(Done {
            failed: totals.failed > 0
                || thin
                || !unlike.is_empty()
                || !replayed.different.is_empty()
                || !zeros.is_empty(),
            figures,
        })
    }

    /// Shows the seeds that lack what each session must have; whether that is a failure.
    fn show_thin(&self, out: &mut impl Write, thin: Mutex<Thin>) -> Result<bool, String> {
        let mut thin = thin.into_inner().unwrap_or_default();
        thin.sort_unstable();
        for (seed, lacks) in &thin {
            writeln!(out, "seed {seed} lacks {lacks}").map_err(unwritable)?;
        }
        Ok(!self.leave.leaves_anything() && !thin.is_empty())
    }

    /// Takes one seed after the other until there are none.
    fn work(&self, work: &Work, without: &Without) {
        let mut totals = Totals::default();
        let mut failures = Vec::new();
        loop {
            let number = work.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.seeds {
                break;
            }
            let seed = self.first.wrapping_add(number);
            let (plan, outcome) = self.session(seed, work, without);
            if number == 0 || seed.is_multiple_of(TWICE_ONE_IN) {
                let (again, replay) = run_and_replay(&plan);
                work.sessions.fetch_add(1, Ordering::Relaxed);
                if again != outcome
                    && let Ok(mut unlike) = work.unlike.lock()
                {
                    unlike.push(seed);
                }
                if let Ok(mut replayed) = work.replayed.lock() {
                    replayed.take(seed, replay);
                }
            }
            totals.add(&outcome);
            if let (None, Some(lacks), Ok(mut thin)) =
                (&outcome.violation, outcome.lacks(), work.thin.lock())
            {
                thin.push((outcome.seed, lacks));
            }
            if outcome.violation.is_some() {
                failures.push(outcome);
            }
        }
        if let Ok(mut all) = work.totals.lock() {
            all.merge(&totals);
        }
        if let Ok(mut all) = work.failures.lock() {
            all.append(&mut failures);
        }
    }

    /// The session of a seed, drawn again while nothing is wrong in it and it lacks what each must have.
    fn session(&self, seed: u64, work: &Work, without: &Without) -> (Plan, Outcome) {
        let whole = |(_, outcome): &(Plan, Outcome)| {
            self.leave.leaves_anything() || outcome.violation.is_some() || outcome.lacks().is_none()
        };
        let play = |seed| {
            let plan = Plan::of(seed, without);
            let outcome = run(&plan);
            (plan, outcome)
        };
        let (session, again) = draw_until(seed, play, whole);
        work.drawn_again.fetch_add(again, Ordering::Relaxed);
        work.sessions.fetch_add(1 + again, Ordering::Relaxed);
        session
    }

    fn show(
        &self,
        out: &mut impl Write,
        failures: &[Outcome],
        unlike: &[u64],
        without: &Without,
    ) -> Result<(), String> {
        for outcome in failures {
            if let Some(violation) = &outcome.violation {
                writeln!(
                    out,
                    "seed {} event {} {} {}: {}",
                    outcome.seed,
                    violation.event,
                    violation.at,
                    violation.invariant,
                    violation.detail
                )
                .map_err(unwritable)?;
            }
        }
        for seed in unlike {
            writeln!(out, "seed {seed} came out differently the second time")
                .map_err(unwritable)?;
        }
        if self.no_shrink {
            return Ok(());
        }
        for outcome in failures.iter().take(SHOWN) {
            let plan = Plan::of(outcome.seed, without);
            let (smaller, outcome) = shrink::shrink(&plan, outcome);
            let read = run_with_tail(&smaller);
            writeln!(out, "\nseed {} made smaller:\n{smaller:#?}", outcome.seed)
                .map_err(unwritable)?;
            for line in &read.tail {
                writeln!(out, "{line}").map_err(unwritable)?;
            }
            if let Some(violation) = &read.violation {
                writeln!(out, "{}: {}", violation.invariant, violation.detail)
                    .map_err(unwritable)?;
            }
        }
        Ok(())
    }

    fn save(&self, failures: &[Outcome], without: &Without) -> Result<(), String> {
        let Some(folder) = &self.save else {
            return Ok(());
        };
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        for outcome in failures {
            let plan = Plan::of(outcome.seed, without);
            let (smaller, outcome) = shrink::shrink(&plan, outcome);
            if let Some(violation) = &outcome.violation {
                let name = format!("{}-seed-{}.json", violation.invariant, outcome.seed);
                smaller.write(&folder.join(name))?;
            }
        }
        Ok(())
    }
}

/// Plays a seed, and while that is not whole other seeds that follow from it, each of which can be
/// replayed by its own number; also how often it was drawn again.
fn draw_until<T>(mut seed: u64, play: impl Fn(u64) -> T, whole: impl Fn(&T) -> bool) -> (T, u64) {
    let mut played = play(seed);
    let mut again = 0;
    while again < DRAWN_AGAIN_MOST && !whole(&played) {
        again += 1;
        seed = Draw::of(seed, "again").next();
        played = play(seed);
    }
    (played, again)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_is_drawn_again_from_seeds_that_follow_from_the_first() {
        let (first, none) = draw_until(7, |seed| seed, |_| true);
        assert_eq!((first, none), (7, 0));
        let (second, once) = draw_until(7, |seed| seed, |seed| *seed != 7);
        assert_eq!(once, 1);
        assert_eq!(
            draw_until(7, |seed| seed, |seed| *seed != 7),
            (second, once)
        );
        // What is never whole comes to an end, and is shown as it is.
        let (last, times) = draw_until(7, |seed| seed, |_| false);
        assert_eq!(times, DRAWN_AGAIN_MOST);
        assert!(last != first && last != second);
    }
}
