//! Positions that are taken over while the journal takes nothing more.

use trader_contract::{ClientOrderId, Direction};
use trader_core::{Event, OperatorCommand};

use crate::foreign::{look_twice, net};
use crate::scene::{Scene, Setup, symbol};

/// Runs a scenario long and short, with 30 shares of somebody's that were told of.
fn each(play: impl Fn(&mut Scene)) {
    for direction in [Direction::Long, Direction::Short] {
        let mut scene = Scene::new(direction, Setup::default());
        scene.venue.meddle(symbol("SPY"), net(&scene, 30));
        look_twice(&mut scene);
        scene.forget();
        play(&mut scene);
    }
}

fn adopt(scene: &mut Scene) {
    let (symbol, stop) = (symbol("SPY"), None);
    scene.operator(OperatorCommand::Adopt { symbol, stop });
}

fn fail(scene: &mut Scene, lost: Box<[ClientOrderId]>) {
    let why = "full".into();
    scene.input(Event::JournalFailed { why, lost });
}

#[test]
fn what_cannot_be_written_down_is_not_adopted() {
    each(|scene| {
        fail(scene, Box::default());
        scene.forget();
        adopt(scene);
        scene.pass(1);
        let text = scene.transcript();
        assert!(text.contains("a restart would not know"), "{text}");
        assert!(!text.contains("SEND"), "{text}");
    });
}

#[test]
fn an_adoption_that_was_lost_with_the_journal_sends_nothing_and_is_taken_back() {
    each(|scene| {
        adopt(scene);
        let lost = scene.engine.book().holdings.values().map(|h| h.entry);
        let lost = lost.collect();
        fail(scene, lost);
        scene.pass(1);
        look_twice(scene);
        let text = scene.transcript();
        assert!(text.contains("trade SPY voided"), "{text}");
        assert!(!text.contains("SEND"), "{text}");
        assert!(scene.engine.book().holdings.is_empty());
    });
}

#[test]
fn an_adoption_that_is_on_the_disk_outlives_the_journal_and_is_protected_from_memory() {
    each(|scene| {
        adopt(scene);
        fail(scene, Box::default());
        scene.pass(1);
        look_twice(scene);
        let text = scene.transcript();
        assert!(!text.contains("voided"), "{text}");
        assert!(text.contains("SEND 1-s1"), "{text}");
    });
}
