//! Orders that were given up and turn up at the broker when nothing needs them any more: they are cancelled
//! until they have ended, and what they fill all the same is closed or protected.

use trader_contract::{ClientOrderId, Qty, ReportStatus};
use trader_core::OperatorCommand;

use crate::ladder::stands;
use crate::scene::{Scene, both, symbol};

fn shares(shares: u32) -> Qty {
    Qty::shares(shares).unwrap()
}

/// How often the broker was asked to cancel an order.
fn cancels(scene: &Scene, order: &str) -> usize {
    let asked = format!("  CANCEL {order}");
    let lines = scene.transcript().lines();
    lines.filter(|line| *line == asked).count()
}

/// The venue has an order after all, of which its records knew nothing.
fn turns_up(scene: &mut Scene, order: &str, status: ReportStatus) -> ClientOrderId {
    let id = scene.id(order);
    let report = scene.venue.orders.get_mut(&id).unwrap();
    report.status = status;
    scene.report_of(order);
    id
}

/// The stop of a position of 100 shares has vanished from the broker's records, and another one works.
fn with_a_second_stop(scene: &mut Scene) {
    scene.with_position();
    let first = scene.venue.orders[&scene.id("1-s1")].clone();
    scene.lose("1-s1");
    scene.restart();
    for pause in [1, 1, 30] {
        scene.pass(pause);
        scene.snapshot();
    }
    scene.working("1-s2");
    scene.venue.orders.insert(first.client_id, first);
    scene.forget();
}

#[test]
fn of_two_stops_the_one_that_was_given_up_is_cancelled_until_it_has_ended() {
    both(|scene| {
        with_a_second_stop(scene);
        turns_up(scene, "1-s1", ReportStatus::New);
        assert!(scene.transcript().contains("ALERT Critical late_order"));
        assert_eq!(cancels(scene, "1-s1"), 1);
        scene.cancel_refused("1-s1");
        scene.pass(1);
        scene.snapshot();
        assert_eq!(cancels(scene, "1-s1"), 2, "{}", scene.transcript());
        scene.cancelled("1-s1");
        scene.snapshot();
        scene.pass(30);
        assert_eq!(cancels(scene, "1-s1"), 2);
        assert_eq!(cancels(scene, "1-s2"), 0);
        let second = &scene.engine.book().orders[&scene.id("1-s2")];
        assert_eq!(second.remaining(), shares(100));
    });
}

#[test]
fn a_given_up_stop_that_fills_before_its_cancel_ends_the_trade_and_the_other_stop() {
    both(|scene| {
        with_a_second_stop(scene);
        turns_up(scene, "1-s1", ReportStatus::New);
        scene.fill("1-s1", 100, "99.50");
        scene.pass(1);
        assert_eq!(cancels(scene, "1-s2"), 1, "{}", scene.transcript());
        scene.cancelled("1-s2");
        assert!(
            scene
                .transcript()
                .contains("trade SPY closed: stop_loss -60")
        );
        assert!(scene.engine.book().holdings.is_empty());
        assert!(scene.venue.net(symbol("SPY")).is_flat());
    });
}

#[test]
fn two_stops_that_both_fill_leave_what_is_closed_at_once() {
    both(|scene| {
        with_a_second_stop(scene);
        turns_up(scene, "1-s1", ReportStatus::New);
        scene.fill("1-s1", 100, "99.50");
        scene.fill("1-s2", 100, "99.50");
        assert!(scene.transcript().contains("ALERT Critical turned"));
        scene.fill("1-x1", 100, "99.50");
        assert!(scene.engine.book().holdings.is_empty());
        assert!(scene.venue.net(symbol("SPY")).is_flat());
    });
}

/// An entry that never arrived as far as the broker's records go, and another one of its symbol that works.
fn with_a_second_entry(scene: &mut Scene) {
    scene.wants("a", "SPY", scene.entry());
    scene.bar("100");
    let venue = scene.venue.clone();
    scene.lose("1-e1");
    scene.unanswered("1-e1");
    for pause in [1, 30, 1] {
        scene.snapshot();
        scene.pass(pause);
    }
    assert!(scene.engine.book().holdings.is_empty());
    scene.pass(28);
    scene.wants("b", "SPY", scene.entry());
    scene.bar("100");
    scene.working("2-e1");
    for order in ["1-e1", "1-s1"] {
        let id = scene.id(order);
        scene.venue.orders.insert(id, venue.orders[&id].clone());
    }
    scene.forget();
}

#[test]
fn an_entry_that_was_given_up_is_cancelled_beside_another_trade() {
    both(|scene| {
        with_a_second_entry(scene);
        turns_up(scene, "1-e1", ReportStatus::New);
        assert_eq!(cancels(scene, "1-e1"), 1, "{}", scene.transcript());
        assert_eq!(cancels(scene, "2-e1"), 0, "{}", scene.transcript());
        scene.cancelled("1-e1");
        scene.snapshot();
        scene.pass(1);
        scene.fill("2-e1", 100, "100.10");
        scene.report_of("2-s1");
        let net = scene.engine.book().net(symbol("SPY"));
        assert_eq!(net.magnitude(), shares(100));
        assert_eq!(net, scene.venue.net(symbol("SPY")));
    });
}

#[test]
fn no_stop_rests_against_an_entry_that_turned_up_and_it_is_placed_once_that_has_ended() {
    both(|scene| {
        with_a_second_entry(scene);
        scene.fill("2-e1", 40, "100.10");
        scene.pass(1);
        turns_up(scene, "1-e1", ReportStatus::New);
        scene.cancelled("2-e1");
        let said = scene.transcript().to_owned();
        assert!(said.contains("ALERT Critical reducing_refused"), "{said}");
        assert!(
            !said.contains("SEND 2-s2"),
            "they could trade with each other"
        );
        scene.cancelled("1-e1");
        scene.pass(1);
        assert!(
            scene
                .transcript()
                .contains("SEND 2-s2 sell 40 SPY stop 99.5")
        );
        scene.working("2-s2");
        scene.pass(30);
        assert!(!stands(scene, "unprotected", Some("SPY")));
    });
}

#[test]
fn an_order_that_turns_up_when_its_trade_is_over_is_cancelled() {
    both(|scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        // The stop of what filled is refused, and what filled is closed.
        let stop = scene.venue.orders[&scene.id("1-s2")].clone();
        scene.refused("1-s2");
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.fill("1-x1", 40, "100");
        assert!(scene.engine.book().holdings.is_empty());
        scene.venue.orders.insert(stop.client_id, stop);
        scene.forget();
        turns_up(scene, "1-s2", ReportStatus::New);
        assert!(scene.transcript().contains("ALERT Critical late_order"));
        assert_eq!(cancels(scene, "1-s2"), 1, "{}", scene.transcript());
        // It fills before that: the shares that it sold are bought back once it is known what was traded.
        scene.fill("1-s2", 40, "99.50");
        assert!(!scene.transcript().contains("SEND"));
        scene.snapshot();
        scene.snapshot();
        let said = scene.transcript().to_owned();
        assert!(said.contains("SEND 1-x2 buy 40 SPY market"), "{said}");
        scene.fill("1-x2", 40, "99.50");
        assert!(scene.engine.book().holdings.is_empty());
        assert!(scene.venue.net(symbol("SPY")).is_flat());
    });
}
