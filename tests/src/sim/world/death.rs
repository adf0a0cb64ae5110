//! Counting the daemon's calls to what outlives it, and the calls at which it dies.

use trader_contract::Timestamp;

use crate::sim::plan::{Call, Crash, Nested, Phase, Plan, When};

/// Deaths before, during and after a commit, before, during and after a send, and between two events.
pub type DeathCounts = [u64; 7];

/// What is counted in [`DeathCounts`].
pub const DEATH_NAMES: [&str; 7] = [
    "before_commit",
    "during_commit",
    "after_commit",
    "before_send",
    "during_send",
    "after_send",
    "between_events",
];

/// The deaths of a plan while they are due.
#[derive(Debug)]
pub(super) struct Deaths {
    /// Those that wait for a call, with the calls that are left.
    waiting: Vec<(Crash, u32)>,
    /// Those of the lives to come.
    nested: Vec<Nested>,
    /// Calls of this life.
    life_calls: u32,
    calls: u64,
    /// How long the daemon stays down, once it is dead.
    dead: Option<i64>,
    counts: DeathCounts,
    depth: u32,
    deepest: u32,
    heal_at: Timestamp,
}

impl Deaths {
    /// Those of a plan that wait for a call.
    #[must_use]
    pub(super) fn of(plan: &Plan) -> Self {
        let waits = |crash: &&Crash| !matches!(crash.when, When::At(_));
        let left = |crash: &Crash| match crash.when {
            When::Call { nth, .. } => nth,
            When::At(_) | When::Number(_) => 0,
        };
        Self {
            waiting: plan
                .crashes
                .iter()
                .filter(waits)
                .map(|crash| (crash.clone(), left(crash)))
                .collect(),
            nested: Vec::new(),
            life_calls: 0,
            calls: 0,
            dead: None,
            counts: DeathCounts::default(),
            depth: 0,
            deepest: 0,
            heal_at: plan.heal_at,
        }
    }

    /// Whether the process is dead, and nothing that it does is done.
    #[must_use]
    pub(super) const fn is_dead(&self) -> bool {
        self.dead.is_some()
    }

    /// Calls of the whole run.
    #[must_use]
    pub(super) const fn calls(&self) -> u64 {
        self.calls
    }

    /// How often it died where.
    #[must_use]
    pub(super) const fn counts(&self) -> DeathCounts {
        self.counts
    }

    /// The longest row of deaths in which each but the first was met while recovering.
    #[must_use]
    pub(super) const fn deepest(&self) -> u32 {
        self.deepest
    }

    /// The dead process is cleared away; gives how long the daemon stays down.
    pub(super) const fn bury(&mut self) -> Option<i64> {
        self.life_calls = 0;
        self.dead.take()
    }

    /// The process dies between two events.
    pub(super) fn die(&mut self, crash: &Crash) {
        self.nested.clone_from(&crash.nested);
        self.depth = 1;
        self.deepest = self.deepest.max(1);
        self.dead = Some(crash.down);
        if let Some(count) = self.counts.last_mut() {
            *count += 1;
        }
    }

    /// The process is ended from outside, to be started again.
    pub(super) const fn end(&mut self, down: i64) {
        self.dead = Some(down);
    }

    /// A call is made: on which side of it the process dies, and whether it acts, if it dies here.
    pub(super) fn at_call(&mut self, call: Call, now: Timestamp) -> Option<(Phase, bool)> {
        self.calls += 1;
        self.life_calls += 1;
        if now >= self.heal_at {
            return None;
        }
        let (phase, acts, down) = match self.nested_death() {
            Some(death) => death,
            None => self.death(call, now)?,
        };
        self.dead = Some(down);
        self.deepest = self.deepest.max(self.depth);
        let place = match call {
            Call::Commit => phase.index(),
            Call::Send => 3 + phase.index(),
        };
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        Some((phase, acts))
    }

    fn nested_death(&mut self) -> Option<(Phase, bool, i64)> {
        let next = *self.nested.first()?;
        if next.nth != self.life_calls {
            return None;
        }
        self.nested.remove(0);
        self.depth += 1;
        Some((next.phase, next.acts, next.down))
    }

    fn death(&mut self, call: Call, now: Timestamp) -> Option<(Phase, bool, i64)> {
        let calls = self.calls;
        let index = self
            .waiting
            .iter_mut()
            .position(|(crash, left)| match crash.when {
                When::Call { from, of, .. } if now >= from && of.is_none_or(|of| of == call) => {
                    *left = left.saturating_sub(1);
                    *left == 0
                }
                When::Number(number) => number == calls,
                When::At(_) | When::Call { .. } => false,
            })?;
        let (crash, _) = self.waiting.remove(index);
        self.nested = crash.nested;
        self.depth = 1;
        Some((crash.phase, crash.acts, crash.down))
    }
}
