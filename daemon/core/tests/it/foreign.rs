//! What the broker has and the store did not make.

use insta::assert_snapshot;
use trader_contract::{
    BrokerEvent, BrokerOrderId, Direction, ForeignOrder, Money, NetQty, Qty, ReportStatus, Side,
};
use trader_core::OperatorCommand;
use trader_core::config::{Authority, ForeignPolicy};

use crate::scene::{Scene, Setup, both, both_with, symbol};

pub(crate) fn net(scene: &Scene, shares: i64) -> NetQty {
    let net = NetQty::from_nanos(shares * 1_000_000_000).unwrap();
    scene.mirror.net(net)
}

/// Two snapshots, asked for one after the other.
pub(crate) fn look_twice(scene: &mut Scene) {
    scene.operator(OperatorCommand::Reconcile);
    scene.snapshot();
    scene.pass(1);
    scene.snapshot();
}

fn somebodys_stop(scene: &Scene) -> ForeignOrder {
    ForeignOrder {
        broker_id: BrokerOrderId("f-1".into()),
        client_id: "by-hand".into(),
        symbol: symbol("SPY"),
        side: Side::Sell,
        qty: Qty::shares(10).unwrap(),
        filled: Qty::ZERO,
        kind: "stop".into(),
        stop: Some(scene.price("95")),
        limit: None,
        status: ReportStatus::New,
        at: scene.at,
    }
}

/// Runs a scenario long and short; what is said names other prices on each side.
fn each(play: impl Fn(&mut Scene)) {
    for direction in [Direction::Long, Direction::Short] {
        play(&mut Scene::new(direction, Setup::default()));
    }
}

fn with_policy(foreign: ForeignPolicy) -> Setup {
    Setup {
        authority: Authority {
            foreign,
            ..Authority::simulated()
        },
        ..Setup::default()
    }
}

#[test]
fn an_order_of_somebody_else_is_told_once_blocks_its_symbol_and_is_never_touched() {
    assert_snapshot!(both(|scene| {
        let order = somebodys_stop(scene);
        scene.venue.foreign = vec![order.clone()];
        scene.hear("somebody's stop", vec![BrokerEvent::Foreign(order)]);
        look_twice(scene);
        scene.pass(59);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        scene.venue.foreign.clear();
        look_twice(scene);
        scene.pass(58);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:31:00 somebody's stop
      foreign_seen
      SPY blocked: foreign
      ALERT Critical foreign
    14:31:00 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:31:00 snapshot
    14:31:01 snapshot
    14:33:00 bar SPY 100
      intent 1: enter refused by symbol_blocked
    14:33:00 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:33:00 snapshot
      foreign_gone
      cleared foreign
      SPY freed
    14:33:01 snapshot
    14:34:59 bar SPY 100
    ");
}

#[test]
fn a_position_of_somebody_else_is_told_and_left_alone() {
    assert_snapshot!(both(|scene| {
        scene.venue.meddle(symbol("SPY"), net(scene, 30));
        look_twice(scene);
        scene.pass(1);
        scene.venue.meddle(symbol("SPY"), NetQty::ZERO);
        look_twice(scene);
    }), @r"
    14:31:00 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:31:00 snapshot
    14:31:01 timer
      ASK what the broker holds
    14:31:01 snapshot
      SPY: ours 0, the broker's 30
      SPY blocked: foreign
      ALERT Critical foreign
    14:31:02 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:31:02 snapshot
      cleared foreign
      SPY freed
    14:31:03 snapshot
    ");
}

#[test]
fn a_position_is_adopted_on_demand_protected_and_closed_with_the_day() {
    each(|scene| {
        scene.venue.meddle(symbol("SPY"), net(scene, 30));
        look_twice(scene);
        scene.forget();
        let adopt = OperatorCommand::Adopt {
            symbol: symbol("SPY"),
            stop: None,
        };
        scene.operator(adopt);
        scene.pass(1);
        let text = scene.transcript();
        assert!(text.contains("SPY adopted: 30\n"), "{text}");
        assert!(text.contains("SEND 1-s1 sell 30 SPY stop 95 Gtc"), "{text}");
        assert!(text.contains("looked after from now on"), "{text}");
        scene.working("1-s1");
        scene.pass_to_close(300);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 30, "100");
        look_twice(scene);
        let text = scene.transcript();
        assert!(text.contains("trade SPY voided"), "{text}");
        assert!(text.contains("SPY freed"), "{text}");
        assert!(scene.engine.book().blocks.is_empty());
    });
}

#[test]
fn a_position_beside_somebodys_stop_is_not_adopted_until_that_is_gone() {
    each(|scene| {
        let order = somebodys_stop(scene);
        scene.venue.foreign = vec![order];
        scene.venue.meddle(symbol("SPY"), net(scene, 30));
        look_twice(scene);
        scene.forget();
        let stop = Some(scene.price("98"));
        let adopt = OperatorCommand::Adopt {
            symbol: symbol("SPY"),
            stop,
        };
        scene.operator(adopt.clone());
        assert!(
            scene
                .transcript()
                .contains("cancel them at the broker first")
        );
        scene.venue.foreign.clear();
        scene.pass(1);
        look_twice(scene);
        scene.forget();
        scene.operator(adopt);
        scene.pass(1);
        assert!(
            scene.transcript().contains("SEND 1-s1 sell 30 SPY stop 98"),
            "{}",
            scene.transcript()
        );
    });
}

#[test]
fn a_policy_of_adoption_protects_what_is_found() {
    assert_snapshot!(both_with(&with_policy(ForeignPolicy::Adopt), |scene| {
        scene.venue.meddle(symbol("SPY"), net(scene, 30));
        look_twice(scene);
        scene.pass(1);
    }), @r"
    14:31:00 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:31:00 snapshot
    14:31:01 timer
      ASK what the broker holds
    14:31:01 snapshot
      SPY: ours 0, the broker's 30
      SPY blocked: foreign
      SPY adopted: 30
    14:31:01 timer
      plan 1-s1 sell 30 SPY stop 95 Gtc
      SEND 1-s1 sell 30 SPY stop 95 Gtc
    ");
}

#[test]
fn a_policy_of_ignorance_says_so_once_and_enters_nothing_there() {
    assert_snapshot!(both_with(&with_policy(ForeignPolicy::Ignore), |scene| {
        scene.venue.meddle(symbol("SPY"), net(scene, 30));
        look_twice(scene);
        scene.pass(59);
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
    }), @r"
    14:31:00 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:31:00 snapshot
    14:31:01 timer
      ASK what the broker holds
    14:31:01 snapshot
      SPY: ours 0, the broker's 30
      SPY blocked: ignored
      ALERT Notice foreign_ignored
    14:33:00 bar SPY 100
      intent 1: enter refused by symbol_blocked
    ");
}

#[test]
fn what_a_person_ignores_is_said_no_more() {
    assert_snapshot!(both(|scene| {
        scene.operator(OperatorCommand::Ignore(symbol("SPY")));
        scene.venue.meddle(symbol("SPY"), net(scene, 30));
        look_twice(scene);
        scene.forget();
        scene.operator(OperatorCommand::Ignore(symbol("SPY")));
        scene.pass(1);
        look_twice(scene);
    }), @r"
    14:31:01 operator Ignore(SPY)
      SPY blocked: ignored
      cleared foreign
      ANSWER SPY: 30 shares left to you; the symbol is not entered while it is there
    14:31:02 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:31:02 snapshot
    14:31:03 snapshot
    ");
}

#[test]
fn a_position_in_a_symbol_of_no_route_is_foreign() {
    both(|scene| {
        scene.venue.meddle(symbol("IWM"), net(scene, 30));
        look_twice(scene);
        assert!(scene.transcript().contains("IWM blocked: foreign"));
        scene.forget();
        let adopt = OperatorCommand::Adopt {
            symbol: symbol("IWM"),
            stop: None,
        };
        scene.operator(adopt);
        assert!(scene.transcript().contains("no route trades IWM"));
    });
}

#[test]
fn the_owners_flattening_is_adopted_and_nothing_is_bought_back() {
    assert_snapshot!(both(|scene| {
        scene.with_position();
        scene.venue.meddle(symbol("SPY"), NetQty::ZERO);
        scene.pass(10);
        look_twice(scene);
        scene.cancelled("1-s1");
        scene.pass(120);
    }), @r"
    14:32:10 operator Reconcile
      ASK what the broker holds
      ANSWER asking the broker what it holds; differences are told as alerts
    14:32:10 snapshot
    14:32:11 timer
      ASK what the broker holds
    14:32:11 snapshot
      SPY: ours 100, the broker's 0
      ALERT Critical position_differs
      cancel asked 1-s1: the position is flat
      CANCEL 1-s1
    14:32:11 1-s1 cancelled
      heard 1-s1 Cancelled 0/100
      trade SPY voided
    ");
}

#[test]
fn a_difference_that_one_snapshot_shows_is_none() {
    both(|scene| {
        scene.with_position();
        let torn = scene.venue.clone();
        scene.venue.meddle(symbol("SPY"), net(scene, 60));
        scene.pass(10);
        scene.operator(OperatorCommand::Reconcile);
        scene.snapshot();
        scene.venue = torn;
        scene.pass(1);
        scene.operator(OperatorCommand::Reconcile);
        scene.snapshot();
        assert!(
            !scene.transcript().contains("ours"),
            "{}",
            scene.transcript()
        );
    });
}

#[test]
fn both_exits_of_a_bracket_fill_and_the_turned_position_is_closed() {
    both(|scene| {
        scene.wants("a", "SPY", scene.bracket());
        scene.bar("100");
        scene.working("1-e1");
        scene.fill("1-e1", 100, "100.10");
        let stop = scene.id("1-s1");
        let qty = Qty::shares(100).unwrap();
        let (high, low) = (scene.price("101"), scene.price("99.5"));
        let mut events = scene.venue.fill(scene.id("1-t1"), qty, high, scene.at);
        let order = scene.venue.orders.get_mut(&stop).unwrap();
        (order.status, order.filled, order.qty) = (ReportStatus::New, Qty::ZERO, qty);
        events.extend(scene.venue.fill(stop, qty, low, scene.at));
        events.reverse();
        scene.hear("both exits fill", events);
        let text = scene.transcript();
        assert!(
            text.contains("ALERT Critical turned") || text.contains("SEND 1-x1 buy 100"),
            "{text}"
        );
        assert!(text.contains("SEND 1-x1 buy 100 SPY market"), "{text}");
    });
}

#[test]
fn a_position_that_two_answers_of_one_moment_show_is_not_taken_yet() {
    both(|scene| {
        scene.with_position();
        let ours = |scene: &Scene| scene.engine.book().net(symbol("SPY"));
        let (before, after) = (ours(scene), net(scene, 60));
        scene.venue.meddle(symbol("SPY"), after);
        scene.pass(1);
        for _ in 0..3 {
            scene.operator(OperatorCommand::Reconcile);
            scene.snapshot();
        }
        assert_eq!(ours(scene), before);
        look_twice(scene);
        look_twice(scene);
        assert_eq!(ours(scene), after);
    });
}

#[test]
fn what_paid_for_an_adopted_position_is_taken_beside_what_was_traded_since_it_was_seen() {
    each(|scene| {
        scene.with_position();
        scene.venue.meddle(symbol("QQQ"), net(scene, 20));
        let paid = match scene.mirror.0 {
            Direction::Long => Money::dollars(-2_000),
            Direction::Short => Money::dollars(2_000),
        };
        scene.venue.deposit(paid);
        look_twice(scene);
        scene.fill("1-s1", 100, "99.50");
        scene.operator(OperatorCommand::Adopt {
            symbol: symbol("QQQ"),
            stop: None,
        });
        let text = scene.transcript().to_owned();
        assert!(text.contains("looked after"), "{text}");
        let (ours, theirs) = (scene.engine.book().cash, scene.venue.cash());
        assert_eq!(ours, theirs, "{text}");
    });
}

/// Somebody trades in a symbol of no route and pays for it, and beside it in one of ours.
fn with_two_of_somebodys(scene: &mut Scene, ours: &str, shares: i64) {
    let paid = |scene: &Scene, dollars: i64| match scene.mirror.0 {
        Direction::Long => Money::dollars(-dollars),
        Direction::Short => Money::dollars(dollars),
    };
    scene.venue.meddle(symbol("GME"), net(scene, 30));
    scene.venue.deposit(paid(scene, 600));
    look_twice(scene);
    look_twice(scene);
    scene.venue.meddle(symbol(ours), net(scene, shares));
    scene.venue.deposit(paid(scene, 1_000));
    look_twice(scene);
    look_twice(scene);
}

#[test]
fn what_is_adopted_beside_what_is_not_is_neither_profit_nor_loss() {
    each(|scene| {
        scene.bar("100");
        scene.one_bar("QQQ", "100");
        with_two_of_somebodys(scene, "QQQ", 10);
        scene.operator(OperatorCommand::Adopt {
            symbol: symbol("QQQ"),
            stop: None,
        });
        let text = scene.transcript().to_owned();
        assert!(text.contains("looked after"), "{text}");
        assert_eq!(scene.engine.equity(), Money::dollars(100_000), "{text}");
        look_twice(scene);
        assert_eq!(scene.engine.equity(), Money::dollars(100_000), "{text}");
    });
}

#[test]
fn what_somebody_adds_to_a_position_beside_what_is_not_ours_is_neither_profit_nor_loss() {
    each(|scene| {
        scene.with_position();
        scene.bar("100");
        let before = scene.engine.equity();
        with_two_of_somebodys(scene, "SPY", 110);
        let text = scene.transcript().to_owned();
        assert!(text.contains("position_differs"), "{text}");
        assert_eq!(scene.engine.book().net(symbol("SPY")), net(scene, 110));
        assert_eq!(scene.engine.equity(), before, "{text}");
    });
}

#[test]
fn what_no_route_trades_cannot_be_adopted_and_nobody_is_told_to() {
    both(|scene| {
        scene.venue.meddle(symbol("GME"), net(scene, 30));
        look_twice(scene);
        look_twice(scene);
        let standing = scene.engine.book().standing("foreign", Some(symbol("GME")));
        let action = standing.unwrap().alert.action.clone();
        assert!(!action.contains("adopt"), "{action}");
        scene.operator(OperatorCommand::Adopt {
            symbol: symbol("GME"),
            stop: None,
        });
        let text = scene.transcript();
        assert!(text.contains("ANSWER no: no route trades GME"), "{text}");
    });
}
