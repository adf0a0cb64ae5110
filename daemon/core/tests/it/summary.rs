//! What the day's summary counts beside trades: slippage against plan, alerts, minutes without data.

use trader_contract::{Direction, EntryPrice, Money};
use trader_core::record::{DaySummary, MissingMinutes, Record, Slippage};

use crate::scene::{Scene, Setup, symbol};

/// The same on the long and on the short side.
fn on_both_sides(play: impl Fn(&mut Scene)) {
    for direction in [Direction::Long, Direction::Short] {
        play(&mut Scene::new(direction, Setup::default()));
    }
}

/// The figures so far.
fn so_far(scene: &Scene) -> DaySummary {
    let day = scene.engine.book().day.as_ref().unwrap();
    scene.engine.summary(day)
}

/// The figures as the journal has them.
fn written(scene: &Scene) -> DaySummary {
    let records = scene.journal.iter().rev().map(|entry| &entry.record);
    let mut summaries = records.filter_map(|record| match record {
        Record::SessionClosed { summary } => Some(summary.clone()),
        _ => None,
    });
    summaries.next().unwrap()
}

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn entries_and_stops_are_held_against_their_stop_prices_on_both_sides() {
    on_both_sides(|scene| {
        scene.with_waiting_entry();
        // Three cents worse than the trigger at 100.10 for 40 shares, one better for 60.
        scene.fill("1-e1", 40, "100.13");
        scene.fill("1-e1", 60, "100.09");
        let entries = so_far(scene).entry_slippage;
        assert_eq!((entries.fills, entries.cost), (2, dollars("0.6")));
        assert_eq!(
            entries.planned,
            scene.price("100.10").times("100".parse().unwrap())
        );
        assert_eq!(so_far(scene).stop_slippage, Slippage::NONE);
        // Five cents worse than the stop at 99.50.
        scene.fill("1-s1", 100, "99.45");
        let day = so_far(scene);
        assert_eq!(
            (day.stop_slippage.fills, day.stop_slippage.cost),
            (1, dollars("5"))
        );
        assert_eq!(day.entry_slippage, entries);
        scene.pass_to_close(0);
        assert_eq!(written(scene).stop_slippage, day.stop_slippage);
        // A restart folds the same records.
        assert_eq!(scene.book_from_journal().day, scene.engine.book().day);
    });
}

#[test]
fn an_entry_at_market_is_held_against_the_last_price_when_it_was_planned() {
    on_both_sides(|scene| {
        let entry = scene.entry_of(100, EntryPrice::Market);
        scene.wants("a", "SPY", entry);
        scene.bar("100");
        scene.working("1-e1");
        scene.bar("100.30");
        scene.fill("1-e1", 100, "100.04");
        assert_eq!(so_far(scene).entry_slippage.cost, dollars("4"));
        assert_eq!(scene.book_from_journal().day, scene.engine.book().day);
    });
}

#[test]
fn an_exit_at_market_has_no_price_to_hold_to() {
    on_both_sides(|scene| {
        scene.with_position();
        let before = so_far(scene);
        scene.pass_to_close(5 * 60);
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "95");
        let day = so_far(scene);
        assert_eq!(day.entry_slippage, before.entry_slippage);
        assert_eq!(day.stop_slippage, Slippage::NONE);
    });
}

#[test]
fn alerts_of_the_session_are_counted() {
    on_both_sides(|scene| {
        scene.with_position();
        scene.pass_to_close(5 * 60);
        scene.cancelled("1-s1");
        scene.pass_to_close(0);
        let told = scene.journal.iter();
        let told = told.filter(|entry| matches!(entry.record, Record::Alerted { .. }));
        let told = u32::try_from(told.count()).unwrap();
        assert!(told >= 2, "{}", scene.transcript());
        assert_eq!(written(scene).alerts, told);
    });
}

#[test]
fn minutes_without_a_bar_are_counted_by_symbol_but_for_the_last() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.bar("100");
    let at_once = so_far(&scene).gaps.unwrap();
    // The scene's first minute has a price of both; the one that ends now may still come.
    assert_eq!((at_once.minutes, at_once.symbols), (1, 2));
    assert_eq!(at_once.missing, []);
    scene.one_bar("SPY", "100");
    scene.pass(60);
    scene.bar("100");
    let missing = |ticker, minutes| MissingMinutes {
        symbol: symbol(ticker),
        minutes,
    };
    let gaps = so_far(&scene).gaps.unwrap();
    assert_eq!(gaps.minutes, 3);
    assert_eq!(gaps.missing, [missing("SPY", 1), missing("QQQ", 2)]);
    scene.last_bar("100");
    let gaps = written(&scene).gaps.unwrap();
    assert_eq!(gaps.minutes, 389);
    assert_eq!(gaps.missing, [missing("SPY", 386), missing("QQQ", 388)]);
}

#[test]
fn a_session_whose_end_came_while_nobody_was_there_has_no_count() {
    let mut scene = Scene::new(Direction::Long, Setup::default());
    scene.bar("100");
    scene.at = scene.at.plus_seconds(24 * 3600);
    scene.restart();
    scene.snapshot();
    assert_eq!(written(&scene).gaps, None);
}
