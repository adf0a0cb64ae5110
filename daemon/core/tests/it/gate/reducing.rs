//! Orders that close or protect: never more than there is to close, never against an order of ours, and what
//! ends each other counts once.

use trader_contract::{
    ClientOrderId, Direction, OrderKind, OrderState, Outcome, Replacement, TickRule,
};
use trader_core::book::Book;
use trader_core::risk::gate::Gate;
use trader_core::risk::limits::Limits;

use super::shares;
use crate::scene::{Scene, Setup, symbol};

const TICK: TickRule = TickRule::Rule612;

fn gate() -> Gate {
    Gate::new(Limits::unbounded())
}

fn scene(direction: Direction) -> Scene {
    Scene::new(direction, Setup::default())
}

fn on_both_sides(play: impl Fn(&mut Scene)) {
    for direction in [Direction::Long, Direction::Short] {
        play(&mut scene(direction));
    }
}

/// Asks for an order like another one of the book, of so many shares.
fn reduces(book: &Book, like: ClientOrderId, qty: u32, kind: OrderKind) -> Option<&'static str> {
    let mut request = book.orders[&like].planned.request;
    (request.qty, request.kind) = (shares(qty), kind);
    let holding = &book.holdings[&symbol("SPY")];
    let answer = gate().reducing(book, holding, TICK, request);
    answer.err().map(|refusal| refusal.rule)
}

/// A position of 100 shares whose stop has ended.
fn without_a_stop(scene: &mut Scene) -> Book {
    scene.with_position();
    let mut book = scene.engine.book().clone();
    let cancelled = OrderState::Done(Outcome::Cancelled);
    book.orders.get_mut(&scene.id("1-s1")).unwrap().state = cancelled;
    book
}

#[test]
fn an_exit_takes_no_more_than_the_position() {
    on_both_sides(|scene| {
        let book = without_a_stop(scene);
        let stop = scene.id("1-s1");
        assert_eq!(reduces(&book, stop, 100, OrderKind::Market), None);
        let more = reduces(&book, stop, 101, OrderKind::Market);
        assert_eq!(more.unwrap(), "reduce_only");
        // Another one on the entry's side would make more of it.
        let adds = reduces(&book, scene.id("1-e1"), 1, OrderKind::Market);
        assert_eq!(adds.unwrap(), "reduce_only");
    });
}

#[test]
fn what_rests_is_spoken_for() {
    on_both_sides(|scene| {
        scene.with_position();
        let book = scene.engine.book().clone();
        let beside = reduces(&book, scene.id("1-s1"), 1, OrderKind::Market);
        assert_eq!(
            beside.unwrap(),
            "reduce_only",
            "never twice the same shares"
        );
        // Of a stop for a part, the rest is free.
        let mut book = book;
        book.orders.get_mut(&scene.id("1-s1")).unwrap().qty = shares(60);
        assert_eq!(
            reduces(&book, scene.id("1-s1"), 40, OrderKind::Market),
            None
        );
        let beside = reduces(&book, scene.id("1-s1"), 41, OrderKind::Market);
        assert_eq!(beside.unwrap(), "reduce_only");
        // What it has filled already is not spoken for any more.
        book.orders.get_mut(&scene.id("1-s1")).unwrap().filled = shares(10);
        assert_eq!(
            reduces(&book, scene.id("1-s1"), 50, OrderKind::Market),
            None
        );
        // Orders of another symbol hold none of these shares.
        let mut book = scene.engine.book().clone();
        let mut other = book.orders.get_mut(&scene.id("1-s1")).unwrap();
        let request = other.planned.request;
        other.planned.request.symbol = symbol("QQQ");
        drop(other);
        let holding = &book.holdings[&symbol("SPY")];
        assert!(gate().reducing(&book, holding, TICK, request).is_ok());
    });
}

#[test]
fn no_order_rests_against_one_of_ours() {
    on_both_sides(|scene| {
        scene.with_position();
        let mut book = scene.engine.book().clone();
        // An entry that lives beside the position, as one of unknown fate may.
        for (order, state) in [("1-e1", OrderState::Unknown), ("1-s1", OrderState::Planned)] {
            book.orders.get_mut(&scene.id(order)).unwrap().state = state;
        }
        let against = reduces(&book, scene.id("1-s1"), 100, OrderKind::Market);
        assert_eq!(against.unwrap(), "self_cross");
        let stop = book.orders[&scene.id("1-s1")].clone();
        let alone = trader_core::book::Order::new(
            trader_core::record::PlannedOrder {
                parent: None,
                ..stop.planned
            },
            scene.at,
        );
        let again = gate().repeat(&alone, &book, TICK).unwrap_err();
        assert_eq!(again.rule, "self_cross");
        let moved = moved(scene, &book, "99.60", 100);
        assert_eq!(moved.unwrap(), "self_cross");
    });
}

#[test]
fn a_protective_order_is_on_the_tick_and_of_whole_shares() {
    on_both_sides(|scene| {
        let book = without_a_stop(scene);
        let stop = scene.price("99.50").offset(5_000).unwrap();
        let off = reduces(&book, scene.id("1-s1"), 100, OrderKind::Stop { stop });
        assert_eq!(off.unwrap(), "tick");
        let none = reduces(&book, scene.id("1-s1"), 0, OrderKind::Market);
        assert_eq!(none.unwrap(), "whole_shares");
    });
}

/// Asks for the stop of SPY to be moved, with so many shares left to fill.
fn moved(scene: &Scene, book: &Book, to: &str, qty: u32) -> Option<&'static str> {
    let client_id = scene.id("1-s1");
    let replacement = Replacement {
        client_id,
        new_client_id: client_id.next_attempt(),
        qty: None,
        stop: Some(scene.price(to)),
        limit: None,
        trail: None,
    };
    let holding = &book.holdings[&symbol("SPY")];
    let answer = gate().replacement(book, holding, shares(qty), TICK, replacement);
    answer.err().map(|refusal| refusal.rule)
}

#[test]
fn what_takes_the_place_of_an_order_counts_with_it_and_its_pair_once() {
    on_both_sides(|scene| {
        scene.wants("a", "SPY", scene.bracket());
        scene.bar("100");
        scene.working("1-e1");
        scene.fill("1-e1", 100, "100.10");
        let book = scene.engine.book().clone();
        assert_eq!(moved(scene, &book, "99.60", 100), None);
        assert_eq!(moved(scene, &book, "99.60", 101).unwrap(), "reduce_only");
        assert_eq!(moved(scene, &book, "99.605", 100).unwrap(), "tick");
        // Asked for and unanswered, it is still one order of the two that may fill.
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        let book = scene.engine.book().clone();
        assert_eq!(moved(scene, &book, "99.60", 100), None);
        let beside = reduces(&book, scene.id("1-s1"), 1, OrderKind::Market);
        assert_eq!(beside.unwrap(), "reduce_only");
    });
}

/// What becomes of sending an order of the book once more.
fn repeated(scene: &Scene, book: &Book, order: &str) -> Option<(&'static str, bool)> {
    let order = &book.orders[&scene.id(order)];
    let answer = gate().repeat(order, book, TICK);
    let words = |detail: &str| detail.contains("by itself");
    answer.err().map(|no| (no.rule, words(&no.detail)))
}

#[test]
fn only_what_reduces_goes_out_by_itself_and_was_not_heard_of_is_sent_once_more() {
    on_both_sides(|scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.bar("100");
        let book = scene.engine.book();
        let not = "not_repeatable";
        assert_eq!(
            repeated(scene, book, "1-e1"),
            Some((not, false)),
            "an entry"
        );
        assert_eq!(repeated(scene, book, "1-s1"), Some((not, true)), "its exit");
        scene.working("1-e1");
        scene.fill("1-e1", 40, "100.10");
        scene.pass(1);
        scene.cancelled("1-e1");
        let book = scene.engine.book().clone();
        assert_eq!(repeated(scene, &book, "1-s2"), None, "a stop of its own");
        let mut off = book.clone();
        let stop = scene.price("99.505");
        let mut order = off.orders.get_mut(&scene.id("1-s2")).unwrap();
        order.planned.request.kind = OrderKind::Stop { stop };
        drop(order);
        assert_eq!(repeated(scene, &off, "1-s2"), Some(("tick", false)));
        // Of a position that has become smaller it would close more than there is.
        let mut smaller = book.clone();
        let holding = smaller.holdings.get_mut(&symbol("SPY")).unwrap();
        holding.net = scene.mirror.net("39".parse().unwrap());
        let only = Some(("reduce_only", false));
        assert_eq!(repeated(scene, &smaller, "1-s2"), only);
        let mut flat = book;
        flat.holdings.clear();
        assert_eq!(repeated(scene, &flat, "1-s2"), only);
        scene.working("1-s2");
        let heard = repeated(scene, scene.engine.book(), "1-s2");
        assert_eq!(heard, Some((not, false)), "one that was heard of");
        scene.pass(59);
        scene.wants("a", "SPY", scene.move_stop("99.80"));
        scene.bar("100.40");
        let book = scene.engine.book();
        assert_eq!(repeated(scene, book, "1-s3"), Some((not, true)));
    });
}
