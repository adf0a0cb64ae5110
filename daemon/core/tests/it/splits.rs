//! Splits and jumps over the night: positions, stops and prices on the new basis, both sides.

use trader_contract::{Direction, NetQty, Price, Qty, ReportStatus, Symbol};
use trader_core::record::{Block, Origin, Record, Scope};
use trader_core::{DayRules, EndOfDay, Event, OperatorCommand};

use crate::foreign::{look_twice, net};
use crate::ladder::chased;
use crate::residue::halt;
use crate::scene::{Scene, Setup, both_with, symbol};

const NIGHT: i64 = 17 * 3600 + 1800;

fn hold() -> Setup {
    Setup {
        day: DayRules {
            end_of_day: EndOfDay::Hold,
            ..DayRules::default()
        },
        ..chased()
    }
}

fn spy() -> Symbol {
    symbol("SPY")
}

fn split(scene: &mut Scene, new: u32, old: u32) {
    let symbol = spy();
    scene.input(Event::Split { symbol, new, old });
}

/// A position over the night, and a broker that has taken its orders out and holds this much of it.
fn overnight(direction: Direction, setup: Setup) -> Scene {
    let mut scene = Scene::new(direction, setup);
    scene.with_position();
    scene.last_bar("100.40");
    scene.snapshot();
    scene.pass(NIGHT - 3600);
    scene.forget();
    scene
}

/// A position that a halt has left of its session, in the night after it; the halt lasts.
fn left_over(direction: Direction) -> Scene {
    let mut scene = Scene::new(direction, chased());
    scene.with_position();
    halt(&mut scene, true);
    scene.pass_to_close(0);
    scene.snapshot();
    scene.pass(NIGHT - 3600);
    scene
}

fn broker_splits(scene: &mut Scene, holds: i64) {
    let side = match scene.mirror.0 {
        Direction::Long => 1,
        Direction::Short => -1,
    };
    let net = NetQty::from_nanos(holds * side * 1_000_000_000).unwrap();
    scene.venue.meddle(spy(), net);
    let stop = scene.id("1-s1");
    for event in scene.venue.set(stop, ReportStatus::Cancelled, scene.at) {
        scene.input(Event::Broker(event));
    }
}

fn stop_at(scene: &Scene, order: &str) -> (Price, Qty) {
    let order = &scene.venue.orders[&scene.id(order)];
    (order.stop.unwrap(), order.qty)
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn a_forward_split_rests_the_stop_on_the_new_basis_before_the_open() {
    for (direction, stop) in [(Direction::Long, "49.75"), (Direction::Short, "50.25")] {
        let mut scene = overnight(direction, hold());
        let equity = scene.engine.equity();
        split(&mut scene, 2, 1);
        assert_eq!(scene.engine.equity(), equity);
        broker_splits(&mut scene, 200);
        scene.snapshot();
        scene.accepted("1-s2");
        assert_eq!(
            stop_at(&scene, "1-s2"),
            (price(stop), Qty::shares(200).unwrap())
        );
        let holding = &scene.engine.book().holdings[&spy()];
        assert!(scene.engine.protection(holding).is_protected());
        assert_eq!(holding.net.magnitude(), Qty::shares(200).unwrap());
        assert_eq!(
            holding.entry_value,
            scene.price("100.10").times(Qty::shares(100).unwrap())
        );
        assert!(!holding.adopted);
        scene.pass(3600);
        let half = Price::from_micros(scene.price("100.40").micros() / 2).unwrap();
        let id = scene.engine.symbol_id(spy()).unwrap();
        let bar = trader_contract::Bar::new(scene.at, [half; 4], 100).unwrap();
        scene.pass(60);
        scene.input(Event::Bar { symbol: id, bar });
        assert!(scene.engine.book().blocks.is_empty(), "it is no jump");
        assert_eq!(scene.engine.equity(), equity);
        assert!(
            !scene.engine.is_reconciled() || scene.engine.book().trading.to_string() == "active"
        );
    }
}

#[test]
fn a_split_that_an_answer_shows_before_anybody_tells_of_it_lets_nothing_out_for_the_old_shares() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = overnight(direction, hold());
        let stop = scene.id("1-s1");
        // Positions and the stop's end are told by one answer.
        let net = match direction {
            Direction::Long => 66,
            Direction::Short => -66,
        };
        let net = NetQty::from_nanos(net * 1_000_000_000).unwrap();
        scene.venue.meddle(spy(), net);
        let untold = scene.venue.set(stop, ReportStatus::Cancelled, scene.at);
        assert!(!untold.is_empty());
        let before = scene.venue.orders.len();
        scene.snapshot();
        assert_eq!(scene.venue.orders.len(), before, "{}", scene.transcript());
        split(&mut scene, 2, 3);
        scene.snapshot();
        scene.accepted("1-s2");
        let (_, qty) = stop_at(&scene, "1-s2");
        assert_eq!(qty, Qty::shares(66).unwrap());
    }
}

#[test]
fn a_reverse_split_takes_the_fraction_that_the_broker_pays_out() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = overnight(direction, hold());
        split(&mut scene, 2, 3);
        let holding = &scene.engine.book().holdings[&spy()];
        assert_eq!(holding.net.magnitude(), "66.666666666".parse().unwrap());
        broker_splits(&mut scene, 66);
        scene.snapshot();
        scene.accepted("1-s2");
        let stop = match direction {
            Direction::Long => "149.25",
            Direction::Short => "150.75",
        };
        assert_eq!(
            stop_at(&scene, "1-s2"),
            (price(stop), Qty::shares(66).unwrap())
        );
        assert_eq!(scene.engine.book().trading.to_string(), "active");
    }
}

#[test]
fn a_broker_that_is_not_done_with_the_split_is_not_believed_and_not_given_up_on() {
    let mut scene = overnight(Direction::Long, hold());
    split(&mut scene, 2, 1);
    scene.snapshot();
    assert_eq!(scene.engine.book().net(spy()).to_string(), "200");
    scene.pass(600);
    assert!(scene.engine.book().holdings[&spy()].exit.is_none());
    let at = scene.at;
    let events = match scene.venue.replaces.is_empty() {
        true => Vec::new(),
        false => scene.venue.replaced(scene.id("1-s1"), at),
    };
    scene.hear("the stop is changed", events);
    let holding = &scene.engine.book().holdings[&spy()];
    assert!(scene.engine.protection(holding).is_protected());
}

#[test]
fn a_split_told_twice_counts_once_over_a_restart_too() {
    let mut scene = overnight(Direction::Long, hold());
    split(&mut scene, 2, 1);
    split(&mut scene, 2, 1);
    broker_splits(&mut scene, 200);
    scene.restart();
    split(&mut scene, 2, 1);
    scene.snapshot();
    assert_eq!(scene.engine.book().net(spy()).to_string(), "200");
    scene.accepted("1-s2");
    scene.pass(3600);
    split(&mut scene, 2, 1);
    assert_eq!(scene.engine.book().net(spy()).to_string(), "200");
    // Another one after the open is told, not applied.
    split(&mut scene, 3, 1);
    assert_eq!(scene.engine.book().net(spy()).to_string(), "200");
    assert!(scene.transcript().contains("ALERT Critical late_split"));
}

#[test]
fn a_start_that_is_told_before_the_broker_is_heard_counts_in_new_shares() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = overnight(direction, hold());
        scene.restart();
        let id = scene.engine.symbol_id(spy()).unwrap();
        let last = |scene: &Scene| scene.engine.symbols()[id.index()].last;
        let before = last(&scene);
        split(&mut scene, 2, 1);
        // A start is shown the past in prices of the new shares.
        assert_eq!(last(&scene), before);
        broker_splits(&mut scene, 200);
        scene.snapshot();
        scene.accepted("1-s2");
        let (_, qty) = stop_at(&scene, "1-s2");
        assert_eq!(qty, Qty::shares(200).unwrap());
        assert!(!scene.transcript().contains("position_differs"));
    }
}

#[test]
fn a_start_in_a_session_that_was_open_before_counts_no_split() {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = Scene::new(direction, hold());
        scene.with_position();
        let held = scene.engine.book().net(spy());
        scene.restart();
        split(&mut scene, 2, 1);
        assert_eq!(scene.engine.book().net(spy()), held);
        assert!(scene.transcript().contains("ALERT Critical late_split"));
    }
}

#[test]
fn what_is_left_of_a_session_is_split_too_and_closed_at_the_open() {
    let mut scene = left_over(Direction::Short);
    split(&mut scene, 2, 1);
    broker_splits(&mut scene, 200);
    halt(&mut scene, false);
    scene.snapshot();
    // Nothing rests: the exit waits for the open.
    scene.accepted("1-x1");
    assert_eq!(
        scene.venue.orders[&scene.id("1-x1")].qty,
        Qty::shares(200).unwrap()
    );
    scene.pass(3600);
    scene.fill("1-x1", 200, "100");
    scene.snapshot();
    scene.snapshot();
    assert!(scene.engine.book().alerts.is_empty());
}

#[test]
fn an_exit_that_left_before_the_split_was_heard_of_is_made_anew_for_what_is_held() {
    for ((new, old), holds) in [((2, 1), 200), ((1, 2), 50)] {
        let mut scene = left_over(Direction::Long);
        halt(&mut scene, false);
        broker_splits(&mut scene, holds);
        scene.accepted("1-x1");
        let qty = |scene: &Scene, order: &str| scene.venue.orders[&scene.id(order)].qty;
        assert_eq!(qty(&scene, "1-x1"), Qty::shares(100).unwrap());
        split(&mut scene, new, old);
        scene.snapshot();
        let first = scene.id("1-x1");
        for event in scene.venue.set(first, ReportStatus::Cancelled, scene.at) {
            scene.input(Event::Broker(event));
        }
        scene.accepted("1-x2");
        let held = u32::try_from(holds).unwrap();
        assert_eq!(qty(&scene, "1-x2"), Qty::shares(held).unwrap());
        scene.pass(3600);
        scene.fill("1-x2", held, "100");
        scene.snapshot();
        scene.snapshot();
        assert!(scene.engine.book().alerts.is_empty());
    }
}

/// A person has looked at the symbol.
fn arm(scene: &mut Scene) {
    let scope = Scope::Symbol(spy());
    scene.operator(OperatorCommand::Arm {
        scope,
        account: None,
    });
}

fn jump(scene: &mut Scene, to: &str) {
    scene.pass_to_close(0);
    scene.snapshot();
    scene.pass(NIGHT);
    scene.forget();
    scene.bar(to);
}

#[test]
fn a_jump_over_the_night_without_a_split_blocks_the_symbol_until_a_person_frees_it() {
    let mut scene = Scene::new(Direction::Long, chased());
    jump(&mut scene, "59.99");
    assert_eq!(scene.engine.book().blocks[&spy()].block, Block::Jumped);
    assert!(
        scene
            .engine
            .book()
            .standing("jumped", Some(spy()))
            .is_some()
    );
    scene.wants("a", "SPY", scene.entry());
    scene.bar("59.99");
    assert!(scene.transcript().contains("refused by symbol_blocked"));
    arm(&mut scene);
    assert!(scene.engine.book().blocks.is_empty());
    assert!(
        scene
            .engine
            .book()
            .standing("jumped", Some(spy()))
            .is_none()
    );
    let freed = |record: &Record| {
        matches!(
            record,
            Record::SymbolFreed {
                origin: Origin::Operator { .. },
                ..
            }
        )
    };
    assert!(scene.journal.iter().any(|entry| freed(&entry.record)));
}

#[test]
fn two_fifths_are_no_jump_yet_and_only_the_first_bar_is_one() {
    let mut scene = Scene::new(Direction::Long, chased());
    jump(&mut scene, "140");
    assert!(scene.engine.book().blocks.is_empty());
    scene.bar("60");
    assert!(scene.engine.book().blocks.is_empty());
}

/// A position that goes over the night, halted, and a price at the next open that nobody explains.
fn jump_on_a_residue(scene: &mut Scene) {
    scene.with_position();
    halt(scene, true);
    scene.pass_to_close(0);
    scene.snapshot();
    scene.pass(NIGHT);
    halt(scene, false);
    scene.cancelled("1-s1");
    scene.working("1-x1");
    scene.bar_from(scene.at, "SPY", "59.99");
    assert_eq!(scene.engine.book().blocks[&spy()].block, Block::Residue);
    scene.fill("1-x1", 100, "59.99");
}

#[test]
fn a_jump_blocks_a_symbol_beyond_the_position_that_was_left_over_in_it() {
    both_with(&chased(), |scene| {
        jump_on_a_residue(scene);
        let book = scene.engine.book();
        assert_eq!(book.blocks[&spy()].block, Block::Jumped);
        assert!(book.standing("residue", Some(spy())).is_none());
        assert!(book.standing("jumped", Some(spy())).is_some());
        arm(scene);
        assert!(scene.engine.book().blocks.is_empty());
        assert!(
            scene
                .engine
                .book()
                .standing("jumped", Some(spy()))
                .is_none()
        );
    });
}

#[test]
fn a_jump_blocks_a_symbol_beyond_somebody_elses_position_in_it() {
    for looked_at in [false, true] {
        let mut scene = Scene::new(Direction::Long, chased());
        let theirs = net(&scene, 7);
        scene.venue.meddle(spy(), theirs);
        look_twice(&mut scene);
        jump(&mut scene, "59.99");
        assert_eq!(scene.engine.book().blocks[&spy()].block, Block::Foreign);
        if looked_at {
            // What is somebody else's goes on blocking, whatever a person says of the price.
            arm(&mut scene);
            assert_eq!(scene.engine.book().blocks[&spy()].block, Block::Foreign);
        }
        scene.venue.meddle(spy(), NetQty::ZERO);
        look_twice(&mut scene);
        let block = scene.engine.book().blocks.get(&spy()).map(|b| &b.block);
        let expected = (!looked_at).then_some(&Block::Jumped);
        assert_eq!(block, expected, "{}", scene.transcript());
    }
}

#[test]
fn the_open_is_compared_with_the_last_minute_that_comes_after_the_close() {
    both_with(&chased(), |scene| {
        scene.pass_to_close(0);
        scene.bar_from(scene.at.plus_minutes(-1), "SPY", "95");
        scene.snapshot();
        scene.pass(NIGHT);
        // Two fifths from the minute before it, and less from the last one.
        scene.bar("59.99");
        assert!(
            scene.engine.book().blocks.is_empty(),
            "{}",
            scene.transcript()
        );
    });
}
