//! What fails in a plan: each kind of fault is on or off by chance, so that rare pairs meet. Three
//! kinds that strike for certain, and one death, are in every plan.

use trader_contract::Timestamp;

use super::crash::{Call, Crash, Nested, Phase, When};
use super::kind::FaultKind;
use super::{ACCOUNT, Action, Deed, Fault, Live, Plan, Without};
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
    if !without.crashes {
        crashes(plan, &mut draw, sure, any);
    }
    if !without.actions {
        actions(plan, &mut draw, whole);
        kills(plan);
        by_hand(plan);
        live(plan);
    }
    plan.faults
        .sort_by_key(|fault| (fault.from, fault.kind, fault.seed));
    plan.actions.sort_by_key(|action| action.at);
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
    kinds.retain(|kind| !without.faults.contains(kind));
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
    let stops_the_journal = matches!(
        kind,
        FaultKind::DiskFull | FaultKind::CommitFailed | FaultKind::CommitMisreported
    );
    if stops_the_journal {
        // Somebody starts the daemon anew: nothing else opens the journal again.
        let at = until.plus_seconds(draw.between(1, 300)).min(plan.heal_at);
        let down = pause(draw);
        plan.crashes.push(Crash::between_events(at, down));
    }
}

/// How long a restart takes.
fn pause(draw: &mut Draw) -> i64 {
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

/// In one session of three somebody kills, and mostly arms again.
fn kills(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "kills");
    if !draw.once_in(3) {
        return;
    }
    let symbols = u64::try_from(plan.symbols.len()).unwrap_or(1);
    let one = usize::try_from(draw.below(symbols)).unwrap_or(0);
    let scope = draw.coin().then_some(one);
    // By then both sides have been traded.
    let at = Stretch(plan.session.open.plus_minutes(45), plan.session.close).moment(&mut draw);
    let mut push = |at: Timestamp, deed: Deed| {
        let twice = false;
        plan.actions.push(Action { at, deed, twice });
    };
    push(at, Deed::Kill(scope));
    if draw.coin() {
        push(at.plus_seconds(draw.between(30, 300)), Deed::Resume);
    }
    if !draw.once_in(4) {
        push(at.plus_seconds(draw.between(120, 3_600)), Deed::Arm(scope));
    }
}

/// In one session of four the owner rests an order by hand, and mostly takes it back.
fn by_hand(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "by hand");
    if !draw.once_in(4) {
        return;
    }
    let symbols = u64::try_from(plan.symbols.len()).unwrap_or(1);
    let symbol = usize::try_from(draw.below(symbols)).unwrap_or(0);
    let at = Stretch(plan.session.open, plan.session.close).moment(&mut draw);
    let mut push = |at: Timestamp, deed: Deed| {
        let twice = false;
        plan.actions.push(Action { at, deed, twice });
    };
    push(at, Deed::Rest(symbol));
    if !draw.once_in(4) {
        let later = at.plus_seconds(draw.between(1, 3_600));
        push(later, Deed::Withdraw(symbol));
    }
}

/// One session of eight is live: somebody arms the account now and then, and perhaps takes that back;
/// a restart may find another configuration; and a few find another account than the broker's.
fn live(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "live");
    if !draw.once_in(8) {
        return;
    }
    let session = Stretch(plan.session.open, plan.session.close);
    let mut push = |at: Timestamp, deed: Deed| {
        let twice = false;
        plan.actions.push(Action { at, deed, twice });
    };
    push(
        plan.session.open.plus_seconds(draw.between(5, 600)),
        Deed::Arm(None),
    );
    if draw.once_in(3) {
        let at = session.moment(&mut draw);
        push(at, Deed::Disarm);
        push(at.plus_seconds(draw.between(60, 3_600)), Deed::Arm(None));
    }
    let mut reconfigured_at = None;
    if draw.once_in(3) {
        let until = plan.heal_at.min(plan.session.close).plus_minutes(-1);
        let at = Stretch(plan.session.open, until).moment(&mut draw);
        reconfigured_at = Some(at);
        plan.crashes
            .push(Crash::between_events(at, pause(&mut draw)));
        push(at.plus_seconds(draw.between(120, 3_600)), Deed::Arm(None));
    }
    let account = match draw.once_in(6) {
        true => "ANOTHER",
        false => ACCOUNT,
    };
    plan.live = Some(Live {
        account: account.into(),
        reconfigured_at,
    });
}

fn actions(plan: &mut Plan, draw: &mut Draw, stretch: Stretch) {
    let session = Stretch(plan.session.open, stretch.1.min(plan.session.close));
    let symbols = u64::try_from(plan.symbols.len()).unwrap_or(1);
    let mut push = |at: Timestamp, deed: Deed, twice: bool| {
        plan.actions.push(Action { at, deed, twice });
    };
    push(session.moment(draw), Deed::Look, false);
    for _ in 0..draw.weighted(&[30, 30, 20, 10, 10]) {
        let at = session.moment(draw);
        let later = at.plus_seconds(draw.between(20, 1_200));
        let twice = draw.once_in(4);
        match draw.below(7) {
            0 | 1 => push(
                at,
                Deed::Close(usize::try_from(draw.below(symbols)).unwrap_or(0)),
                twice,
            ),
            2 | 3 => push(at, Deed::Cancel, twice),
            4 => {
                push(at, Deed::Pause, twice);
                push(later, Deed::Resume, twice);
            }
            5 => {
                push(at, Deed::Flatten, twice);
                push(later, Deed::Resume, false);
            }
            _ => {
                let flatten = draw.once_in(3);
                let down = pause(draw);
                push(at, Deed::Stop { flatten, down }, twice);
            }
        }
    }
    // Whatever has halted entries, a person looks at it now and then.
    for _ in 0..4 {
        push(session.moment(draw), Deed::Resume, false);
    }
}
