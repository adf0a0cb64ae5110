//! What a run came to, and what many runs came to together.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use trader_contract::Timestamp;

use super::digest::Hash;
use super::faults::Struck;
use super::invariants::Checks;
use super::naked::{Excuse, Naked, Stretch};
use super::plan::{Deed, FaultKind};
use super::world::{DEATH_NAMES, DeathCounts};

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// What was wrong.
    pub detail: String,
    /// After which event.
    pub event: u64,
    /// When.
    pub at: Timestamp,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// The hash of its log.
    pub hash: Hash,
    /// How many events there were.
    pub events: u64,
    /// How often each kind of fault struck.
    pub faults: Struck,
    /// How often the daemon died where.
    pub deaths: DeathCounts,
    /// The longest row of deaths, each but the first met while recovering.
    pub deepest: u32,
    /// Calls of the daemon to store and broker.
    pub calls: u64,
    /// Starts and ends of the daemon.
    pub lives: u32,
    /// What a person did.
    pub deeds: BTreeMap<&'static str, u64>,
    /// How often each invariant was checked.
    pub checks: Checks,
    /// What was naked.
    pub naked: Naked,
    /// How many symbols there were.
    pub symbols: usize,
    /// Whether there were entries on both sides.
    pub both_sides: bool,
    /// Whether the broker held nothing at the end.
    pub flat: bool,
    /// What was wrong.
    pub violation: Option<Violation>,
    /// The last lines of the log, if it was read.
    pub tail: Vec<String>,
}

impl Outcome {
    /// How many kinds of fault struck.
    #[must_use]
    pub fn kinds(&self) -> usize {
        self.faults.iter().filter(|count| **count > 0).count()
    }

    /// How often the daemon died.
    #[must_use]
    pub fn crashes(&self) -> u64 {
        self.deaths.iter().sum()
    }

    /// What a session of the simulation must have and this one has not: three symbols, three kinds of
    /// fault, one death, both sides.
    #[must_use]
    pub fn lacks(&self) -> Option<&'static str> {
        match self {
            _ if self.symbols < 3 => Some("three symbols"),
            _ if self.kinds() < 3 => Some("three kinds of fault"),
            _ if self.crashes() == 0 => Some("a crash"),
            _ if !self.both_sides => Some("both sides"),
            _ => None,
        }
    }
}

/// What is counted of people: what they did, and what became of calls.
pub const DEEDS: [&str; Deed::NAMES.len() + 4] = {
    let mut names = ["denied"; Deed::NAMES.len() + 4];
    let mut place = 0;
    while place < Deed::NAMES.len() {
        names[place] = Deed::NAMES[place];
        place += 1;
    }
    names[place] = "repeated";
    names[place + 1] = "answer_lost";
    names[place + 2] = "overridden";
    names
};

/// The run with the most of something: how much, its seed, and the stretch that was worst in it.
type Worst = (u64, u64, Option<Stretch>);

/// The greater of two; of equal ones that with the greater seed, so that order makes no difference.
fn greater(one: Worst, other: Worst) -> Worst {
    match (one.0, one.1) >= (other.0, other.1) {
        true => one,
        false => other,
    }
}

fn shown((value, seed, stretch): Worst) -> Value {
    let stretch = stretch.map(|stretch| {
        json!({
            "symbol": stretch.symbol.as_str(),
            "from": stretch.from.to_string(),
            "seconds": stretch.seconds(),
            "share_seconds": stretch.share_seconds(),
            "why": stretch.reason(),
        })
    });
    json!({ "seed": seed, "value": value, "stretch": stretch })
}

/// What many runs came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub seeds: u64,
    /// How many of them failed.
    pub failed: u64,
    /// Events of all of them.
    pub events: u64,
    faults: BTreeMap<&'static str, u64>,
    crashes: BTreeMap<&'static str, u64>,
    deeds: BTreeMap<&'static str, u64>,
    checks: Checks,
    deepest: u32,
    naked_share_seconds: u64,
    /// The run with the most share-seconds, and the one with the longest stretch.
    worst: Worst,
    worst_seconds: Worst,
    /// By excuse: share-seconds, and the longest part of a stretch with its seed.
    excused: [(u64, (u64, u64)); Excuse::ALL.len()],
    thin: BTreeMap<&'static str, u64>,
    hash: Hash,
    violations: BTreeMap<&'static str, u64>,
}

impl Totals {
    /// Takes a run; the order in which they come makes no difference.
    pub fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.events += outcome.events;
        for (kind, count) in FaultKind::ALL.into_iter().zip(outcome.faults) {
            *self.faults.entry(kind.name()).or_default() += count;
        }
        for (name, count) in DEATH_NAMES.into_iter().zip(outcome.deaths) {
            *self.crashes.entry(name).or_default() += count;
        }
        for name in DEEDS {
            self.deeds.entry(name).or_default();
        }
        for (name, count) in &outcome.deeds {
            *self.deeds.entry(name).or_default() += count;
        }
        for (name, count) in &outcome.checks {
            *self.checks.entry(name).or_default() += count;
        }
        self.deepest = self.deepest.max(outcome.deepest);
        let naked = outcome.naked;
        let seed = outcome.seed;
        self.naked_share_seconds += naked.share_seconds();
        let worst = (naked.share_seconds(), seed, naked.worst);
        self.worst = greater(self.worst, worst);
        let longest = (naked.longest_seconds(), seed, naked.longest);
        self.worst_seconds = greater(self.worst_seconds, longest);
        for ((sum, longest), of) in self.excused.iter_mut().zip(naked.excused) {
            *sum += of.share_seconds();
            *longest = (*longest).max((of.longest_seconds(), seed));
        }
        // Sums know no order.
        self.hash.0 = self.hash.0.wrapping_add(outcome.hash.0);
        self.hash.1 = self.hash.1.wrapping_add(outcome.hash.1);
        match (&outcome.violation, outcome.lacks()) {
            (Some(violation), _) => {
                self.failed += 1;
                *self.violations.entry(violation.invariant).or_default() += 1;
            }
            (None, Some(lacks)) => *self.thin.entry(lacks).or_default() += 1,
            (None, None) => {}
        }
    }

    /// What other runs came to is added.
    pub fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.failed += other.failed;
        self.events += other.events;
        let counts = [
            (&mut self.faults, &other.faults),
            (&mut self.crashes, &other.crashes),
            (&mut self.deeds, &other.deeds),
            (&mut self.checks, &other.checks),
            (&mut self.thin, &other.thin),
            (&mut self.violations, &other.violations),
        ];
        for (ours, theirs) in counts {
            for (name, count) in theirs {
                *ours.entry(name).or_default() += count;
            }
        }
        self.deepest = self.deepest.max(other.deepest);
        self.naked_share_seconds += other.naked_share_seconds;
        self.worst = greater(self.worst, other.worst);
        self.worst_seconds = greater(self.worst_seconds, other.worst_seconds);
        for ((sum, longest), (more, other)) in self.excused.iter_mut().zip(other.excused) {
            *sum += more;
            *longest = (*longest).max(other);
        }
        self.hash.0 = self.hash.0.wrapping_add(other.hash.0);
        self.hash.1 = self.hash.1.wrapping_add(other.hash.1);
    }

    /// Kinds of fault that never struck, deeds that nobody did and invariants that were never checked.
    #[must_use]
    pub fn zeros(&self) -> Vec<&'static str> {
        let zero = |counts: &BTreeMap<&'static str, u64>| -> Vec<&'static str> {
            let zeros = counts.iter().filter(|(_, count)| **count == 0);
            zeros.map(|(name, _)| *name).collect()
        };
        let counts = [&self.faults, &self.crashes, &self.deeds, &self.checks];
        counts.map(zero).concat()
    }

    /// The figures of a RESULT line, without those of time.
    #[must_use]
    pub fn figures(&self) -> Map<String, Value> {
        let parts = Excuse::ALL.into_iter().zip(self.excused);
        let excused = parts.map(|(excuse, (sum, (longest, seed)))| {
            let figures = json!({
                "share_seconds": sum,
                "longest_seconds": { "seed": seed, "value": longest },
            });
            (excuse.name().to_owned(), figures)
        });
        let excused: Map<String, Value> = excused.collect();
        let figures = json!({
            "seeds": self.seeds,
            "failed": self.failed,
            "events": self.events,
            "faults": self.faults,
            "crashes": self.crashes,
            "deepest_crash": self.deepest,
            "actions": self.deeds,
            "checks": self.checks,
            "violations": self.violations,
            "thin": self.thin,
            "naked_share_seconds": self.naked_share_seconds,
            "worst_naked_share_seconds": shown(self.worst),
            "longest_naked_seconds": shown(self.worst_seconds),
            "naked_by_excuse": excused,
            "hash": self.hash.to_string(),
        });
        match figures {
            Value::Object(figures) => figures,
            _ => Map::new(),
        }
    }
}
