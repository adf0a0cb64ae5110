//! The journal under audit with the real binary: beside a running daemon, as jobs, and after it has
//! ended; what was changed in the file is found.

use std::process::{Command, Output};

use serde_json::{Value, json};
use trader_rpc::{AuditResult, JobState};

use crate::daemon::{Place, stop};
use crate::shop::{file, over, result, submit, work};

fn traderd(place: &Place, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_traderd"))
        .args(arguments)
        .arg("--state-dir")
        .arg(place.state())
        .env_clear()
        .output()
        .unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The values of `summary.csv`.
fn summary(text: &[u8]) -> impl Fn(&str) -> String {
    let text = std::str::from_utf8(text).unwrap().to_owned();
    move |item| {
        let row = text
            .lines()
            .find_map(|line| line.strip_prefix(item)?.strip_prefix(','));
        row.unwrap().to_owned()
    }
}

#[test]
fn a_journal_is_audited_while_and_after_the_daemon_trades() {
    let place = Place::new("pace = 6000\nseed = 3");
    let mut daemon = place.start();
    let head = daemon.wait(|line| line.message == "the head of the journal");
    assert!(head.text.contains("journal_hash"), "{}", head.text);
    daemon.wait(|line| line.is("session_closed", ""));
    let client = place.client();

    // Beside the daemon: as a job, and by hand.
    let verified = submit(&client, work(json!({"audit": {}}))).unwrap();
    let verified = over(&client, verified.id);
    assert_eq!(verified.state, JobState::Done, "{verified:?}");
    let sound: AuditResult = result(&client, verified.id);
    assert!(sound.faults.is_empty() && sound.rows > 100, "{sound:?}");
    let by_hand = traderd(&place, &["audit", "verify", "--json"]);
    assert!(by_hand.status.success(), "{}", stderr(&by_hand));
    let refused = traderd(&place, &["db", "rebuild", "--check"]);
    assert_eq!(refused.status.code(), Some(73));
    assert!(
        stderr(&refused).contains("another traderd"),
        "{}",
        stderr(&refused)
    );

    // A year, whose totals are those of the ledger.
    let export = submit(&client, work(json!({"audit_export": {"year": 2025}}))).unwrap();
    let export = over(&client, export.id);
    assert_eq!(export.state, JobState::Done, "{export:?}");
    let text = file(&client, export.id, "summary.csv");
    let total = summary(&text);
    assert_ne!(total("trades"), "0");
    assert_eq!(total("unaccounted_cash"), "0");
    assert_eq!(total("ledger_difference"), "0");
    let lines = |name| {
        let text = String::from_utf8(file(&client, export.id, name)).unwrap();
        (text.lines().count() - 1).to_string()
    };
    for (name, item) in [
        ("orders.csv", "orders"),
        ("fills.csv", "fills"),
        ("trades.csv", "trades"),
    ] {
        assert_eq!(lines(name), total(item), "{name}");
    }
    stop(&client, None);
    assert!(daemon.drain().0.success());

    // After it: the earlier head is still held, and the projections are what the journal makes.
    let kept = format!("{}:{}", sound.head.seq, sound.head.hash);
    let held = traderd(&place, &["audit", "verify", "--json", "--against", &kept]);
    assert!(held.status.success(), "{}", stderr(&held));
    let rebuilt = traderd(&place, &["db", "rebuild", "--check", "--json"]);
    assert!(rebuilt.status.success(), "{}", stderr(&rebuilt));
    assert_eq!(json_of(&rebuilt)["different"], 0);
    let foreign = format!("{}:{}", sound.head.seq, "0".repeat(64));
    let other = traderd(
        &place,
        &["audit", "verify", "--json", "--against", &foreign],
    );
    assert_eq!(other.status.code(), Some(1));
    assert_eq!(json_of(&other)["faults"].as_array().unwrap().len(), 1);

    a_changed_byte_is_found(&place);
}

/// Changes one byte of a record in the file itself.
fn a_changed_byte_is_found(place: &Place) {
    let mut bytes = std::fs::read(place.store()).unwrap();
    let wanted = b"\"run_started\"";
    let at = bytes
        .windows(wanted.len())
        .position(|part| part == wanted)
        .unwrap();
    bytes[at + 1] ^= 1;
    std::fs::write(place.store(), bytes).unwrap();
    let found = traderd(place, &["audit", "verify"]);
    assert_eq!(found.status.code(), Some(1));
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.contains("FAULT  journal row "), "{text}");
}

#[test]
fn without_a_store_the_folder_is_named() {
    let place = Place::new("");
    for command in [&["audit", "verify"][..], &["db", "rebuild"]] {
        let output = traderd(&place, command);
        assert_eq!(output.status.code(), Some(73));
        assert!(
            stderr(&output).contains("--state-dir"),
            "{}",
            stderr(&output)
        );
    }
}
