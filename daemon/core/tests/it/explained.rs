//! Every order is explained: the chain of a trade is complete, each link that is taken out is missed, and
//! a trace looks on without changing anything.

use trader_contract::{Direction, Intent, Reason, Timestamp};
use trader_core::chain::complete;
use trader_core::record::{JournalEntry, Record};
use trader_core::trace::Asked;
use trader_core::{Command, OperatorCommand};

use crate::scene::{Scene, Setup, symbol};

/// A trade whose stop is moved and that its strategy leaves.
fn trade(scene: &mut Scene) {
    scene.with_position();
    let stop = scene.move_stop("99.80");
    scene.wants("a", "SPY", stop);
    scene.bar("100.20");
    scene.replaced("1-s1");
    scene.report_of("1-s2");
    let reason = Reason::new("test");
    scene.wants("a", "SPY", Intent::Exit { reason });
    scene.bar("100.30");
    scene.cancelled("1-s2");
    scene.fill("1-x1", 100, "100.29");
}

fn played(direction: Direction) -> Scene {
    let mut scene = Scene::new(direction, Setup::default());
    trade(&mut scene);
    scene
}

#[test]
fn the_chain_of_a_trade_is_complete_on_both_sides() {
    for direction in [Direction::Long, Direction::Short] {
        let scene = played(direction);
        let found = complete(&scene.journal).unwrap();
        assert_eq!((found.orders, found.trades), (4, 1), "{found:?}");
    }
}

#[test]
fn a_link_that_is_taken_out_is_missed() {
    let scene = played(Direction::Long);
    let is_link = |entry: &JournalEntry| match &entry.record {
        Record::IntentTaken { id, .. } => id.number.0 == 1,
        Record::OrderPlanned { order } => order.role() == trader_contract::OrderRole::Entry,
        Record::OrderReported { report } => {
            report.execution.is_some() && report.client_id.role == trader_contract::OrderRole::Entry
        }
        Record::ExitPlanned { .. } => true,
        _ => false,
    };
    let links: Vec<usize> = (scene.journal.iter().enumerate())
        .filter(|(_, entry)| is_link(entry))
        .map(|(index, _)| index)
        .collect();
    assert!(links.len() >= 4, "{links:?}");
    for link in links {
        let mut rows = scene.journal.clone();
        let taken = rows.remove(link);
        assert!(complete(&rows).is_err(), "without {:?}", taken.record);
    }
}

#[test]
fn a_decision_that_lost_what_it_saw_or_how_it_was_sized_is_not_complete() {
    let scene = played(Direction::Long);
    for forget in [true, false] {
        let mut rows = scene.journal.clone();
        for row in &mut rows {
            if let Record::IntentTaken { seen, decision, .. } = &mut row.record {
                match decision {
                    trader_core::record::Decision::Accepted { sizing, .. } if !forget => {
                        *sizing = None;
                    }
                    _ if forget => *seen = None,
                    _ => {}
                }
            }
        }
        assert!(complete(&rows).is_err(), "forget {forget}");
    }
}

#[test]
fn an_exit_of_the_engine_names_its_rule_and_its_numbers() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.with_position();
    scene.pass_to_close(0);
    let why = scene.journal.iter().find_map(|entry| match &entry.record {
        Record::ExitPlanned { reason, .. } => reason.clone(),
        _ => None,
    });
    assert_eq!(why.unwrap().rule, "flatten_before_close");
}

fn commands(scene: &Scene) -> &[Command] {
    &scene.commands
}

#[test]
fn a_trace_changes_nothing_and_keeps_every_bar() {
    for direction in [Direction::Long, Direction::Short] {
        let plain = played(direction);
        let mut traced = Scene::new(direction, Setup::default());
        let spy = symbol("SPY");
        assert!(traced.engine.trace(spy, Timestamp::MIN, Timestamp::MAX));
        trade(&mut traced);
        assert_eq!(commands(&plain), commands(&traced));
        let kept = traced.engine.take_trace();
        let of_a: Vec<_> = kept.iter().filter(|e| &*e.route == "a").collect();
        assert!(of_a.len() >= 3, "{of_a:?}");
        assert!(of_a.iter().all(|e| e.asked == Asked::Yes));
        let decided: usize = of_a.iter().map(|e| e.intents.len()).sum();
        assert_eq!(decided, 3);
        assert!(traced.engine.take_trace().is_empty());
    }
}

#[test]
fn a_trace_names_the_rule_that_keeps_entries_out() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    let spy = symbol("SPY");
    assert!(scene.engine.trace(spy, Timestamp::MIN, Timestamp::MAX));
    scene.bar("100");
    scene.operator(OperatorCommand::Pause);
    scene.bar("100");
    let kept = scene.engine.take_trace();
    let rules = |minute: usize| -> Vec<&str> {
        let bars: Vec<_> = kept.iter().filter(|e| &*e.route == "a").collect();
        bars[minute].shut.iter().map(|shut| &*shut.rule).collect()
    };
    assert_eq!(rules(0), Vec::<&str>::new());
    assert_eq!(rules(1), ["paused", "paused"]);
    assert!(
        !scene
            .engine
            .trace(symbol("XYZ"), Timestamp::MIN, Timestamp::MAX)
    );
}
