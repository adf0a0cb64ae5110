//! What an account holds and may come to hold, summed up from a book: to the cent, on both sides.

use trader_contract::{Money, OrderKind, Price, Qty, Ratio, Timestamp};
use trader_core::book::Book;
use trader_core::risk::exposure::Exposure;

use crate::scene::{Scene, both, symbol};

fn shares(shares: u32) -> Qty {
    Qty::shares(shares).unwrap()
}

fn of(scene: &Scene, book: &Book, route: &str, since: Timestamp) -> Exposure {
    let last = scene.price("100");
    Exposure::of_book(book, route, Ratio::ZERO, since, |_| Some(last))
}

/// 40 of 100 shares have filled, the rest waits at 100.10; the last price is 100, the stop at 99.50.
fn filled_in_part(scene: &mut Scene) -> Book {
    scene.with_waiting_entry();
    scene.fill("1-e1", 40, "100.10");
    scene.engine.book().clone()
}

fn held(price: Price) -> Money {
    price.times(shares(40))
}

#[test]
fn what_has_filled_and_what_waits_are_counted_once_each() {
    both(|scene| {
        let book = filled_in_part(scene);
        let side = scene.mirror.0;
        let held = held(scene.price("100"));
        let waiting = scene.price("100.10").times(shares(60));
        let sum = of(scene, &book, "a", Timestamp::MIN);
        assert_eq!(sum.may.of(side), held + waiting);
        assert_eq!(sum.may.of(side.opposite()), Money::ZERO);
        assert_eq!(sum.sure.of(side), held);
        assert_eq!(sum.route, held + waiting);
        // Half a dollar for each of 40, and 60 cents for each of 60.
        assert_eq!(sum.at_stops, Money::dollars(20 + 36));
        assert_eq!(of(scene, &book, "b", Timestamp::MIN).route, Money::ZERO);
    });
}

#[test]
fn what_was_sent_since_the_brokers_word_is_unconfirmed() {
    both(|scene| {
        let book = filled_in_part(scene);
        let sent_at = book.orders[&scene.id("1-e1")].planned_at;
        let at = of(scene, &book, "a", sent_at);
        assert_eq!(at.unconfirmed, at.route);
        let later = of(scene, &book, "a", sent_at.plus_nanos(1));
        assert_eq!(later.unconfirmed, Money::ZERO);
    });
}

#[test]
fn only_a_position_that_is_known_and_stays_makes_up_for_the_other_side() {
    both(|scene| {
        let book = filled_in_part(scene);
        let side = scene.mirror.0;
        let mut closing = book.clone();
        let holding = closing.holdings.get_mut(&symbol("SPY")).unwrap();
        holding.exit = Some(trader_core::record::ExitReason::Operator);
        let sum = of(scene, &closing, "a", Timestamp::MIN);
        assert_eq!(sum.sure.of(side), Money::ZERO);
        assert!(sum.may.of(side) > Money::ZERO);
        let mut unheard = book.clone();
        let id = scene.id("1-e1");
        unheard.orders.get_mut(&id).unwrap().reported_filled = shares(70);
        let sum = of(scene, &unheard, "a", Timestamp::MIN);
        assert_eq!(sum.sure.of(side), Money::ZERO);
        let mut turned = book;
        let holding = turned.holdings.get_mut(&symbol("SPY")).unwrap();
        holding.net = -holding.net;
        let sum = of(scene, &turned, "a", Timestamp::MIN);
        let other = side.opposite();
        assert_eq!(sum.sure.of(other), Money::ZERO);
        assert_eq!(sum.may.of(other), held(scene.price("100")));
        // Its stop is the wrong way round: only what waits loses at it.
        assert_eq!(sum.at_stops, Money::dollars(36));
    });
}

#[test]
fn a_stop_beyond_the_price_loses_nothing_more_and_a_limit_is_an_entrys_own_price() {
    both(|scene| {
        let mut book = filled_in_part(scene);
        let (stop, limit) = (scene.price("100.10"), scene.price("100.20"));
        let mut entry = book.orders.get_mut(&scene.id("1-e1")).unwrap();
        entry.planned.request.kind = OrderKind::StopLimit { stop, limit };
        drop(entry);
        let sum = of(scene, &book, "a", Timestamp::MIN);
        // 70 cents for each of the 60 that wait.
        assert_eq!(sum.at_stops, Money::dollars(20 + 42));
        let holding = book.holdings.get_mut(&symbol("SPY")).unwrap();
        holding.stop = Some(scene.price("100.05"));
        let sum = of(scene, &book, "a", Timestamp::MIN);
        // 15 cents for each of the 60, and a gain for each of the 40.
        assert_eq!(sum.at_stops, Money::dollars(9));
    });
}
