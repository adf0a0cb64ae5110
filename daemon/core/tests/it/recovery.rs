//! What the broker's records make good: cash that nobody reported, repetitions that it refuses,
//! replies that a report has overtaken, and somebody's orders and positions.

use trader_contract::{
    BrokerEvent, Direction, Execution, ExecutionId, Money, NetQty, ReportStatus, RequestFailure,
};
use trader_core::book::Order;
use trader_core::config::{Authority, ForeignPolicy};
use trader_core::{OperatorCommand, Watch};

use crate::scene::{Scene, Setup, both, both_with, no_answer, refusal, symbol};

fn watched() -> Setup {
    Setup {
        watch: Watch::LOCAL,
        ..Setup::default()
    }
}

/// An entry that did not arrive, of which nobody knows that, and five dollars that nobody reported.
fn with_lost_entry_and_a_deposit(scene: &mut Scene) {
    scene.wants("a", "SPY", scene.entry());
    scene.bar("100");
    scene.lose("1-e1");
    scene.unanswered("1-e1");
    scene.venue.deposit(Money::dollars(5));
}

fn look(scene: &mut Scene) {
    scene.pass(1);
    scene.operator(OperatorCommand::Reconcile);
    scene.snapshot();
}

#[test]
fn cash_that_nobody_reported_is_taken_once_two_snapshots_agree() {
    both_with(&watched(), |scene| {
        let cash = |scene: &Scene| scene.engine.book().cash;
        scene.venue.deposit("12.34".parse().unwrap());
        look(scene);
        assert_eq!(cash(scene), Money::dollars(100_000), "one may be torn");
        // It has changed again: that is another difference.
        scene.venue.deposit("0.66".parse().unwrap());
        look(scene);
        assert_eq!(cash(scene), Money::dollars(100_000));
        look(scene);
        assert_eq!(cash(scene), Money::dollars(100_013));
        assert!(
            scene
                .transcript()
                .contains("cash 100000, the broker's 100013")
        );
        assert!(scene.transcript().contains("ALERT Notice cash_differs"));
        scene.forget();
        look(scene);
        assert!(!scene.transcript().contains("cash"), "told once");
        assert_eq!(scene.book_from_journal().cash, Money::dollars(100_013));
    });
}

#[test]
fn two_answers_of_one_moment_are_one() {
    both_with(&watched(), |scene| {
        scene.venue.deposit(Money::dollars(5));
        scene.pass(1);
        for _ in 0..3 {
            scene.operator(OperatorCommand::Reconcile);
            scene.snapshot();
        }
        assert_eq!(scene.engine.book().cash, Money::dollars(100_000));
        // What was asked at that moment, and what was asked after it.
        look(scene);
        look(scene);
        assert_eq!(scene.engine.book().cash, Money::dollars(100_005));
    });
}

#[test]
fn cash_is_not_compared_while_something_is_on_its_way() {
    both_with(&watched(), |scene| {
        with_lost_entry_and_a_deposit(scene);
        for _ in 0..3 {
            look(scene);
        }
        assert_eq!(scene.engine.book().cash, Money::dollars(100_000));
    });
}

#[test]
fn a_reply_that_a_report_has_overtaken_says_nothing() {
    both(|scene| {
        scene.with_waiting_entry();
        let before = scene.engine.book().clone();
        let client_id = scene.id("1-e1");
        for failure in [no_answer(), refusal()] {
            scene.hear(
                "a late reply",
                vec![BrokerEvent::SubmitFailed { client_id, failure }],
            );
        }
        assert_eq!(*scene.engine.book(), before);
        scene.fill("1-e1", 100, "100.10");
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        scene.replaced("1-s1");
        let before = scene.engine.book().clone();
        let (client_id, new_client_id) = (scene.id("1-s1"), scene.id("1-s2"));
        for failure in [no_answer(), refusal()] {
            let late = BrokerEvent::ReplaceFailed {
                client_id,
                new_client_id,
                failure,
            };
            scene.hear("a late reply", vec![late]);
        }
        assert_eq!(*scene.engine.book(), before);
    });
}

#[test]
fn replies_about_orders_that_are_not_ours_say_nothing() {
    both(|scene| {
        scene.with_position();
        let before = scene.engine.book().clone();
        let mut client_id = scene.id("1-s1");
        client_id.epoch = trader_contract::Epoch(7);
        let new_client_id = client_id.next_attempt();
        let failure = || RequestFailure::Refused {
            code: 40_410_000,
            message: "order not found".into(),
        };
        scene.hear(
            "of another store",
            vec![
                BrokerEvent::SubmitFailed {
                    client_id,
                    failure: failure(),
                },
                BrokerEvent::CancelFailed {
                    client_id,
                    failure: failure(),
                },
                BrokerEvent::ReplaceFailed {
                    client_id,
                    new_client_id,
                    failure: failure(),
                },
            ],
        );
        assert_eq!(*scene.engine.book(), before);
    });
}

#[test]
fn a_repetition_that_is_refused_waits_its_pause_and_goes_out_by_itself() {
    both(|scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        let sent = |scene: &Scene| scene.transcript().matches("SEND 1-s2").count();
        scene.lose("1-s2");
        scene.unanswered("1-s2");
        scene.snapshot();
        assert_eq!(sent(scene), 2);
        scene.refused("1-s2");
        scene.snapshot();
        assert_eq!(sent(scene), 2, "not at once");
        scene.pass(1);
        assert_eq!(sent(scene), 3, "{}", scene.transcript());
        scene.working("1-s2");
        assert!(!scene.transcript().contains("1-s3"));
    });
}

#[test]
fn a_repetition_that_would_no_longer_reduce_does_not_go_out() {
    both(|scene| {
        scene.with_waiting_entry();
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        scene.lose("1-s2");
        scene.unanswered("1-s2");
        scene.snapshot();
        scene.refused("1-s2");
        scene.snapshot();
        let sent = scene.transcript().matches("SEND 1-s2").count();
        // The broker takes back a part of what the entry had filled, before the pause is over.
        let void = scene.engine.book().orders[&scene.id("1-e1")].executions[0].clone();
        let client_id = scene.id("1-e1");
        let now = Some(Execution {
            id: ExecutionId("x-new".into()),
            qty: trader_contract::Qty::shares(10).unwrap(),
            price: scene.price("100.10"),
            fee: Money::ZERO,
            at: scene.at,
        });
        let ten = scene
            .mirror
            .net(NetQty::from_nanos(10_000_000_000).unwrap());
        scene.venue.meddle(symbol("SPY"), ten);
        scene.hear(
            "10 instead of 40",
            vec![BrokerEvent::Corrected {
                client_id,
                execution: void,
                now,
            }],
        );
        scene.pass(1);
        assert_eq!(scene.transcript().matches("SEND 1-s2").count(), sent);
    });
}

fn somebodys(scene: &Scene) -> trader_contract::ForeignOrder {
    trader_contract::ForeignOrder {
        broker_id: trader_contract::BrokerOrderId("f-1".into()),
        client_id: "by-hand".into(),
        symbol: symbol("SPY"),
        side: trader_contract::Side::Sell,
        qty: trader_contract::Qty::shares(10).unwrap(),
        filled: trader_contract::Qty::ZERO,
        kind: "limit".into(),
        stop: None,
        limit: Some(scene.price("105")),
        status: ReportStatus::New,
        at: scene.at,
    }
}

/// The broker holds so many billionths of a share that this store did not make, and has shown it twice to
/// questions that were asked one after the other.
fn with_somebodys(scene: &mut Scene, nanos: i64) {
    let net = scene.mirror.net(NetQty::from_nanos(nanos).unwrap());
    scene.venue.meddle(symbol("SPY"), net);
    for _ in 0..3 {
        look(scene);
    }
}

#[test]
fn an_order_of_somebody_else_that_ends_is_gone_and_what_it_did_is_asked_for() {
    both(|scene| {
        let mut order = somebodys(scene);
        scene.hear(
            "somebody's order",
            vec![BrokerEvent::Foreign(order.clone())],
        );
        assert_eq!(scene.engine.book().foreign.len(), 1);
        scene.forget();
        order.status = ReportStatus::Filled;
        scene.hear("it fills", vec![BrokerEvent::Foreign(order.clone())]);
        assert!(scene.engine.book().foreign.is_empty());
        assert!(scene.transcript().contains("ASK what the broker holds"));
        scene.snapshot();
        scene.forget();
        scene.hear("the same again", vec![BrokerEvent::Foreign(order)]);
        assert!(!scene.transcript().contains("foreign"));
    });
}

#[test]
fn what_cannot_be_adopted_is_refused_with_the_reason() {
    let whole = 30_000_000_000;
    type Play<'a> = &'a dyn Fn(&mut Scene);
    let cases: [(&str, Play<'_>); 4] = [
        ("has a trade of this store already", &|s| s.with_position()),
        ("has nothing to adopt", &|_| ()),
        ("are no whole number", &|s| with_somebodys(s, whole + 1)),
        ("cancel them at the broker first", &|s| {
            let order = somebodys(s);
            s.venue.foreign = vec![order];
            with_somebodys(s, whole);
        }),
    ];
    for direction in [Direction::Long, Direction::Short] {
        let refused = |scene: &mut Scene, stop, why: &str| {
            let symbol = symbol("SPY");
            scene.operator(OperatorCommand::Adopt { symbol, stop });
            let no = scene.answer().unwrap_err();
            assert!(no.contains(why), "{no}");
            assert!(!scene.transcript().contains("SPY adopted"));
        };
        for (why, play) in &cases {
            let mut scene = Scene::new(direction, Setup::default());
            play(&mut scene);
            refused(&mut scene, None, why);
        }
        let mut scene = Scene::new(direction, Setup::default());
        with_somebodys(&mut scene, whole);
        for (stop, why) in [
            ("98.005", "is not on the tick of SPY"),
            ("100", "is not on the losing side"),
            ("101", "is not on the losing side"),
        ] {
            let stop = Some(scene.price(stop));
            refused(&mut scene, stop, why);
        }
        let stop = Some(scene.price("99.99"));
        let symbol = symbol("SPY");
        scene.operator(OperatorCommand::Adopt { symbol, stop });
        assert!(scene.answer().is_ok());
    }
}

#[test]
fn a_position_is_not_adopted_before_there_is_a_price_unless_its_stop_is_named() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = Scene::new(direction, Setup::default());
        with_somebodys(&mut scene, 30_000_000_000);
        scene.restart();
        scene.snapshot();
        look(&mut scene);
        look(&mut scene);
        let adopt = |stop| OperatorCommand::Adopt {
            symbol: symbol("SPY"),
            stop,
        };
        scene.operator(adopt(None));
        let no = scene.answer().unwrap_err();
        assert!(no.contains("name where the stop is to rest"), "{no}");
        scene.operator(adopt(Some(scene.price("98"))));
        scene.pass(1);
        assert!(scene.transcript().contains("SEND 1-s1 sell 30 SPY stop 98"));
    }
}

#[test]
fn a_policy_of_adoption_says_why_it_cannot_adopt() {
    let setup = Setup {
        authority: Authority {
            foreign: ForeignPolicy::Adopt,
            ..Authority::simulated()
        },
        ..Setup::default()
    };
    both_with(&setup, |scene| {
        let order = somebodys(scene);
        scene.venue.foreign = vec![order];
        with_somebodys(scene, 30_000_000_000);
        assert!(!scene.transcript().contains("adopted"));
        let alerts = &scene.engine.book().alerts;
        let told = alerts.iter().find(|s| &*s.alert.kind == "foreign").unwrap();
        let why = &told.alert.message;
        assert!(why.contains("it cannot be adopted now"), "{why}");
    });
}

#[test]
fn what_an_adopted_position_cost_is_taken_over_with_it() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = Scene::new(direction, watched());
        let scene = &mut scene;
        let cost = scene
            .price("100")
            .times(trader_contract::Qty::shares(30).unwrap());
        let paid = match scene.mirror.0 {
            Direction::Long => Money::ZERO - cost,
            Direction::Short => cost,
        };
        scene.venue.deposit(paid);
        with_somebodys(scene, 30_000_000_000);
        assert_eq!(scene.engine.book().cash, Money::dollars(100_000), "apart");
        let symbol = symbol("SPY");
        scene.operator(OperatorCommand::Adopt { symbol, stop: None });
        assert_eq!(scene.engine.book().cash, Money::dollars(100_000) + paid);
        scene.pass(1);
        scene.working("1-s1");
        look(scene);
        assert!(!scene.transcript().contains("cash_differs"));
    }
}

#[test]
fn a_correction_of_an_order_that_is_not_ours_is_told() {
    both(|scene| {
        scene.with_position();
        let before = scene.engine.book().clone();
        let mut client_id = scene.id("1-e1");
        client_id.epoch = trader_contract::Epoch(7);
        scene.hear(
            "a correction",
            vec![BrokerEvent::Corrected {
                client_id,
                execution: ExecutionId("x9".into()),
                now: None,
            }],
        );
        assert!(scene.transcript().contains("ALERT Critical fill_corrected"));
        assert_eq!(scene.engine.book().orders, before.orders);
        assert_eq!(scene.engine.book().cash, before.cash);
    });
}

#[test]
fn a_refused_repetition_of_a_pair_leaves_its_stop_as_unknown_as_its_target() {
    both(|scene| {
        scene.wants("a", "SPY", scene.bracket());
        scene.bar("100");
        scene.working("1-e1");
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        scene.lose("1-t2");
        scene.restart();
        for _ in 0..3 {
            scene.snapshot();
            scene.pass(5);
        }
        assert!(scene.transcript().contains("repeat 1-t2"));
        scene.refused("1-t2");
        let live = |short: &str| scene.engine.book().orders[&scene.id(short)].is_live();
        assert_eq!((live("1-t2"), live("1-s2")), (true, true));
    });
}

#[test]
fn what_an_order_of_unknown_fate_kept_from_being_compared_is_compared_at_once_after_it() {
    both_with(&watched(), |scene| {
        with_lost_entry_and_a_deposit(scene);
        let ask = |scene: &mut Scene| {
            scene.snapshot();
            scene.forget();
            scene.pass(1);
        };
        let is_live = |scene: &Scene| scene.engine.book().orders.values().any(Order::is_live);
        for _ in 0..60 {
            if is_live(scene) {
                ask(scene);
            }
        }
        assert!(!is_live(scene));
        // The broker is asked again after a second, and after two more.
        for _ in 0..5 {
            match scene.transcript().contains("ASK") {
                true => ask(scene),
                false => scene.pass(1),
            }
        }
        let (ours, theirs) = (scene.engine.book().cash, scene.venue.cash());
        assert_eq!(ours, theirs, "{}", scene.transcript());
    });
}
