//! Kills and armings, what is not ours, alerts, and why nothing is entered.

use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use serde_json::{Value, json};
use trader_rpc::{Role, sample};

use super::fake::{Fake, sample_answer};
use super::program::run_at;

fn admin() -> Fake {
    Fake::with(Role::Admin, |_, _| None)
}

/// What a command sends, without the id.
fn sent(args: &[&str], method: &str) -> Value {
    let fake = admin();
    let run = run_at(fake.runtime_dir(), args);
    assert!(
        run.text().ends_with(&format!("{method} was accepted\n")),
        "{args:?} {}",
        run.stdout
    );
    let mut calls = fake.calls(method);
    assert_eq!(calls.len(), 1, "{args:?}");
    let mut call = calls.remove(0);
    let id = call.as_object_mut().unwrap().remove("request_id").unwrap();
    assert!(!id.as_str().unwrap().is_empty());
    call
}

#[test]
fn each_sends_what_it_says() {
    for (args, method, expected) in [
        (
            &["kill"][..],
            "kill",
            json!({ "scope": "all", "flatten": false }),
        ),
        (
            &["kill", "--flatten", "--symbol", "spy"],
            "kill",
            json!({ "scope": { "symbol": "SPY" }, "flatten": true }),
        ),
        (
            &["kill", "--strategy", "velez"],
            "kill",
            json!({ "scope": { "strategy": "velez" }, "flatten": false }),
        ),
        (
            &["arm", "--yes"],
            "arm",
            json!({ "scope": "all", "account": null }),
        ),
        (
            &["arm", "--yes", "--symbol", "SPY", "--account", "PA1"],
            "arm",
            json!({ "scope": { "symbol": "SPY" }, "account": "PA1" }),
        ),
        (&["disarm"], "disarm", json!({})),
        (
            &["override", "20240315-17"],
            "override",
            json!({ "intent": "20240315-17", "expires_seconds": null }),
        ),
        (
            &["override", "20240315-17", "--expires", "3m"],
            "override",
            json!({ "intent": "20240315-17", "expires_seconds": 180 }),
        ),
        (
            &["override", "20240315-17", "--confirm", "k7q2md"],
            "confirm_override",
            json!({ "intent": "20240315-17", "code": "k7q2md" }),
        ),
        (&["reconcile"], "reconcile", json!({})),
        (
            &["adopt", "spy"],
            "adopt",
            json!({ "symbol": "SPY", "stop": null }),
        ),
        (
            &["adopt", "SPY", "--stop", "126.4"],
            "adopt",
            json!({ "symbol": "SPY", "stop": "126.4" }),
        ),
        (&["ignore", "spy"], "ignore", json!({ "symbol": "SPY" })),
        (
            &["alerts", "ack", "1230"],
            "ack_alert",
            json!({ "alert": 1230 }),
        ),
    ] {
        assert_eq!(sent(args, method), expected, "{args:?}");
    }
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused_before_anything_is_sent() {
    let fake = admin();
    for args in [
        &["kill", "--symbol", "SPY", "--strategy", "velez"][..],
        &["adopt"],
        &["adopt", "SPY", "--stop", "cheap"],
        &["alerts"],
        &["alerts", "ack", "-1"],
        &["arm"],
        &["override"],
        &["override", "17"],
        &["override", "20240315-17", "--expires", "6m"],
        &["override", "20240315-17", "--expires", "0"],
        &[
            "override",
            "20240315-17",
            "--expires",
            "3m",
            "--confirm",
            "K7Q2MD",
        ],
    ] {
        let run = run_at(fake.runtime_dir(), args);
        assert_eq!(run.code, 2, "{args:?} {}", run.stderr);
    }
    for method in [
        "kill",
        "adopt",
        "ack_alert",
        "arm",
        "override",
        "confirm_override",
    ] {
        assert!(fake.calls(method).is_empty(), "{method}");
    }
}

#[test]
fn an_override_needs_an_administrator() {
    let fake = Fake::start();
    for more in [&[][..], &["--confirm", "K7Q2MD"]] {
        let args = [&["override", "20240315-17"], more].concat();
        let run = run_at(fake.runtime_dir(), &args);
        assert_eq!(run.code, 1);
        assert!(
            run.stderr.contains("needs the role admin"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn arming_needs_an_administrator() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["arm", "--yes"]);
    assert_eq!(run.code, 1);
    assert_snapshot!(run.stderr, @r"
    error: arm was not done
      why:  it needs the role admin, and this connection has control
      next: use the control socket as root or as the user that traderd runs as
    ");
}

#[test]
fn why_halted_lists_everything_with_what_to_do() {
    let fake = Fake::start();
    let run = run_at(fake.runtime_dir(), &["why-halted"]);
    assert_snapshot!(run.text(), @r"
    SIMULATED  SYNTHETIC DATA
    WHAT     SYMBOL  ROUTE              SINCE (ET)           WHY                                               NEXT
    foreign  QQQ     opening-range-spy  2011-01-10 10:22:00  the broker has something in QQQ that is not ours  traderctl adopt QQQ protects it, traderctl ignore QQQ leaves it to its owner
    ");
    let run = run_at(fake.runtime_dir(), &["why-halted", "--json"]);
    assert_eq!(run.json(), sample_answer("why_halted", &Value::Null));
    let quiet = Fake::with(Role::Read, |method, _| {
        (method == "why_halted").then(|| Ok(json!([])))
    });
    let run = run_at(quiet.runtime_dir(), &["why-halted"]);
    assert!(run.text().ends_with("\nnothing stops new positions\n"));
}

#[test]
fn alerts_are_listed_with_their_numbers_and_who_has_seen_them() {
    let fake = Fake::with(Role::Read, |method, _| {
        (method == "alerts").then(|| {
            let seen = sample::all().unwrap()["JournalAlert"].clone();
            let mut said = seen.clone();
            said["number"] = json!(7);
            said["symbol"] = Value::Null;
            said["severity"] = json!("critical");
            said["standing"] = json!(false);
            said["acknowledged_at"] = Value::Null;
            said["acknowledged_by"] = Value::Null;
            Ok(json!([seen, said]))
        })
    });
    let run = run_at(fake.runtime_dir(), &["alerts", "list"]);
    assert_snapshot!(run.text(), @r"
    SIMULATED  SYNTHETIC DATA
    NUMBER  RAISED (ET)          SEVERITY  KIND         SYMBOL  STANDS  SEEN (ET)                        MESSAGE                      NEXT
      1230  2011-01-10 10:22:00  warning   unprotected  QQQ     yes     2011-01-10 10:25:00 by uid 1000  the stop of QQQ was refused  close it by hand: traderctl close QQQ
         7  2011-01-10 10:22:00  critical  unprotected  -       no      -                                the stop of QQQ was refused  close it by hand: traderctl close QQQ
    ");
    let run = run_at(fake.runtime_dir(), &["alerts", "list", "--all", "--json"]);
    assert_eq!(run.json()[1]["number"], 7);
    assert_eq!(
        fake.calls("alerts"),
        [json!({ "all": false }), json!({ "all": true })]
    );
}

#[test]
fn reconcile_waits_for_an_answer_that_is_newer_than_the_one_before() {
    let asked = AtomicUsize::new(0);
    let fake = Fake::with(Role::Control, move |method, _| {
        (method == "status").then(|| {
            let mut status = sample::all().unwrap()["Status"].clone();
            if asked.fetch_add(1, Ordering::SeqCst) == 2 {
                status["reconciled_at"] = json!("2011-01-10T15:24:00Z");
            }
            Ok(status)
        })
    });
    let run = run_at(fake.runtime_dir(), &["reconcile", "--wait"]);
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (0, "the broker has answered\n")
    );
    assert_eq!(fake.calls("status").len(), 3);
    let run = run_at(fake.runtime_dir(), &["reconcile", "--wait=0"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("has not answered after 0 s"),
        "{}",
        run.stderr
    );
}
