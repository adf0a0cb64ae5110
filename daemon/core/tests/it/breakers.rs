//! Days that lose too much take no more entries.

use insta::assert_snapshot;
use trader_contract::Money;
use trader_core::risk::limits::Limits;
use trader_core::{OperatorCommand, Watch};

use crate::scene::{Scene, Setup, both_with};

/// A day may lose 0.1 % of 100,000 dollars.
fn daily_loss() -> Setup {
    let limits = Limits {
        daily_loss: "0.001".parse().unwrap(),
        ..Limits::unbounded()
    };
    Setup {
        limits,
        ..Setup::default()
    }
}

/// A day may have two losing trades in a row.
fn two_losses() -> Setup {
    let limits = Limits {
        consecutive_losses: 2,
        ..Limits::unbounded()
    };
    Setup {
        limits,
        ..Setup::default()
    }
}

/// One trade of 100 shares from 100.10 to `out`, its n-th.
fn trade(scene: &mut Scene, n: u32, out: &str) {
    scene.wants("a", "SPY", scene.entry());
    scene.bar("100");
    scene.working(&format!("{n}-e1"));
    scene.fill(&format!("{n}-e1"), 100, "100.10");
    scene.forget();
    scene.fill(&format!("{n}-s1"), 100, out);
}

#[test]
fn an_open_loss_counts_and_the_position_keeps_its_stop() {
    assert_snapshot!(both_with(&daily_loss(), |scene| {
        scene.with_position();
        scene.bar("99.11");
        // The minute once more, corrected: the stop has its five seconds left.
        scene.one_bar("SPY", "99.10");
        scene.wants("a", "QQQ", scene.entry());
        scene.one_bar("QQQ", "100");
    }), @r"
    14:33:00 bar SPY 99.11
      ALERT Warning daily_loss
      trading halted
      intent 2: enter refused by halted
    ");
}

#[test]
fn a_tripped_breaker_outlives_a_restart_and_ends_with_the_session() {
    assert_snapshot!(both_with(&daily_loss(), |scene| {
        scene.with_position();
        scene.fill("1-s1", 100, "99");
        scene.restart();
        scene.snapshot();
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(18 * 3600);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:32:00 1-s1 fills 100 at 99
      heard 1-s1 Filled 100/100, 100 at 99
      trade SPY closed: stop_loss -110
      ALERT Warning daily_loss
      trading halted
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
    14:33:00 bar SPY 100
      intent 2: enter refused by halted
    20:45:00 timer
    20:55:00 timer
    20:58:00 timer
      ASK what the broker holds
    21:00:00 timer
      session closed: 1 trades, left []
    21:00:00 snapshot
      ASK what the broker holds
    14:30:00 timer
      session 2011-01-11 opened
    15:01:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    ");
}

#[test]
fn an_entry_that_could_lose_more_at_its_stop_than_the_day_may_is_refused() {
    assert_snapshot!(both_with(&daily_loss(), |scene| {
        trade(scene, 1, "99.50");
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:32:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
    14:33:00 bar SPY 100
      intent 2: enter refused by daily_loss_at_stop
    ");
}

#[test]
fn what_is_paid_in_or_out_is_neither_lost_nor_won() {
    let setup = Setup {
        watch: Watch::LOCAL,
        ..daily_loss()
    };
    both_with(&setup, |scene| {
        let day = |scene: &Scene| {
            let at_open = scene.engine.book().day.as_ref().unwrap().equity_at_open;
            scene.engine.equity() - at_open
        };
        for paid in [-500, 4_000] {
            scene.venue.deposit(Money::dollars(paid));
            for _ in 0..3 {
                scene.pass(1);
                scene.operator(OperatorCommand::Reconcile);
                scene.snapshot();
            }
            assert_eq!(scene.engine.book().cash, scene.venue.cash());
            assert_eq!(day(scene), Money::ZERO);
        }
        let text = scene.transcript();
        assert!(!text.contains("daily_loss"), "{text}");
        scene.snapshot();
        // Up to the whole minute.
        scene.pass(54);
        scene.with_position();
        scene.fill("1-s1", 100, "99");
        assert_eq!(day(scene), Money::dollars(-110));
        let text = scene.transcript();
        assert!(text.contains("ALERT Warning daily_loss"), "{text}");
        assert_eq!(scene.book_from_journal(), *scene.engine.book());
    });
}

#[test]
fn losing_trades_in_a_row_stop_the_day() {
    assert_snapshot!(both_with(&two_losses(), |scene| {
        trade(scene, 1, "99.50");
        trade(scene, 2, "99.50");
    }), @r"
    14:33:00 2-s1 fills 100 at 99.50
      heard 2-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
      ALERT Warning consecutive_losses
      trading halted
    ");
}

#[test]
fn a_trade_that_breaks_even_leaves_the_streak_and_a_winner_ends_it() {
    assert_snapshot!(both_with(&two_losses(), |scene| {
        let streak = |scene: &Scene| scene.engine.book().day.as_ref().unwrap().losses_in_a_row;
        trade(scene, 1, "99.50");
        trade(scene, 2, "100.10");
        assert_eq!(streak(scene), 1);
        trade(scene, 3, "100.20");
        assert_eq!(streak(scene), 0);
        trade(scene, 4, "99.50");
        assert_eq!(streak(scene), 1);
        trade(scene, 5, "100.10");
        trade(scene, 6, "99.50");
    }), @r"
    14:37:00 6-s1 fills 100 at 99.50
      heard 6-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
      ALERT Warning consecutive_losses
      trading halted
    ");
}

#[test]
fn an_operator_can_resume_a_day_that_was_stopped() {
    assert_snapshot!(both_with(&two_losses(), |scene| {
        trade(scene, 1, "99.50");
        trade(scene, 2, "99.50");
        scene.forget();
        scene.operator(OperatorCommand::Resume);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:33:00 operator Resume
      trading active
      ANSWER entries are allowed again; they had been halted: consecutive losses: 2 of at most 2
    14:34:00 bar SPY 100
      intent 3: enter refused by consecutive_losses
    ");
}

#[test]
fn a_fault_outlives_the_session_until_an_operator_resumes() {
    assert_snapshot!(both_with(&Setup::default(), |scene| {
        scene.with_waiting_entry();
        scene.cancelled("1-e1");
        scene.forget();
        let why = "another side".into();
        scene.input(trader_core::Event::AuditFailed { why });
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(18 * 3600);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.operator(OperatorCommand::Resume);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
      trading halted
    20:45:00 timer
    20:55:00 timer
    20:58:00 timer
      ASK what the broker holds
    21:00:00 timer
      session closed: 0 trades, left []
    21:00:00 snapshot
      ASK what the broker holds
    14:30:00 timer
      session 2011-01-11 opened
    15:01:00 bar SPY 100
      intent 1: enter refused by halted
    15:01:00 operator Resume
      trading active
      ANSWER entries are allowed again; they had been halted: what was about to leave is not what the book says: another side
    15:02:00 bar SPY 100
      intent 2: enter
      plan 2-e1 buy 100 SPY stop 100.1 Gtc + 2-s1 99.5
      plan 2-s1 sell 100 SPY stop 99.5 Gtc
      SEND 2-e1 buy 100 SPY stop 100.1 Gtc + 2-s1 99.5
    ");
}

#[test]
fn a_minute_that_comes_late_does_not_bring_its_price_back() {
    assert_snapshot!(both_with(&daily_loss(), |scene| {
        scene.with_position();
        scene.bar("100");
        let before = scene.engine.equity();
        scene.at = scene.at.plus_minutes(-1);
        scene.one_bar("SPY", "90");
        assert_eq!(scene.engine.equity(), before);
    }), @r"
    14:33:00 bar SPY 100
    ");
}

#[test]
fn a_loss_is_seen_at_the_first_price_after_a_restart() {
    assert_snapshot!(both_with(&daily_loss(), |scene| {
        scene.with_position();
        scene.restart();
        scene.snapshot();
        scene.bar("99.10");
    }), @r"
    14:32:00 restart
      ASK what the broker holds
    14:32:00 snapshot
    14:33:00 bar SPY 99.10
      ALERT Warning daily_loss
      trading halted
    ");
}
