//! The broker's calendar says otherwise than ours: the narrower hours hold, and a person is told.

use trader_contract::Timestamp;
use trader_core::{BrokerDay, Event, Phase};

use crate::scene::{Scene, both};

/// The scene's first day, a Monday, as the broker may have it.
fn monday(hours: Option<(&str, &str)>) -> Event {
    let at = |time: &str| {
        format!("2011-01-10T{time}:00Z")
            .parse::<Timestamp>()
            .unwrap()
    };
    let day = BrokerDay {
        date: "2011-01-10".parse().unwrap(),
        hours: hours.map(|(open, close)| (at(open), at(close))),
    };
    Event::Calendar {
        differing: Box::from([day]),
    }
}

fn agreed() -> Event {
    Event::Calendar {
        differing: Box::default(),
    }
}

fn differs(scene: &Scene) -> Option<String> {
    let standing = scene.engine.book().standing("calendar_differs", None)?;
    Some(standing.alert.message.to_string())
}

/// Passes the time until so many seconds before the broker's close at one o'clock.
fn pass_to_one(scene: &mut Scene, seconds_before: i64) {
    let one: Timestamp = "2011-01-10T18:00:00Z".parse().unwrap();
    let left = one.since(scene.at) / Timestamp::SECOND - seconds_before;
    scene.pass(left);
}

#[test]
fn an_early_close_that_only_the_broker_knows_ends_the_day() {
    both(|scene| {
        scene.with_position();
        scene.input(monday(Some(("14:30", "18:00"))));
        assert_eq!(
            differs(scene).unwrap(),
            "the broker's calendar differs from ours: 2011-01-10 09:30 to 13:00 there and 09:30 to 16:00 here"
        );
        pass_to_one(scene, 15 * 60);
        assert_eq!(scene.engine.phase(), Phase::NoEntries);
        scene.forget();
        pass_to_one(scene, 5 * 60);
        assert!(
            scene
                .transcript()
                .contains("exit of SPY planned: end_of_day")
        );
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100.20");
        pass_to_one(scene, 0);
        assert!(
            scene
                .transcript()
                .contains("session closed: 1 trades, left []")
        );
        assert_eq!(scene.engine.phase(), Phase::Closed);
        let next = scene.engine.session().unwrap().date.to_string();
        assert_eq!(next, "2011-01-11");
        scene.pass(3 * 3_600);
        assert_eq!(scene.engine.phase(), Phase::Closed);
    });
}

#[test]
fn one_that_is_told_after_it_closes_at_once() {
    both(|scene| {
        scene.with_position();
        pass_to_one(scene, -1);
        scene.forget();
        scene.input(monday(Some(("14:30", "18:00"))));
        assert_eq!(scene.engine.phase(), Phase::Closed);
        let said = scene.transcript();
        assert!(said.contains("exit of SPY planned: end_of_day"), "{said}");
        assert!(said.contains("not_flat"), "{said}");
    });
}

#[test]
fn a_day_on_which_the_broker_is_closed_is_passed_over_until_both_agree() {
    both(|scene| {
        scene.at = "2011-01-10T13:00:00Z".parse().unwrap();
        scene.restart();
        scene.snapshot();
        let date = |scene: &Scene| scene.engine.session().unwrap().date.to_string();
        scene.input(monday(None));
        assert!(
            differs(scene)
                .unwrap()
                .ends_with("closed there and 09:30 to 16:00 here")
        );
        assert_eq!(date(scene), "2011-01-11");
        scene.input(agreed());
        assert_eq!(differs(scene), None);
        assert_eq!(date(scene), "2011-01-10");
    });
}

#[test]
fn a_later_close_at_the_broker_lengthens_no_day() {
    both(|scene| {
        scene.with_waiting_entry();
        let close = scene.engine.session().unwrap().close;
        scene.input(monday(Some(("14:30", "22:00"))));
        assert!(differs(scene).is_some());
        assert_eq!(scene.engine.session().unwrap().close, close);
        assert_eq!(scene.engine.phase(), Phase::Entries);
    });
}
