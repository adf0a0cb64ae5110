//! Open trades whose route is configured no more: they are looked after like what was adopted.

use trader_contract::Direction;
use trader_core::record::{Record, Severity};

use crate::scene::{Scene, Setup, both, symbol};
use crate::setup::config;

/// What a start told of routes that are gone.
fn told(scene: &Scene) -> Vec<(Severity, String)> {
    let alerts = scene
        .journal
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::Alerted { alert } if &*alert.kind == "route_gone" => {
                Some((alert.severity, alert.message.to_string()))
            }
            _ => None,
        });
    alerts.collect()
}

#[test]
fn a_position_whose_route_is_gone_keeps_its_stop_and_is_closed_with_the_day() {
    both(|scene| {
        scene.with_position();
        scene.setup.routes = &["b"];
        scene.restart();
        scene.snapshot();
        scene.forget();
        scene.bar("100.20");
        assert!(!scene.transcript().contains("CANCEL"));
        scene.pass_to_close(300);
        scene.cancelled("1-s1");
        scene.working("1-x1");
        scene.fill("1-x1", 100, "100.20");
        assert!(scene.engine.book().holdings.is_empty());
        let told = told(scene);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, Severity::Warning);
        assert!(
            told[0]
                .1
                .starts_with("SPY: route a is configured or enabled no more; the "),
            "{told:?}"
        );
    });
}

#[test]
fn the_waiting_entry_of_a_route_that_is_gone_is_cancelled() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.with_waiting_entry();
    scene.setup.routes = &["b"];
    scene.restart();
    scene.forget();
    scene.snapshot();
    assert!(scene.transcript().contains("CANCEL 1-e1"));
    scene.cancelled("1-e1");
    assert!(scene.engine.book().holdings.is_empty());
    assert_eq!(
        told(&scene)[0].1,
        "SPY: route a is configured or enabled no more; its waiting entry is cancelled"
    );
    // The symbol is another route's to enter.
    scene.wants("b", "SPY", scene.entry());
    scene.bar("100");
    assert!(scene.transcript().contains("SEND 2-e1"));
}

#[test]
fn a_start_with_the_same_routes_tells_nothing() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.with_position();
    scene.restart();
    scene.snapshot();
    assert!(told(&scene).is_empty());
}

#[test]
fn a_symbol_that_is_held_and_in_no_route_has_its_place_in_the_table() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.with_position();
    let book = scene.engine.book();
    let mut bare = config(
        &scene.setup,
        Direction::Long,
        &crate::setup::Wishes::default(),
    );
    bare.routes.clear();
    bare.symbols.retain(|one| one.symbol != symbol("SPY"));
    let tickers: Vec<_> = bare
        .with_held(book)
        .symbols
        .iter()
        .map(|one| one.symbol.to_string())
        .collect();
    assert_eq!(tickers, ["QQQ", "SPY"]);
}
