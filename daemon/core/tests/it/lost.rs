//! Orders of ours that the broker has and the journal lost, as after a disk that was full: they are taken up
//! again, in the group that they were in.

use trader_core::OperatorCommand;

use crate::corrections::sixty_instead;
use crate::scene::{both, symbol};

#[test]
fn a_stop_that_the_journal_lost_is_taken_up_again_and_none_rests_beside_it() {
    both(|scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        let kept = scene.journal.len();
        scene.cancelled("1-e1");
        scene.working("1-s2");
        scene.journal.truncate(kept);
        scene.forget();
        scene.restart();
        scene.snapshot();
        let said = scene.transcript().to_owned();
        assert!(said.contains("ALERT Warning order_recovered"), "{said}");
        assert!(!said.contains("SEND"), "{said}");
        scene.pass(30);
        scene.fill("1-s2", 40, "99.50");
        assert!(scene.engine.book().holdings.is_empty());
        assert!(scene.transcript().contains("trade SPY closed: stop_loss"));
    });
}

#[test]
fn a_stop_that_the_journal_lost_is_still_in_the_group_of_the_order_that_it_replaced() {
    both(|scene| {
        scene.with_position();
        let kept = scene.journal.len();
        for (moved_to, old) in [("99.80", "1-s1"), ("99.90", "1-s2")] {
            scene.wants("a", "SPY", scene.move_stop(moved_to));
            scene.bar("101");
            scene.replaced(old);
        }
        scene.journal.truncate(kept);
        scene.restart();
        scene.forget();
        scene.snapshot();
        let said = scene.transcript();
        assert_eq!(said.matches("order_recovered").count(), 2, "{said}");
        // Where the stop was meant to be now, the journal lost, too.
        scene.replaced("1-s3");
        scene.forget();
        let corrected = sixty_instead(scene);
        scene.hear("60 instead of 100", vec![corrected]);
        let said = scene.transcript();
        assert!(said.contains("CANCEL 1-s4"), "{said}");
        assert!(!said.contains("REPLACE"), "{said}");
        scene.cancelled("1-s4");
        let said = scene.transcript();
        assert!(said.contains("SEND 1-s5 sell 60 SPY stop 99.5"), "{said}");
    });
}

#[test]
fn a_stop_that_the_journal_lost_and_that_replaced_nothing_is_in_no_group() {
    both(|scene| {
        scene.with_waiting_entry();
        let kept = scene.journal.len();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        scene.fill("1-s2", 40, "99.50");
        scene.journal.truncate(kept);
        scene.restart();
        scene.snapshot();
        let book = scene.engine.book();
        assert_eq!(book.orders[&scene.id("1-s2")].planned.parent, None);
        // Of an exit that is in its group the entry would be taken to have filled whole.
        assert!(!book.orders[&scene.id("1-e1")].misses_fills());
    });
}

#[test]
fn a_pair_of_exits_that_the_journal_lost_is_taken_up_again() {
    both(|scene| {
        scene.wants("a", "SPY", scene.bracket());
        scene.bar("100");
        scene.working("1-e1");
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        let kept = scene.journal.len();
        scene.cancelled("1-e1");
        scene.working("1-t2");
        scene.journal.truncate(kept);
        scene.forget();
        scene.restart();
        scene.snapshot();
        let said = scene.transcript().to_owned();
        assert_eq!(said.matches("order_recovered").count(), 2, "{said}");
        assert!(!said.contains("SEND"), "{said}");
        scene.fill("1-t2", 40, "101");
        assert!(scene.engine.book().holdings.is_empty());
        assert!(scene.transcript().contains("trade SPY closed: target"));
    });
}

#[test]
fn an_exit_that_the_journal_lost_and_that_fills_before_the_first_answer_leaves_nothing_to_protect()
{
    both(|scene| {
        scene.with_position();
        let kept = scene.journal.len();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.cancelled("1-s1");
        scene.journal.truncate(kept);
        scene.restart();
        scene.forget();
        // What the broker held when it was asked: its answer takes longer than what happens next.
        let mut early = scene.venue.clone();
        early.lose(scene.id("1-x1"));
        scene.pass(1);
        scene.working("1-x1");
        scene.fill("1-x1", 100, "100");
        let answer = early.answer(&scene.venue, scene.at);
        scene.hear("the early answer", vec![answer]);
        let said = scene.transcript().to_owned();
        assert!(said.contains("ALERT Warning order_recovered"), "{said}");
        assert!(said.contains("trade SPY closed"), "{said}");
        assert!(!said.contains("SEND"), "{said}");
    });
}

#[test]
fn an_order_of_a_trade_that_the_journal_does_not_have_is_not_made_up() {
    both(|scene| {
        let kept = scene.journal.len();
        scene.with_waiting_entry();
        scene.journal.truncate(kept);
        scene.restart();
        scene.snapshot();
        assert!(!scene.transcript().contains("order_recovered"));
        assert!(scene.transcript().contains("SPY blocked: foreign"));
        assert!(scene.engine.book().holdings.is_empty());
    });
}
