//! Rows that are bars by themselves: hours and whole sessions, nothing aggregated.

use std::sync::Arc;

use insta::assert_snapshot;
use trader_contract::{Bar, EntryPrice, Timeframe};
use trader_core::{DayRules, EndOfDay, Event, Rows};

use crate::scene::{Scene, Setup, both_with, symbol};

const SESSION: i64 = 390;

fn whole(minutes: u16, end_of_day: EndOfDay) -> Setup {
    Setup {
        timeframe: Timeframe::minutes(minutes).unwrap(),
        rows: Rows::Whole,
        day: DayRules {
            end_of_day,
            ..DayRules::default()
        },
        ..Setup::default()
    }
}

/// The starts of the last bars of SPY's lanes.
fn last_starts(scene: &Scene) -> Vec<String> {
    let lanes = scene.engine.lanes().iter();
    let last = lanes.filter(|lane| lane.ticker == symbol("SPY"));
    last.filter_map(|lane| Some(lane.last_bar()?.start.to_string()))
        .collect()
}

#[test]
fn each_row_is_a_bar_of_every_lane_of_its_symbol() {
    assert_snapshot!(both_with(&whole(60, EndOfDay::Flat), |scene| {
        scene.row(30, "100");
        assert_eq!(last_starts(scene), ["2011-01-10T14:30:00Z"; 2]);
        scene.wants("b", "SPY", scene.entry());
        scene.wants("a", "SPY", scene.entry());
        scene.row(60, "100");
        assert_eq!(last_starts(scene), ["2011-01-10T15:00:00Z"; 2]);
        scene.wants("a", "SPY", scene.move_stop("99.60"));
        scene.working("1-e1");
        scene.report_of("1-s1");
        scene.fill("1-e1", 100, "100.10");
        scene.row(60, "100.40");
        assert_eq!(scene.engine.equity().to_string(), "100030");
    }), @r"
    15:00:00 row 100
    16:00:00 row 100
      intent 1: enter
      plan 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY stop 100.1 Gtc + 1-s1 99.5
      intent 2: enter refused by symbol_taken
    16:00:00 1-e1 works
      heard 1-e1 New 0/100
    16:00:00 1-s1 reported
      heard 1-s1 Held 0/100
    16:00:00 1-e1 fills 100 at 100.10
      heard 1-e1 Filled 100/100, 100 at 100.1
      heard 1-s1 New 0/100
    17:00:00 row 100.40
      intent 3: move the stop
      stop of SPY planned at 99.6
      plan 1-s2 sell 100 SPY stop 99.6 Gtc for 1-s1
      replace asked 1-s1
      REPLACE 1-s1 by 1-s2 stop 99.6
    ");
}

#[test]
fn a_row_outside_the_session_or_of_the_past_does_not_count() {
    assert_snapshot!(both_with(&whole(60, EndOfDay::Flat), |scene| {
        scene.row(60, "100");
        scene.wants("a", "SPY", scene.entry());
        let hour_ago = scene.at.plus_minutes(-60);
        scene.bar_from(hour_ago, "SPY", "100.20");
        scene.bar_from(hour_ago.plus_minutes(-60), "SPY", "100.20");
        scene.bar_from(hour_ago.plus_minutes(390), "SPY", "100.20");
        let last = scene.engine.symbols()[0].last;
        assert_eq!(last, Some(scene.price("100")));
        assert_eq!(last_starts(scene), ["2011-01-10T14:30:00Z"; 2]);
    }), @"15:30:00 row 100");
}

#[test]
fn a_session_that_comes_at_its_close_brings_an_order_for_the_next_open() {
    assert_snapshot!(both_with(&whole(390, EndOfDay::Hold), |scene| {
        scene.wants("a", "SPY", scene.entry_of(100, EntryPrice::Market));
        scene.row(SESSION, "100");
        scene.accepted("1-e1");
        scene.report_of("1-s1");
        scene.snapshot();
        scene.pass(17 * 3600 + 1800);
        scene.fill("1-e1", 100, "100.20");
        scene.report_of("1-s1");
        scene.row(SESSION, "100.50");
        assert_eq!(scene.engine.equity().to_string(), "100030");
    }), @r#"
    21:00:00 row 100
      intent 1: enter
      plan 1-e1 buy 100 SPY market Gtc + 1-s1 99.5
      plan 1-s1 sell 100 SPY stop 99.5 Gtc
      SEND 1-e1 buy 100 SPY market Gtc + 1-s1 99.5
    21:00:00 timer
      session closed: 0 trades, left []
      ASK what the broker holds
    21:00:00 1-e1 accepted
      heard 1-e1 Accepted 0/100
    21:00:00 1-s1 reported
      heard 1-s1 Held 0/100
    21:00:00 snapshot
    14:30:00 timer
      session 2011-01-11 opened
    14:30:00 1-e1 fills 100 at 100.20
      heard 1-e1 Filled 100/100, 100 at 100.2
      heard 1-s1 New 0/100
    14:30:00 1-s1 reported
    21:00:00 row 100.50
    21:00:00 timer
      session closed: 0 trades, left ["SPY"]
      ASK what the broker holds
    "#);
}

#[test]
fn where_the_day_ends_flat_it_brings_none() {
    assert_snapshot!(both_with(&whole(390, EndOfDay::Flat), |scene| {
        scene.wants("a", "SPY", scene.entry());
        scene.row(SESSION, "100");
    }), @r"
    20:45:00 timer
    20:55:00 timer
    20:58:00 timer
      ASK what the broker holds
    21:00:00 row 100
      intent 1: enter refused by session
    21:00:00 timer
      session closed: 0 trades, left []
    ");
}

#[test]
fn rows_of_the_past_warm_up_and_count_once() {
    let told = both_with(&whole(390, EndOfDay::Hold), |scene| {
        let id = scene.engine.symbol_id(symbol("SPY")).unwrap();
        let friday = "2011-01-07T14:30:00Z";
        let bars = [
            ("2011-01-06T14:30:00Z", "100.10"),
            (friday, "99.90"),
            (friday, "99.80"),
            ("2011-01-07T23:00:00Z", "99.70"),
        ];
        let row = |(start, close): (&str, &str)| {
            Bar::new(start.parse().unwrap(), [scene.price(close); 4], 100).unwrap()
        };
        let bars: Vec<Bar> = bars.into_iter().map(row).collect();
        scene.input(Event::History {
            symbol: id,
            bars: Arc::from(bars),
        });
        let last = *scene.engine.lanes()[0].last_bar().unwrap();
        assert_eq!(last.start.to_string(), friday);
        assert_eq!(last.close, scene.price("99.90"));
        assert_eq!(scene.engine.symbols()[0].last, Some(last.close));
    });
    assert_eq!(told, "");
}
