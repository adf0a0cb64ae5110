//! Asking the broker what it holds: how often, what becomes of lost answers, and what they recover.

use trader_contract::{BrokerEvent, Qty, ReportStatus, Timestamp};
use trader_core::book::Book;
use trader_core::record::{Origin, Record, TradingState};
use trader_core::{Command, Event, OperatorCommand, Watch};

use crate::scene::{Scene, Setup, both_with, symbol};

fn watched() -> Setup {
    Setup {
        watch: Watch::LOCAL,
        ..Setup::default()
    }
}

/// When the broker was asked, in seconds since `from`.
fn asked(scene: &Scene, from: Timestamp) -> Vec<i64> {
    let mut asked = Vec::new();
    let mut time = String::new();
    for line in scene.transcript().lines() {
        if !line.starts_with(' ') {
            time = line[..8].to_owned();
        } else if line.contains("ASK") {
            let at: Timestamp = format!("2011-01-10T{time}Z").parse().unwrap();
            asked.push(at.since(from) / Timestamp::SECOND);
        }
    }
    asked
}

/// Every question is answered at once while time passes.
fn pass_answered(scene: &mut Scene, seconds: i64) {
    let until = scene.at.plus_seconds(seconds);
    while scene.at < until {
        scene.pass(1);
        if outstanding(scene) {
            scene.snapshot();
        }
    }
}

/// Whether the newest question is not answered.
fn outstanding(scene: &Scene) -> bool {
    let asked = scene
        .commands
        .iter()
        .rev()
        .find_map(|command| match command {
            Command::RequestSnapshot { number, .. } => Some(*number),
            _ => None,
        });
    let answered = scene
        .events
        .iter()
        .rev()
        .find_map(|(_, event)| match event {
            Event::Broker(BrokerEvent::Snapshot(held)) => Some(held.number),
            _ => None,
        });
    asked.is_some() && asked != answered
}

fn since_of_newest(scene: &Scene) -> Timestamp {
    let since = |command: &Command| match command {
        Command::RequestSnapshot { since, .. } => Some(*since),
        _ => None,
    };
    scene.commands.iter().rev().find_map(since).unwrap()
}

/// The snapshot that is on its way cannot be taken.
fn fail(scene: &mut Scene) {
    fail_for(scene, "503");
}

fn fail_for(scene: &mut Scene, why: &str) {
    let number = |command: &Command| match command {
        Command::RequestSnapshot { number, .. } => Some(*number),
        _ => None,
    };
    let number = scene.commands.iter().rev().find_map(number).unwrap();
    let message = why.into();
    scene.hear(
        "no snapshot",
        vec![BrokerEvent::SnapshotFailed { number, message }],
    );
}

fn fail_until_asked_again(scene: &mut Scene, why: &str) {
    fail_for(scene, why);
    scene.forget();
    while !scene.transcript().contains("ASK") {
        scene.pass(1);
    }
}

#[test]
fn the_broker_is_asked_every_ten_seconds_while_something_is_open_and_every_minute_else() {
    both_with(&watched(), |scene| {
        pass_answered(scene, 60);
        scene.with_position();
        let from = scene.at;
        scene.forget();
        pass_answered(scene, 45);
        let times = asked(scene, from);
        assert!(times.len() >= 4, "{times:?}");
        assert!(
            times.windows(2).all(|pair| pair[1] - pair[0] == 10),
            "{times:?}"
        );
    });
}

#[test]
fn an_idle_account_is_compared_every_minute() {
    both_with(&watched(), |scene| {
        let from = scene.at;
        pass_answered(scene, 400);
        let times = asked(scene, from);
        assert!(times.len() >= 5, "{times:?}");
        assert!(
            times.windows(2).skip(1).all(|pair| pair[1] - pair[0] == 60),
            "{times:?}"
        );
    });
}

#[test]
fn an_answer_that_does_not_come_is_asked_for_anew_with_pauses_up_to_half_a_minute() {
    both_with(&watched(), |scene| {
        pass_answered(scene, 60);
        let from = scene.at;
        scene.forget();
        scene.pass(300);
        let times = asked(scene, from);
        let pauses: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses[..6], [11, 12, 14, 18, 26, 40], "{times:?}");
        assert!(scene.transcript().contains("ALERT Critical broker_unheard"));
        pass_answered(scene, 60);
        assert!(scene.transcript().contains("cleared broker_unheard"));
    });
}

#[test]
fn a_fill_whose_report_was_lost_is_found_within_fifteen_seconds() {
    both_with(&watched(), |scene| {
        scene.with_waiting_entry();
        pass_answered(scene, 7);
        let (id, price) = (scene.id("1-e1"), scene.price("100.10"));
        let qty = Qty::shares(100).unwrap();
        scene.venue.fill(id, qty, price, scene.at);
        pass_answered(scene, 15);
        let ours = scene.mirror.net(scene.engine.book().net(symbol("SPY")));
        assert_eq!(ours.to_string(), "100");
    });
}

#[test]
fn executions_are_asked_for_since_the_oldest_order_that_is_not_settled() {
    both_with(&watched(), |scene| {
        scene.with_waiting_entry();
        let planned = scene.at.plus_seconds(-5 * 60);
        pass_answered(scene, 3600);
        assert_eq!(since_of_newest(scene), planned);
        scene.cancelled("1-e1");
        pass_answered(scene, 120);
        assert!(since_of_newest(scene) > planned.plus_minutes(50));
    });
}

#[test]
fn a_late_answer_brings_facts_and_proves_nothing_by_what_it_lacks() {
    both_with(&watched(), |scene| {
        pass_answered(scene, 60);
        scene.operator(OperatorCommand::Reconcile);
        let early = scene.venue.snapshot(scene.at);
        scene.snapshot();
        scene.with_position();
        scene.forget();
        scene.hear("the answer once more", vec![early]);
        let text = scene.transcript();
        assert!(
            !text.contains("ours") && !text.contains("dropped"),
            "{text}"
        );
    });
}

#[test]
fn the_broker_is_asked_when_its_stream_stands_again() {
    both_with(&watched(), |scene| {
        pass_answered(scene, 60);
        scene.forget();
        let link = |up| BrokerEvent::Link {
            up,
            why: "reset".into(),
        };
        scene.hear("link lost", vec![link(false)]);
        scene.hear("link made", vec![link(true)]);
        assert!(scene.transcript().contains("ASK"), "{}", scene.transcript());
    });
}

#[test]
fn a_broker_that_is_not_heard_for_a_minute_leaves_the_run_ready_and_halted_until_it_is() {
    both_with(&watched(), |scene| {
        pass_answered(scene, 60);
        scene.with_position();
        scene.restart();
        assert!(!scene.engine.is_ready());
        fail(scene);
        scene.pass(59);
        assert!(!scene.engine.is_ready());
        scene.pass(1);
        assert!(scene.engine.is_ready());
        let halted = |scene: &Scene| scene.engine.book().trading == TradingState::Unheard;
        assert!(halted(scene));
        pass_answered(scene, 60);
        assert!(!halted(scene), "{}", scene.transcript());
        assert!(
            scene
                .engine
                .book()
                .standing("broker_unheard", None)
                .is_none()
        );
    });
}

#[test]
fn why_the_broker_does_not_answer_is_told_with_what_the_plugin_says_to_do() {
    let told = |scene: &Scene| {
        let standing = scene.engine.book().standing("broker_unheard", None);
        let alert = &standing.unwrap().alert;
        (alert.message.to_string(), alert.action.to_string())
    };
    both_with(&watched(), |scene| {
        scene.restart();
        for _ in 0..3 {
            fail_until_asked_again(scene, "no connection; next: look at the network");
        }
        let (message, action) = told(scene);
        assert_eq!(
            message,
            "the broker does not say what it holds: no connection"
        );
        assert_eq!(action, "look at the network");
        // Something else is to be done now; what says nothing of that changes nothing.
        for why in ["the keys were refused; next: put right keys", "503"] {
            fail_until_asked_again(scene, why);
            let (message, action) = told(scene);
            assert!(message.ends_with("the keys were refused"), "{message}");
            assert_eq!(action, "put right keys");
        }
        scene.pass(60);
        assert_eq!(scene.engine.book().trading, TradingState::Unheard);
        assert_eq!(told(scene).1, "put right keys");
    });
}

#[test]
fn what_a_person_must_undo_takes_the_place_of_the_halt_for_an_unheard_broker() {
    let lasting = [
        TradingState::Tripped("daily loss".into()),
        TradingState::Halted("a fault".into()),
        TradingState::Reducing,
    ];
    for lasting in lasting {
        let mut book = Book::default();
        for state in [TradingState::Unheard, lasting.clone()] {
            let origin = Origin::Engine;
            let record = Record::TradingStateSet { state, origin };
            book.apply(Timestamp::from_seconds(0), &record);
        }
        assert_eq!(book.trading, lasting);
    }
}

#[test]
fn a_pause_while_the_broker_is_not_heard_outlasts_the_halt_for_it() {
    both_with(&watched(), |scene| {
        scene.restart();
        scene.pass(90);
        let trading = &scene.engine.book().trading;
        assert_eq!(*trading, TradingState::Unheard);
        scene.operator(OperatorCommand::Pause);
        pass_answered(scene, 90);
        assert_eq!(scene.engine.book().trading, TradingState::Reducing);
    });
}

#[test]
fn a_broker_that_was_not_heard_keeps_a_pause() {
    both_with(&watched(), |scene| {
        scene.operator(OperatorCommand::Pause);
        scene.restart();
        scene.pass(90);
        pass_answered(scene, 90);
        assert_eq!(scene.engine.book().trading, TradingState::Reducing);
    });
}

#[test]
fn an_order_that_ended_unheard_is_known_by_its_report_in_the_snapshot() {
    both_with(&watched(), |scene| {
        scene.with_waiting_entry();
        let id = scene.id("1-e1");
        scene.venue.set(id, ReportStatus::Expired, scene.at);
        pass_answered(scene, 20);
        assert!(scene.engine.book().holdings.is_empty());
    });
}
