//! Kills: durable before they are answered, closing the way for entries in the same step, and holding
//! until a person arms again.

use insta::assert_snapshot;
use proptest::prelude::*;
use trader_contract::{BrokerRequest, Direction, OrderRole};
use trader_core::record::{Record, Scope, TradingState};
use trader_core::{Command, OperatorCommand};

use crate::scene::{Scene, Setup, both, symbol};

fn kill(scope: Scope) -> OperatorCommand {
    let flatten = false;
    OperatorCommand::Kill { scope, flatten }
}

fn arm(scope: Scope) -> OperatorCommand {
    let account = None;
    OperatorCommand::Arm { scope, account }
}

fn asks(scene: &mut Scene, ticker: &str) -> Option<String> {
    let entry = scene.entry();
    scene.asks(ticker, entry)
}

#[test]
fn a_kill_is_written_down_first_and_cancels_waiting_entries_in_the_same_step() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.wants("a", "QQQ", scene.entry());
        scene.bar_of("QQQ", "100");
        scene.working("2-e1");
        scene.forget();
        scene.operator(kill(Scope::All));
    }), @r"
    14:33:00 operator Kill { scope: All, flatten: false }
      killed
      ALERT Critical killed
      cancel asked 2-e1: entries are not taken now
      CANCEL 2-e1
      ANSWER everything is killed: no entries until `traderctl arm`; the cancels of waiting ones are asked for, stops stay
    ");
}

#[test]
fn a_kill_with_flatten_closes_what_is_open() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.forget();
        scene.operator(OperatorCommand::Kill { scope: Scope::Symbol(symbol("SPY")), flatten: true });
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
    }), @r"
    14:32:00 operator Kill { scope: Symbol(SPY), flatten: true }
      killed
      ALERT Critical symbol_killed
      exit of SPY planned: operator
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
      ANSWER SPY is killed: no entries until `traderctl arm`; the cancels of waiting ones are asked for, stops stay; closing 1 positions and entries in it
    14:32:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:32:00 1-x1 fills 100 at 100
      heard 1-x1 Filled 100/100, 100 at 100
      trade SPY closed: operator -10
    ");
}

#[test]
fn a_kill_of_everything_with_flatten_ends_when_the_broker_says_flat() {
    both(|scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Kill {
            scope: Scope::All,
            flatten: true,
        });
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
        assert!(scene.engine.is_flattening());
        scene.snapshot();
        scene.snapshot();
        assert!(!scene.engine.is_flattening());
        assert!(matches!(
            scene.engine.book().trading,
            TradingState::Killed(_)
        ));
    });
}

#[test]
fn a_kill_holds_over_restarts_sessions_and_resumes_until_somebody_arms() {
    both(|scene| {
        scene.operator(kill(Scope::All));
        assert_eq!(asks(scene, "SPY").unwrap(), "killed");
        scene.operator(OperatorCommand::Resume);
        assert!(scene.answer().unwrap_err().contains("traderctl arm"));
        scene.restart();
        scene.snapshot();
        assert_eq!(asks(scene, "SPY").unwrap(), "killed");
        scene.pass_to_close(0);
        scene.snapshot();
        scene.pass(18 * 3600);
        assert_eq!(asks(scene, "SPY").unwrap(), "killed");
        assert!(scene.engine.book().standing("killed", None).is_some());
        scene.operator(arm(Scope::All));
        assert_eq!(scene.answer().unwrap(), "everything is killed no longer");
        assert!(scene.engine.book().standing("killed", None).is_none());
        assert_eq!(asks(scene, "SPY"), None);
    });
}

#[test]
fn an_arm_brings_back_what_held_before_the_kill_and_what_was_set_meanwhile() {
    both(|scene| {
        scene.operator(OperatorCommand::Pause);
        scene.operator(kill(Scope::All));
        scene.operator(arm(Scope::All));
        assert_eq!(scene.engine.book().trading, TradingState::Reducing);
        assert!(
            scene
                .answer()
                .unwrap()
                .contains("entries are reducing all the same")
        );
        scene.operator(OperatorCommand::Resume);
        scene.operator(kill(Scope::All));
        let why = "the disk is full".into();
        scene.input(trader_core::Event::AuditFailed { why });
        assert!(matches!(
            scene.engine.book().trading,
            TradingState::Killed(_)
        ));
        scene.operator(arm(Scope::All));
        assert!(matches!(
            scene.engine.book().trading,
            TradingState::Halted(_)
        ));
        assert_eq!(scene.book_from_journal(), *scene.engine.book());
    });
}

#[test]
fn a_kill_of_a_symbol_or_a_route_or_a_strategy_stops_that_and_nothing_else() {
    let strategy = |name: &str| Scope::Strategy(name.into());
    let cases = [
        (Scope::Symbol(symbol("SPY")), [true, true, false]),
        (strategy("a"), [true, false, true]),
        (strategy("puppet"), [true, true, true]),
    ];
    for (scope, [a_spy, b_spy, a_qqq]) in cases {
        both(|scene| {
            scene.operator(kill(scope.clone()));
            let mut check = |route, ticker, killed: bool| {
                scene.wants(route, ticker, scene.entry());
                scene.bar_of(ticker, "100");
                let expected = killed.then(|| "killed".to_owned());
                assert_eq!(scene.verdict(), expected, "{scope} {route} {ticker}");
                for id in scene
                    .engine
                    .book()
                    .holdings
                    .values()
                    .map(|h| h.entry)
                    .collect::<Vec<_>>()
                {
                    let events =
                        scene
                            .venue
                            .set(id, trader_contract::ReportStatus::Cancelled, scene.at);
                    scene.hear("cancelled", events);
                }
            };
            check("a", "SPY", a_spy);
            check("b", "SPY", b_spy);
            check("a", "QQQ", a_qqq);
            scene.restart();
            scene.snapshot();
            scene.operator(arm(Scope::All));
            assert!(
                !scene.engine.book().kills.is_empty(),
                "another scope is not lifted"
            );
            scene.operator(arm(scope.clone()));
            assert!(scene.engine.book().kills.is_empty());
            assert!(scene.engine.book().alerts.is_empty());
            assert_eq!(asks(scene, "SPY"), None);
        });
    }
}

#[test]
fn a_kill_of_something_that_is_not_there_is_refused_in_words() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.operator(kill(Scope::Symbol(symbol("IWM"))));
    assert_eq!(scene.answer().unwrap_err(), "no route trades IWM");
    scene.operator(kill(Scope::Strategy("zzz".into())));
    assert_eq!(
        scene.answer().unwrap_err(),
        "no route and no strategy is called zzz"
    );
    assert!(scene.engine.book().kills.is_empty());
}

#[test]
fn an_entry_that_is_acknowledged_only_after_the_kill_is_cancelled_then() {
    both(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.operator(kill(Scope::Symbol(symbol("SPY"))));
        scene.forget();
        scene.working("1-e1");
        assert!(scene.transcript().contains("CANCEL 1-e1"));
    });
}

/// Whether an entry leaves among commands.
fn enters(commands: &[Command]) -> bool {
    commands.iter().any(|command| match command {
        Command::Send(approved) => match approved.request() {
            BrokerRequest::Submit(order) => order.client_id.role == OrderRole::Entry,
            _ => false,
        },
        _ => false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_happens_no_entry_leaves_after_a_kill(
        short: bool,
        before in prop::collection::vec((0_u8..15, any::<u8>()), 0..25),
        after in prop::collection::vec((0_u8..15, any::<u8>()), 1..40),
    ) {
        let direction = if short { Direction::Short } else { Direction::Long };
        let mut scene = Scene::new(direction, Setup::default());
        for (kind, pick) in before {
            crate::random::act(&mut scene, kind, pick);
        }
        scene.operator(kill(Scope::All));
        let told = scene.commands.len();
        let position = |want: fn(&Command) -> bool| scene.commands.iter().rposition(want);
        let killed = position(|c| {
            matches!(c, Command::Persist(entry) if matches!(entry.record, Record::Killed { .. }))
        });
        let answered = position(|c| matches!(c, Command::Answer { .. }));
        prop_assert!(killed < answered, "the kill is written down before it is answered");
        for (kind, pick) in after {
            crate::random::act(&mut scene, kind, pick);
        }
        prop_assert!(!enters(&scene.commands[told..]));
    }
}
