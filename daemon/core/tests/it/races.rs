//! Races of a cancel or a replacement with a fill, and of the two exits of a bracket with each other: each
//! with either winner, the news in every order in which it may be heard, and the same found out by a new
//! process that has heard nothing of it. Never is more closed than is held, and what is held has its stop.

use trader_contract::{BrokerEvent, ClientOrderId, Direction, OrderRole, Qty, ReportStatus};
use trader_core::OperatorCommand;
use trader_core::record::ExitReason;

use crate::ladder::chased;
use crate::scene::{Scene, Setup, both_with, refusal, symbol};

/// Pieces of news, each of which may overtake the others.
type News = Vec<Vec<BrokerEvent>>;

/// Plays a race: `play` brings the venue to its end and gives the news of it, `check` looks at what has come
/// of it.
fn race(play: impl Fn(&mut Scene) -> News, check: impl Fn(&mut Scene)) {
    race_with(&Setup::default(), play, check);
}

/// The same with what is watched.
fn race_with(setup: &Setup, play: impl Fn(&mut Scene) -> News, check: impl Fn(&mut Scene)) {
    let pieces = play(&mut Scene::new(Direction::Long, setup.clone())).len();
    for order in orders(pieces) {
        both_with(setup, |scene| {
            let news = play(scene);
            for place in &order {
                scene.hear("news", news[*place].clone());
            }
            check(scene);
        });
    }
    both_with(setup, |scene| {
        play(scene);
        scene.restart();
        scene.snapshot();
        check(scene);
    });
}

/// Every order of the numbers below `count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let shorter = orders(last);
    let with_last = shorter.iter().flat_map(|order| {
        (0..count).map(|place| {
            let mut longer = order.clone();
            longer.insert(place, last);
            longer
        })
    });
    with_last.collect()
}

fn shares(shares: u32) -> Qty {
    Qty::shares(shares).unwrap()
}

/// An order fills at the venue; what it says of that.
fn filled(scene: &mut Scene, order: &str, qty: u32, price: &str) -> Vec<BrokerEvent> {
    let (id, price) = (scene.id(order), scene.price(price));
    scene.venue.fill(id, shares(qty), price, scene.at)
}

/// An order ends at the venue by the cancel that was asked for.
fn cancelled(scene: &mut Scene, order: &str) -> Vec<BrokerEvent> {
    let id = scene.id(order);
    assert!(scene.venue.cancels.contains(&id), "{id} is to be cancelled");
    scene.venue.set(id, ReportStatus::Cancelled, scene.at)
}

/// The venue has nothing to cancel any more.
fn too_late(scene: &mut Scene, order: &str) -> Vec<BrokerEvent> {
    let client_id = scene.id(order);
    scene.venue.cancels.retain(|asked| *asked != client_id);
    let failure = refusal();
    vec![BrokerEvent::CancelFailed { client_id, failure }]
}

/// The venue has nothing to replace any more.
fn not_replaced(scene: &mut Scene, order: &str) -> Vec<BrokerEvent> {
    let client_id = scene.id(order);
    let asked = std::mem::take(&mut scene.venue.replaces);
    let [(old, new_client_id)] = asked[..] else {
        panic!("one replacement is asked for, and not {asked:?}");
    };
    assert_eq!(old, client_id);
    scene.venue.lose(new_client_id);
    let failure = refusal();
    vec![BrokerEvent::ReplaceFailed {
        client_id,
        new_client_id,
        failure,
    }]
}

/// The orders that may still fill at the venue.
fn live(scene: &Scene) -> Vec<(ClientOrderId, Qty)> {
    let orders = scene.venue.orders.values();
    let live = orders.filter(|o| !o.status.state().is_terminal());
    live.map(|o| (o.client_id, o.qty.checked_sub(o.filled).unwrap()))
        .collect()
}

/// Book and venue agree that nothing is held and nothing is left at work; why the trade ended.
fn assert_over(scene: &Scene, why: ExitReason) {
    let spy = symbol("SPY");
    assert!(scene.venue.net(spy).is_flat(), "{}", scene.venue.net(spy));
    assert!(scene.engine.book().net(spy).is_flat());
    assert!(scene.engine.book().holdings.is_empty());
    assert_eq!(live(scene), []);
    let ended = format!("trade SPY closed: {why} ");
    let times = scene.transcript().matches(&ended).count();
    assert_eq!(times, 1, "closed once, by {why}: {}", scene.transcript());
}

/// Book and venue agree on a position that one stop protects whole, and nothing else is at work.
fn assert_protected(scene: &Scene, qty: u32) {
    let spy = symbol("SPY");
    let net = scene.engine.book().net(spy);
    assert_eq!(net, scene.venue.net(spy));
    assert_eq!(net.magnitude(), shares(qty));
    let [(id, resting)] = live(scene)[..] else {
        panic!("one order rests, and not {:?}", live(scene));
    };
    assert_eq!((id.role, resting), (OrderRole::Stop, shares(qty)));
    assert_eq!(scene.venue.orders[&id].status, ReportStatus::New);
    assert_eq!(scene.engine.book().orders[&id].remaining(), shares(qty));
}

/// A waiting entry of which the cancel is on its way.
fn cancelling_the_entry(scene: &mut Scene) {
    scene.with_waiting_entry();
    scene.forget();
    scene.operator(OperatorCommand::Cancel(scene.id("1-e1")));
}

/// A position of which the stop's cancel is on its way, so that it can be closed.
fn cancelling_the_stop(scene: &mut Scene) {
    scene.with_position();
    scene.operator(OperatorCommand::Close(symbol("SPY")));
}

/// A position of which the exit has not filled in time, and its cancel is on its way.
fn cancelling_the_exit(scene: &mut Scene) {
    cancelling_the_stop(scene);
    scene.cancelled("1-s1");
    scene.working("1-x1");
    scene.pass(5);
}

/// A position of which the stop is being moved.
fn replacing_the_stop(scene: &mut Scene) {
    scene.with_position();
    scene.wants("a", "SPY", scene.move_stop("99.80"));
    scene.bar("100.40");
}

/// A position with a stop and a target.
fn with_bracket(scene: &mut Scene) {
    scene.wants("a", "SPY", scene.bracket());
    scene.bar("100");
    scene.working("1-e1");
    scene.fill("1-e1", 100, "100.10");
    scene.report_of("1-s1");
    scene.forget();
}

#[test]
fn an_entry_whose_cancel_wins_leaves_nothing() {
    race(
        |scene| {
            cancelling_the_entry(scene);
            vec![cancelled(scene, "1-e1")]
        },
        |scene| {
            assert_eq!(live(scene), []);
            assert!(scene.engine.book().holdings.is_empty());
            scene.wants("a", "SPY", scene.entry());
            scene.bar("100");
            assert_eq!(scene.verdict(), None, "the symbol is free");
        },
    );
}

#[test]
fn an_entry_that_fills_before_its_cancel_is_a_position_with_its_stop() {
    race(
        |scene| {
            cancelling_the_entry(scene);
            vec![
                filled(scene, "1-e1", 100, "100.10"),
                too_late(scene, "1-e1"),
            ]
        },
        |scene| {
            assert_protected(scene, 100);
            scene.pass(30);
            assert_protected(scene, 100);
        },
    );
}

#[test]
fn what_an_entry_filled_before_its_cancel_gets_a_stop_of_its_own() {
    race(
        |scene| {
            cancelling_the_entry(scene);
            vec![
                filled(scene, "1-e1", 40, "100.10"),
                cancelled(scene, "1-e1"),
            ]
        },
        |scene| {
            scene.working("1-s2");
            assert_protected(scene, 40);
        },
    );
}

#[test]
fn a_stop_whose_cancel_wins_is_followed_by_the_exit() {
    race(
        |scene| {
            cancelling_the_stop(scene);
            vec![cancelled(scene, "1-s1")]
        },
        |scene| {
            assert_eq!(live(scene), [(scene.id("1-x1"), shares(100))]);
            scene.fill("1-x1", 100, "100");
            assert_over(scene, ExitReason::Operator);
        },
    );
}

#[test]
fn a_stop_that_fills_before_its_cancel_is_followed_by_nothing() {
    race(
        |scene| {
            cancelling_the_stop(scene);
            vec![filled(scene, "1-s1", 100, "99.50"), too_late(scene, "1-s1")]
        },
        |scene| {
            scene.pass(30);
            assert_over(scene, ExitReason::StopLoss);
        },
    );
}

#[test]
fn what_a_stop_filled_before_its_cancel_is_not_closed_again() {
    race(
        |scene| {
            cancelling_the_stop(scene);
            vec![filled(scene, "1-s1", 30, "99.50"), cancelled(scene, "1-s1")]
        },
        |scene| {
            assert_eq!(live(scene), [(scene.id("1-x1"), shares(70))]);
            scene.fill("1-x1", 70, "100");
            assert_over(scene, ExitReason::Operator);
        },
    );
}

#[test]
fn an_exit_whose_cancel_wins_is_followed_by_another_for_what_is_left() {
    for filled_before in [0, 30] {
        race_with(
            &chased(),
            |scene| {
                cancelling_the_exit(scene);
                let mut news = Vec::new();
                if filled_before > 0 {
                    news.push(filled(scene, "1-x1", filled_before, "100"));
                }
                news.push(cancelled(scene, "1-x1"));
                news
            },
            |scene| {
                let left = 100 - filled_before;
                assert_eq!(live(scene), [(scene.id("1-x2"), shares(left))]);
                scene.fill("1-x2", left, "100");
                assert_over(scene, ExitReason::Operator);
            },
        );
    }
}

#[test]
fn an_exit_that_fills_before_its_cancel_is_followed_by_nothing() {
    race_with(
        &chased(),
        |scene| {
            cancelling_the_exit(scene);
            vec![filled(scene, "1-x1", 100, "100"), too_late(scene, "1-x1")]
        },
        |scene| {
            scene.pass(30);
            assert_over(scene, ExitReason::Operator);
        },
    );
}

#[test]
fn an_old_stop_that_fills_before_its_replacement_ends_the_trade() {
    race(
        |scene| {
            replacing_the_stop(scene);
            vec![
                filled(scene, "1-s1", 100, "99.50"),
                not_replaced(scene, "1-s1"),
            ]
        },
        |scene| {
            scene.pass(30);
            assert_over(scene, ExitReason::StopLoss);
        },
    );
}

#[test]
fn a_new_stop_that_fills_in_the_place_of_the_old_one_ends_the_trade() {
    race(
        |scene| {
            replacing_the_stop(scene);
            let mut news = scene.venue.replaced(scene.id("1-s1"), scene.at);
            let new_works = news.split_off(1);
            let fill = filled(scene, "1-s2", 100, "99.80");
            vec![news, new_works, fill]
        },
        |scene| {
            scene.pass(30);
            assert_over(scene, ExitReason::StopLoss);
        },
    );
}

#[test]
fn what_an_old_stop_filled_before_it_was_replaced_the_new_one_does_not_close_again() {
    race(
        |scene| {
            replacing_the_stop(scene);
            let fill = filled(scene, "1-s1", 40, "99.50");
            let mut replaced = scene.venue.replaced(scene.id("1-s1"), scene.at);
            let new_works = replaced.split_off(1);
            vec![fill, replaced, new_works]
        },
        |scene| {
            assert_protected(scene, 60);
            scene.pass(1);
            assert_protected(scene, 60);
            scene.fill("1-s2", 60, "99.80");
            assert_over(scene, ExitReason::StopLoss);
        },
    );
}

#[test]
fn a_stop_that_is_cancelled_before_its_replacement_is_followed_by_the_exit() {
    race(
        |scene| {
            replacing_the_stop(scene);
            scene.operator(OperatorCommand::Close(symbol("SPY")));
            scene.snapshot();
            vec![cancelled(scene, "1-s1"), not_replaced(scene, "1-s1")]
        },
        |scene| {
            // After what was refused it takes a breath.
            scene.pass(1);
            assert_eq!(live(scene), [(scene.id("1-x1"), shares(100))]);
            scene.fill("1-x1", 100, "100");
            assert_over(scene, ExitReason::Operator);
        },
    );
}

/// Both exits of a bracket fill at the venue, which should not be; the loser of the race so much, and what is
/// left of it is cancelled.
fn both_fill(scene: &mut Scene, (winner, loser): (&str, &str), qty: u32) -> News {
    let price = |order: &str| if order == "1-t1" { "101" } else { "99.50" };
    with_bracket(scene);
    let mut news = vec![filled(scene, winner, 100, price(winner))[..1].to_vec()];
    let id = scene.id(loser);
    let order = scene.venue.orders.get_mut(&id).unwrap();
    (order.status, order.qty) = (ReportStatus::New, shares(100));
    news.push(filled(scene, loser, qty, price(loser))[..1].to_vec());
    if qty < 100 {
        news.push(scene.venue.set(id, ReportStatus::Cancelled, scene.at));
    }
    news
}

#[test]
fn both_exits_of_a_bracket_fill_whichever_is_first_and_what_is_too_much_is_closed_once() {
    for winner in [("1-t1", "1-s1"), ("1-s1", "1-t1")] {
        for too_much in [100, 40] {
            race(
                |scene| both_fill(scene, winner, too_much),
                |scene| {
                    if !scene.venue.replaces.is_empty() {
                        // Of the target's fill alone a smaller stop was made; there is none to change.
                        let news = not_replaced(scene, "1-s1");
                        scene.hear("the stop has filled", news);
                    }
                    let exit = scene.id("1-x1");
                    assert_eq!(live(scene), [(exit, shares(too_much))]);
                    let back = scene.mirror.0.entry_side();
                    assert_eq!(scene.venue.orders[&exit].side, back);
                    let told = scene.transcript().contains("ALERT Critical turned");
                    assert!(told, "{}", scene.transcript());
                    scene.fill("1-x1", too_much, "100");
                    let spy = symbol("SPY");
                    assert!(scene.venue.net(spy).is_flat());
                    assert!(scene.engine.book().holdings.is_empty());
                    assert_eq!(live(scene), []);
                },
            );
        }
    }
}
