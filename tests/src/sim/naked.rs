//! How long shares were naked at the broker, and what stood in the way meanwhile: by INV-1 a position is
//! protected or being closed within seconds, so whatever lasts longer must have an excuse.
//!
//! What each excuse comes to at worst, and why, is told in `tests/FAULTS.md`.

use std::collections::BTreeMap;

use trader_contract::{Symbol, Timestamp};

use super::invariants::Circumstances;
use super::truth::Held;

/// What stands in the way of protection, the strongest excuse first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excuse {
    /// The daemon does not run: it has died, or it was stopped.
    Down,
    /// The venue has halted the symbol, and nothing fills.
    Halted,
    /// The broker refuses everybody.
    ShutOut,
    /// The order stream brings nothing, and the fill is not known before the next snapshot.
    Silent,
    /// A fault on the way of orders is in force, or its aftermath.
    Fault,
    /// None: the seconds that INV-1 leaves.
    Calm,
}

impl Excuse {
    /// Every one, in order.
    pub const ALL: [Self; 6] = [
        Self::Down,
        Self::Halted,
        Self::ShutOut,
        Self::Silent,
        Self::Fault,
        Self::Calm,
    ];

    /// Its name, as it is counted.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Halted => "halted",
            Self::ShutOut => "shut_out",
            Self::Silent => "silent",
            Self::Fault => "fault",
            Self::Calm => "calm",
        }
    }

    /// The excuse of a symbol from `since` on.
    fn of(symbol: Symbol, around: &Circumstances, since: Timestamp) -> Self {
        match around {
            _ if around.up_since.is_none() => Self::Down,
            _ if around.halted.contains(&symbol) => Self::Halted,
            _ if around.shut_out => Self::ShutOut,
            _ if around.silent_since.is_some() => Self::Silent,
            _ if around.calm_from > since => Self::Fault,
            _ => Self::Calm,
        }
    }
}

/// Time with one excuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Excused {
    /// Shares times nanoseconds.
    pub share_nanos: i128,
    /// The most nanoseconds of a single stretch.
    pub longest: i64,
}

/// Shares that were naked while the exchange was open, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Naked {
    /// By excuse, in the order of [`Excuse::ALL`].
    pub excused: [Excused; Excuse::ALL.len()],
    /// The longest stretch, whatever the excuses.
    pub longest: Option<Stretch>,
    /// The stretch with the most share-seconds.
    pub worst: Option<Stretch>,
}

/// One symbol's time without protection, from the moment that something was naked to the moment that
/// nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The symbol.
    pub symbol: Symbol,
    /// From when.
    pub from: Timestamp,
    /// What had last happened at the broker by then.
    pub after: &'static str,
    /// Nanoseconds by excuse, in the order of [`Excuse::ALL`].
    parts: [i64; Excuse::ALL.len()],
    /// Shares times nanoseconds.
    share_nanos: i128,
}

impl Stretch {
    fn nanos(&self) -> i64 {
        self.parts.iter().sum()
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        seconds(self.nanos())
    }

    /// Shares times seconds.
    #[must_use]
    pub fn share_seconds(&self) -> u64 {
        share_seconds(self.share_nanos)
    }

    /// What made it so and what stood in the way of an end: `an entry filled; calm 800 ms`.
    #[must_use]
    pub fn reason(&self) -> String {
        let parts = Excuse::ALL.into_iter().zip(self.parts);
        let parts = parts.filter(|(_, nanos)| *nanos > 0);
        let parts = parts.map(|(excuse, nanos)| {
            let millis = nanos / 1_000_000;
            format!("{} {millis} ms", excuse.name())
        });
        let parts: Vec<String> = parts.collect();
        format!("{}; {}", self.after, parts.join(", "))
    }
}

impl Naked {
    /// Shares times seconds.
    #[must_use]
    pub fn share_seconds(&self) -> u64 {
        share_seconds(self.excused.iter().map(|of| of.share_nanos).sum())
    }

    /// The longest stretch in seconds.
    #[must_use]
    pub fn longest_seconds(&self) -> u64 {
        self.longest.map_or(0, |stretch| stretch.seconds())
    }
}

impl Excused {
    /// Shares times seconds.
    #[must_use]
    pub fn share_seconds(&self) -> u64 {
        share_seconds(self.share_nanos)
    }

    /// The most seconds of a single stretch.
    #[must_use]
    pub fn longest_seconds(&self) -> u64 {
        seconds(self.longest)
    }
}

/// A part of a second counts as one.
fn share_seconds(nanos: i128) -> u64 {
    let second = i128::from(Timestamp::SECOND);
    u64::try_from((nanos + second - 1) / second).unwrap_or(u64::MAX)
}

fn seconds(nanos: i64) -> u64 {
    u64::try_from(nanos / Timestamp::SECOND).unwrap_or(0)
}

/// Measures what is naked.
#[derive(Debug, Default)]
pub struct Meter {
    naked: Naked,
    stretches: BTreeMap<Symbol, Stretch>,
    measured_at: Option<Timestamp>,
}

impl Meter {
    /// Time has passed up to `now` since the last event, with this held at the broker and these
    /// circumstances. While the exchange is closed or the machine sleeps nothing counts.
    pub fn pass(&mut self, held: &BTreeMap<Symbol, Held>, around: &Circumstances, now: Timestamp) {
        let since = self.measured_at.replace(now).unwrap_or(now);
        if around.open_since.is_none() || around.asleep {
            return;
        }
        let passed = now.since(since);
        for (symbol, held) in held {
            if held.naked_since.is_none() {
                continue;
            }
            let place = Excuse::of(*symbol, around, since) as usize;
            let stretch = self.stretches.entry(*symbol).or_insert(Stretch {
                symbol: *symbol,
                from: since,
                after: held.naked_after,
                parts: [0; Excuse::ALL.len()],
                share_nanos: 0,
            });
            let share_nanos = i128::from(passed) * i128::from(held.bare.whole_shares());
            stretch.parts[place] += passed;
            stretch.share_nanos += share_nanos;
            let of_excuse = &mut self.naked.excused[place];
            of_excuse.share_nanos += share_nanos;
            of_excuse.longest = of_excuse.longest.max(stretch.parts[place]);
            let Naked { longest, worst, .. } = &mut self.naked;
            if longest.is_none_or(|longest| stretch.nanos() >= longest.nanos()) {
                *longest = Some(*stretch);
            }
            if worst.is_none_or(|worst| stretch.share_nanos >= worst.share_nanos) {
                *worst = Some(*stretch);
            }
        }
    }

    /// Ends the stretches of what is naked no longer, and gives them.
    pub fn end(&mut self, held: &BTreeMap<Symbol, Held>) -> Vec<Stretch> {
        let naked = |symbol: &Symbol| held.get(symbol).is_some_and(|h| h.naked_since.is_some());
        let over = self.stretches.keys().filter(|symbol| !naked(symbol));
        let over: Vec<Symbol> = over.copied().collect();
        let ended = over
            .iter()
            .filter_map(|symbol| self.stretches.remove(symbol));
        ended.collect()
    }

    /// What it came to.
    #[must_use]
    pub const fn naked(&self) -> Naked {
        self.naked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trader_contract::{NetQty, Qty};

    fn symbol() -> Symbol {
        "AAA".parse().unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn open() -> Circumstances {
        Circumstances {
            healed_at: None,
            up_since: Some(at(0)),
            calm_from: Timestamp::MIN,
            halted: std::collections::BTreeSet::new(),
            open_since: Some(at(0)),
            shut_out: false,
            journal_failed: false,
            under_way: 0,
            asleep: false,
            awake_since: Timestamp::MIN,
            silent_since: None,
            clock_behind: 0,
        }
    }

    fn ten_naked() -> BTreeMap<Symbol, Held> {
        let held = Held {
            net: NetQty::from_nanos(30_000_000_000).unwrap(),
            bare: Qty::shares(10).unwrap(),
            closing: false,
            naked_since: Some(at(0)),
            naked_after: "an entry filled",
        };
        BTreeMap::from([(symbol(), held)])
    }

    #[test]
    fn time_counts_under_the_excuse_that_there_was() {
        let (mut meter, held) = (Meter::default(), ten_naked());
        let died = Circumstances {
            up_since: None,
            shut_out: true,
            ..open()
        };
        let shut = Circumstances {
            open_since: None,
            ..open()
        };
        meter.pass(&held, &open(), at(10));
        meter.pass(&held, &open(), at(12));
        meter.pass(&held, &died, at(15));
        meter.pass(&held, &shut, at(1_000));
        meter.pass(&held, &open(), at(1_001));
        let naked = meter.naked();
        assert_eq!((naked.share_seconds(), naked.longest_seconds()), (60, 6));
        let calm = naked.excused[Excuse::Calm as usize];
        assert_eq!((calm.share_seconds(), calm.longest_seconds()), (30, 3));
        let down = naked.excused[Excuse::Down as usize];
        assert_eq!((down.share_seconds(), down.longest_seconds()), (30, 3));
        assert!(meter.end(&held).is_empty());
        let ended = meter.end(&BTreeMap::new());
        let [stretch] = ended.as_slice() else {
            panic!("{ended:?}");
        };
        assert_eq!((stretch.symbol, stretch.from), (symbol(), at(10)));
        assert_eq!((stretch.seconds(), stretch.share_seconds()), (6, 60));
        let reason = "an entry filled; down 3000 ms, calm 3000 ms";
        assert_eq!(stretch.reason(), reason);
        assert_eq!(
            (naked.longest, naked.worst),
            (Some(*stretch), Some(*stretch))
        );
    }

    #[test]
    fn the_longest_stretch_is_one_thing_and_the_worst_another() {
        let (mut meter, few) = (Meter::default(), ten_naked());
        let many = BTreeMap::from([(
            symbol(),
            Held {
                bare: Qty::shares(1_000).unwrap(),
                ..few[&symbol()]
            },
        )]);
        meter.pass(&few, &open(), at(10));
        meter.pass(&few, &open(), at(20));
        meter.end(&BTreeMap::new());
        meter.pass(&BTreeMap::new(), &open(), at(30));
        meter.pass(&many, &open(), at(32));
        let naked = meter.naked();
        let of = |stretch: Option<Stretch>| stretch.map(|s| (s.from, s.seconds()));
        assert_eq!(of(naked.longest), Some((at(10), 10)));
        assert_eq!(of(naked.worst), Some((at(30), 2)));
    }

    #[test]
    fn a_fault_excuses_until_its_aftermath_is_over() {
        let (mut meter, held) = (Meter::default(), ten_naked());
        let disturbed = Circumstances {
            calm_from: at(20),
            ..open()
        };
        meter.pass(&held, &disturbed, at(10));
        meter.pass(&held, &disturbed, at(19));
        meter.pass(&held, &disturbed, at(21));
        meter.pass(&held, &disturbed, at(22));
        let [.., fault, calm] = meter.naked().excused;
        assert_eq!((fault.share_seconds(), calm.share_seconds()), (110, 10));
    }
}
