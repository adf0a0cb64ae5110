//! The instrument: it is deterministic, it sees what is wrong, and it says what it has seen.

use trader_tests::sim::draw::Draw;
use trader_tests::sim::invariants::{self, Checked, View, Watcher};
use trader_tests::sim::log::{Log, Reader};
use trader_tests::sim::outcome::Totals;
use trader_tests::sim::plan::{FaultKind, Plan, Without};
use trader_tests::sim::{run, run_with, run_with_tail, shrink};

fn plan(seed: u64) -> Plan {
    Plan::of(seed, &Without::default())
}

#[test]
fn the_same_seed_gives_the_same_run_whoever_reads_it() {
    for seed in [1, 7, 11] {
        let (first, second) = (run(&plan(seed)), run(&plan(seed)));
        assert_eq!(first, second);
        let read = run_with_tail(&plan(seed));
        assert_eq!((read.hash, read.events), (first.hash, first.events));
        assert!(!read.tail.is_empty());
    }
    assert_ne!(run(&plan(1)).hash, run(&plan(2)).hash);
}

#[test]
fn every_seed_has_three_symbols_and_what_a_session_must_have() {
    for seed in 1..=12 {
        let plan = plan(seed);
        assert!(plan.symbols.len() >= 3);
        let outcome = run(&plan);
        assert_eq!(outcome.lacks(), None, "seed {seed}");
    }
}

/// Finds something wrong as soon as anything is held.
#[derive(Default)]
struct Wrong;

impl Watcher for Wrong {
    fn invariant(&self) -> &'static str {
        "INV-0"
    }

    fn after(&mut self, view: &View<'_>) -> Checked {
        match view.truth.held.keys().next() {
            Some(symbol) => Err(format!("{symbol} is held")),
            None => Ok(1),
        }
    }
}

#[test]
fn an_oracle_that_is_wrong_is_heard_and_stops_the_run() {
    let mut watchers = invariants::all();
    watchers.push(Box::new(Wrong));
    let outcome = run_with(&plan(5), Log::new(Reader::Nobody), watchers);
    let violation = outcome.violation.clone().unwrap();
    assert_eq!(violation.invariant, "INV-0");
    assert!(violation.detail.ends_with("is held"));
    assert_eq!(violation.event, outcome.events);
    let mut totals = Totals::default();
    totals.add(&outcome);
    assert_eq!(totals.failed, 1);
}

#[test]
fn a_run_that_holds_is_not_made_smaller() {
    let plan = plan(1);
    let outcome = run(&plan);
    assert_eq!(shrink::shrink(&plan, &outcome), (plan, outcome));
}

#[test]
fn what_is_left_out_of_a_plan_leaves_the_rest_as_it_is() {
    let whole = plan(9);
    let without = Without {
        crashes: true,
        ..Without::default()
    };
    let part = Plan::of(9, &without);
    assert_eq!(
        (part.session, &part.symbols),
        (whole.session, &whole.symbols)
    );
    let fewer = whole.without_symbol(1);
    assert_eq!(fewer.symbols.len(), whole.symbols.len() - 1);
    assert!(
        fewer
            .faults
            .iter()
            .all(|fault| fault.symbol < whole.symbols.len())
    );
}

#[test]
fn a_quiet_run_has_no_faults_and_is_flat_at_its_end() {
    let without = Without {
        all_faults: true,
        crashes: true,
        actions: true,
        ..Without::default()
    };
    for seed in 1..=5 {
        let outcome = run(&Plan::of(seed, &without));
        assert_eq!(outcome.violation, None);
        assert_eq!((outcome.kinds(), outcome.crashes()), (0, 0));
    }
}

#[test]
fn a_short_day_of_each_kind_is_flat() {
    let usual = chrono::NaiveDate::from_ymd_opt(2024, 3, 12).unwrap();
    let half = chrono::NaiveDate::from_ymd_opt(2024, 11, 29).unwrap();
    for date in [usual, half] {
        let plan = Plan::short_day(date, 4, &Without::default()).unwrap();
        let outcome = run(&plan);
        assert_eq!((outcome.violation, outcome.flat), (None, true), "{date}");
    }
    let sunday = chrono::NaiveDate::from_ymd_opt(2024, 3, 10).unwrap();
    assert!(Plan::short_day(sunday, 4, &Without::default()).is_none());
}

#[test]
fn figures_add_up_in_any_order_and_name_what_never_happened() {
    let outcomes = [run(&plan(3)), run(&plan(4))];
    let mut forwards = Totals::default();
    outcomes.iter().for_each(|outcome| forwards.add(outcome));
    let (mut one, mut other) = (Totals::default(), Totals::default());
    one.add(&outcomes[1]);
    other.add(&outcomes[0]);
    one.merge(&other);
    assert_eq!(forwards, one);
    let figures = serde_json::to_value(forwards.figures()).unwrap();
    assert_eq!(figures["seeds"], 2);
    assert_eq!(
        figures["faults"].as_object().unwrap().len(),
        FaultKind::ALL.len()
    );
    assert!(figures["hash"].as_str().unwrap().len() == 32);
    assert!(!forwards.zeros().is_empty());
    assert!(Draw::of(1, "a").below(10) < 10);
}
