//! The faults of a plan while they strike: which are in force, which are used up, and how often each
//! kind has struck.

use trader_contract::Timestamp;

use super::draw::Draw;
use super::plan::{Fault, FaultKind, Plan};

/// How often each kind has struck, in the order of [`FaultKind::ALL`].
pub type Struck = [u64; FaultKind::ALL.len()];

/// The faults of a run.
#[derive(Debug)]
pub struct Faults {
    /// What is left of each.
    left: Vec<(Fault, u32)>,
    struck: Struck,
    heal_at: Timestamp,
    /// The way of an order is watched as on a quiet day from here on.
    calm_from: Timestamp,
    /// How many faults that disturb the way of an order are in force.
    in_force: u32,
}

impl Faults {
    /// Those of a plan; none has struck.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            left: plan
                .faults
                .iter()
                .map(|fault| (*fault, fault.hits))
                .collect(),
            struck: [0; FaultKind::ALL.len()],
            heal_at: plan.heal_at,
            calm_from: Timestamp::MIN,
            in_force: 0,
        }
    }

    /// One of a kind that strikes now, if one does: the draws that its details come from.
    pub fn strike(&mut self, kind: FaultKind, now: Timestamp) -> Option<Draw> {
        self.strike_in(kind, None, now)
    }

    /// One of a kind that strikes now in a symbol.
    pub fn strike_in(
        &mut self,
        kind: FaultKind,
        symbol: Option<usize>,
        now: Timestamp,
    ) -> Option<Draw> {
        let heal_at = self.heal_at;
        let (fault, left) = self.left.iter_mut().find(|(fault, left)| {
            fault.kind == kind
                && *left > 0
                && fault.from <= now
                && now < fault.until.min(heal_at)
                && symbol.is_none_or(|symbol| symbol == fault.symbol)
        })?;
        let number = *left;
        let seed = fault.seed;
        if !kind.lasts() {
            *left -= 1;
        }
        self.note(kind, now);
        Some(Draw::at(seed, number.into()))
    }

    /// The next one of a kind that lasts and that begins after `after`: for what has to be begun and
    /// ended by somebody.
    #[must_use]
    pub fn windows(&self, kind: FaultKind) -> Vec<Fault> {
        let of_kind = |(fault, _): &(Fault, u32)| (fault.kind == kind).then_some(*fault);
        self.left.iter().filter_map(of_kind).collect()
    }

    /// Counts a strike, and begins its aftermath.
    pub fn note(&mut self, kind: FaultKind, now: Timestamp) {
        if let Some(count) = self.struck.get_mut(kind.index()) {
            *count += 1;
        }
        self.disturb(kind, now);
    }

    /// What a kind has begun goes on until `until` and its aftermath.
    fn disturb(&mut self, kind: FaultKind, until: Timestamp) {
        let seconds = kind.aftermath_seconds();
        if seconds > 0 {
            self.calm_from = self.calm_from.max(until.plus_seconds(seconds));
        }
    }

    /// A kind that lasts begins.
    pub fn begin(&mut self, kind: FaultKind, now: Timestamp) {
        self.note(kind, now);
        self.in_force += u32::from(kind.aftermath_seconds() > 0);
    }

    /// A kind that lasts ends, and its aftermath begins.
    pub fn end(&mut self, kind: FaultKind, now: Timestamp) {
        if kind.aftermath_seconds() > 0 {
            self.in_force = self.in_force.saturating_sub(1);
        }
        self.disturb(kind, now);
    }

    /// Everything that lasts has ended.
    pub const fn end_all(&mut self) {
        self.in_force = 0;
    }

    /// Something other than a fault, such as a restart, disturbs the way of an order until then.
    pub fn disturb_until(&mut self, until: Timestamp) {
        self.calm_from = self.calm_from.max(until);
    }

    /// Since when the way of an order is undisturbed; the end of time while something is in force.
    #[must_use]
    pub const fn calm_from(&self) -> Timestamp {
        match self.in_force {
            0 => self.calm_from,
            _ => Timestamp::MAX,
        }
    }

    /// How often each kind has struck.
    #[must_use]
    pub const fn struck(&self) -> &Struck {
        &self.struck
    }
}
