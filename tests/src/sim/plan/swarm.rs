//! What fails in a plan: each kind of fault is on or off by chance, so that rare pairs meet. Three
//! kinds that strike for certain, and one death, are in every plan.

use trader_contract::Timestamp;

use super::crash::{Call, Crash, Nested, Phase, When};
use super::kind::FaultKind;
use super::{Fault, Plan, Without, people};
use crate::sim::draw::Draw;

/// Kinds that are on in one run at most, beside those that are certain.
const KINDS_MOST: usize = 9;
/// How many kinds strike for certain.
const CERTAIN: usize = 3;
/// Deaths while recovering from a death.
const DEPTH_MOST: u64 = 5;

/// A stretch of time from which moments are drawn.
#[derive(Clone, Copy)]
pub(super) struct Stretch(pub(super) Timestamp, pub(super) Timestamp);

impl Stretch {
    pub(super) fn moment(self, draw: &mut Draw) -> Timestamp {
        let width = self.1.since(self.0).max(1);
        self.0.plus_nanos(draw.between(0, width))
    }
}

/// Fills a whole session's plan with what fails.
pub(super) fn fill(plan: &mut Plan, without: &Without) {
    let mut draw = Draw::of(plan.seed, "swarm");
    let until = plan.heal_at.min(plan.session.close);
    // What is certain must find the daemon at work.
    let sure = Stretch(plan.session.open.plus_minutes(8), until.plus_minutes(-25));
    let any = Stretch(plan.start.plus_seconds(5), until);
    let whole = Stretch(plan.start.plus_seconds(1), plan.heal_at);
    if !without.all_faults {
        certain(plan, &mut draw, sure, without);
        let on = usize::try_from(draw.between(0, i64::try_from(KINDS_MOST).unwrap_or(0)));
        for kind in chosen(&mut draw, on.unwrap_or(0), without) {
            let times = draw.between(1, 3);
            for _ in 0..times {
                let from = any.moment(&mut draw);
                add(plan, &mut draw, kind, from);
            }
        }
    }
    plan.quotes |= plan.faults.iter().any(|fault| fault.kind.is_about_quotes());
    if !without.crashes {
        crashes(plan, &mut draw, sure, any);
    }
    if !without.actions {
        people::fill(plan, whole);
    }
    plan.faults
        .sort_by_key(|fault| (fault.from, fault.kind, fault.seed));
    plan.actions.sort_by_key(|action| action.at);
}

/// Something happens to a symbol over the night; mostly it is halted before the close, so that what is
/// held of it is held over the night.
pub(super) fn night(plan: &mut Plan, draw: &mut Draw, without: &Without) {
    let kinds = [
        FaultKind::SplitForward,
        FaultKind::SplitReverse,
        FaultKind::Jump,
    ];
    let kind = draw.pick(&kinds).unwrap_or(FaultKind::Jump);
    if without.all_faults || without.faults.contains(&kind) {
        return;
    }
    plan.heal_at = plan.next.open.plus_minutes(-3);
    let symbols = u64::try_from(plan.symbols.len()).unwrap_or(1);
    let symbol = usize::try_from(draw.below(symbols)).unwrap_or(0);
    let mut push = |kind: FaultKind, from: Timestamp, seed: u64| {
        plan.faults.push(Fault {
            kind,
            from,
            until: plan.heal_at,
            hits: 1,
            symbol,
            seed,
        });
    };
    let seed = draw.next();
    push(kind, plan.session.close, seed);
    if !draw.once_in(3) && !without.faults.contains(&FaultKind::Halt) {
        let minutes = draw.between(7, 40);
        push(
            FaultKind::Halt,
            plan.session.close.plus_minutes(-minutes),
            0,
        );
    }
}

/// Fills a short day: what fails, fails before the last minutes.
pub(super) fn fill_short(plan: &mut Plan, without: &Without) {
    let mut draw = Draw::of(plan.seed, "short swarm");
    let evening = Stretch(plan.session.close.plus_minutes(-29), plan.heal_at);
    let morning = Stretch(plan.session.open, plan.session.open.plus_minutes(14));
    if !without.all_faults {
        for kind in chosen(&mut draw, 3, without) {
            let stretch = if draw.coin() { evening } else { morning };
            let from = stretch.moment(&mut draw);
            add(plan, &mut draw, kind, from);
        }
    }
    if !without.crashes && draw.coin() {
        crashes(plan, &mut draw, evening, evening);
        plan.crashes.truncate(1);
    }
    plan.faults
        .sort_by_key(|fault| (fault.from, fault.kind, fault.seed));
}

fn certain(plan: &mut Plan, draw: &mut Draw, sure: Stretch, without: &Without) {
    let mut kinds: Vec<FaultKind> = FaultKind::CERTAIN.to_vec();
    kinds.retain(|kind| !without.faults.contains(kind));
    for _ in 0..CERTAIN {
        let Some(kind) = draw.pick(&kinds) else {
            return;
        };
        kinds.retain(|other| *other != kind);
        let from = sure.moment(draw);
        add(plan, draw, kind, from);
        // It waits for the daemon as long as it takes.
        if let Some(fault) = plan.faults.last_mut().filter(|fault| !fault.kind.lasts()) {
            fault.until = plan.heal_at;
        }
    }
}

/// So many kinds, each as likely as another.
pub(super) fn chosen(draw: &mut Draw, count: usize, without: &Without) -> Vec<FaultKind> {
    let mut kinds: Vec<FaultKind> = FaultKind::ALL.to_vec();
    kinds.retain(|kind| !without.faults.contains(kind) && !kind.is_of_the_night());
    let mut on = Vec::new();
    for _ in 0..count {
        if let Some(kind) = draw.pick(&kinds) {
            kinds.retain(|other| *other != kind);
            on.push(kind);
        }
    }
    on
}

pub(super) fn add(plan: &mut Plan, draw: &mut Draw, kind: FaultKind, from: Timestamp) {
    let from = if kind == FaultKind::FeedLate {
        plan.start
    } else {
        from
    };
    let seconds = match kind {
        FaultKind::FeedLate => {
            plan.session.open.since(plan.start) / Timestamp::SECOND + draw.between(30, 1_200)
        }
        FaultKind::Halt => draw.between(60, 1_500),
        FaultKind::Unauthorised | FaultKind::StreamCut => draw.between(1, 60),
        FaultKind::StreamMute | FaultKind::StreamStolen => draw.between(20, 240),
        FaultKind::ClockSkew | FaultKind::WallStep => draw.between(70, 900),
        FaultKind::HardToBorrow | FaultKind::AccountBlocked => draw.between(120, 3_600),
        kind if kind.lasts() => draw.between(30, 600),
        _ => draw.between(120, 3_600),
    };
    let symbols = u64::try_from(plan.symbols.len()).unwrap_or(1);
    let until = from.plus_seconds(seconds).min(plan.heal_at);
    plan.faults.push(Fault {
        kind,
        from,
        until,
        hits: u32::try_from(draw.between(1, 4)).unwrap_or(1),
        symbol: usize::try_from(draw.below(symbols)).unwrap_or(0),
        seed: draw.next(),
    });
    if kind.stops_the_journal() {
        // Somebody starts the daemon anew: nothing else opens the journal again.
        let at = until.plus_seconds(draw.between(1, 300)).min(plan.heal_at);
        let down = pause(draw);
        plan.crashes.push(Crash::between_events(at, down));
    }
}

/// How long a restart takes.
pub(super) fn pause(draw: &mut Draw) -> i64 {
    let seconds = if draw.once_in(4) {
        draw.between(10, 60)
    } else {
        draw.between(1, 8)
    };
    seconds * Timestamp::SECOND
}

fn phase(draw: &mut Draw) -> Phase {
    draw.pick(&Phase::ALL).unwrap_or(Phase::During)
}

fn crashes(plan: &mut Plan, draw: &mut Draw, sure: Stretch, any: Stretch) {
    let from = sure.moment(draw);
    let first = crash(draw, from, 6);
    plan.crashes.push(first);
    for _ in 0..draw.weighted(&[50, 30, 15, 5]) {
        let from = any.moment(draw);
        let next = crash(draw, from, 40);
        plan.crashes.push(next);
    }
}

pub(super) fn crash(draw: &mut Draw, from: Timestamp, calls: i64) -> Crash {
    let nth = u32::try_from(draw.between(1, calls)).unwrap_or(1);
    let when = match draw.below(5) {
        0 => When::At(from),
        1 => When::Call {
            from,
            of: Some(Call::Commit),
            nth,
        },
        2 | 3 => When::Call {
            from,
            of: Some(Call::Send),
            nth,
        },
        _ => When::Call {
            from,
            of: None,
            nth,
        },
    };
    let depth = if draw.once_in(3) {
        draw.below(DEPTH_MOST) + 1
    } else {
        0
    };
    let nested = (0..depth).map(|_| Nested {
        nth: u32::try_from(draw.between(1, 6)).unwrap_or(1),
        phase: phase(draw),
        acts: draw.coin(),
        down: pause(draw),
    });
    let nested = nested.collect();
    Crash {
        when,
        phase: phase(draw),
        acts: draw.coin(),
        down: pause(draw),
        nested,
    }
}
