//! A storm: the session of a seed with far more trades, far more that fails and more deaths. One finds
//! more in a storm than in many sessions; its plans are no sample of what a year brings.

use trader_broker_sim::Split;
use trader_contract::{Ratio, Timestamp};

use super::swarm::{self, Stretch};
use super::{Plan, StrategyPlan, Without};
use crate::sim::draw::Draw;

/// Kinds of fault that are on beside those of the session.
const KINDS: (i64, i64) = (6, 16);
/// How often each of them comes.
const TIMES: (i64, i64) = (2, 6);
/// Deaths beside those of the session.
const DEATHS: (i64, i64) = (1, 8);
/// Bars between two entries of a strategy.
const BARS: (i64, i64) = (2, 6);

/// Makes a storm of a session.
pub(super) fn rage(plan: &mut Plan, without: &Without) {
    let mut draw = Draw::of(plan.seed, "storm");
    let any = Stretch(
        plan.start.plus_seconds(5),
        plan.heal_at.min(plan.session.close),
    );
    for strategy in plan.symbols.iter_mut().flat_map(|s| &mut s.strategies) {
        if let StrategyPlan::Chaos { every, .. } = strategy {
            *every = u16::try_from(draw.between(BARS.0, BARS.1)).unwrap_or(2);
        }
    }
    plan.limits.entries_per_route = u32::MAX;
    plan.limits.consecutive_losses = 0;
    if draw.coin() {
        plan.broker.split = Split {
            probability: Ratio::from_billionths(800_000_000),
            retry: draw.between(100, 1_500) * Timestamp::SECOND / 1_000,
        };
    }
    if !without.all_faults {
        let count = usize::try_from(draw.between(KINDS.0, KINDS.1)).unwrap_or(0);
        for kind in swarm::chosen(&mut draw, count, without) {
            for _ in 0..draw.between(TIMES.0, TIMES.1) {
                let from = any.moment(&mut draw);
                swarm::add(plan, &mut draw, kind, from);
            }
        }
    }
    if !without.crashes {
        for _ in 0..draw.between(DEATHS.0, DEATHS.1) {
            let from = any.moment(&mut draw);
            plan.crashes.push(swarm::crash(&mut draw, from, 60));
        }
    }
    plan.faults
        .sort_by_key(|fault| (fault.from, fault.kind, fault.seed));
}
