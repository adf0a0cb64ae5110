//! What goes wrong: no daemon, the wrong daemon, bad arguments, a reader that leaves.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use insta::assert_snapshot;
use serde_json::{Value, json};
use trader_rpc::{Failure, Role, sample};

use super::fake::Fake;
use super::program::{command, run, run_at};

/// The message without the part that differs between runs.
fn without(folder: &Path, text: &str) -> String {
    text.replace(folder.to_str().unwrap(), "DIR")
}

#[test]
fn without_a_socket_it_says_so_and_ends_with_3() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["status"][..],
        &["flatten"],
        &["logs", "-f"],
        &["config", "show"],
    ] {
        let run = run_at(folder.path(), args);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{args:?}");
    }
    let run = run_at(folder.path(), &["status"]);
    assert_snapshot!(without(folder.path(), &run.stderr), @"
    error: cannot reach traderd at DIR/control/sock
      why:  there is no socket
      next: is traderd running? systemctl status traderd; or name another socket with --socket or TRADERD_SOCKET
    ");
}

#[test]
fn the_environment_names_the_socket_and_the_option_beats_it() {
    let fake = Fake::start();
    let in_environment = |args: &[&str]| {
        let mut command = command(args);
        command.env("TRADERD_SOCKET", fake.runtime_dir());
        command.output().unwrap().status.code().unwrap()
    };
    assert_eq!(in_environment(&["status"]), 0);
    assert_eq!(in_environment(&["status", "--socket", "/nowhere/sock"]), 3);
}

#[test]
fn a_daemon_started_by_hand_is_found_where_it_puts_its_sockets() {
    let fake = Fake::start();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(fake.runtime_dir(), folder.path().join("traderd")).unwrap();
    let mut command = command(["status"]);
    command.env("XDG_RUNTIME_DIR", folder.path());
    if Path::new("/run/traderd").exists() {
        println!("skipped: this machine has a /run/traderd, which comes first");
        return;
    }
    assert_eq!(command.output().unwrap().status.code(), Some(0));
}

#[test]
fn looking_falls_back_to_the_read_socket_and_changing_does_not() {
    let fake = Fake::with(Role::Read, |_, _| None);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("read")).unwrap();
    std::os::unix::fs::symlink(fake.socket(), folder.path().join("read/sock")).unwrap();
    assert_eq!(run_at(folder.path(), &["status"]).code, 0);
    let run = run_at(folder.path(), &["pause"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("control/sock"), "{}", run.stderr);
}

#[test]
fn a_socket_file_that_a_dead_daemon_left_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock");
    drop(UnixListener::bind(&path).unwrap());
    let run = run_at(&path, &["positions"]);
    assert_eq!(run.code, 3);
    assert_snapshot!(without(folder.path(), &run.stderr), @"
    error: cannot reach traderd at DIR/sock
      why:  nobody listens there; a daemon that died may have left the file
      next: systemctl restart traderd; or name another socket with --socket or TRADERD_SOCKET
    ");
}

/// Something that reads a little, says `words` to whoever connects, and hangs up.
fn somebody_else(folder: &Path, words: &'static [u8]) -> PathBuf {
    let path = folder.join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 16]);
            let _ = stream.write_all(words);
        }
    });
    path
}

#[test]
fn somebody_else_on_the_socket_is_recognised() {
    for words in [
        &b"220 mail.example ESMTP\r\n"[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"\xff\x00\xfe",
        b"",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let run = run_at(&somebody_else(folder.path(), words), &["status"]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.stderr.contains("is no traderd"), "{}", run.stderr);
    }
}

#[test]
fn another_protocol_is_told_with_both_versions() {
    let mut hello = sample::all().unwrap()["Hello"].clone();
    hello["protocol"] = json!(9);
    hello["daemon_version"] = json!("7.0.0");
    let fake = Fake::with(Role::Control, move |method, _| {
        (method == "hello").then(|| Ok(hello.clone()))
    });
    let run = run_at(fake.runtime_dir(), &["status"]);
    assert_eq!(run.code, 3);
    assert_snapshot!(without(fake.runtime_dir(), &run.stderr), @"
    error: cannot reach traderd at DIR/control/sock
      why:  it is version 7.0.0 and speaks protocol 9, this program speaks 1
      next: install traderctl and traderd of the same release
    ");
}

#[test]
fn a_daemon_that_is_not_ready_says_so_at_the_handshake() {
    let fake = Fake::with(Role::Control, |method, _| {
        (method == "hello").then(|| Err(Failure::not_ready("hello")))
    });
    let run = run_at(fake.runtime_dir(), &["status"]);
    assert_eq!(run.code, 3);
    assert!(
        run.stderr.contains("the daemon is starting"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_answer_that_is_too_large_or_wrong_is_an_error_and_no_crash() {
    let large = "x".repeat(5 << 20);
    let answers: [Value; 3] = [
        json!([large]),
        json!({ "not": "a list" }),
        json!([{ "seq": -1 }]),
    ];
    for answer in answers {
        let fake = Fake::with(Role::Read, move |method, _| {
            (method == "logs").then(|| Ok(answer.clone()))
        });
        let run = run_at(fake.runtime_dir(), &["logs"]);
        assert!([1, 3].contains(&run.code), "{run:?}");
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for args in [
        &[][..],
        &["stauts"],
        &["close"],
        &["close", "not a symbol"],
        &["cancel", "17"],
        &["stop", "--flatten", "--no-flatten"],
        &["logs", "--level", "loud"],
        &["logs", "-n", "1000000"],
        &["pause", "--request-id", "a b"],
        &["calendar", "--start-date", "2011-01-10"],
        &[
            "calendar",
            "--start-date",
            "2011-01-10",
            "--end-date",
            "2011-01-09",
        ],
        &["trades", "--from", "2011-01-10", "--to", "2011-01-09"],
        &["trades", "--from", "2011-02-30"],
        &["completions", "tcsh"],
        &["status", "--colour", "perhaps"],
    ] {
        let run = run(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert_ne!(run.stderr, "", "{args:?}");
    }
}

#[test]
fn a_wrong_command_line_is_json_too_where_json_is_asked_for() {
    let table = [
        (
            &["status", "--json", "--loud"][..],
            "unexpected argument '--loud' found",
            "traderctl status",
        ),
        (
            &["--json", "close"],
            "required arguments were not provided",
            "traderctl close",
        ),
        (&["--json"], "requires a subcommand", "traderctl [OPTIONS]"),
        (
            &["stauts", "--json"],
            "unrecognized subcommand 'stauts'",
            "'status'",
        ),
        (
            &["status", "--json", "--colour", "perhaps"],
            "invalid value 'perhaps'",
            "--help",
        ),
    ];
    for (args, why, next) in table {
        let run = run(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        let told: Value = serde_json::from_str(&run.stderr)
            .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", run.stderr));
        assert_eq!(told["exit_code"], 2, "{told}");
        let word = |name: &str| told["error"][name].as_str().unwrap().to_owned();
        assert_eq!(word("what"), "the command line makes no sense");
        assert!(word("why").contains(why), "{told}");
        assert!(word("next").contains(next), "{told}");
        assert!(!run.stderr.contains('\u{1b}'), "{told}");
    }
    // Behind "--" it is a value, and help is no error.
    assert!(
        run(&["close", "--", "--json"])
            .stderr
            .starts_with("error: ")
    );
    let help = run(&["status", "--json", "--help"]);
    assert!(help.text().contains("Usage: traderctl status"), "{help:?}");
}

#[test]
fn an_empty_variable_for_the_socket_is_none() {
    let fake = Fake::start();
    let folder = tempfile::tempdir().unwrap();
    let with_empty = |args: &[&str]| {
        let mut command = command(args);
        command.env("TRADERD_SOCKET", "");
        super::program::Run::from(command.output().unwrap())
    };
    let at = fake.runtime_dir().to_str().unwrap();
    assert_eq!(with_empty(&["status", "--socket", at]).code, 0);
    // The user's own runtime folder counts as little where its variable is empty.
    let mut command = command(["status"]);
    command.current_dir(folder.path());
    command.env("TRADERD_SOCKET", "").env("XDG_RUNTIME_DIR", "");
    std::os::unix::fs::symlink(fake.runtime_dir(), folder.path().join("traderd")).unwrap();
    if Path::new("/run/traderd").exists() {
        println!("skipped: this machine has a /run/traderd");
        return;
    }
    let run = super::program::Run::from(command.output().unwrap());
    assert_eq!(run.code, 3, "{run:?}");
    let looked = "cannot reach traderd at /run/traderd/control/sock";
    assert!(run.stderr.contains(looked), "{}", run.stderr);
}

#[test]
fn dates_that_no_calendar_covers_end_with_1() {
    let dates = ["--start-date", "1815-06-18", "--end-date", "1815-06-19"];
    let run = run_at(
        "/nowhere/sock".as_ref(),
        &[&["calendar"][..], &dates].concat(),
    );
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.contains("the calendar has no answer"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("ask for dates from "), "{}", run.stderr);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let order = sample::all().unwrap()["Order"].clone();
    let orders = Value::Array(vec![order; 1000]);
    let fake = Fake::with(Role::Read, move |method, _| {
        (method == "orders").then(|| Ok(orders.clone()))
    });
    let mut program = command(["orders", "--json", "--socket"])
        .arg(fake.runtime_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(program.stdout.take());
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    let fake = Fake::start();
    let coloured = |args: &[&str]| run_at(fake.runtime_dir(), args).text().contains('\u{1b}');
    assert!(!coloured(&["status"]));
    assert!(coloured(&["status", "--colour", "always"]));
    assert!(!coloured(&["status", "--color", "never"]));
    assert!(!coloured(&["status", "--json", "--colour", "always"]));
}
