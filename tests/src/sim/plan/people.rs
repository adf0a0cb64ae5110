//! What people do in a plan: operators at work and in haste, callers without the right, and the owner
//! at the broker.

use trader_contract::Timestamp;
use trader_core::config::ForeignPolicy;
use trader_rpc::Role;

use super::crash::Crash;
use super::deed::{Action, Deed, HandTrade, Reach};
use super::swarm::{Stretch, pause};
use super::{ACCOUNT, Live, Plan};
use crate::sim::draw::Draw;

/// Until then, counted from the open, nobody stands in the way of the first entries.
const FREE_MINUTES: i64 = 25;
/// By then, counted from the open, both sides have mostly been traded.
const TRADED_MINUTES: i64 = 45;

/// Fills a plan with what people do; `stretch` is the time in which faults may strike.
pub(super) fn fill(plan: &mut Plan, stretch: Stretch) {
    actions(plan, stretch);
    kills(plan);
    intruders(plan);
    by_hand(plan);
    trades(plan, stretch);
    live(plan);
    overrides(plan);
}

fn push(plan: &mut Plan, at: Timestamp, deed: Deed) {
    plan.actions.push(Action::of(at, deed));
}

/// The place of one of the symbols.
fn one(plan: &Plan, draw: &mut Draw) -> usize {
    let symbols = u64::try_from(plan.symbols.len()).unwrap_or(1);
    usize::try_from(draw.below(symbols)).unwrap_or(0)
}

fn actions(plan: &mut Plan, stretch: Stretch) {
    let mut draw = Draw::of(plan.seed, "actions");
    let draw = &mut draw;
    let until = stretch.1.min(plan.session.close);
    let whole = Stretch(plan.session.open, until);
    let later = Stretch(plan.session.open.plus_minutes(FREE_MINUTES), until);
    push(plan, whole.moment(draw), Deed::Look);
    for _ in 0..draw.weighted(&[30, 30, 20, 10, 10]) {
        let at = later.moment(draw);
        let then = at.plus_seconds(draw.between(20, 1_200));
        let twice = draw.once_in(4);
        let deed = match draw.below(10) {
            0 | 1 => Deed::Close(one(plan, draw)),
            2 | 3 => Deed::Cancel,
            4 => {
                push(plan, then, Deed::Resume);
                Deed::Pause
            }
            5 => {
                push(plan, then, Deed::Resume);
                Deed::Flatten
            }
            6 => Deed::Reconcile,
            7 => Deed::AckAlert,
            _ => {
                let flatten = draw.once_in(3);
                let down = pause(draw);
                Deed::Stop { flatten, down }
            }
        };
        plan.actions.push(Action {
            twice,
            ..Action::of(at, deed)
        });
    }
    // Whatever has halted entries, a person looks at it now and then.
    for _ in 0..4 {
        push(plan, whole.moment(draw), Deed::Resume);
    }
}

/// In one session of three somebody kills, perhaps closing what is open, and mostly arms again.
fn kills(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "kills");
    let draw = &mut draw;
    if !draw.once_in(3) {
        return;
    }
    let place = one(plan, draw);
    let reach = match draw.below(6) {
        0..=2 => Reach::All,
        3 => Reach::Symbol(place),
        4 => Reach::Route(place),
        _ => Reach::Strategy(place),
    };
    let from = plan.session.open.plus_minutes(TRADED_MINUTES);
    let at = Stretch(from, plan.session.close).moment(draw);
    let flatten = draw.once_in(3);
    let kill = Deed::Kill { reach, flatten };
    plan.actions.push(Action {
        twice: draw.once_in(3),
        role: draw
            .pick(&[Role::Reduce, Role::Control, Role::Admin])
            .unwrap_or(Role::Admin),
        ..Action::of(at, kill)
    });
    if draw.coin() {
        let at = at.plus_seconds(draw.between(30, 300));
        push(plan, at, Deed::Resume);
    }
    if !draw.once_in(4) {
        let at = at.plus_seconds(draw.between(120, 3_600));
        plan.actions.push(Action {
            twice: draw.once_in(3),
            ..Action::of(at, Deed::Arm(reach))
        });
        // A flatten pauses; what was paused needs a person too.
        push(plan, at.plus_seconds(draw.between(5, 120)), Deed::Resume);
    }
}

/// In every other session somebody tries what they may not.
fn intruders(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "intruders");
    let draw = &mut draw;
    if draw.coin() {
        return;
    }
    let session = Stretch(plan.session.open, plan.session.close);
    for _ in 0..draw.between(1, 5) {
        let place = one(plan, draw);
        let reach = draw
            .pick(&[Reach::All, Reach::Symbol(place)])
            .unwrap_or(Reach::All);
        let flatten = draw.coin();
        // What each needs, so that the caller's role is below it.
        let deeds = [
            (Deed::Pause, Role::Reduce),
            (Deed::Resume, Role::Control),
            (Deed::Close(place), Role::Reduce),
            (Deed::Cancel, Role::Reduce),
            (Deed::Flatten, Role::Reduce),
            (
                Deed::Stop {
                    flatten,
                    down: Timestamp::SECOND,
                },
                Role::Reduce,
            ),
            (Deed::Kill { reach, flatten }, Role::Reduce),
            (Deed::Arm(reach), Role::Admin),
            (Deed::Disarm, Role::Reduce),
            (Deed::Reconcile, Role::Reduce),
            (Deed::Adopt(place), Role::Control),
            (Deed::Ignore(place), Role::Control),
            (Deed::AckAlert, Role::Reduce),
            (Deed::Override { within: 60 }, Role::Admin),
            (Deed::Confirm { right: true }, Role::Admin),
        ];
        let Some((deed, needs)) = draw.pick(&deeds) else {
            return;
        };
        let weaker: Vec<Role> = Role::ALL.into_iter().filter(|role| *role < needs).collect();
        let role = draw.pick(&weaker).unwrap_or(Role::Read);
        let twice = draw.once_in(4);
        plan.actions.push(Action {
            twice,
            role,
            ..Action::of(session.moment(draw), deed)
        });
    }
}

/// In one session of four the owner rests an order by hand, and mostly takes it back.
fn by_hand(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "by hand");
    if !draw.once_in(4) {
        return;
    }
    let symbol = one(plan, &mut draw);
    let at = Stretch(plan.session.open, plan.session.close).moment(&mut draw);
    push(plan, at, Deed::Rest(symbol));
    if !draw.once_in(4) {
        let later = at.plus_seconds(draw.between(1, 3_600));
        push(plan, later, Deed::Withdraw(symbol));
    }
}

/// In one session of four the owner trades by hand, and an operator decides now and then what becomes
/// of it.
fn trades(plan: &mut Plan, stretch: Stretch) {
    let mut draw = Draw::of(plan.seed, "hand trades");
    let draw = &mut draw;
    let policies = [
        ForeignPolicy::Surface,
        ForeignPolicy::Surface,
        ForeignPolicy::Adopt,
        ForeignPolicy::Ignore,
    ];
    plan.foreign = draw.pick(&policies).unwrap_or_default();
    if !draw.once_in(4) {
        return;
    }
    let until = stretch.1.min(plan.session.close).plus_minutes(-10);
    let from = plan.session.open.plus_minutes(FREE_MINUTES);
    for _ in 0..draw.between(1, 3) {
        let at = Stretch(from, until).moment(draw);
        let shares = u32::try_from(draw.between(1, 60)).unwrap_or(1);
        let symbol = match draw.once_in(6) {
            true => plan.symbols.len(),
            false => one(plan, draw),
        };
        let trade = match draw.below(8) {
            0 => HandTrade::Buy(shares),
            1 => HandTrade::Sell(shares),
            2 | 3 => HandTrade::Halve,
            4..=6 => HandTrade::Close,
            _ => HandTrade::Flip,
        };
        push(plan, at, Deed::Trade { symbol, trade });
        let decided_at = at.plus_seconds(draw.between(30, 900));
        match draw.below(5) {
            0 | 1 => push(plan, decided_at, Deed::Adopt(symbol)),
            2 => push(plan, decided_at, Deed::Ignore(symbol)),
            3 => {
                let trade = HandTrade::Close;
                let at = decided_at.min(until);
                push(plan, at, Deed::Trade { symbol, trade });
            }
            _ => {}
        }
    }
}

/// One session of eight is live: somebody arms the account now and then, and perhaps takes that back;
/// a restart may find another configuration; and a few begin with another account than the broker's,
/// until somebody corrects that.
fn live(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "live");
    let draw = &mut draw;
    if !draw.once_in(8) {
        return;
    }
    let session = Stretch(plan.session.open, plan.session.close);
    let arm = Deed::Arm(Reach::All);
    let at = plan.session.open.plus_seconds(draw.between(5, 600));
    push(plan, at, arm);
    if draw.once_in(3) {
        let from = plan.session.open.plus_minutes(TRADED_MINUTES);
        let at = Stretch(from, plan.session.close).moment(draw);
        push(plan, at, Deed::Disarm);
        let later = at.plus_seconds(draw.between(60, 3_600));
        push(plan, later, arm);
    }
    let wrong_until = draw
        .once_in(6)
        .then(|| plan.session.open.plus_seconds(draw.between(60, 1_800)));
    let mut reconfigured_at = None;
    if wrong_until.is_none() && draw.once_in(3) {
        let until = plan.heal_at.min(plan.session.close).plus_minutes(-1);
        reconfigured_at = Some(Stretch(session.0, until).moment(draw));
    }
    for at in wrong_until.into_iter().chain(reconfigured_at) {
        let down = pause(draw);
        plan.crashes.push(Crash::between_events(at, down));
        let at = at.plus_seconds(draw.between(120, 3_600));
        push(plan, at, arm);
    }
    plan.live = Some(Live {
        account: ACCOUNT.into(),
        wrong_until,
        reconfigured_at,
    });
}

/// In one session of three somebody has entries sent that limits have refused, and now and then mistypes
/// the code, confirms twice, or too late.
fn overrides(plan: &mut Plan) {
    let mut draw = Draw::of(plan.seed, "overrides");
    let draw = &mut draw;
    if !draw.once_in(3) {
        return;
    }
    let from = plan.session.open.plus_minutes(FREE_MINUTES);
    let stretch = Stretch(from, plan.session.close);
    for _ in 0..draw.between(1, 4) {
        let at = stretch.moment(draw);
        let within = u32::try_from(draw.between(20, 300)).unwrap_or(60);
        let twice = draw.once_in(4);
        plan.actions.push(Action {
            twice,
            ..Action::of(at, Deed::Override { within })
        });
        let mut at = at.plus_seconds(draw.between(1, 40));
        for _ in 0..draw.weighted(&[70, 20, 10]) {
            push(plan, at, Deed::Confirm { right: false });
            at = at.plus_seconds(draw.between(1, 40));
        }
        let twice = draw.once_in(4);
        plan.actions.push(Action {
            twice,
            ..Action::of(at, Deed::Confirm { right: true })
        });
    }
}
