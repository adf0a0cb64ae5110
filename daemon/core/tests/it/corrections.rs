//! Executions that the broker takes back or changes, heard of or not.

use insta::assert_snapshot;
use trader_contract::{BrokerEvent, Execution, ExecutionId, OrderReport, Qty, ReportStatus};

use crate::foreign::{look_twice, net};
use crate::scene::{Scene, both, symbol};

/// The broker has 60 shares instead of the 100 that the entry of `with_position` had bought, and says so.
pub(crate) fn sixty_instead(scene: &mut Scene) -> BrokerEvent {
    let client_id = scene.id("1-e1");
    let execution = scene.engine.book().orders[&client_id].executions[0].clone();
    let now = Some(Execution {
        id: ExecutionId("x-new".into()),
        qty: Qty::shares(60).unwrap(),
        price: scene.price("100.05"),
        fee: trader_contract::Money::ZERO,
        at: scene.at,
    });
    let left = net(scene, 60);
    scene.venue.meddle(symbol("SPY"), left);
    BrokerEvent::Corrected {
        client_id,
        execution,
        now,
    }
}

#[test]
fn an_execution_that_the_broker_takes_back_is_undone() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        let before = scene.engine.book().cash;
        let corrected = sixty_instead(scene);
        scene.hear("60 instead of 100", vec![corrected.clone()]);
        scene.hear("the same again", vec![corrected]);
        scene.cancelled("1-s1");
        let ours = scene.mirror.net(scene.engine.book().net(symbol("SPY")));
        assert_eq!(ours.to_string(), "60");
        assert_ne!(before, scene.engine.book().cash);
    }), @r"
    14:32:00 60 instead of 100
      fill_corrected
      ASK what the broker holds
      ALERT Critical fill_corrected
      cancel asked 1-s1: it is for another quantity than the position, and its group allows no change of that
      CANCEL 1-s1
    14:32:00 the same again
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-s2 sell 60 SPY stop 99.5 Gtc
      SEND 1-s2 sell 60 SPY stop 99.5 Gtc
    ");
}

#[test]
fn a_correction_of_what_was_never_heard_of_leaves_no_fill_to_wait_for() {
    both(|scene| {
        scene.with_position();
        scene.forget();
        // The stop has filled whole, which nobody heard; the broker makes 28 shares of it.
        let (stop, price, at) = (scene.id("1-s1"), scene.price("99.50"), scene.at);
        let void = ExecutionId("x-void".into());
        let mut before = scene.venue.clone();
        before.fill(stop, Qty::shares(100).unwrap(), price, at);
        let told = scene.venue.fill(stop, Qty::shares(28).unwrap(), price, at);
        let Some(BrokerEvent::Order(OrderReport {
            execution: Some(now),
            ..
        })) = told.first()
        else {
            panic!("a fill without an execution: {told:?}");
        };
        let corrected = (stop, void.clone(), Some(now.clone()));
        let correction = BrokerEvent::Corrected {
            client_id: stop,
            execution: void.clone(),
            now: Some(now.clone()),
        };
        scene.venue.corrected = vec![corrected];
        scene.venue.set(stop, ReportStatus::Filled, at);
        scene.hear("28 instead of 100", vec![correction]);
        // An answer of before the correction still says 100.
        let mut older = before.answer(&scene.venue, at);
        if let BrokerEvent::Snapshot(older) = &mut older {
            for (of, execution) in &mut older.executions {
                if *of == stop {
                    execution.id = void.clone();
                }
            }
        }
        scene.hear("an answer of before", vec![older]);
        look_twice(scene);
        let ours = scene.mirror.net(scene.engine.book().net(symbol("SPY")));
        assert_eq!(ours.to_string(), "72");
        let said = scene.transcript().to_owned();
        assert!(said.contains("SEND 1-s2 sell 72 SPY stop 99.5"), "{said}");
    });
}

#[test]
fn what_stands_in_the_place_of_a_void_execution_does_not_come_back_once_it_is_void_itself() {
    both(|scene| {
        scene.with_position();
        let client_id = scene.id("1-e1");
        let first = scene.engine.book().orders[&client_id].executions[0].clone();
        let second = Execution {
            id: ExecutionId("x-2".into()),
            qty: Qty::shares(60).unwrap(),
            price: scene.price("100.05"),
            fee: trader_contract::Money::ZERO,
            at: scene.at,
        };
        let third = Execution {
            id: ExecutionId("x-3".into()),
            qty: Qty::shares(20).unwrap(),
            ..second.clone()
        };
        scene.venue.meddle(symbol("SPY"), net(scene, 20));
        scene.venue.corrected = vec![
            (client_id, first, Some(second.clone())),
            (client_id, second.id, Some(third)),
        ];
        look_twice(scene);
        let ours = scene.mirror.net(scene.engine.book().net(symbol("SPY")));
        assert_eq!(ours.to_string(), "20");
        scene.forget();
        scene.pass(60);
        look_twice(scene);
        assert!(!scene.transcript().contains("fill_corrected"));
    });
}

#[test]
fn a_report_of_fewer_shares_than_were_heard_of_asks_what_was_taken_back_at_once() {
    both(|scene| {
        scene.with_position();
        let id = scene.id("1-e1");
        let told = |scene: &Scene, seconds| OrderReport {
            filled: Qty::shares(60).unwrap(),
            at: scene
                .at
                .plus_nanos(seconds * trader_contract::Timestamp::SECOND),
            ..scene.venue.orders[&id].clone()
        };
        // One of before tells what was so then.
        let before = told(scene, -30);
        scene.hear("60 before", vec![BrokerEvent::Order(before)]);
        assert!(
            !scene.transcript().contains("ASK"),
            "{}",
            scene.transcript()
        );
        let after = told(scene, 30);
        scene.hear("60 after", vec![BrokerEvent::Order(after)]);
        assert!(scene.transcript().contains("ASK"), "{}", scene.transcript());
    });
}
