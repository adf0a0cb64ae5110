//! What a stop of the program waits for where the broker does not answer, refuses, or the venue has halted.

use trader_contract::BrokerEvent;
use trader_core::{OperatorCommand, Watch};

use crate::residue::halt;
use crate::scene::{Scene, Setup, both_with, no_answer, symbol};

fn watched() -> Setup {
    Setup {
        watch: Watch::LOCAL,
        ..Setup::default()
    }
}

fn is_over(scene: &Scene) -> bool {
    scene.transcript().contains("FINISHED")
}

/// Nobody answers to the cancel of the stop, which has not acted yet.
fn cancel_unanswered(scene: &mut Scene) {
    let (client_id, failure) = (scene.id("1-s1"), no_answer());
    scene.hear(
        "no answer to the cancel of 1-s1",
        vec![BrokerEvent::CancelFailed { client_id, failure }],
    );
}

/// Nobody answers any more, over the close.
fn through_the_close(scene: &mut Scene) {
    scene.pass_to_close(60);
    cancel_unanswered(scene);
    scene.pass_to_close(-1);
    cancel_unanswered(scene);
    scene.pass_to_close(-120);
}

#[test]
fn a_stop_whose_cancel_may_act_yet_is_no_good_end_when_the_market_closes() {
    both_with(&watched(), |scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Stop { flatten: true });
        through_the_close(scene);
        assert!(!is_over(scene), "{}", scene.transcript());
        // The broker is heard, and the stop rests.
        scene.snapshot();
        scene.pass(120);
        scene.snapshot();
        let text = scene.transcript();
        assert!(is_over(scene), "{text}");
        assert!(text.contains("ALERT Critical left_open"), "{text}");
    });
}

#[test]
fn so_it_is_where_a_position_was_being_closed_when_the_run_was_to_end() {
    both_with(&watched(), |scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        scene.operator(OperatorCommand::Stop { flatten: false });
        through_the_close(scene);
        assert!(!is_over(scene), "{}", scene.transcript());
    });
}

#[test]
fn what_a_halt_keeps_open_is_told_at_the_end() {
    both_with(&watched(), |scene| {
        scene.with_position();
        halt(scene, true);
        scene.operator(OperatorCommand::Stop { flatten: true });
        let text = scene.transcript();
        assert!(is_over(scene), "{text}");
        assert!(text.contains("ALERT Critical left_open"), "{text}");
        assert!(!text.contains("CANCEL 1-s1"), "{text}");
    });
}

#[test]
fn a_halt_is_known_after_a_restart_until_the_symbol_trades() {
    both_with(&watched(), |scene| {
        scene.with_position();
        halt(scene, true);
        scene.restart();
        scene.snapshot();
        scene.pass(1);
        scene.snapshot();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        let text = scene.transcript().to_owned();
        assert!(!text.contains("CANCEL 1-s1"), "{text}");
        scene.pass(59);
        scene.bar("100");
        scene.pass(60);
        scene.bar("100");
        let text = scene.transcript();
        assert!(text.contains("cleared halted"), "{text}");
        assert!(text.contains("CANCEL 1-s1"), "{text}");
    });
}

#[test]
fn a_cancel_that_fails_again_and_again_is_told_once_until_the_trade_is_over() {
    both_with(&watched(), |scene| {
        scene.with_position();
        scene.operator(OperatorCommand::Close(symbol("SPY")));
        for _ in 0..5 {
            scene.cancel_refused("1-s1");
            scene.pass(6);
        }
        let told = |scene: &Scene| scene.transcript().matches("cancel_refused").count();
        assert_eq!(told(scene), 1, "{}", scene.transcript());
        scene.cancelled("1-s1");
        scene.fill("1-x1", 100, "100");
        let text = scene.transcript();
        assert!(text.contains("cleared cancel_refused"), "{text}");
    });
}
