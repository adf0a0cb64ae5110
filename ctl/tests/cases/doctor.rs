//! `traderctl doctor`: what a running daemon finds, what is found beside one that does not run, and the
//! exit code of either.

use insta::assert_snapshot;
use serde_json::{Value, json};
use trader_rpc::Role;

use super::config::{installed, run_in};
use super::fake::Fake;
use super::program::run_at;

fn check(name: &str, outcome: &str, finding: &str, next: Option<&str>) -> Value {
    json!({ "name": name, "outcome": outcome, "finding": finding, "next": next })
}

fn diagnosis(running: bool, clock: Value) -> Value {
    json!({ "running": running, "mode": "paper", "checks": [
        check("keys", "good", "Alpaca takes them (PAPER)", None),
        clock,
        check("disk", "warning", "900 MB are free for /var/lib/traderd", Some("make room")),
        check("data_stream", "left_out", "not opened: see keys", None),
    ]})
}

fn fast() -> Value {
    let found = "ours is 2300 ms ahead of Alpaca's";
    check("clock", "bad", found, Some("timedatectl set-ntp true"))
}

fn right() -> Value {
    check("clock", "good", "ours is 3 ms ahead of Alpaca's", None)
}

fn daemon(clock: Value) -> Fake {
    let answer = diagnosis(true, clock);
    Fake::with(Role::Control, move |method, _| {
        (method == "doctor").then(|| Ok(answer.clone()))
    })
}

#[test]
fn what_has_to_be_put_right_is_told_and_fails() {
    let fake = daemon(fast());
    let run = run_at(fake.runtime_dir(), &["doctor"]);
    assert_eq!(run.code, 1);
    assert_snapshot!(run.stdout, @r"
    PAPER  the daemon looked at itself

    CHECK        STATE     FOUND
    keys         good      Alpaca takes them (PAPER)
    clock        BAD       ours is 2300 ms ahead of Alpaca's
    disk         warning   900 MB are free for /var/lib/traderd
    data_stream  left out  not opened: see keys

    clock: timedatectl set-ntp true
    disk: make room
    ");
    assert_snapshot!(run.stderr, @r"
    error: something has to be put right
      why:  clock
      next: do what stands beside it, and look again
    ");
    let run = run_at(fake.runtime_dir(), &["doctor", "--json"]);
    assert_eq!(run.code, 1);
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told, diagnosis(true, fast()));
}

#[test]
fn a_warning_is_no_failure() {
    let fake = daemon(right());
    let run = run_at(fake.runtime_dir(), &["doctor"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("the daemon looked at itself"));
    assert!(run.stdout.ends_with("disk: make room\n"), "{}", run.stdout);
}

#[test]
fn without_a_daemon_traderd_looks_in_its_place() {
    let text = diagnosis(false, fast()).to_string();
    let folder = installed(Some(&format!(
        "echo \"$*\" > \"$(dirname \"$0\")/asked\"; echo '{}'; exit 1",
        text.replace('\'', "'\\''")
    )));
    let nowhere = folder.path().join("run");
    let nowhere = nowhere.to_str().unwrap();
    let args = [
        "--socket",
        nowhere,
        "doctor",
        "--config",
        "a.toml",
        "--no-streams",
    ];
    let ran = run_in(folder.path(), &args);
    assert_eq!(ran.status.code(), Some(1));
    let stdout = String::from_utf8(ran.stdout).unwrap();
    assert!(
        stdout.contains("no daemon runs; looked at from beside it"),
        "{stdout}"
    );
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    assert_eq!(asked, "doctor --json --config a.toml --no-streams\n");

    // What was named and is not there is told first, and does not keep the rest from being looked at.
    let told = stdout
        .lines()
        .find(|line| line.starts_with("daemon "))
        .unwrap();
    assert!(
        told.contains("BAD") && told.contains("there is no socket"),
        "{stdout}"
    );
    assert!(
        stdout.contains("\ndaemon: is traderd running? "),
        "{stdout}"
    );
    assert!(
        stdout.contains("keys ") && stdout.contains("clock "),
        "{stdout}"
    );

    let broken = installed(Some(
        "echo 'nothing says where the state folder is' >&2; exit 73",
    ));
    let ran = run_in(broken.path(), &["--socket", nowhere, "doctor"]);
    assert_eq!(ran.status.code(), Some(1));
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(
        stderr.contains("nothing says where the state folder is"),
        "{stderr}"
    );
}

#[test]
fn a_daemon_that_died_is_a_check_of_its_own() {
    let text = diagnosis(false, right()).to_string();
    let folder = installed(Some(&format!("echo '{}'", text.replace('\'', "'\\''"))));
    let socket = folder.path().join("sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let socket = socket.to_str().unwrap();
    let ran = run_in(folder.path(), &["--socket", socket, "doctor", "--json"]);
    assert_eq!(ran.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let first = &told["checks"][0];
    assert_eq!(first["name"], "daemon");
    assert_eq!(first["outcome"], "bad");
    let finding = first["finding"].as_str().unwrap();
    assert!(finding.contains(socket), "{first}");
    assert!(finding.contains("nobody listens there"), "{first}");
    let next = first["next"].as_str().unwrap();
    assert!(next.contains("systemctl restart traderd"), "{first}");
    let rest = &told["checks"].as_array().unwrap()[1..];
    assert_eq!(json!(rest), diagnosis(false, right())["checks"]);
}
