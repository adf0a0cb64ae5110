//! Orders of which nobody knows whether they arrived: only what the broker says ends that.

use insta::assert_snapshot;
use trader_contract::{BrokerEvent, Epoch, NetQty};
use trader_core::OperatorCommand;
use trader_core::record::Record;

use crate::scene::{Scene, both, symbol};

/// 40 of 100 shares filled, the rest cancelled, and the stop for them sent.
fn with_stop_sent(scene: &mut Scene) {
    scene.with_waiting_entry();
    scene.fill("1-e1", 40, "100.10");
    scene.pass(1);
    scene.cancelled("1-e1");
    scene.forget();
}

#[test]
fn an_entry_that_acted_and_lost_its_answer_is_found() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.forget();
        scene.unanswered("1-e1");
        scene.snapshot();
        scene.working("1-e1");
        scene.fill("1-e1", 100, "100.10");
    }), @r"
    14:32:00 no answer to 1-e1
      heard submit 1-e1 unknown
      ASK what the broker holds
    14:32:00 snapshot
      heard 1-e1 PendingNew 0/100
      heard 1-s1 Held 0/100
    14:32:00 1-e1 works
      heard 1-e1 New 0/100
    14:32:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-s1 New 0/100
    ");
}

#[test]
fn an_entry_of_unknown_fate_counts_as_exposure_and_keeps_its_symbol() {
    both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.unanswered("1-e1");
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
        assert!(scene.transcript().contains("enter refused by symbol_taken"));
    });
}

#[test]
fn an_entry_that_never_arrived_is_dropped_after_two_snapshots_and_half_a_minute() {
    both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.lose("1-e1");
        scene.unanswered("1-e1");
        for _ in 0..29 {
            scene.snapshot();
            scene.pass(1);
        }
        assert!(
            !scene.transcript().contains("dropped"),
            "{}",
            scene.transcript()
        );
        scene.pass(2);
        scene.snapshot();
        scene.pass(30);
        scene.snapshot();
        assert!(
            scene.transcript().contains("dropped 1-e1"),
            "{}",
            scene.transcript()
        );
        assert_eq!(scene.transcript().matches("SEND").count(), 1);
    });
}

#[test]
fn one_answer_that_lacks_an_entry_drops_it_never_however_late_it_comes() {
    both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.lose("1-e1");
        scene.unanswered("1-e1");
        scene.pass(90);
        scene.snapshot();
        let said = scene.transcript();
        assert!(!said.contains("dropped"), "{said}");
        scene.pass(30);
        scene.snapshot();
        let said = scene.transcript();
        assert!(said.contains("dropped 1-e1"), "{said}");
    });
}

#[test]
fn a_stop_is_not_sent_again_for_more_shares_than_the_broker_holds() {
    both(|scene| {
        with_stop_sent(scene);
        scene.lose("1-s2");
        let fewer = scene
            .mirror
            .net(NetQty::from_nanos(10_000_000_000).unwrap());
        scene.venue.meddle(symbol("SPY"), fewer);
        scene.unanswered("1-s2");
        scene.snapshot();
        let said = scene.transcript();
        assert!(!said.contains("SEND"), "{said}");
    });
}

#[test]
fn an_entry_is_dropped_late_where_the_brokers_position_may_be_its_fill() {
    both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.lose("1-e1");
        let filled = scene
            .mirror
            .net(NetQty::from_nanos(100_000_000_000).unwrap());
        scene.venue.meddle(symbol("SPY"), filled);
        scene.unanswered("1-e1");
        for _ in 0..5 {
            scene.snapshot();
            scene.pass(11);
        }
        let said = scene.transcript().to_owned();
        assert!(!said.contains("dropped"), "{said}");
        // Nothing of it has come in a minute: the shares are somebody else's.
        for _ in 0..4 {
            scene.snapshot();
            scene.pass(11);
        }
        let said = scene.transcript().to_owned();
        assert!(said.contains("dropped 1-e1"), "{said}");
        for _ in 0..4 {
            scene.snapshot();
            scene.pass(2);
        }
        let said = scene.transcript().to_owned();
        assert!(said.contains("SPY blocked: foreign"), "{said}");
        assert!(!said.contains("position_differs"), "{said}");
        assert!(scene.engine.book().holdings.is_empty(), "{said}");
    });
}

#[test]
fn a_stop_that_never_arrived_is_sent_again_under_its_id() {
    assert_snapshot!(both(|scene| {
        with_stop_sent(scene);
        scene.lose("1-s2");
        scene.unanswered("1-s2");
        scene.snapshot();
        scene.working("1-s2");
        scene.pass(60);
    }), @r"
    14:32:01 no answer to 1-s2
      heard submit 1-s2 unknown
      ASK what the broker holds
    14:32:01 snapshot
      repeat 1-s2
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
      ALERT Warning order_unknown
    14:32:01 1-s2 works
      heard 1-s2 New 0/40
    14:32:02 timer
      ASK what the broker holds
    ");
}

#[test]
fn a_repetition_backs_off_and_keeps_the_id() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.forget();
        for round in 0..4 {
            scene.lose("1-x1");
            scene.unanswered("1-x1");
            if round > 0 {
                // The answer to a question of before that proves nothing.
                scene.snapshot();
            }
            scene.snapshot();
            scene.pass(8);
        }
        scene.pass(16);
        scene.fill("1-x1", 100, "100");
    }), @r"
    14:32:00 no answer to 1-x1
      heard submit 1-x1 unknown
      ASK what the broker holds
    14:32:00 snapshot
      repeat 1-x1
      SEND 1-x1 sell 100 SPY market Day
      ALERT Warning order_unknown
    14:32:01 timer
      ASK what the broker holds
    14:32:08 no answer to 1-x1
      heard submit 1-x1 unknown
    14:32:08 snapshot
      ASK what the broker holds
    14:32:08 snapshot
      repeat 1-x1
      SEND 1-x1 sell 100 SPY market Day
    14:32:10 timer
      ASK what the broker holds
    14:32:16 no answer to 1-x1
      heard submit 1-x1 unknown
    14:32:16 snapshot
      ASK what the broker holds
    14:32:16 snapshot
      repeat 1-x1
      SEND 1-x1 sell 100 SPY market Day
    14:32:18 timer
      ASK what the broker holds
    14:32:24 no answer to 1-x1
      heard submit 1-x1 unknown
    14:32:24 snapshot
      ASK what the broker holds
    14:32:24 snapshot
      repeat 1-x1
      SEND 1-x1 sell 100 SPY market Day
    14:32:26 timer
      ASK what the broker holds
    14:32:48 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: operator -10
    ");
}

#[test]
fn a_refusal_that_says_that_the_id_is_used_proves_that_the_order_arrived() {
    assert_snapshot!(both(|scene| {
        with_stop_sent(scene);
        let mut without = scene.venue.clone();
        without.lose(scene.id("1-s2"));
        scene.unanswered("1-s2");
        let lacking = without.answer(&scene.venue, scene.at);
        scene.hear("a snapshot that lacks it", vec![lacking]);
        scene.id_used("1-s2");
        let lacking = without.answer(&scene.venue, scene.at);
        scene.hear("a snapshot that lacks it", vec![lacking]);
        scene.pass(2);
        scene.snapshot();
    }), @r"
    14:32:01 no answer to 1-s2
      heard submit 1-s2 unknown
      ASK what the broker holds
    14:32:01 a snapshot that lacks it
      repeat 1-s2
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
      ALERT Warning order_unknown
    14:32:01 1-s2: its id is used
      heard submit 1-s2 refused
      ASK what the broker holds
    14:32:01 a snapshot that lacks it
    14:32:02 timer
      ASK what the broker holds
    14:32:03 snapshot
      heard 1-s2 PendingNew 0/40
      cleared order_unknown
    ");
}

#[test]
fn an_exit_whose_id_an_order_had_that_nobody_remembers_goes_out_under_the_next_one() {
    both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.forget();
        // The broker refuses the id, and lists no order of that name: what had it has ended.
        scene.lose("1-x1");
        scene.id_used("1-x1");
        for _ in 0..4 {
            scene.snapshot();
            scene.pass(11);
        }
        let said = scene.transcript().to_owned();
        assert!(said.contains("dropped 1-x1"), "{said}");
        assert!(!said.contains("SEND 1-x1"), "{said}");
        assert_eq!(said.matches("SEND 1-x2 sell 100 SPY").count(), 1, "{said}");
        scene.fill("1-x2", 100, "100");
        assert!(scene.transcript().contains("trade SPY closed"));
    });
}

#[test]
fn a_refusal_of_a_repetition_for_another_reason_proves_nothing() {
    assert_snapshot!(both(|scene| {
        with_stop_sent(scene);
        scene.lose("1-s2");
        scene.unanswered("1-s2");
        scene.snapshot();
        scene.lose("1-s2");
        scene.refused("1-s2");
        assert!(!scene.transcript().contains("1-s3"));
    }), @r"
    14:32:01 no answer to 1-s2
      heard submit 1-s2 unknown
      ASK what the broker holds
    14:32:01 snapshot
      repeat 1-s2
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
      ALERT Warning order_unknown
    14:32:01 1-s2 refused
      heard submit 1-s2 refused
      ASK what the broker holds
    ");
}

#[test]
fn an_exit_does_not_meet_a_stop_that_turns_up_later() {
    assert_snapshot!(both(|scene| {
        with_stop_sent(scene);
        scene.unanswered("1-s2");
        scene.pass(5);
        scene.cancel_refused("1-s2");
        scene.pass(1);
        scene.working("1-s2");
        scene.pass(1);
        scene.cancelled("1-s2");
        scene.fill("1-x1", 40, "99.9");
    }), @r"
    14:32:01 no answer to 1-s2
      heard submit 1-s2 unknown
      ASK what the broker holds
    14:32:05 timer
      ALERT Critical unprotected
      exit of SPY planned: unprotected
      cancel asked 1-s2: the position is to be closed
      CANCEL 1-s2
    14:32:06 cancel of 1-s2 refused
      heard cancel 1-s2 refused
    14:32:07 timer
      cancel asked 1-s2: the position is to be closed
      CANCEL 1-s2
    14:32:07 1-s2 works
      heard 1-s2 New 0/40
    14:32:08 1-s2 cancelled
      heard 1-s2 Cancelled 0/40
      plan 1-x1 sell 40 SPY market Day
      SEND 1-x1 sell 40 SPY market Day
    14:32:08 1-x1 fills 40 at 99.9
      heard 1-x1 Filled 40/40, 40 at 99.9
      trade SPY closed: unprotected -8
    ");
}

#[test]
fn an_unknown_order_of_the_run_before_is_not_dropped_by_its_first_snapshot() {
    both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        let late = scene.venue.clone();
        scene.lose("1-e1");
        scene.restart();
        scene.snapshot();
        assert!(!scene.transcript().contains("dropped"));
        scene.venue = late;
        scene.pass(1);
        scene.snapshot();
        scene.fill("1-e1", 100, "100.10");
        assert!(!scene.transcript().contains("late_order"));
        let ours = scene.mirror.net(scene.engine.book().net(symbol("SPY")));
        assert_eq!(ours.to_string(), "100");
    });
}

#[test]
fn an_order_of_another_generation_under_the_same_numbers_is_not_ours() {
    both(|scene| {
        scene.with_waiting_entry();
        let mut other = scene.venue.orders[&scene.id("1-e1")].clone();
        other.client_id.epoch = Epoch(41);
        other.filled = other.qty;
        scene.hear("another store's", vec![BrokerEvent::Order(other)]);
        let net = scene.engine.book().net(symbol("SPY"));
        assert!(net.is_flat());
        let seen =
            |e: &&trader_core::record::JournalEntry| matches!(e.record, Record::ForeignSeen { .. });
        assert_eq!(scene.journal.iter().filter(seen).count(), 1);
    });
}

#[test]
fn a_stop_of_unknown_fate_does_not_keep_a_position_that_is_gone() {
    both(|scene| {
        with_stop_sent(scene);
        scene.lose("1-s2");
        scene.venue.meddle(symbol("SPY"), NetQty::ZERO);
        scene.restart();
        for _ in 0..8 {
            scene.pass(20);
            scene.lose("1-s2");
            scene.snapshot();
        }
        let book = scene.engine.book();
        assert!(book.net(symbol("SPY")).is_flat(), "{}", scene.transcript());
        assert!(book.holdings.is_empty(), "{}", scene.transcript());
    });
}

#[test]
fn an_exit_that_only_its_execution_tells_of_is_known_by_its_id() {
    both(|scene| {
        scene.with_position();
        let kept = scene.journal.len();
        scene.operator(trader_core::OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
        scene.journal.truncate(kept);
        // The next morning the broker lists neither order.
        scene.venue.orders.clear();
        scene.restart();
        scene.snapshot();
        for _ in 0..4 {
            scene.pass(31);
            scene.snapshot();
        }
        let book = scene.engine.book();
        assert!(book.net(symbol("SPY")).is_flat(), "{}", scene.transcript());
        assert_eq!(book.cash, trader_contract::Money::dollars(99_990));
        assert!(book.holdings.is_empty(), "{}", scene.transcript());
    });
}
