//! A new process goes on from the journal and from what the broker holds.

use insta::assert_snapshot;
use trader_contract::{BrokerEvent, NetQty, OrderRole};

use crate::scene::{both, symbol};

#[test]
fn nothing_is_sent_before_the_broker_has_been_heard() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.restart();
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        scene.snapshot();
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:33:00 bar QQQ 100
      intent 2: enter refused by not_reconciled
    14:33:00 snapshot
    ");
}

#[test]
fn a_position_with_its_stop_is_taken_up_as_it_was() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.restart();
        scene.snapshot();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
    14:33:00 bar SPY 100.40
      intent 2: move the stop
      stop of SPY planned at 99.8
      plan 1-s2 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s2 stop 99.8
    ");
}

#[test]
fn an_entry_that_was_written_and_never_sent_is_dropped() {
    assert_snapshot!(both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.venue.lose(scene.id("1-e1"));
        scene.forget();
        scene.restart();
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.pass(30);
        scene.snapshot();
        scene.pass(29);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      ALERT Warning order_unknown
    14:32:01 timer
      ASK what the broker holds
    14:32:01 snapshot
    14:32:03 timer
      ASK what the broker holds
    14:32:31 snapshot
      dropped 1-e1
      dropped 1-s1
      cleared order_unknown
      SPY free
    14:32:32 timer
      ASK what the broker holds
    14:34:00 bar SPY 100
      intent 2: enter
      plan 2-e1 buy 100 SPY stop 100.1 Gtc + 2-s1 99.5
      plan 2-s1 sell 100 SPY stop 99.5 Gtc
      SEND 2-e1 buy 100 SPY stop 100.1 Gtc + 2-s1 99.5
    ");
}

#[test]
fn a_stop_that_was_written_and_never_sent_is_sent_under_its_id() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        scene.venue.lose(scene.id("1-s2"));
        scene.forget();
        scene.restart();
        scene.snapshot();
    }), @r"
    14:32:01 restart
      ASK what the broker holds
    14:32:01 snapshot
      repeat 1-s2
      SEND 1-s2 sell 40 SPY stop 99.5 Gtc
      ALERT Warning order_unknown
    ");
}

#[test]
fn fills_of_the_meantime_come_with_the_snapshot() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        let (id, price) = (scene.id("1-e1"), scene.price("100.10"));
        scene.venue.fill(id, trader_contract::Qty::shares(100).unwrap(), price, scene.at);
        scene.forget();
        scene.restart();
        scene.snapshot();
        let net = scene.mirror.net(scene.engine.book().net(symbol("SPY")));
        assert_eq!(net.to_string(), "100");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-s1 New 0/100
    ");
}

#[test]
fn a_stop_that_filled_meanwhile_ends_the_trade() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        let (id, price) = (scene.id("1-s1"), scene.price("99.50"));
        scene.venue.fill(id, trader_contract::Qty::shares(100).unwrap(), price, scene.at);
        scene.restart();
        scene.snapshot();
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
    ");
}

#[test]
fn an_exit_under_way_goes_on() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.operator(trader_core::OperatorCommand::Close(symbol("SPY")));
        scene.forget();
        scene.restart();
        scene.snapshot();
        scene.cancelled("1-s1");
        scene.restart();
        scene.snapshot();
        scene.fill("1-x1", 100, "100");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      heard cancel 1-s1 unknown
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      heard 1-x1 PendingNew 0/100
    14:32:00 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: operator -10
    ");
}

#[test]
fn a_position_that_differs_from_the_brokers_twice_is_taken_as_the_brokers() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        let other = scene.mirror.net(NetQty::from_nanos(60_000_000_000).unwrap());
        scene.venue.meddle(symbol("SPY"), other);
        scene.restart();
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.cancelled("1-s1");
        scene.working("1-s2");
        scene.pass(59);
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
    14:32:01 timer
      ASK what the broker holds
    14:32:01 snapshot
      SPY: ours 100, the broker's 60
      ALERT Critical position_differs
      SPY blocked: foreign
      cancel asked 1-s1: it is for another quantity than the position, and its group allows no change of that
      CANCEL 1-s1
    14:32:01 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-s2 sell 60 SPY stop 99.5 Gtc
      SEND 1-s2 sell 60 SPY stop 99.5 Gtc
    14:32:01 1-s2 works
      heard 1-s2 New 0/60
    14:34:00 bar SPY 100
      intent 2: enter refused by symbol_blocked
    14:35:00 bar QQQ 100
      intent 3: enter
      plan 3-e1 buy 100 QQQ stop 100.1 Gtc + 3-s1 99.5
      plan 3-s1 sell 100 QQQ stop 99.5 Gtc
      SEND 3-e1 buy 100 QQQ stop 100.1 Gtc + 3-s1 99.5
    ");
}

#[test]
fn what_is_gone_at_the_broker_is_not_closed_again() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.venue.meddle(symbol("SPY"), NetQty::ZERO);
        scene.restart();
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.operator(trader_core::OperatorCommand::Flatten);
        scene.cancelled("1-s1");
        scene.snapshot();
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
    14:32:01 timer
      ASK what the broker holds
    14:32:01 snapshot
      SPY: ours 100, the broker's 0
      ALERT Critical position_differs
      cancel asked 1-s1: the position is flat
      CANCEL 1-s1
    14:32:01 operator Flatten
      trading reducing
      flatten_began
      exit of SPY planned: operator
      ANSWER closing one position or entry; entries are paused until `traderctl resume`
    14:32:01 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      trade SPY voided
      ASK what the broker holds
    14:32:01 snapshot
      flatten_ended
      ALERT Notice flat
    ");
}

#[test]
fn an_exit_that_the_journal_lost_is_known_by_its_id() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        let kept = scene.journal.len();
        scene.operator(trader_core::OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.fill("1-x1", 40, "100");
        scene.journal.truncate(kept);
        scene.restart();
        scene.snapshot();
        scene.fill("1-x1", 60, "100");
    }), @r"
    14:32:00 operator Close(SPY)
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER closing 100 shares of SPY
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 1-x1 fills 40 at 100
      heard 1-x1 PartiallyFilled 40/100, 40 at 100
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
      exit of SPY planned: operator
      plan 1-x1 sell 100 SPY market Day
      ALERT Warning order_recovered
      heard 1-x1 PartiallyFilled 40/100, 40 at 100
      heard 1-s1 Cancelled 0/100
    14:32:00 1-x1 fills 60 at 100
      heard 1-x1 Filled 100/100, 60 at 100
      trade SPY closed: operator -10
    ");
}

#[test]
fn an_order_of_another_store_blocks_its_symbol_and_is_left_alone() {
    assert_snapshot!(both(|scene| {
        scene.with_waiting_entry();
        scene.forget();
        let mut foreign = scene.venue.orders[&scene.id("1-e1")].clone();
        foreign.client_id.epoch = trader_contract::Epoch(7);
        scene.hear("a foreign order", vec![BrokerEvent::Order(foreign.clone())]);
        scene.hear("the same again", vec![BrokerEvent::Order(foreign)]);
    }), @r"
    14:32:00 a foreign order
      foreign_seen
      SPY blocked: foreign
      ALERT Critical foreign
      cancel asked 1-e1: entries are not taken now
      CANCEL 1-e1
    14:32:00 the same again
    ");
}

#[test]
fn a_report_that_contradicts_its_order_blocks_the_symbol_and_is_not_counted() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        let mut wrong = scene.venue.orders[&scene.id("1-s1")].clone();
        wrong.side = wrong.side.opposite();
        scene.hear("a report of the other side", vec![BrokerEvent::Order(wrong)]);
    }), @r"
    14:32:00 a report of the other side
      ALERT Critical contradicting_report
      SPY blocked: contradicted
    ");
}

#[test]
fn a_stop_that_the_broker_no_longer_knows_is_told_and_placed_anew() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.lose("1-s1");
        scene.restart();
        scene.pass(1);
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.pass(30);
        scene.snapshot();
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:01 snapshot
    14:32:02 timer
      ASK what the broker holds
    14:32:02 snapshot
    14:32:04 timer
      ASK what the broker holds
    14:32:32 snapshot
      dropped 1-s1
      ALERT Critical order_vanished
      plan 1-s2 sell 100 SPY stop 99.5 Gtc
      SEND 1-s2 sell 100 SPY stop 99.5 Gtc
    ");
}

#[test]
fn a_replacement_that_was_written_and_never_sent_is_asked_for_again() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.forget();
        scene.restart();
        scene.snapshot();
    }), @r"
    14:33:00 restart
      ASK what the broker holds
    14:33:00 snapshot
      heard replace 1-s1 unknown
      plan 1-s3 sell 100 SPY stop 99.8 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s3 stop 99.8
    ");
}

#[test]
fn a_replacement_that_the_broker_made_meanwhile_is_taken_up() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.venue.replaced(scene.id("1-s1"), scene.at);
        scene.forget();
        scene.restart();
        scene.snapshot();
    }), @r"
    14:33:00 restart
      ASK what the broker holds
    14:33:00 snapshot
      heard 1-s1 Replaced 0/100
      heard 1-s2 New 0/100
    ");
}

#[test]
fn the_state_of_a_strategy_is_kept_from_the_bar_of_its_entry_on_and_not_beyond_its_trade() {
    both(|scene| {
        let kept = |scene: &crate::scene::Scene| {
            let states = scene.engine.book().strategies.get("a");
            states.is_some_and(|states| states.contains_key(&symbol("SPY")))
        };
        assert!(!kept(scene));
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        assert!(kept(scene));
        scene.working("1-e1");
        scene.fill("1-e1", 100, "100.10");
        scene.fill("1-s1", 100, "99.50");
        scene.bar("100");
        assert!(!kept(scene));
    });
}

#[test]
fn a_waiting_entry_keeps_its_age() {
    assert_snapshot!(both(|scene| {
        let mut entry = scene.entry();
        if let trader_contract::Intent::Enter { expires_after_bars, .. } = &mut entry {
            *expires_after_bars = Some(3);
        }
        scene.wants("a", "SPY", entry);
        scene.bar("100");
        scene.working("1-e1");
        scene.report_of("1-s1");
        scene.bar("100");
        scene.forget();
        scene.restart();
        scene.snapshot();
        scene.bar("100");
        scene.bar("100");
    }), @r"
    14:33:00 restart
      ASK what the broker holds
    14:33:00 snapshot
    14:34:00 bar SPY 100
    14:35:00 bar SPY 100
      cancel asked 1-e1: it did not fill within its bars
      CANCEL 1-e1
    ");
}

#[test]
fn a_position_of_the_day_before_is_closed_at_the_open() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        let stop = scene.id("1-s1");
        scene.at = scene.at.plus_seconds(23 * 3600);
        scene.restart();
        scene.snapshot();
        scene.pass(3600);
        let events = scene.venue.set(stop, trader_contract::ReportStatus::Cancelled, scene.at);
        scene.hear("1-s1 cancelled", events);
        let (exit, price) = (stop.with_role(OrderRole::Exit), scene.price("100.20"));
        let qty = trader_contract::Qty::shares(100).unwrap();
        let events = scene.venue.fill(exit, qty, price, scene.at);
        scene.hear("1-x1 fills", events);
    }), @r#"
    13:32:00 restart
      ASK what the broker holds
    13:32:00 snapshot
      SPY blocked: residue
      exit of SPY planned: end_of_day
      ALERT Critical residue
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    14:30:00 timer
      session 2011-01-11 opened
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 1-x1 fills
      heard 1-x1 Filled 100/100, 100 at 100.2
      trade SPY closed: end_of_day 10
      SPY freed
      cleared residue
    "#);
}
