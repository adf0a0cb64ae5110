//! The stop of a position.

use insta::assert_snapshot;
use trader_contract::{BrokerEvent, Direction, NetQty, OrderReport, Qty, ReportStatus, Timestamp};
use trader_core::OperatorCommand;
use trader_core::record::Record;

use crate::scene::{Scene, Setup, both, symbol};

#[test]
fn a_stop_that_is_refused_is_tried_again_and_after_five_seconds_the_position_is_closed() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.forget();
        scene.cancelled("1-e1");
        scene.refused("1-s2");
        scene.pass(1);
        scene.refused("1-s3");
        scene.pass(2);
        scene.refused("1-s4");
        scene.pass(5);
        scene.fill("1-x1", 40, "100");
    }), @r"
    14:32:01 1-e1 cancelled
      heard 1-e1 Cancelled 40/100
      heard 1-s1 Cancelled 0/100
      plan 1-s2 sell 40 SPY stop 99.5 Gtc
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
    14:32:01 1-s2 refused
      heard submit 1-s2 refused
      ALERT Warning order_refused
    14:32:02 timer
      plan 1-s3 sell 40 SPY stop 99.5 Gtc
      SEND 1-s3 sell 40 SPY stop 99.5 Gtc
    14:32:02 1-s3 refused
      heard submit 1-s3 refused
      ALERT Warning order_refused
    14:32:04 timer
      plan 1-s4 sell 40 SPY stop 99.5 Gtc
      SEND 1-s4 sell 40 SPY stop 99.5 Gtc
    14:32:04 1-s4 refused
      heard submit 1-s4 refused
      ALERT Warning order_refused
    14:32:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      plan 1-x1 sell 40 SPY market Day
      SEND 1-x1 sell 40 SPY market Day
    14:32:09 1-x1 fills 40 at 100
      heard 1-x1 Filled 40/40, 40 at 100
      trade SPY closed: unprotected -4
    ");
}

#[test]
fn a_moved_stop_replaces_the_resting_one_only_once_that_works() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.wants("a", "SPY", scene.move_stop("99.90"));
        scene.bar("100.50");
        scene.replaced("1-s1");
        scene.replaced("1-s2");
    }), @r"
    14:33:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 99.8
      plan 1-s2 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s2 stop 99.8
    14:34:00 bar SPY 100.50
      intent 3: move the stop
      stop of SPY planned at 99.9
    14:34:00 1-s1 replaced
      heard 1-s1 Replaced 0/100
      heard 1-s2 New 0/100
      plan 1-s3 sell 100 SPY stop 99.9 Gtc for 1-s2
      replace asked 1-s2
      REPLACE 1-s2 by 1-s3 stop 99.9
    14:34:00 1-s2 replaced
      heard 1-s2 Replaced 0/100
      heard 1-s3 New 0/100
    ");
}

#[test]
fn a_stop_moved_past_the_market_closes_the_position() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("100.60"));
        scene.bar("100.40");
        scene.pass(6);
    }), @r"
    14:33:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 100.6
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    ");
}

#[test]
fn a_stop_that_fills_ends_the_trade() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.fill("1-s1", 100, "99.48");
    }), @r"
    14:32:00 1-s1 fills 100 at 99.48
      heard 1-s1 Filled 100/100, 100 at 99.48
      trade SPY closed: stop_loss -62
    ");
}

#[test]
fn a_stop_that_the_venue_rejects_later_is_placed_anew() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        let events = scene.venue.set(scene.id("1-s1"), ReportStatus::Rejected, scene.at);
        scene.hear("1-s1 rejected", events);
        scene.pass(2);
    }), @r"
    14:32:00 1-s1 rejected
      heard 1-s1 Rejected 0/100
      plan 1-s2 sell 100 SPY stop 99.5 Gtc
      SEND 1-s2 sell 100 SPY stop 99.5 Gtc
    ");
}

#[test]
fn a_replacement_that_is_refused_is_tried_again_and_the_old_stop_protects_meanwhile() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.replace_refused("1-s1");
        scene.snapshot();
        scene.pass(2);
    }), @r"
    14:33:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 99.8
      plan 1-s2 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s2 stop 99.8
    14:33:00 replacement of 1-s1 refused
      heard replace 1-s1 refused
      ASK what the broker holds
    14:33:00 snapshot
    14:33:01 timer
      plan 1-s3 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s3 stop 99.8
    ");
}

#[test]
fn a_replacement_that_is_rejected_later_is_tried_again_after_a_pause() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.forget();
        let events = scene.venue.replacement_rejected(scene.id("1-s1"), scene.at);
        scene.hear("1-s2 rejected", events);
        scene.pass(2);
    }), @r"
    14:33:00 1-s2 rejected
      heard 1-s2 Rejected 0/100
    14:33:01 timer
      plan 1-s3 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s3 stop 99.8
    ");
}

#[test]
fn what_filled_of_an_entry_whose_cancel_is_not_answered_is_given_up_after_five_seconds() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(30);
        scene.cancelled("1-e1");
        scene.fill("1-x1", 40, "100");
    }), @r"
    14:32:00 1-e1 fills 40 at 100.10
      heard 1-e1 PartiallyFilled 40/100, 40 at 100.1
    14:32:01 timer
      cancel asked 1-e1: it filled in part and the rest took too long
      CANCEL 1-e1
    14:32:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      ASK what the broker holds
    14:32:30 1-e1 cancelled
      heard 1-e1 Cancelled 40/100
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 40 SPY market Day
      SEND 1-x1 sell 40 SPY market Day
    14:32:30 1-x1 fills 40 at 100
      heard 1-x1 Filled 40/40, 40 at 100
      trade SPY closed: unprotected -4
    ");
}

#[test]
fn a_position_that_both_exits_have_turned_is_closed() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.bracket());
        scene.bar("100");
        scene.working("1-e1");
        scene.fill("1-e1", 100, "100.10");
        scene.report_of("1-s1");
        scene.forget();
        let qty = trader_contract::Qty::shares(100).unwrap();
        let (target, stop) = (scene.id("1-t1"), scene.id("1-s1"));
        let (up, down) = (scene.price("101"), scene.price("99.50"));
        let mut both = scene.venue.fill(target, qty, up, scene.at);
        both.truncate(1);
        both.extend(scene.venue.fill(stop, qty, down, scene.at));
        scene.hear("both exits fill", both);
        scene.fill("1-x1", 100, "99.50");
    }), @r"
    14:32:00 both exits fill
      heard 1-t1 Filled 100/100, 100 at 101
      heard 1-s1 Filled 100/100, 100 at 99.5
      ALERT Critical turned
      exit of SPY planned: unprotected
      ASK what the broker holds
      plan 1-x1 buy 100 SPY market Day
      SEND 1-x1 buy 100 SPY market Day
    14:32:00 1-x1 fills 100 at 99.50
      heard 1-x1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss 90
    ");
}

/// The stop of 100 shares ends at the venue, with the market beyond it.
fn ends_beyond(scene: &mut Scene, before: impl Fn(&mut Scene)) {
    scene.with_position();
    scene.bar("99.40");
    before(scene);
    scene.forget();
    let stop = scene.id("1-s1");
    let events = scene.venue.set(stop, ReportStatus::Rejected, scene.at);
    scene.hear("1-s1 rejected", events);
}

#[test]
fn a_stop_that_ends_with_the_market_beyond_it_is_followed_by_the_exit_at_once() {
    both(|scene| {
        ends_beyond(scene, |_| ());
        let said = scene.transcript().to_owned();
        assert!(said.contains("SEND 1-x1 sell 100 SPY market"), "{said}");
        assert!(!said.contains("1-s2"), "no stop can rest there: {said}");
    });
}

#[test]
fn in_a_halt_with_the_market_beyond_the_stop_nothing_is_sent_until_trading_resumes() {
    let halt = |scene: &mut Scene, halted| {
        let symbol = symbol("SPY");
        scene.hear("halt", vec![BrokerEvent::Halt { symbol, halted }]);
    };
    both(|scene| {
        ends_beyond(scene, |scene| halt(scene, true));
        scene.pass(60);
        assert!(
            !scene.transcript().contains("SEND"),
            "{}",
            scene.transcript()
        );
        halt(scene, false);
        scene.pass(1);
        let said = scene.transcript().to_owned();
        assert!(said.contains("SEND 1-x1 sell 100 SPY market"), "{said}");
    });
}

#[test]
fn an_exit_at_work_is_taken_out_when_somebody_else_has_closed_the_position() {
    both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.venue.meddle(symbol("SPY"), NetQty::ZERO);
        for _ in 0..3 {
            scene.pass(1);
            scene.operator(OperatorCommand::Reconcile);
            scene.snapshot();
        }
        assert!(scene.engine.book().net(symbol("SPY")).is_flat());
        let said = scene.transcript().to_owned();
        assert!(said.contains("CANCEL 1-x1"), "it would open one: {said}");
        scene.cancelled("1-x1");
        assert!(scene.engine.book().holdings.is_empty());
    });
}

#[test]
fn of_two_reports_the_newer_one_says_how_large_a_stop_is_whichever_comes_first() {
    both(|scene| {
        scene.with_position();
        let id = scene.id("1-s1");
        let told = |scene: &Scene, qty, seconds| {
            BrokerEvent::Order(OrderReport {
                qty: Qty::shares(qty).unwrap(),
                at: scene.at.plus_nanos(seconds * Timestamp::SECOND),
                ..scene.venue.orders[&id].clone()
            })
        };
        let reports = vec![told(scene, 90, 2), told(scene, 95, 1)];
        scene.hear("90, and later that it was 95", reports);
        assert_eq!(scene.engine.book().orders[&id].qty.whole_shares(), 90);
    });
}

/// What is told of a stop that was cancelled by hand: the alert's words.
fn told_of_stops(scene: &Scene) -> Vec<String> {
    let records = scene.journal.iter().map(|entry| &entry.record);
    let alerts = records.filter_map(|record| match record {
        Record::Alerted { alert } if &*alert.kind == "stop_cancelled" => {
            Some(format!("{}; {}", alert.message, alert.action))
        }
        _ => None,
    });
    alerts.collect()
}

#[test]
fn a_stop_that_somebody_cancels_by_hand_is_set_again_and_told_each_time() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.with_position();
    scene.cancelled("1-s1");
    assert_eq!(
        told_of_stops(&scene),
        [
            "SPY: its stop at 99.5 (0000002a-20110110-1-s1) was cancelled at the broker, and not by traderd; it \
             is set again as 0000002a-20110110-1-s2; to be rid of the position: `traderctl close SPY`; to look \
             after it by hand: `traderctl stop` first, since no position is left without a stop while traderd \
             runs"
        ]
    );
    // One that is refused is sent again for the same cancel, of which is told already.
    scene.refused("1-s2");
    scene.pass(2);
    scene.working("1-s3");
    assert_eq!(told_of_stops(&scene).len(), 1);
    scene.cancelled("1-s3");
    assert_eq!(told_of_stops(&scene).len(), 2);
    // A start that finds it cancelled tells it as well.
    scene.working("1-s4");
    let (stop, at) = (scene.id("1-s4"), scene.at);
    scene.venue.set(stop, ReportStatus::Cancelled, at);
    scene.restart();
    scene.snapshot();
    assert_eq!(told_of_stops(&scene).len(), 3);
}

#[test]
fn a_target_that_is_cancelled_by_hand_takes_its_stop_along_and_that_is_told_once() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    let bracket = scene.bracket();
    scene.wants("a", "SPY", bracket);
    scene.bar("100");
    scene.working("1-e1");
    scene.report_of("1-s1");
    scene.report_of("1-t1");
    scene.fill("1-e1", 100, "100.10");
    scene.cancelled("1-s1");
    scene.cancelled("1-t1");
    assert_eq!(told_of_stops(&scene).len(), 1);
}

#[test]
fn a_stop_that_ends_for_a_reason_of_ours_or_with_its_day_is_not_told_as_cancelled_by_hand() {
    // With the rest of an entry that filled in part.
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.with_waiting_entry();
    scene.fill("1-e1", 40, "100.10");
    scene.pass(2);
    scene.cancelled("1-s1");
    scene.cancelled("1-e1");
    scene.working("1-s2");
    assert!(told_of_stops(&scene).is_empty());
    // Expired.
    let (stop, at) = (scene.id("1-s2"), scene.at);
    let events = scene.venue.set(stop, ReportStatus::Expired, at);
    scene.hear("expired", events);
    scene.working("1-s3");
    assert!(told_of_stops(&scene).is_empty());
    // For an exit that the broker then refuses.
    scene.operator(OperatorCommand::Close(symbol("SPY")));
    scene.cancelled("1-s3");
    scene.refused("1-x1");
    scene.pass(10);
    assert!(told_of_stops(&scene).is_empty());
}
