//! Two routes on one account: one gate, one ledger, one owner of a symbol.

use insta::assert_snapshot;
use trader_contract::{Direction, Intent};
use trader_core::Sides;
use trader_core::record::{Decision, Record};
use trader_core::risk::limits::Limits;

use crate::scene::{Scene, Setup, both, both_with, symbol};

/// Route `a` holds SPY, route `b` holds QQQ; the transcript is empty.
fn with_two_positions(scene: &mut Scene) {
    scene.with_position();
    scene.wants("b", "QQQ", scene.entry());
    scene.bar_of("QQQ", "100");
    scene.working("2-e1");
    scene.report_of("2-s1");
    scene.fill("2-e1", 100, "100.10");
    scene.forget();
}

#[test]
fn of_two_routes_that_want_a_symbol_at_the_same_bar_the_first_gets_it() {
    assert_snapshot!(both(|scene| {
        scene.wants("b", "SPY", scene.entry());
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.refused("1-e1");
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
        let owner = &scene.engine.book().holdings[&symbol("SPY")].route;
        assert_eq!(&**owner, "b");
    }), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      intent 2: enter refused by symbol_taken
    14:32:00 1-e1 refused
      heard submit 1-e1 refused
      ALERT Notice order_refused
      SPY free
    14:33:00 bar SPY 100
      intent 3: enter
      plan 3-e1 buy 100 SPY stop 100.1 Gtc + 3-s1 99.5
      plan 3-s1 sell 100 SPY stop 99.5 Gtc
      SEND 3-e1 buy 100 SPY stop 100.1 Gtc + 3-s1 99.5
    ");
}

#[test]
fn two_routes_share_the_total_and_each_has_its_own_count_of_entries() {
    let limits = Limits {
        gross_exposure: "0.25".parse().unwrap(),
        entries_per_route: 1,
        ..Limits::unbounded()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    assert_snapshot!(both_with(&setup, |scene| {
        with_two_positions(scene);
        scene.fill("1-s1", 100, "99.50");
        scene.wants("a", "SPY", scene.entry());
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:33:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
    14:34:00 bar SPY 100
      intent 3: enter refused by entries_per_route
      intent 4: enter refused by entries_per_route
    ");
}

#[test]
fn a_route_does_not_touch_the_position_of_another() {
    assert_snapshot!(both(|scene| {
        with_two_positions(scene);
        let reason = || trader_contract::Reason::new("test");
        scene.wants("b", "SPY", Intent::Exit { reason: reason() });
        scene.bar("100.30");
        scene.wants("a", "SPY", Intent::Exit { reason: reason() });
        scene.bar("100.30");
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100.30");
        scene.fill("2-s1", 100, "99.50");
        let day = scene.engine.book().day.as_ref().unwrap();
        assert_eq!((day.trades, day.winners, day.losers), (2, 1, 1));
        assert_eq!(day.realised.to_string(), "-40");
    }), @r"
    14:34:00 bar SPY 100.30
      intent 3: exit refused by nothing_to_do
    14:35:00 bar SPY 100.30
      intent 4: exit
      exit of SPY planned: strategy
      cancel asked 1-s1: the position is to be closed
      CANCEL 1-s1
    14:35:00 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      plan 1-x1 sell 100 SPY market Day
      SEND 1-x1 sell 100 SPY market Day
    14:35:00 1-x1 fills 100 at 100.30
      heard 1-x1 Filled 100/100, 100 at 100.3
      trade SPY closed: strategy 20
    14:35:00 2-s1 fills 100 at 99.50
      heard 2-s1 Filled 100/100, 100 at 99.5
      trade QQQ closed: stop_loss -60
    ");
}

#[test]
fn a_breaker_that_one_route_trips_stops_the_other_and_leaves_its_position_protected() {
    let limits = Limits {
        consecutive_losses: 1,
        ..Limits::unbounded()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    assert_snapshot!(both_with(&setup, |scene| {
        with_two_positions(scene);
        scene.fill("1-s1", 100, "99.50");
        scene.wants("b", "SPY", scene.entry());
        scene.bar("100");
        scene.wants("b", "QQQ", scene.move_stop("99.80"));
        scene.bar_of("QQQ", "100.40");
    }), @r"
    14:33:00 1-s1 fills 100 at 99.50
      heard 1-s1 Filled 100/100, 100 at 99.5
      trade SPY closed: stop_loss -60
      ALERT Warning consecutive_losses
      trading halted
    14:34:00 bar SPY 100
      intent 3: enter refused by halted
    14:35:00 bar QQQ 100.40
      intent 4: move the stop
      stop of QQQ planned at 99.8
      plan 2-s2 sell 100 QQQ stop 99.8 Gtc for 2-s1
      replace asked 2-s1
      REPLACE 2-s1 by 2-s2 stop 99.8
    ");
}

#[test]
fn a_route_enters_only_the_sides_that_it_is_given() {
    let same = |direction| match direction {
        Direction::Long => Sides::Long,
        Direction::Short => Sides::Short,
    };
    let other = |direction| match direction {
        Direction::Long => Sides::Short,
        Direction::Short => Sides::Long,
    };
    let told = [same, other].map(|sides: fn(Direction) -> Sides| {
        let setup = Setup {
            sides,
            ..Setup::default()
        };
        both_with(&setup, |scene| {
            scene.wants("a", "SPY", scene.entry());
            scene.wants("b", "QQQ", scene.entry());
            scene.bar("100");
            scene.bar_of("QQQ", "100");
            let day = scene.engine.book().day.as_ref().unwrap();
            assert_eq!(day.refusals + day.orders / 2, 2);
        })
    });
    assert_snapshot!(told.join("\n\n"), @r"
    14:32:00 bar SPY 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
    14:33:00 bar QQQ 100
      intent 2: enter
      plan 2-e1 buy 100 QQQ stop 100.1 Gtc + 2-s1 99.5
      plan 2-s1 sell 100 QQQ stop 99.5 Gtc
      SEND 2-e1 buy 100 QQQ stop 100.1 Gtc + 2-s1 99.5

    14:32:00 bar SPY 100
      intent 1: enter refused by sides
    14:33:00 bar QQQ 100
      intent 2: enter
      plan 2-e1 buy 100 QQQ stop 100.1 Gtc + 2-s1 99.5
      plan 2-s1 sell 100 QQQ stop 99.5 Gtc
      SEND 2-e1 buy 100 QQQ stop 100.1 Gtc + 2-s1 99.5
    ");
}

#[test]
fn the_refusal_of_a_side_names_the_route_and_both_sides() {
    let setup = Setup {
        sides: |_| Sides::Short,
        ..Setup::default()
    };
    let mut scene = Scene::new(Direction::Long, setup);
    scene.wants("a", "SPY", scene.entry());
    scene.bar("100");
    let refused = scene.journal.iter().find_map(|entry| match &entry.record {
        Record::IntentTaken {
            decision: Decision::Refused { detail, .. },
            ..
        } => Some(detail.to_string()),
        _ => None,
    });
    let words = "route a enters short only, and this entry is long";
    assert_eq!(refused.as_deref(), Some(words));
}
