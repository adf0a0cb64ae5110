//! The benches that run the daemon itself, small: what they make is there, and what they print can be read.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_traderd"))
        .arg("bench")
        .args(arguments)
        .output()
        .unwrap()
}

/// The figures of a bench that ended well.
fn figures(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let last = text.lines().last().unwrap();
    serde_json::from_str(last.strip_prefix("RESULT ").unwrap()).unwrap()
}

fn start_on(folder: &Path) -> Output {
    let folder = folder.to_str().unwrap();
    bench(&["start", "--orders", "50", "--state-dir", folder])
}

#[test]
fn a_start_is_timed_on_a_history_that_stays_sound_and_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let figures = figures(&start_on(folder.path()));
    assert!(figures["orders"].as_u64().unwrap() >= 50, "{figures}");
    assert!(figures["ready_ms"].as_f64().unwrap() > 0.0, "{figures}");
    assert!(folder.path().join("traderd.toml").exists());

    let checked = Command::new(env!("CARGO_BIN_EXE_traderd"))
        .args(["audit", "verify", "--state-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");

    let again = start_on(folder.path());
    assert_eq!(again.status.code(), Some(73));
    let told = String::from_utf8(again.stderr).unwrap();
    assert!(told.contains("only in a folder that has none"), "{told}");
}
