//! Makes a failing run smaller: parts of its plan are left out as long as the same invariant fails.

use super::outcome::Outcome;
use super::plan::Plan;
use super::run;

/// Runs that shrinking may take.
const RUNS_MOST: u32 = 400;

/// A smaller plan that fails in the same way, and what came of it. Gives the plan itself where nothing
/// can be left out.
#[must_use]
pub fn shrink(plan: &Plan, outcome: &Outcome) -> (Plan, Outcome) {
    let Some(violation) = &outcome.violation else {
        return (plan.clone(), outcome.clone());
    };
    let invariant = violation.invariant;
    let mut smallest = (plan.clone(), outcome.clone());
    let mut runs = 0;
    loop {
        let candidates = smaller(&smallest.0);
        let found = candidates.into_iter().find_map(|candidate| {
            runs += 1;
            if runs > RUNS_MOST {
                return None;
            }
            let outcome = run(&candidate);
            let same = outcome
                .violation
                .as_ref()
                .is_some_and(|v| v.invariant == invariant);
            same.then_some((candidate, outcome))
        });
        match found {
            Some(found) => smallest = found,
            None => return smallest,
        }
    }
}

/// The plan with one part left out, biggest parts first.
fn smaller(plan: &Plan) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut add = |change: &dyn Fn(&mut Plan)| {
        let mut candidate = plan.clone();
        change(&mut candidate);
        plans.push(candidate);
    };
    if !plan.actions.is_empty() {
        add(&|plan| plan.actions.clear());
    }
    if !plan.crashes.is_empty() {
        add(&|plan| plan.crashes.clear());
    }
    let faults = plan.faults.len();
    if faults > 3 {
        add(&|plan| plan.faults.truncate(faults / 2));
        add(&|plan| {
            plan.faults.drain(..faults / 2);
        });
    }
    for index in 0..faults {
        add(&|plan| {
            plan.faults.remove(index);
        });
    }
    for index in 0..plan.crashes.len() {
        add(&|plan| {
            plan.crashes.remove(index);
        });
        if !plan.crashes[index].nested.is_empty() {
            add(&|plan| plan.crashes[index].nested.clear());
        }
    }
    for index in 0..plan.actions.len() {
        add(&|plan| {
            plan.actions.remove(index);
        });
    }
    for index in 0..plan.symbols.len() {
        if plan.symbols.len() > 1 {
            plans.push(plan.without_symbol(index));
        }
    }
    for (index, fault) in plan.faults.iter().enumerate() {
        if fault.hits > 1 && !fault.kind.lasts() {
            let mut candidate = plan.clone();
            candidate.faults[index].hits = 1;
            plans.push(candidate);
        }
    }
    plans
}
