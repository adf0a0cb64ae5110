//! Trades that were over and are open again: the broker takes back what closed them, or more of an order
//! has filled than was known. Nothing is placed before the broker has said what it has of the trade.

use trader_contract::{BrokerEvent, ClientOrderId, ExecutionId, NetQty};

use crate::scene::{Scene, both, symbol};

/// 100 shares of SPY that their stop has closed; the stop's id, and its execution.
fn stopped_out(scene: &mut Scene) -> (ClientOrderId, ExecutionId) {
    scene.with_position();
    scene.fill("1-s1", 100, "99.50");
    assert!(scene.engine.book().holdings.is_empty());
    let stop = scene.id("1-s1");
    let void = scene.engine.book().orders[&stop].executions[0].clone();
    scene.forget();
    (stop, void)
}

/// The broker takes the stop's execution back.
fn take_back(scene: &mut Scene, (client_id, execution): (ClientOrderId, ExecutionId)) {
    let held = scene
        .mirror
        .net(NetQty::from_nanos(100_000_000_000).unwrap());
    scene.venue.meddle(symbol("SPY"), held);
    scene.venue.corrected = vec![(client_id, execution.clone(), None)];
    let corrected = BrokerEvent::Corrected {
        client_id,
        execution,
        now: None,
    };
    scene.hear("the stop's fill is void", vec![corrected]);
}

#[test]
fn what_is_open_again_is_closed_once_the_broker_has_said_what_it_has_of_the_trade() {
    both(|scene| {
        let stop = stopped_out(scene);
        take_back(scene, stop);
        let said = scene.transcript().to_owned();
        assert!(said.contains("ASK what the broker holds"), "{said}");
        assert!(!said.contains("SEND"), "{said}");
        scene.snapshot();
        let said = scene.transcript().to_owned();
        assert!(said.contains("SEND 1-x1 sell 100 SPY market"), "{said}");
        scene.fill("1-x1", 100, "99.40");
        assert!(scene.engine.book().holdings.is_empty());
    });
}

#[test]
fn an_answer_to_an_earlier_question_does_not_tell_what_the_broker_has_of_the_trade() {
    both(|scene| {
        let stop = stopped_out(scene);
        scene.operator(trader_core::OperatorCommand::Reconcile);
        take_back(scene, stop);
        scene.snapshot();
        let said = scene.transcript().to_owned();
        assert!(!said.contains("SEND"), "{said}");
        scene.go_over_a_snapshot();
        scene.snapshot();
        let said = scene.transcript().to_owned();
        assert!(said.contains("SEND 1-x1 sell 100 SPY market"), "{said}");
    });
}

#[test]
fn an_exit_that_the_journal_lost_with_what_had_opened_its_trade_again_is_not_sent_twice() {
    both(|scene| {
        let stop = stopped_out(scene);
        let kept = scene.journal.len();
        take_back(scene, stop);
        scene.snapshot();
        scene.fill("1-x1", 100, "99.40");
        assert!(scene.engine.book().holdings.is_empty());
        // The disk has taken nothing of it, and the start is too late to ask for it without a reason.
        scene.pass(600);
        scene.journal.truncate(kept);
        scene.forget();
        scene.restart();
        scene.snapshot();
        scene.snapshot();
        let said = scene.transcript().to_owned();
        assert!(said.contains("fill_corrected"), "{said}");
        assert!(said.contains("ALERT Warning order_recovered"), "{said}");
        assert!(!said.contains("SEND"), "{said}");
        assert!(scene.engine.book().holdings.is_empty());
    });
}

#[test]
fn an_exit_whose_fill_comes_after_its_trade_is_over_is_looked_into_before_anything_is_placed() {
    both(|scene| {
        let (stop, _) = stopped_out(scene);
        let mut late = scene.venue.orders[&stop].clone();
        let mut execution = scene.engine.book().orders[&stop].fills[0].clone();
        execution.id = ExecutionId("x-late".into());
        late.execution = Some(execution);
        scene.hear("one more fill of the stop", vec![BrokerEvent::Order(late)]);
        let said = scene.transcript().to_owned();
        assert!(said.contains("ASK what the broker holds"), "{said}");
        assert!(!said.contains("SEND"), "{said}");
    });
}

#[test]
fn what_the_owner_closed_while_the_journal_was_lost_is_not_closed_again() {
    both(|scene| {
        scene.with_position();
        let kept = scene.journal.len();
        let half = scene
            .mirror
            .net(NetQty::from_nanos(50_000_000_000).unwrap());
        scene.venue.meddle(symbol("SPY"), half);
        scene.operator(trader_core::OperatorCommand::Reconcile);
        for _ in 0..3 {
            scene.snapshot();
            scene.pass(1);
        }
        scene.cancelled("1-s1");
        scene.operator(trader_core::OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s2");
        scene.fill("1-x1", 50, "99.40");
        assert!(scene.venue.net(symbol("SPY")).is_flat());
        scene.journal.truncate(kept);
        scene.forget();
        scene.restart();
        for _ in 0..4 {
            scene.snapshot();
            scene.pass(1);
        }
        let said = scene.transcript().to_owned();
        assert!(said.contains("ALERT Critical position_differs"), "{said}");
        assert!(!said.contains("SEND"), "{said}");
        assert!(scene.engine.book().holdings.is_empty());
    });
}
