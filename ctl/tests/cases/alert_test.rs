//! `traderctl alerts test`: what it sends, and what it makes of the answer.

use serde_json::{Value, json};
use trader_rpc::Role;

use super::fake::Fake;
use super::program::run_at;

fn answers(ways: Value) -> Fake {
    Fake::with(Role::Control, move |method, params| {
        let answer = json!({ "request_id": params["request_id"], "ways": ways });
        (method == "test_alert").then_some(Ok(answer))
    })
}

fn way(detail: Option<&str>) -> Value {
    json!({ "name": "webhook", "target": "https://hooks.example.com",
            "delivered": detail.is_none(), "detail": detail })
}

#[test]
fn a_test_that_arrives_says_where() {
    let fake = answers(json!([way(None)]));
    let run = run_at(fake.runtime_dir(), &["alerts", "test"]);
    assert_eq!(
        run.text(),
        "SIMULATED  SYNTHETIC DATA\nwebhook: delivered to https://hooks.example.com\n"
    );
    let again = run_at(
        fake.runtime_dir(),
        &["alerts", "test", "--request-id", "t-1", "--json"],
    );
    assert_eq!(
        again.json(),
        json!({ "request_id": "t-1", "ways": [way(None)] })
    );
    assert_eq!(fake.calls("test_alert")[1], json!({ "request_id": "t-1" }));
}

#[test]
fn a_test_that_does_not_arrive_everywhere_fails_and_says_why() {
    let fake = answers(json!([way(None), way(Some("it answered 404"))]));
    let run = run_at(fake.runtime_dir(), &["alerts", "test"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout
            .contains("webhook: not delivered: it answered 404\n"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("1 of 2 ways failed"), "{}", run.stderr);
}

#[test]
fn without_a_way_nobody_is_told_and_that_is_a_failure() {
    let fake = answers(json!([]));
    let run = run_at(fake.runtime_dir(), &["alerts", "test"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("neither a command nor a webhook"),
        "{}",
        run.stderr
    );
}
