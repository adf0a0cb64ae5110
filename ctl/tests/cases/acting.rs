//! Commands that change something: what they send, how they wait, and what they never do unasked.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use trader_rpc::{Failure, Role, sample};

use super::fake::Fake;
use super::program::run_at;

#[test]
fn each_sends_what_it_says_under_a_fresh_request_id() {
    let order = "0000002a-20110110-17-e1";
    for (args, expected) in [
        (&["pause"][..], json!({})),
        (&["resume", "--yes"], json!({})),
        (&["close", "spy"], json!({ "symbol": "SPY" })),
        (&["cancel", order], json!({ "order": order })),
        (&["flatten"], json!({})),
        (&["stop"], json!({ "flatten": null })),
        (&["stop", "--flatten"], json!({ "flatten": true })),
        (&["stop", "--no-flatten"], json!({ "flatten": false })),
    ] {
        let fake = Fake::start();
        let method = args[0];
        let run = run_at(fake.runtime_dir(), args);
        assert_eq!(
            run.text(),
            format!("SIMULATED  SYNTHETIC DATA\n{method} was accepted\n")
        );
        let again = run_at(fake.runtime_dir(), &[args, &["--json"]].concat());
        let mut calls = fake.calls(method);
        let ids: Vec<Value> = calls
            .iter_mut()
            .map(|call| call.as_object_mut().unwrap().remove("request_id").unwrap())
            .collect();
        assert_eq!(calls, [expected.clone(), expected], "{args:?}");
        assert_ne!(ids[0], ids[1], "{args:?}");
        assert_eq!(
            again.json(),
            json!({ "request_id": ids[1], "message": format!("{method} was accepted"),
                    "repeated": false })
        );
    }
}

#[test]
fn a_given_request_id_is_sent_and_a_repetition_is_told() {
    let fake = Fake::with(Role::Control, |method, params| {
        (method == "pause").then(|| {
            Ok(
                json!({ "request_id": params["request_id"], "message": "trading is paused",
                       "repeated": true }),
            )
        })
    });
    let run = run_at(fake.runtime_dir(), &["pause", "--request-id", "night-1"]);
    assert_eq!(fake.calls("pause"), [json!({ "request_id": "night-1" })]);
    assert!(
        run.text()
            .ends_with("trading is paused (done before; nothing was done again)\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn resume_does_nothing_without_a_terminal_or_yes() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["resume"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("traderctl resume --yes"),
        "{}",
        run.stderr
    );
    assert!(fake.calls("resume").is_empty());
}

#[test]
fn what_the_role_does_not_allow_is_refused_with_the_reason() {
    let fake = Fake::with(Role::Read, |_, _| None);
    let run = run_at(fake.runtime_dir(), &["flatten"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    insta::assert_snapshot!(run.stderr, @"
    error: flatten was not done
      why:  it needs the role reduce, and this connection has read
      next: use the control socket as a member of the group traderd-ctl
    ");
    let run = run_at(fake.runtime_dir(), &["flatten", "--json"]);
    let error: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["exit_code"], 1);
    assert_eq!(error["error"]["what"], "flatten was not done");
}

#[test]
fn a_refusal_of_the_daemon_reaches_the_person_whole() {
    let fake = Fake::with(Role::Control, |method, _| {
        (method == "close").then(|| Err(Failure::unknown_symbol("XYZ")))
    });
    let run = run_at(fake.runtime_dir(), &["close", "xyz"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.stderr, @"
    error: XYZ is not known here
      why:  no route trades it and there is no position in it
      next: traderctl strategies lists the symbols, traderctl positions the positions
    ");
}

/// A status with so many positions and orders.
fn status(open: usize) -> Value {
    let mut status = sample::all().unwrap()["Status"].clone();
    status["positions"] = json!(open);
    status["working_orders"] = json!(open);
    status
}

#[test]
fn flatten_waits_until_nothing_is_open() {
    let asked = AtomicUsize::new(0);
    let fake = Fake::with(Role::Control, move |method, _| {
        (method == "status").then(|| {
            let before = asked.fetch_add(1, Ordering::SeqCst);
            Ok(status(2_usize.saturating_sub(before)))
        })
    });
    let run = run_at(fake.runtime_dir(), &["flatten", "--wait"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "everything is flat\n"));
    assert_eq!(fake.calls("status").len(), 3);
}

#[test]
fn flatten_gives_up_waiting_and_lists_what_is_left() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["flatten", "--wait=0"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("flatten was accepted"));
    for words in [
        "PROTECTED",
        "0000002a-20110110-17-s1",
        "not everything is flat after 0 s",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

#[test]
fn close_waits_for_its_own_symbol_only() {
    let fake = Fake::with(Role::Control, |method, params| {
        let other = method == "orders" && params["symbol"] == "QQQ";
        other.then(|| Ok(json!([])))
    });
    let run = run_at(fake.runtime_dir(), &["close", "QQQ", "--wait"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "QQQ is flat\n"));
    let run = run_at(fake.runtime_dir(), &["close", "SPY", "--wait=0"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("SPY is not flat after 0 s"),
        "{}",
        run.stderr
    );
}

#[test]
fn stop_waits_until_the_daemon_hangs_up() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["stop", "--wait=20"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, "traderd has ended\n"));
}
