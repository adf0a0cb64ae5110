//! Messages to the broker: too many stop entries and nothing else, a stop moves only so often, and much
//! cancelled for little filled is told.

use trader_contract::{BrokerEvent, BrokerRequest, EntryPrice, Execution, ExecutionId, Qty};
use trader_core::record::{Record, TradingState};
use trader_core::risk::limits::Limits;
use trader_core::{Command, OperatorCommand};

use crate::scene::{Scene, Setup, both_with, symbol};

fn with(change: impl Fn(&mut Limits)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.limits);
    setup
}

/// Changes of orders that were sent.
fn moves(scene: &Scene) -> usize {
    let replaces = |command: &&Command| match command {
        Command::Send(approved) => matches!(approved.request(), BrokerRequest::Replace(_)),
        _ => false,
    };
    scene.commands.iter().filter(replaces).count()
}

/// An entry that rests, and is cancelled by a person.
fn enter_and_cancel(scene: &mut Scene, number: usize) {
    let entry = scene.entry();
    scene.wants("a", "SPY", entry);
    scene.one_bar("SPY", "100");
    scene.working(&format!("{number}-e1"));
    let order = scene.id(&format!("{number}-e1"));
    scene.operator(OperatorCommand::Cancel(order));
    scene.cancelled(&format!("{number}-e1"));
}

#[test]
fn cancels_count_and_too_many_messages_halt_entries() {
    let setup = with(|limits| limits.messages_per_minute = 3);
    both_with(&setup, |scene| {
        scene.pass(60);
        enter_and_cancel(scene, 1);
        let sent = scene.engine.messages();
        assert_eq!((sent.orders, sent.replacements, sent.cancels), (1, 0, 1));
        assert_eq!(scene.engine.book().trading, TradingState::Active);
        scene.at = scene.at.plus_seconds(1);
        scene.wants("a", "QQQ", scene.entry_of(50, EntryPrice::Market));
        scene.one_bar("QQQ", "100");
        assert_eq!(scene.verdict(), None, "the third message is allowed");
        scene.wants("b", "SPY", scene.entry_of(10, EntryPrice::Market));
        scene.pass(60 - 1);
        scene.one_bar("SPY", "100");
        // The first minute is over for the first message only.
        assert_eq!(scene.verdict(), None);
    });
}

#[test]
fn an_entry_that_would_be_one_message_too_many_is_refused_and_halts() {
    let setup = with(|limits| limits.messages_per_minute = 1);
    both_with(&setup, |scene| {
        scene.pass(60);
        scene.wants("a", "SPY", scene.entry());
        scene.one_bar("SPY", "100");
        scene.wants("a", "QQQ", scene.entry());
        scene.one_bar("QQQ", "100");
        assert_eq!(scene.verdict().unwrap(), "messages_per_minute");
        assert!(matches!(
            scene.engine.book().trading,
            TradingState::Halted(_)
        ));
    });
}

#[test]
fn what_closes_and_protects_leaves_whatever_the_count_and_entries_wait_for_a_person() {
    let setup = with(|limits| limits.messages_per_minute = 1);
    both_with(&setup, |scene| {
        scene.with_position();
        scene.pass(60);
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        // The cancel was the first message of the minute, the exit the second.
        assert!(
            scene.transcript().contains("SEND 1-x1"),
            "{}",
            scene.transcript()
        );
        let book = scene.engine.book();
        assert!(book.standing("message_rate", None).is_some());
        assert!(matches!(book.trading, TradingState::Halted(_)));
        scene.fill("1-x1", 100, "100");
        scene.pass(120);
        assert!(matches!(
            scene.engine.book().trading,
            TradingState::Halted(_)
        ));
        scene.operator(OperatorCommand::Resume);
        let book = scene.engine.book();
        assert!(book.standing("message_rate", None).is_none());
        assert_eq!(book.trading, TradingState::Active);
    });
}

#[test]
fn the_count_survives_a_restart() {
    let setup = with(|limits| limits.messages_per_minute = 100);
    both_with(&setup, |scene| {
        scene.pass(60);
        enter_and_cancel(scene, 1);
        let before = scene.engine.messages();
        scene.restart();
        scene.snapshot();
        assert_eq!(scene.engine.messages().orders, before.orders);
    });
}

#[test]
fn a_stop_moves_only_so_often_and_the_newest_level_holds() {
    let setup = with(|limits| limits.stop_moves_per_minute = 1);
    both_with(&setup, |scene| {
        scene.with_position();
        for level in ["99.55", "99.60", "99.70"] {
            scene.wants("a", "SPY", scene.move_stop(level));
        }
        scene.bar("100.20");
        scene.replaced("1-s1");
        assert_eq!(moves(scene), 1, "the first level went, and no other yet");
        let holding = scene.engine.book().holdings[&symbol("SPY")].clone();
        assert_eq!(holding.stop, Some(scene.price("99.70")));
        assert!(scene.engine.protection(&holding).is_protected());
        scene.pass(59);
        assert_eq!(moves(scene), 1);
        scene.pass(1);
        assert_eq!(
            moves(scene),
            2,
            "the newest level goes once the minute is over"
        );
        let newest = scene
            .journal
            .iter()
            .rev()
            .find_map(|entry| match &entry.record {
                Record::ReplaceAsked { replacement, .. } => replacement.stop,
                _ => None,
            });
        assert_eq!(newest, Some(scene.price("99.70")));
    });
}

#[test]
fn a_session_with_many_cancels_and_few_fills_is_told_once() {
    let setup = with(|limits| limits.cancels_per_fill = 10);
    both_with(&setup, |scene| {
        for number in 1..=25 {
            scene.pass(60);
            enter_and_cancel(scene, number);
        }
        let alerts = scene.journal.iter().filter(|entry| match &entry.record {
            Record::Alerted { alert } => &*alert.kind == "cancel_ratio",
            _ => false,
        });
        assert_eq!(alerts.count(), 1);
        let book = scene.engine.book();
        let standing = book.standing("cancel_ratio", None).unwrap();
        assert!(
            standing
                .alert
                .message
                .starts_with("21 cancels against 0 fills")
        );
        assert!(standing.alert.action.contains("traderctl orders"));
        assert_eq!(
            book.trading,
            TradingState::Active,
            "it is told and stops nothing"
        );
        scene.restart();
        scene.snapshot();
        assert!(scene.engine.book().standing("cancel_ratio", None).is_some());
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(18 * 3600);
        assert!(scene.engine.book().standing("cancel_ratio", None).is_none());
    });
}

#[test]
fn a_change_of_a_stops_quantity_never_waits() {
    let setup = with(|limits| limits.stop_moves_per_minute = 1);
    both_with(&setup, |scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        scene.working("1-s2");
        scene.wants("a", "SPY", scene.move_stop("99.60"));
        scene.pass(59);
        scene.one_bar("SPY", "100.20");
        scene.replaced("1-s2");
        assert_eq!(moves(scene), 1, "as many as a minute allows");
        let client_id = scene.id("1-e1");
        let void = scene.engine.book().orders[&client_id].fills[0].clone();
        let now = Execution {
            id: ExecutionId("x-new".into()),
            qty: Qty::shares(30).unwrap(),
            ..void.clone()
        };
        let corrected = BrokerEvent::Corrected {
            client_id,
            execution: void.id,
            now: Some(now),
        };
        scene.hear("30 instead of 40", vec![corrected]);
        assert_eq!(moves(scene), 2, "{}", scene.transcript());
    });
}
